// Files of a package that no program can reach.
import { posix } from 'node:path';

/** Said of the package, or of the kind of its modules. */
const SAID = /^(LICENSE|README\.md|(.*\/)?package\.json)$/;
const SPECIFIER = /(?:\bfrom|\bimport|\brequire\(|\bimport\(|\bnew URL\()\s*["'`]([^"'`]+)["'`]/g;

/**
 * The files that are reached neither from the manifest's entries nor from a file that the README names. `files` gives the text of each
 * by its path.
 */
export function dangling(manifest, files) {
  const names = [...files.keys()];
  const readme = files.get('README.md')?.() ?? '';
  const entries = [manifest.exports, manifest.main, manifest.module, manifest.types].flatMap(targets);
  const open = [...entries.flatMap((target) => matching(target, names)), ...names.filter((name) => readme.includes(name))];
  const reached = new Set(names.filter((name) => SAID.test(name)));
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name) || !files.has(name)) continue;
    reached.add(name);
    if (!/\.[cm]?[jt]s$/.test(name)) continue;
    // What is run has declarations beside it.
    open.push(name.replace(/\.js$/, '.d.ts'));
    for (const [, specifier] of files.get(name)().matchAll(SPECIFIER)) {
      if (specifier.startsWith('#')) {
        open.push(...internal(manifest.imports ?? {}, specifier).flatMap((target) => matching(target, names)));
      } else if (specifier.startsWith('.')) {
        const path = posix.join(posix.dirname(name), specifier);
        open.push(path, ...(name.endsWith('.d.ts') ? [path.replace(/\.js$/, '.d.ts')] : []));
      }
    }
  }
  return names.filter((name) => !reached.has(name));
}

/** Every file below conditions. */
function targets(value) {
  if (typeof value === 'string') return [value];
  return Object.values(value ?? {}).flatMap(targets);
}

/** Files that a target with or without a star stands for. */
function matching(target, names) {
  const [before, after] = target.replace(/^\.\//, '').split('*');
  if (after === undefined) return [before];
  return names.filter((name) => name.startsWith(before) && name.endsWith(after));
}

/** What a name of the package's own stands for, in any host. */
function internal(imports, specifier) {
  return Object.entries(imports).flatMap(([name, value]) => {
    const [before, after] = name.split('*');
    if (after === undefined) return name === specifier ? targets(value) : [];
    if (!specifier.startsWith(before)) return [];
    const star = specifier.slice(before.length, specifier.length - after.length);
    return targets(value).map((target) => target.replace('*', star));
  });
}
