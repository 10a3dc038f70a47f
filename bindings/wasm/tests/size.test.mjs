// What a program downloads for each entry, the modules with it, compressed, stays within budget.json: `most` is what it may be,
// `wanted` what it should become.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const budget = JSON.parse(readFileSync(join(folder, 'budget.json'), 'utf8'));
const compressed = (bytes) => gzipSync(bytes, { level: 9 }).length;
const modules = Object.fromEntries(
  ['core', 'analytics', 'signing', 'webhooks'].map((name) => [name, compressed(readFileSync(join(folder, `dist/${name}.wasm`)))]),
);

/** The entries that a program imports, and the modules that they load. */
const ENTRIES = {
  index: [['index'], ['core', 'analytics', 'webhooks']],
  analytics: [['analytics'], ['analytics']],
  meta: [['meta'], ['core']],
  platform: [['platform'], ['core']],
  signing: [['signing'], ['signing']],
  webhooks: [['webhooks'], ['webhooks']],
  all: [['index', 'meta', 'signing'], Object.keys(modules)],
};

test('every entry has a budget', () => {
  assert.deepEqual(Object.keys(budget), Object.keys(ENTRIES));
});

for (const [name, [imported, loaded]] of Object.entries(ENTRIES)) {
  const { most, wanted } = budget[name];
  test(`${name} is within ${most} bytes`, async (context) => {
    const { outputFiles } = await build({
      stdin: { contents: imported.map((entry) => `export * from './dist/esm/${entry}.js';`).join('\n'), resolveDir: folder },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      logLevel: 'error',
    });
    const scripts = outputFiles.reduce((sum, { contents }) => sum + compressed(contents), 0);
    const wasm = loaded.reduce((sum, module) => sum + modules[module], 0);
    const size = wasm + scripts;
    context.diagnostic(`${size} bytes: modules ${wasm}, scripts ${scripts}; wanted are ${wanted}`);
    assert.ok(size <= most, `${size} bytes; if that is worth it, say so in budget.json`);
  });
}

test('what is not used is not downloaded', async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: "import { AcdError } from './dist/esm/index.js'; import './dist/esm/platform.js'; console.log(AcdError)",
      resolveDir: folder,
    },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    // The bundle knows of no entry whose manifest is not beside it.
    ignoreAnnotations: false,
  });
  const [{ text }] = outputFiles;
  assert.ok(!text.includes('wasm') && text.length < 2_000, `${text.length} bytes`);
});
