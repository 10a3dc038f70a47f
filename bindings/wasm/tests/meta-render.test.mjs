// What does not fit together stops the build: the table of Meta's methods, the operations of the module, the crate's sources.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { initSync, operations } from '../dist/esm/made/acd_wasm.js';
import { render, renderCodes } from '../meta/render.mjs';

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const types = join(here, '../types');
let all;
let crate;

before(() => {
  initSync({ module: new WebAssembly.Module(readFileSync(join(here, 'dist/core.wasm'))) });
  const lines = operations().trimEnd().split('\n');
  all = lines.map((line) => line.split(' ')).map(([name, method, path]) => ({ name, method, path }));
  crate = mkdtempSync(join(tmpdir(), 'acd-meta-'));
});

after(() => rmSync(crate, { recursive: true }));

/** Writes the methods with these operations, over sources in which a text of a file stands for another. */
function rendered(operations, file = 'lib.rs', from = '', to = '') {
  cpSync(join(here, '../../sdk-meta/src'), join(crate, 'src'), { recursive: true });
  const path = join(crate, 'src', file);
  const text = readFileSync(path, 'utf8');
  assert.ok(text.includes(from));
  writeFileSync(path, text.replace(from, to));
  return render({ operations, types, crate, here });
}

test('methods have the documentation, the types and the fields of the crate', () => {
  const source = rendered(all);
  assert.match(source, /Has Meta check a campaign without creating it\. Takes the place of a creation in the limits\./);
  assert.match(source, /list\(accountId: meta\.AdAccountId, query: ListQuery<meta\.CampaignInput> = \{\}, options\?: CallOptions\): List<meta\.CampaignInput>/);
  assert.match(source, /const AD_LABEL = 'id,name';/);
  assert.ok(!source.includes('Self::') && !/\bany\b[;,)<\]]/.test(source));
  assert.deepEqual(renderCodes(join(here, '../../sdk-meta')).match(/-?\d+\/\d+/g), ['100/1487534', '100/1504018', '-3/1504045']);
});

test('an operation has a method or a reason to have none', () => {
  const added = { name: 'meta.campaigns.of_tomorrow', method: 'GET', path: '/{version}/{id}' };
  assert.throws(() => rendered([...all, added]), /without a method and without a reason: meta\.campaigns\.of_tomorrow/);
  const without = (name) => all.filter((operation) => operation.name !== name);
  assert.throws(() => rendered(without('meta.ads.copy')), /ads\.copy: acd-meta has no operation meta\.ads\.copy/);
  assert.throws(() => rendered(without('meta.batch.send')), /meta\.batch\.send is listed as left out, and acd-meta has no such operation/);
});

test('a path has as many values as placeholders', () => {
  const changed = all.map((operation) => (operation.name === 'meta.ads.get' ? { ...operation, path: '/{version}/{account}/{id}' } : operation));
  assert.throws(() => rendered(changed), /ads\.get: .* has 2 placeholders, and the table 1 values/);
});

test('an answer is that of the Rust method', () => {
  const from = "copy(&self, id: &AdId, options: &CopyAd) -> MetaCall<'c, CopiedAd>";
  assert.throws(() => rendered(all, 'ads/ads.rs', from, from.replace('CopiedAd>', 'Done>')), /ads\.copy: acd-meta gives Done, and the table says CopiedAd/);
  assert.throws(() => rendered(all, 'ads/ads.rs', 'pub fn copy(', 'pub fn copied('), /acd-meta has no method copy in ads\/ads\.rs/);
});

test('documentation leads to what is here', () => {
  const from = 'Copies an ad. Not repeated';
  assert.throws(() => rendered(all, 'ads/ads.rs', from, `[\`once\`](Self::create_once): ${from}`), /ads\.copy: its documentation sends to create_once, which is not here/);
  assert.match(rendered(all, 'ads/ads.rs', from, `[\`list\`](Self::list): ${from}`), /`list`: Copies an ad/);
});

test('fields are declared in the form that is known', () => {
  const from = 'locale: String,';
  assert.throws(() => rendered(all, 'leads.rs', from, 'locale(String),'), /the fields of LeadForm are declared in an unknown form/);
});
