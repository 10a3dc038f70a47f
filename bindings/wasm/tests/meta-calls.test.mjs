// Every method of @acd/sdk/meta over real HTTP: what it sends is what the Rust method of its name sends, by the file that both are
// held to. Answers are those of a server here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { AcdError, List, MetaClient } from '../dist/esm/meta.js';
import { scripted } from './scripted.mjs';

const VECTORS = JSON.parse(readFileSync(new URL('../../../sdk-meta/tests/vectors/calls.json', import.meta.url)));
/** What has methods of its own. */
const OTHERS = ['conversions', 'uploads'];

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
let server;
let asked;
let answers;

before(async () => {
  server = await scripted((request, body) => {
    asked.push(seen(request, body));
    return { status: 200, ...(answers.shift() ?? { json: { id: '1', success: true, data: [{}] } }) };
  });
});

after(() => server.close());

/** A client whose server gives these answers in turn, and then a plain one. */
function client(...given) {
  asked = [];
  answers = given;
  return new MetaClient({ accessToken: 'token-hunter2', baseUrl: server.url, maxAttempts: 1 });
}

/** A request as the file has it: what is structure in the query is so there. */
function seen({ method, url }, body) {
  const { pathname, searchParams } = new URL(url, 'http://server.test');
  const query = Object.fromEntries([...searchParams].map(([name, text]) => [name, /^[[{]/.test(text) ? JSON.parse(text) : text]));
  return { method, path: pathname, query, ...(body === '' ? {} : { body: JSON.parse(body) }) };
}

for (const { call, arguments: given, request } of VECTORS) {
  test(`${call} sends ${request.method} ${request.path}`, async () => {
    const [group, method] = call.split('.').map(camel);
    const answer = client()[group][method](...given.map((value) => value ?? undefined));
    await (answer instanceof List ? answer.page() : answer);
    assert.deepEqual(asked, [request]);
  });
}

test('every method is among them', () => {
  const meta = client();
  const groups = Object.keys(meta).filter((group) => !OTHERS.includes(group));
  const methods = groups.flatMap((group) => {
    const names = Object.getOwnPropertyNames(Object.getPrototypeOf(meta[group])).filter((name) => name !== 'constructor');
    return names.map((name) => `${group}.${name}`);
  });
  const tested = new Set(VECTORS.map(({ call }) => call.split('.').map(camel).join('.')));
  assert.ok(methods.length >= 105);
  assert.deepEqual(methods.filter((name) => !tested.has(name)), []);
});

const page = (data, next, after) => ({ json: { data, paging: { cursors: { before: 'b', after }, ...(next === undefined ? {} : { next }) } } });
const names = async (list) => {
  const found = [];
  for await (const { name } of list) found.push(name);
  return found;
};

test('a list goes on by the cursor, for as long as Meta names a next page', async () => {
  const meta = client(
    page([{ name: 'a' }], 'https://graph.test/x?access_token=t&after=c1', 'c1'),
    // An empty page is not the end, and an edge may give its cursor in the URL alone.
    { json: { data: [], paging: { next: 'https://graph.test/x?limit=5&after=QVFI%3D' } } },
    page([{ name: 'b' }], undefined, 'c3'),
  );
  assert.deepEqual(await names(meta.campaigns.list('17', { fields: ['name'], limit: 5 })), ['a', 'b']);
  assert.deepEqual(asked.map(({ query }) => query), [
    { fields: 'name', limit: '5' },
    { fields: 'name', limit: '5', after: 'c1' },
    { fields: 'name', limit: '5', after: 'QVFI=' },
  ]);
  const first = await client(page([{ name: 'a' }], 'https://graph.test/x?after=c1', 'c1')).leads.forms('9').page();
  assert.deepEqual(first, { data: [{ name: 'a' }], next_cursor: 'c1' });
  const last = await client(page([{ name: 'b' }], undefined, 'c2')).leads.forms('9', { after: first.next_cursor }).page();
  assert.deepEqual([last.next_cursor, asked[0].query.after], [null, 'c1']);
});

const heavy = (code, error_subcode) => ({ status: 400, json: { error: { message: 'too much', code, error_subcode } } });

test('a page that is too heavy is halved, and stays so', async () => {
  const heaviest = heavy(100, 1487534);
  const meta = client(heaviest, heavy(-3, 1504045), page([{ name: 'a' }], 'https://graph.test/x?after=c1', 'c1'), page([{ name: 'b' }]));
  assert.deepEqual(await names(meta.campaigns.list('17', { limit: 50 })), ['a', 'b']);
  assert.deepEqual(asked.map(({ query }) => query.limit), ['50', '25', '12', '12']);
  // Without a limit there is nothing to halve, and one item is the least.
  for (const query of [{}, { limit: 1 }]) {
    await assert.rejects(client(heaviest).campaigns.list('17', query).page(), { name: 'AcdError', code: '100/1487534' });
  }
  await assert.rejects(client(heavy(100)).campaigns.list('17', { limit: 50 }).page(), { code: '100' });
});

test('an answer is given as it is, without what is only around it', async () => {
  const one = (json) => client({ json });
  assert.deepEqual(await one({ id: '120', name: 'n', of_tomorrow: 1 }).campaigns.get('120'), { id: '120', name: 'n', of_tomorrow: 1 });
  assert.deepEqual(await one({ data: { users_lower_bound: 1 } }).estimates.reach('17', { geo_locations: {} }), { users_lower_bound: 1 });
  assert.deepEqual(await one({ data: [{ key: 6, name: 'English' }] }).targetingSearch.locales('en'), [{ key: 6, name: 'English' }]);
  assert.equal(await one({ id: '9', access_token: 'page-token' }).pages.token('9'), 'page-token');
  assert.deepEqual(await one({ data: [{ quota_usage: 3 }] }).instagram.limit('8'), { quota_usage: 3 });
  await assert.rejects(one({ data: [] }).instagram.limit('8'), { name: 'AcdError', kind: 'decode' });
});

test('what is null is left out, as it is in Rust, but for free text and rows', async () => {
  const meta = client();
  await meta.adSets.update('130', { name: null, targeting: { geo_locations: { countries: ['US'] }, age_min: null }, adlabels: undefined });
  await meta.audiences.addUsers('200', { schema: ['EXTERN_ID'], data: [[null]] });
  assert.deepEqual(asked.map(({ body }) => body), [
    { targeting: { geo_locations: { countries: ['US'] } } },
    { payload: { schema: ['EXTERN_ID'], data: [[null]], is_raw: true } },
  ]);
});

test('secrets in a request are in no error, whatever Meta says', async () => {
  const echo = (text) => ({ status: 400, json: { error: { message: `Cannot parse ${text}`, code: 190, error_user_msg: text } } });
  const calls = [
    client(echo('other-hunter3')).tokens.inspect('other-hunter3'),
    () => client(echo('user-hunter3 and app-hunter3')).tokens.extend('7', 'app-hunter3', 'user-hunter3'),
    () => client(echo('verify-hunter3')).webhooks.subscribe('7', 'page', 'https://hooks.test/', 'verify-hunter3', ['leadgen']),
  ];
  for (const call of calls) {
    await assert.rejects(typeof call === 'function' ? call() : call, (error) => {
      assert.ok(error instanceof AcdError && error.code === '190', `${error}`);
      return !`${error.stack}${JSON.stringify({ ...error })}`.includes('hunter');
    });
  }
});

test('a call is repeated when its operation is safe to repeat, and only then', async () => {
  const lost = { status: 500, json: { error: { message: 'm', code: 2 } } };
  const meta = (...given) => {
    client(...given);
    return new MetaClient({ accessToken: 't', baseUrl: server.url });
  };
  await meta(lost).campaigns.update('120', { name: 'n' });
  assert.equal(asked.length, 2);
  const creating = meta(lost).campaigns.create('17', { name: 'n', objective: 'OUTCOME_SALES', special_ad_categories: [] });
  await assert.rejects(creating, { kind: 'server', mayHaveBeenSent: true });
  assert.equal(asked.length, 1);
});

test('what cannot be written as JSON rejects the call', async () => {
  const calls = client().campaigns.update('120', { name: 1n });
  await assert.rejects(calls, TypeError);
  assert.equal(asked.length, 0);
});

test('a list is given up by its signal', async () => {
  const reason = new Error('enough');
  const list = client().campaigns.list('17', {}, { signal: AbortSignal.abort(reason) });
  await assert.rejects(list.page(), (thrown) => thrown === reason);
  assert.equal(asked.length, 0);
});
