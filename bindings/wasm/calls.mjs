// Writes the methods of a client: one for each operation of the module, with the parameters and types that the API's
// description gives it. What cannot be written exactly is an error.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const MODULES = ['platform', 'meta', 'analytics'];

/** Schemas of generic types have the names that Rust gives their instances. */
const GENERIC = [
  [/^(.+)Page$/, 'platform.Page'],
  [/^Created(.+)$/, 'meta.Created'],
  [/^(.+)InAccount$/, 'platform.NewObject'],
];

/** Domains whose groups are told apart by what follows the domain's name: `ads_accounts` is `ads.accounts`. */
const FAMILY = /^(ads)_(.+)$/;

/** A name of Rust's as one of TypeScript's. */
export const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** The same for a type. */
export const pascal = (name) => camel(`_${name}`);

/** Where an operation's method is, from the outside in. */
const groups = (name) => name.split('.').slice(1, -1).flatMap((part) => FAMILY.exec(part)?.slice(1) ?? [part]);

/** What `@acd/types` exports, from its sources. */
export function exported(types, modules = MODULES) {
  const names = new Map();
  for (const module of modules) {
    const source = readFileSync(join(types, `src/${module}.ts`), 'utf8');
    for (const [, name] of source.matchAll(/^export (?:interface|type) (\w+)/gm)) {
      if (!names.has(name)) names.set(name, `${module}.${name}`);
    }
  }
  return names;
}

