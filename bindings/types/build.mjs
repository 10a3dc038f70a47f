// Compiles `src` twice: modules of ECMAScript in dist/esm, and of CommonJS in dist/cjs. npm takes the licence from here alone.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const tsc = join(here, 'node_modules/typescript/bin/tsc');

const compile = (folder, ...options) =>
  execFileSync(process.execPath, [tsc, '-p', folder, ...options], { stdio: 'inherit' });

cpSync(join(here, '../../LICENSE'), join(here, 'LICENSE'));
rmSync(join(here, 'dist'), { recursive: true, force: true });
compile(here);

// A file is CommonJS when its nearest package.json does not say otherwise: the compiler follows that rule for what it
// reads, so the sources are compiled from a folder in which it holds.
const staging = join(here, 'dist/cjs');
mkdirSync(staging, { recursive: true });
writeFileSync(join(staging, 'package.json'), '{ "type": "commonjs" }\n');
cpSync(join(here, 'src'), join(staging, 'src'), { recursive: true });
writeFileSync(
  join(staging, 'tsconfig.json'),
  JSON.stringify({
    extends: join(here, 'tsconfig.json'),
    compilerOptions: { rootDir: 'src', outDir: '.', verbatimModuleSyntax: false },
    include: ['src'],
    // Else what is written is not read.
    exclude: [],
  }),
);
compile(staging);
rmSync(join(staging, 'src'), { recursive: true });
rmSync(join(staging, 'tsconfig.json'));
