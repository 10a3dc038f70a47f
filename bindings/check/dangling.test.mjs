import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dangling } from './dangling.mjs';

const files = (texts) => new Map(Object.entries(texts).map(([name, text]) => [name, () => text]));

test('files are reached over entries, conditions, names of the package and modules of WebAssembly', () => {
  const manifest = {
    exports: { '.': { import: { types: './esm/index.d.ts', default: './esm/index.js' } }, './*': './sub/*.js' },
    imports: { '#load/*': { node: './esm/load/node/*.js', default: './esm/load/web/*.js' } },
  };
  const reached = {
    'package.json': '',
    'README.md': 'a page takes `web/all.js`',
    'esm/index.js': "import { a } from './a.js';import load from '#load/core';",
    'esm/index.d.ts': "export * from './types.js';",
    'esm/types.d.ts': '',
    'esm/a.js': 'const b = require("../b.js")',
    'esm/a.d.ts': '',
    'esm/load/node/core.js': "new URL('../../../core.wasm', import.meta.url)",
    'esm/load/web/core.js': '',
    'core.wasm': '\0',
    'b.js': '',
    'sub/any.js': '',
    'web/all.js': 'import"./chunk-1.js";',
    'web/chunk-1.js': '',
  };
  assert.deepEqual(dangling(manifest, files(reached)), []);
  const others = { 'esm/load/node/other.js': '', 'esm/c.d.ts': '', 'web/chunk-2.js': '', 'esm/core.wasm': '' };
  assert.deepEqual(dangling(manifest, files({ ...reached, ...others })), Object.keys(others));
});