/** The source of the client's classes. */
export function render({ api, operations, types, prefix }) {
  const names = exported(types);
  const reference = (schema) => schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);

  const named = (name, input) => {
    const wanted = (input && names.get(`${name}Input`)) || names.get(name);
    if (wanted !== undefined) return wanted;
    for (const [form, generic] of GENERIC) {
      const item = form.exec(name)?.[1];
      if (item !== undefined) return `${generic}<${named(item, input)}>`;
    }
    throw new Error(`@acd/types has no type for the schema ${name}: bring it up to date first`);
  };
  const typed = (schema, input) => {
    if (schema.$ref !== undefined) return named(reference(schema), input);
    if (schema.type === 'string') return { 'date-time': 'DateTime', date: 'CalendarDate' }[schema.format] ?? 'string';
    if (schema.type === 'integer' || schema.type === 'number') return 'number';
    if (schema.type === 'boolean') return 'boolean';
    throw new Error(`no TypeScript is known for ${JSON.stringify(schema)}`);
  };

  const root = { groups: new Map(), methods: [], tag: undefined };
  const queries = [];
  for (const { name, method, path } of operations) {
    if (!name.startsWith(`${prefix}.`)) continue;
    const description = api.paths[path]?.[method.toLowerCase()];
    if (description === undefined) throw new Error(`the API's description has no ${method} ${path} (${name})`);
    const made = call(name, method, path, description);
    if (made === undefined) continue;
    const parts = groups(name);
    let group = root;
    for (const part of parts) {
      if (!group.groups.has(part)) group.groups.set(part, { groups: new Map(), methods: [], tag: description.tags?.[0] });
      group = group.groups.get(part);
    }
    group.methods.push(made.method);
    if (made.query !== undefined) queries.push(made.query);
  }

  function call(name, method, path, { summary, description, parameters = [], requestBody, responses }) {
    const [status, success] = Object.entries(responses).find(([status]) => status.startsWith('2'));
    const answer = success.content?.['application/json']?.schema;
    // Vendors call these, and what they send is theirs.
    if (answer === undefined && status !== '204') return undefined;
    const local = name.slice(name.lastIndexOf('.') + 1);
    const of = (place) => parameters.filter((parameter) => parameter.in === place);
    const path_ = of('path').map(({ name, schema }) => `${camel(name)}: ${typed(schema, true)}`);
    const body = requestBody?.content['application/json']?.schema;
    if (requestBody !== undefined && body === undefined) throw new Error(`${name} takes something other than JSON`);

    let query;
    if (of('query').length > 0) {
      const kind = `${[...groups(name), local].map(pascal).join('')}Query`;
      const fields = of('query').map(({ name, required, schema, description }) => {
        const key = /^\w+$/.test(name) ? name : `'${name}'`;
        const type = typed(schema, true);
        return `${comment([description], '  ')}  ${key}${required ? `: ${type}` : `?: ${type} | undefined`};\n`;
      });
      const doc = comment([`What \`${name}\` is asked.`], '');
      query = { kind, optional: of('query').every(({ required }) => !required) };
      query.source = `${doc}export interface ${kind} {\n${fields.join('')}}\n`;
    }
    const keyed = of('header').some(({ name }) => name === 'Idempotency-Key');
    const given = [
      ...path_,
      ...(body === undefined ? [] : [`body: ${typed(body, true)}`]),
      ...(query === undefined ? [] : [query.optional ? `query: ${query.kind} = {}` : `query: ${query.kind}`]),
      `options?: ${keyed ? 'KeyedCallOptions' : 'CallOptions'}`,
    ].join(', ');
    const values = of('path').map(({ name }) => camel(name));
    // A placeholder is filled by its place.
    const places = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => camel(name));
    if (places.join() !== values.join()) throw new Error(`${name}: the path's parameters are described in another order`);
    const sent = (query) =>
      [values.length > 0 && `path: [${values.join(', ')}]`, query, body !== undefined && 'body'].filter(Boolean).join(', ');
    const parameters_ = (query) => (sent(query) === '' ? '{}' : `{ ${sent(query)} }`);

    const doc = comment([`${summary}.`, description, `\`${method} ${path}\``], '  ');
    const pageOf = answer?.$ref !== undefined && /^platform\.Page<(.+)>$/.exec(typed(answer, false))?.[1];
    const start = `${doc}  ${camel(local)}(${given})`;
    let source;
    if (pageOf && of('query').some(({ name }) => name === 'cursor')) {
      source =
        `${start}: List<${pageOf}> {\n    return new List(query.cursor, (cursor) =>\n` +
        `      this.#caller.read('${name}', ${parameters_('query: { ...query, cursor }')}, options),\n    );\n  }\n`;
    } else if (answer === undefined) {
      source = `${start}: Promise<void> {\n    return this.#caller.send('${name}', ${parameters_(query && 'query')}, options);\n  }\n`;
    } else {
      source = `${start}: Promise<${typed(answer, false)}> {\n    return this.#caller.read('${name}', ${parameters_(query && 'query')}, options);\n  }\n`;
    }
    return { method: source, query: query?.source };
  }

  const classes = [];
  const about = (tag) => api.tags?.find(({ name }) => name === tag)?.description;
  const write = (name, group, doc) => {
    const inner = [...group.groups].map(([part, below]) => {
      const kind = `${name === 'Root' ? '' : name.replace(/Calls$/, '')}${pascal(part)}Calls`;
      write(kind, below, about(below.tag));
      return { part: camel(part), kind, doc: about(below.tag) };
    });
    const fields = inner.map(({ part, kind, doc }) => `${comment([doc], '  ')}  readonly ${part}: ${kind};\n`);
    const made = inner.map(({ part, kind }) => `    this.${part} = new ${kind}(caller);\n`);
    const own = group.methods.length > 0;
    const keep = own ? '  readonly #caller: Caller;\n' : '';
    const kept = own ? '    this.#caller = caller;\n' : '';
    classes.push(
      `${comment([doc], '')}export class ${name} {\n${keep}${fields.join('')}\n  constructor(caller: Caller) {\n${kept}${made.join('')}  }\n` +
        group.methods.map((method) => `\n${method}`).join('') +
        '}\n',
    );
  };
  write('Root', root, 'Everything that can be called.');

  const source = [...queries, ...classes].join('\n');
  const used = (name) => new RegExp(`\\b${name}\\b`).test(source);
  const imported = (names, from) => {
    const some = names.filter(used);
    return some.length > 0 ? `import type { ${some.join(', ')} } from '${from}';\n` : '';
  };
  return (
    '// Generated by build.mjs from docs/api/openapi.json and the operations of the module; not to be edited.\n' +
    imported(['CalendarDate', 'DateTime'], '@acd/types') +
    MODULES.filter((module) => new RegExp(`\\b${module}\\.\\w`).test(source.replace(/'[^']*'|`[^`]*`/g, '')))
      .map((module) => `import type * as ${module} from '@acd/types/${module}';\n`)
      .join('') +
    imported(['Caller', 'CallOptions', 'KeyedCallOptions'], '../client.js') +
    "import { List } from '../list.js';\n\n" +
    source
  );
}

/** A comment above a declaration, or nothing. */
export function comment(paragraphs, indent) {
  const lines = paragraphs.filter(Boolean).join('\n\n').replaceAll('*/', '*\\/').split('\n');
  if (lines.join('') === '') return '';
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd() + '\n').join('')}${indent} */\n`;
}
