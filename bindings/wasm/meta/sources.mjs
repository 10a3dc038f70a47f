// Reads of the sources of acd-meta what its methods say of themselves, which objects have which fields, and which errors ask for
// less. It knows the few forms that are used there, and fails on others.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { camel } from '../calls.mjs';

/** The sources of the crate. */
export class Sources {
  #folder;
  #texts = new Map();

  constructor(crate) {
    this.#folder = join(crate, 'src');
    for (const path of readdirSync(this.#folder, { recursive: true })) {
      const name = path.replaceAll('\\', '/');
      if (!name.endsWith('.rs')) continue;
      const text = readFileSync(join(this.#folder, path), 'utf8');
      this.#texts.set(name, text.split('#[cfg(test)]\nmod tests')[0]);
    }
  }

  /** The documentation of a group: that of the method which gives its client. */
  group(name) {
    return documented(this.#text('client.rs'), new RegExp(`pub fn ${name}\\(&self\\) -> \\w+<'_>`), `client.rs: ${name}`).doc;
  }

  /** Documentation and answer of a method that one of these files has, or that is declared for every object of an ad account. */
  method(files, name) {
    const form = new RegExp(`pub (?:async )?fn ${name}(?:<[^>]*>)?\\(\\s*&self[^{]*?\\) -> ([^{;]+?) \\{`);
    for (const file of files) {
      const text = this.#text(file);
      if (form.test(text)) return answered(documented(text, form, `${file}: ${name}`), {});
    }
    for (const file of files) {
      const declared = /node_calls!\(\w+ \{[^}]*\}\s+(\w+)\((\w+)\), \w+, \w+, \w+\)/.exec(this.#text(file));
      const macros = this.#text('macros.rs');
      if (declared === null || !form.test(macros)) continue;
      return answered(documented(macros, form, `node_calls!: ${name}`), { object: declared[1], id: declared[2] });
    }
    throw new Error(`acd-meta has no method ${name} in ${files.join(', ')}`);
  }

  /** The names of the fields that an object declares, with commas between them. */
  fields(object) {
    for (const text of this.#texts.values()) {
      const declared = new RegExp(`object! \\{\\n(?: *///.*\\n)* *${object}\\(\\w+\\), \\w+ \\{\\n([^}]*)\\n    \\}`).exec(text)?.[1];
      if (declared === undefined) continue;
      const lines = declared.split('\n').map((line) => line.trim()).filter((line) => !line.startsWith('//'));
      const names = lines.map((line) => /^(\w+)(?: = "(\w+)")?: .+,$/.exec(line));
      if (names.includes(null)) throw new Error(`the fields of ${object} are declared in an unknown form`);
      return ['id', ...names.map(([, name, wire]) => wire ?? name)].join(',');
    }
    throw new Error(`acd-meta declares no object ${object}`);
  }

  /** Codes with subcodes of errors that ask for less. */
  shrinking() {
    const rows = [...this.#text('error/table.rs').matchAll(/\b(\w+)\(([^)]*), Shrink\)/g)];
    const codes = rows.map(([row, form, numbers]) => {
      if (form !== 'pair') throw new Error(`an error that asks for less is known in an unknown form: ${row}`);
      return numbers.replaceAll('_', '').split(', ').join('/');
    });
    if (codes.length === 0) throw new Error('acd-meta knows no error that asks for less');
    return codes;
  }

  /** Documentation without links of Rust, which may only lead to what is here too. */
  plain(doc, at, siblings) {
    return doc.replaceAll(/\[(`?)([^\]`]+)\1\](?:\(([^)]+)\))?/g, (whole, tick, text, target = text) => {
      if (target.startsWith('http')) return whole;
      const [, owner, name] = /(?:(\w+)::)?(\w+)$/.exec(target) ?? [];
      if (owner === 'Self' && !siblings.has(name)) throw new Error(`${at}: its documentation sends to ${name}, which is not here: give it its own`);
      if (owner === 'Self') return tick ? `\`${camel(name)}\`` : `${text} (\`${camel(name)}\`)`;
      if (owner === 'MetaClient') return `\`MetaClient.${camel(name)}\``;
      return tick ? `\`${text.replace(/^.*::/, '')}\`` : text;
    });
  }

  #text(file) {
    const text = this.#texts.get(file);
    if (text === undefined) throw new Error(`acd-meta has no source ${file}`);
    return text;
  }
}

/** What is found, with the lines of documentation above it. */
function documented(text, form, at) {
  const found = form.exec(text);
  if (found === null) throw new Error(`${at} is not in the sources of acd-meta`);
  const above = text.slice(0, found.index).trimEnd().split('\n');
  const lines = [];
  for (let line = above.pop(); line !== undefined && /^\s*(\/\/\/|#\[)/.test(line); line = above.pop()) {
    if (line.includes('///')) lines.unshift(line.trim().replace(/^\/\/\/ ?/, ''));
  }
  if (lines.length === 0) throw new Error(`${at} has no documentation`);
  return { doc: lines.join('\n'), found };
}

/** The answer of a method, by the name of its type. */
function answered({ doc, found }, { object, id }) {
  const type = found[1].replace(/^(?:\$crate::)?MetaCall<'c, (.*)>$/, '$1').replaceAll('$crate::', '');
  return { doc, gives: type.replaceAll('$object', object).replaceAll('$id', id) };
}
