// Whether packed packages are what their users need. Arguments: archives that `npm pack` wrote.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

import { dangling } from './dangling.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SOURCE = 'https://github.com/acd-platform/acd/blob/main/';
/** Of browsers alone, whose bundlers know modules. */
const MODULES_ALONE = new Set(['@acd/pixel']);

let failed = false;
for (const archive of process.argv.slice(2)) {
  const problems = await check(readFileSync(archive));
  console.log(`${basename(archive)}: ${problems.length === 0 ? 'nothing to mend' : problems.length}`);
  for (const problem of problems) console.log(`  ${problem}`);
  failed ||= problems.length > 0;
}
if (failed) process.exitCode = 1;

async function check(archive) {
  const bytes = Uint8Array.from(archive);
  const read = createPackageFromTarballData(bytes);
  const prefix = `/node_modules/${read.packageName}/`;
  const files = new Map(read.listFiles().map((path) => [path.slice(prefix.length), () => read.readFile(path)]));
  const manifest = JSON.parse(files.get('package.json')());
  return [
    ...said(manifest, files),
    ...links(files.get('README.md')?.() ?? ''),
    ...dangling(manifest, files).map((file) => `nothing leads to ${file}, and the README does not name it`),
    ...(await published(bytes.buffer)),
    ...(await typed(read, manifest)),
  ];
}

/** What npm shows of a package and goes by. */
function said(manifest, files) {
  const wanted = ['description', 'license', 'repository.directory', 'keywords', 'sideEffects', 'publishConfig.access', 'types'];
  const value = (path) => path.split('.').reduce((object, name) => object?.[name], manifest);
  return [
    ...wanted.filter((path) => value(path) === undefined).map((path) => `package.json does not say ${path}`),
    ...['LICENSE', 'README.md'].filter((file) => !files.has(file)).map((file) => `${file} is missing`),
  ];
}

/** npm shows the README where the repository's other files are not. */
function links(readme) {
  const targets = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  return targets.flatMap((target) => {
    if (target.startsWith('#') || (/^https?:/.test(target) && !target.startsWith(SOURCE))) return [];
    if (!target.startsWith(SOURCE)) return [`the README's link ${target} leads nowhere on npm`];
    const file = target.slice(SOURCE.length).split('#')[0];
    return existsSync(join(ROOT, file)) ? [] : [`the README's link ${target} leads nowhere`];
  });
}

async function published(tarball) {
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
  return messages.map((message) => formatMessage(message, pkg, { color: false }));
}

async function typed(read, manifest) {
  const { problems } = await checkPackage(read);
  return problems.flatMap(({ kind, entrypoint = '', resolutionKind = '' }) => {
    // TypeScript's oldest way knows no `exports`, and Node before 12 neither.
    if (resolutionKind === 'node10') return [];
    if (kind === 'CJSResolvesToESM' && MODULES_ALONE.has(manifest.name)) return [];
    return [`types: ${kind} ${entrypoint} ${resolutionKind}`];
  });
}
