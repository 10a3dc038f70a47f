// What a program downloads for each entry, minified and compressed, Zod aside, stays within budget.json.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const budget = JSON.parse(readFileSync(join(folder, 'budget.json'), 'utf8'));

/** What is left of a program when a bundler has dropped what it does not use. */
const PROGRAMS = {
  analytics: "export * from '@acd/types/analytics'",
  meta: "export * from '@acd/types/meta'",
  platform: "export * from '@acd/types/platform'",
  index: "export * from '@acd/types'",
  'one schema': "import { UserSchema } from '@acd/types/platform'; console.log(UserSchema)",
  'types alone': "import type { User } from '@acd/types/platform'; import '@acd/types'; export type Mine = User",
};

test('every program has a budget', () => {
  assert.deepEqual(Object.keys(budget), Object.keys(PROGRAMS));
});

for (const [name, contents] of Object.entries(PROGRAMS)) {
  test(`${name} is within ${budget[name]} bytes`, async (context) => {
    const { outputFiles } = await build({
      stdin: { contents, loader: 'ts', resolveDir: folder },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      external: ['zod'],
      logLevel: 'error',
    });
    const [{ contents: code }] = outputFiles;
    const size = code.length === 0 ? 0 : gzipSync(code, { level: 9 }).length;
    context.diagnostic(`${size} bytes`);
    assert.ok(size <= budget[name], `${size} bytes; if that is worth it, say so in budget.json`);
  });
}
