// Writes the methods of @acd/sdk/meta from the table, the operations of the module and the sources of acd-meta. What does not fit
// together stops the build.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { camel, comment, exported, pascal } from '../calls.mjs';
import { Sources } from './sources.mjs';
import { FIELDS, GROUPS, LEFT_OUT } from './table/index.mjs';

const OWN_TYPES = 'js/meta/types.ts';
const HELPERS = ['asked', 'contained', 'first', 'numbers', 'people'];

/** The source of the client's classes. `crate` is the folder of acd-meta. */
export function render({ operations, types, crate, here }) {
  const sources = new Sources(crate);
  const known = new Map(operations.filter(({ name }) => name.startsWith('meta.')).map((operation) => [operation.name, operation]));
  const left = new Set(known.keys());
  const own = new Set([...readFileSync(join(here, OWN_TYPES), 'utf8').matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name]) => name));
  const theirs = exported(types, ['meta']);
  const used = { own: new Set(), helpers: new Set(), fields: new Map() };

  /** Names of types as TypeScript finds them. What has a default may be missing in what is sent, and in what Meta answers too. */
  const typed = (text) =>
    text.replaceAll(/'[^']*'|\b[A-Z]\w*\b/g, (name) => {
      if (name.startsWith("'")) return name;
      if (own.has(name)) {
        used.own.add(name);
        return name;
      }
      const type = theirs.get(`${name}Input`) ?? theirs.get(name);
      if (type === undefined) throw new Error(`neither @acd/types/meta nor ${OWN_TYPES} has the type ${name}`);
      return type;
    });
  /** An expression of values: names of objects stand for every field that these declare. */
  const valued = (text) =>
    text.replaceAll(/'[^']*'|\b[A-Za-z]\w*\b/g, (name) => {
      if (HELPERS.includes(name)) used.helpers.add(name);
      if (!/^[A-Z]/.test(name)) return name;
      const constant = name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
      used.fields.set(constant, FIELDS[name] ?? sources.fields(name));
      return constant;
    });

  const method = (group, from, name, entry, siblings) => {
    const { call, takes = '', path = '', query, body, hide, gives, written = gives, once, pick, doc } = entry;
    const operation = known.get(call);
    const at = `${group}.${name}`;
    if (operation === undefined) throw new Error(`${at}: acd-meta has no operation ${call}`);
    if (call in LEFT_OUT) throw new Error(`${at}: ${call} is listed as left out`);
    left.delete(call);
    const values = path === '' ? [] : path.split(', ');
    const places = [...operation.path.matchAll(/\{(\w+)\}/g)].filter(([, place]) => place !== 'version').length;
    if (values.length !== places) {
      throw new Error(`${at}: ${operation.path} has ${places} placeholders, and the table ${values.length} values`);
    }
    const rust = sources.method(from, name);
    if (rust.gives !== gives) throw new Error(`${at}: acd-meta gives ${rust.gives}, and the table says ${gives}`);

    const documentation = [doc ?? sources.plain(rust.doc, at, siblings)].flat().join('\n');
    const about = comment([documentation, `\`${operation.method} ${operation.path.replace('/{version}', '')}\``], '  ');
    const given = [takes && typed(takes), 'options?: CallOptions'].filter(Boolean).join(', ');
    const start = `${about}  ${camel(name)}(${given}): `;
    const parts = [
      values.length > 0 && `path: [${path}]`,
      query && `query: ${valued(query)}`.replace(/^query: query$/, 'query'),
      body && `body: ${valued(body)}`,
      hide && `hide: [${hide}]`,
    ].filter(Boolean);
    const sent = parts.length > 0 ? `{ ${parts.join(', ')} }` : '{}';
    const item = /^Paged?<(.+)>$/.exec(gives)?.[1];
    if (item !== undefined) {
      const type = typed(written === gives ? item : written);
      if (once) {
        used.helpers.add('items');
        return `${start}Promise<${type}[]> {\n    return items(this.#caller, '${call}', ${sent}, options);\n  }\n`;
      }
      used.helpers.add('listed');
      return `${start}List<${type}> {\n    return listed(this.#caller, '${call}', ${sent}, options);\n  }\n`;
    }
    if (pick === undefined) {
      return `${start}Promise<${typed(written)}> {\n    return this.#caller.read('${call}', ${sent}, options);\n  }\n`;
    }
    const read = `this.#caller.read<${typed(pick.from)}>('${call}', ${sent}, options)`;
    return `${start}Promise<${typed(pick.type ?? written)}> {\n    return ${read}.then(${valued(pick.by)});\n  }\n`;
  };

  const classes = Object.entries(GROUPS).map(([group, { from, methods }]) => {
    const siblings = new Set(Object.keys(methods));
    const source = Object.entries(methods).map(([name, entry]) => method(group, from, name, entry, siblings));
    const doc = sources.group(group);
    const head = '  readonly #caller: Caller;\n\n  constructor(caller: Caller) {\n    this.#caller = caller;\n  }\n';
    return { group, doc, source: `${comment([doc], '')}export class ${pascal(group)} {\n${head}${source.map((one) => `\n${one}`).join('')}}\n` };
  });

  for (const name of Object.keys(LEFT_OUT)) {
    if (!left.delete(name)) throw new Error(`${name} is listed as left out, and acd-meta has no such operation`);
  }
  if (left.size > 0) throw new Error(`operations of acd-meta without a method and without a reason: ${[...left].join(', ')}`);

  const members = classes.map(({ group, doc }) => `${comment([doc], '  ')}  readonly ${camel(group)}: ${pascal(group)};\n`).join('');
  const made = classes.map(({ group }) => `    this.${camel(group)} = new ${pascal(group)}(caller);\n`).join('');
  const root = `/** Everything that can be called. */\nexport class Root {\n${members}\n  constructor(caller: Caller) {\n${made}  }\n}\n`;
  const constants = [...used.fields].sort().map(([name, fields]) => `const ${name} = '${fields}';\n`).join('');
  const listOf = (names) => [...names].sort().join(', ');
  return (
    '// Generated by build.mjs from meta/table, the operations of the module and the sources of acd-meta; not to be edited.\n' +
    "import type * as meta from '@acd/types/meta';\n\n" +
    "import type { Caller, CallOptions } from '../client.js';\n" +
    "import type { List } from '../list.js';\n" +
    `import { ${listOf(used.helpers)} } from '../meta/asked.js';\n` +
    `import type { ${listOf(used.own)} } from '../meta/types.js';\n\n` +
    `${constants}\n${classes.map(({ source }) => source).join('\n')}\n${root}`
  );
}

/** Meta's codes that ask for a smaller page. */
export function renderCodes(crate) {
  const codes = new Sources(crate).shrinking().map((code) => `'${code}'`);
  return (
    '// Generated by build.mjs from the sources of acd-meta; not to be edited.\n\n' +
    '/** Errors by which Meta asks for fewer items at once. */\n' +
    `export const ASK_FOR_LESS: readonly string[] = [${codes.join(', ')}];\n`
  );
}
