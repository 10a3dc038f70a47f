// Makes the package in `dist` from the compiled module, whose path is the first argument, and the JavaScript around it
// that `acd-bindgen web` made, whose folder is the second: ECMAScript in dist/esm, CommonJS for Node in dist/cjs.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build, transformSync } from 'esbuild';

import { render } from './calls.mjs';
import { render as renderMeta, renderCodes } from './meta/render.mjs';
import { ordered } from './order.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const bound = resolve(process.argv[2] ?? 'missing: the folder that acd-bindgen wrote');
const types = join(here, '../types');
const dist = join(here, 'dist');
const made = join(here, 'js/made');
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));
const put = (path, value) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);

rmSync(dist, { recursive: true, force: true });
rmSync(made, { recursive: true, force: true });
mkdirSync(dist);
mkdirSync(made);

// The modules, as small as they get.
const MODULES = {
  core: 'acd_wasm',
  analytics: 'acd_wasm_analytics',
  signing: 'acd_wasm_signing',
  webhooks: 'acd_wasm_webhooks',
};
const features = ['bulk-memory', 'bulk-memory-opt', 'mutable-globals', 'nontrapping-float-to-int', 'reference-types', 'sign-ext', 'multivalue'];
/** Runs a tool of binaryen's. */
const binaryen = (tool, from, to, ...flags) => {
  const known = features.map((feature) => `--enable-${feature}`);
  execFileSync(process.execPath, [join(here, 'node_modules/binaryen/bin', tool), from, ...flags, ...known, '-o', to], { stdio: 'inherit' });
};
// A function that is put into its one caller takes locals of its own along, whose numbers a compressor finds nowhere else; data cut
// up at its zeros, an address for each piece.
const smallest = ['-Os', '--one-caller-inline-max-function-size=20', '--skip-pass=memory-packing'];
const glues = Object.values(MODULES).flatMap((name) => [`${name}.js`, `${name}.d.ts`]);
for (const [name, library] of Object.entries(MODULES)) {
  const [compiled, optimised, text] = ['_bg.wasm', '_optimised.wasm', '.wat'].map((ending) => join(bound, library + ending));
  // It takes most of the time.
  const newest = Math.max(...[compiled, fileURLToPath(import.meta.url), join(here, 'order.mjs')].map((file) => statSync(file).mtimeMs));
  if (!existsSync(optimised) || statSync(optimised).mtimeMs < newest) {
    const made = `${optimised}.new`;
    binaryen('wasm-opt', compiled, made, ...smallest);
    binaryen('wasm-dis', made, text);
    writeFileSync(text, ordered(readFileSync(made), readFileSync(text, 'utf8')));
    binaryen('wasm-as', text, made);
    renameSync(made, optimised);
  }
  cpSync(optimised, join(dist, `${name}.wasm`));
}
for (const file of glues) {
  // What older settings of TypeScript do not know, and nobody outside needs.
  const text = readFileSync(join(bound, file), 'utf8').replaceAll(/^ *\[Symbol\.dispose\]\(\): void;\n/gm, '');
  writeFileSync(join(made, file), text);
}
const { version } = json(join(here, 'package.json'));
writeFileSync(join(made, 'version.ts'), `/** Of this package. */\nexport const VERSION = '${version}';\n`);

// The methods.
const glue = await import(pathToFileURL(join(made, 'acd_wasm.js')));
glue.initSync({ module: new WebAssembly.Module(readFileSync(join(dist, 'core.wasm'))) });
const api = json(join(here, '../../docs/api/openapi.json'));
const lines = glue.operations().trimEnd().split('\n');
const operations = lines.map((line) => line.split(' ')).map(([name, method, path]) => ({ name, method, path }));
writeFileSync(join(made, 'platform.ts'), render({ api, operations, types, prefix: 'platform' }));
const crate = join(here, '../../sdk-meta');
writeFileSync(join(made, 'meta.ts'), renderMeta({ operations, types, crate, here }));
writeFileSync(join(made, 'meta-codes.ts'), renderCodes(crate));

// ECMAScript with declarations.
const compiler = join(here, 'node_modules/typescript/bin/tsc');
execFileSync(process.execPath, [compiler, '-p', here], { stdio: 'inherit' });
for (const file of glues) cpSync(join(made, file), join(dist, 'esm/made', file));

// The same files as CommonJS, but for those of other hosts; declarations mean CommonJS below a package.json that says so.
const { imports: names } = json(join(here, 'manifest.json'));
/** What stands for a name of the package's own in Node. */
const inNode = (name) => {
  const [family, one] = name.split('/');
  return (names[name] ?? names[`${family}/*`]).node.replace('*', one).replace('./esm/', '');
};
for (const path of readdirSync(join(dist, 'esm'), { recursive: true })) {
  const target = join(dist, 'cjs', path);
  const source = join(dist, 'esm', path);
  if (/(load\/(web|worker)|store\/web)\b/.test(path)) continue;
  if (path.endsWith('.d.ts')) {
    mkdirSync(dirname(target), { recursive: true });
    cpSync(source, target);
  } else if (path.endsWith('.js') && !/hmac\/none\b/.test(path)) {
    mkdirSync(dirname(target), { recursive: true });
    const { code } = transformSync(readFileSync(source, 'utf8'), {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      define: { 'import.meta.url': '__address' },
      banner: "const __address = require('node:url').pathToFileURL(__filename).href;",
    });
    const relative = (name) => posix.relative(posix.dirname(path), inNode(name)).replace(/^(?!\.)/, './');
    writeFileSync(target, code.replaceAll(/require\("(#[^"]+)"\)/g, (_, name) => `require("${relative(name)}")`));
  }
}
put(join(dist, 'cjs/package.json'), { type: 'commonjs' });

/** What a page cannot keep the secrets of, and what is no script. */
const NOT_FOR_PAGES = new Set(['./meta', './signing', './package.json']);

// Modules for a page without a bundler, which knows no condition and no bare name.
const entries = Object.keys(json(join(here, 'manifest.json')).exports).filter((entry) => !NOT_FOR_PAGES.has(entry));
const { outputFiles } = await build({
  entryPoints: entries.map((entry) => join(dist, 'esm', `${entry === '.' ? 'index' : entry.slice(2)}.js`)),
  outdir: join(dist, 'web'),
  bundle: true,
  splitting: true,
  minify: true,
  write: false,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  chunkNames: 'chunk-[hash]',
  logLevel: 'error',
});
mkdirSync(join(dist, 'web'));
for (const { path, text } of outputFiles) writeFileSync(path, text.replaceAll('"../../../', '"../'));

// The manifest: what is common to both, what is of the package alone, and versions in the place of folders.
const { scripts, devDependencies, private: _, imports, ...common } = json(join(here, 'package.json'));
const dependencies = { '@acd/types': json(join(types, 'package.json')).version };
put(join(dist, 'package.json'), { ...common, ...json(join(here, 'manifest.json')), dependencies });
cpSync(join(here, '../../LICENSE'), join(dist, 'LICENSE'));
// npm shows it where the repository's other files are not.
const source = `${common.repository.url.replace(/^git\+|\.git$/g, '')}/blob/main/`;
writeFileSync(join(dist, 'README.md'), readFileSync(join(here, 'README.md'), 'utf8').replaceAll('](../../', `](${source}`));
