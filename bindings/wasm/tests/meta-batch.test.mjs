// Batches of @acd/sdk/meta over real HTTP: every call stands in one as it is sent alone, by the file that the methods of Rust and
// JavaScript are held to, and fails as it would alone. Answers are those of a server here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { AcdError, List, MetaClient } from '../dist/esm/meta.js';
import { scripted } from './scripted.mjs';

const VECTORS = JSON.parse(readFileSync(new URL('../../../sdk-meta/tests/vectors/calls.json', import.meta.url)));
/** What no error may repeat, which a batch cannot promise. */
const WITH_SECRETS = ['tokens.extend', 'tokens.inspect', 'webhooks.subscribe'];

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
let server;
let asked;
let answers;

before(async () => {
  server = await scripted((request, body) => {
    const form = new URLSearchParams(body);
    const batch = form.has('batch') ? JSON.parse(form.get('batch')) : undefined;
    asked.push({ method: request.method, url: request.url, headers: request.headers, batch, form });
    return { status: 200, ...(answers.shift() ?? { json: batch.map(() => inner({ id: '1', success: true, data: [{}] })) }) };
  });
});

after(() => server.close());

/** The answer to one call of a batch. */
const inner = (json, code = 200, headers = []) => ({ code, headers, body: typeof json === 'string' ? json : JSON.stringify(json) });
const error = (code, error_subcode, message = 'no') => ({ error: { message, code, error_subcode, fbtrace_id: 'A1' } });

/** A client whose server gives these answers in turn, and then plain ones. */
function client(given = [], options = {}) {
  asked = [];
  answers = given;
  return new MetaClient({ accessToken: 'token-hunter2', baseUrl: server.url, ...options });
}

/** A call of a batch as the file has requests, its body as the form that it is. */
function seen({ method, relative_url, body }) {
  const { pathname, searchParams } = new URL(relative_url, 'http://server.test');
  const read = (pairs) => Object.fromEntries([...pairs].map(([name, text]) => [name, structure(text)]));
  return { method, path: pathname, query: read(searchParams), ...(body === undefined ? {} : { body: read(new URLSearchParams(body)) }) };
}

const structure = (text) => (/^[[{]/.test(text) ? JSON.parse(text) : text);
/** What a form makes of a body: no numbers and no flags. */
const asForm = (body) => Object.fromEntries(Object.entries(body).map(([name, value]) => [name, structure(typeof value === 'object' ? JSON.stringify(value) : `${value}`)]));

test('every call stands in a batch as it is sent alone', async () => {
  for (const { call, arguments: given, request } of VECTORS) {
    const [group, method] = call.split('.').map(camel);
    const meta = client();
    const sending = meta.batch('17', (calls) => {
      const made = calls[group][method](...given.map((value) => value ?? undefined));
      return [made instanceof List ? made.page() : made];
    });
    if (WITH_SECRETS.includes(call)) {
      await assert.rejects(sending, { kind: 'request', message: /holds a secret/ }, call);
      assert.equal(asked.length, 0);
      continue;
    }
    const [{ status, reason }] = await sending;
    assert.equal(status, 'fulfilled', `${call}: ${reason}`);
    const { body, ...others } = request;
    assert.deepEqual(seen(asked[0].batch[0]), { ...others, ...(body === undefined ? {} : { body: asForm(body) }) }, call);
  }
});

test('what became of each call stands in its place', async () => {
  const meta = client([{ json: [inner({ id: '1', name: 'A & B' }), inner(error(100, 33), 400), null, inner('gone'), inner({ data: [{ id: '9' }] })] }]);
  const [read, refused, unanswered, garbled, list, missing] = await meta.batch('act_17', ({ campaigns, ads }) => [
    campaigns.get('1', ['name']),
    campaigns.get('2'),
    ads.create('17', { name: 'One', adset_id: '3', creative: { creative_id: '4' } }),
    campaigns.get('5'),
    campaigns.list('17', { fields: ['id'] }).page(),
    campaigns.delete('6'),
  ]);
  assert.deepEqual(read, { status: 'fulfilled', value: { id: '1', name: 'A & B' } });
  assert.ok(refused.reason instanceof AcdError);
  const { kind, code, requestId, status, operation, retryable } = refused.reason;
  assert.deepEqual([kind, code, requestId, status, operation, retryable], ['not_found', '100/33', 'A1', 400, 'meta.campaigns.get', false]);
  for (const { reason } of [unanswered, missing]) assert.deepEqual([reason.kind, reason.mayHaveBeenSent], ['interrupted', true]);
  assert.equal(garbled.reason.kind, 'server');
  assert.deepEqual(list.value, { data: [{ id: '9' }], next_cursor: null });
  assert.equal(asked.length, 1);
  assert.equal(`${asked[0].method} ${asked[0].url}`, 'POST /v26.0/');
  assert.equal(asked[0].headers.authorization, 'Bearer token-hunter2');
  assert.equal(asked[0].form.get('include_headers'), 'true');
});

test('a call fails in a batch as it does alone', async () => {
  const options = { maxAttempts: 1 };
  for (const [status, json] of [[400, error(190, 463)], [400, error(17, 2446079)], [500, error(2)], [400, error(100, 1885272, 'daily_budget')], [403, error(200)]]) {
    const [alone] = await Promise.allSettled([client([{ status, json }], options).campaigns.get('1')]);
    const [batched] = await client([{ json: [inner(json, status)] }], options).batch('17', ({ campaigns }) => [campaigns.get('1')]);
    const said = ({ reason }) => {
      const { kind, status, code, detail, requestId, retryable, retryAfterMs, mayHaveBeenSent, operation } = reason;
      return { kind, status, code, detail, requestId, retryable, retryAfterMs, mayHaveBeenSent, operation };
    };
    assert.deepEqual(said(batched), said(alone));
  }
});

test('a call may wait for another and use its answer', async () => {
  const meta = client();
  const ad = { name: 'One', adset_id: '2', creative: { creative_id: '{result=creative:$.id}' } };
  await meta.batch('17', (calls) => [calls.named('creative').creatives.create('17', { name: 'One' }), calls.after('creative').ads.create('17', ad)]);
  const [creative, made] = asked[0].batch;
  assert.deepEqual([creative.name, creative.omit_response_on_success, made.depends_on], ['creative', false, 'creative']);
  assert.equal(new URLSearchParams(made.body).get('creative'), JSON.stringify(ad.creative));
});

test('what cannot be sent is found before anything is', async () => {
  const meta = client();
  const get = ({ campaigns }) => campaigns.get('1');
  const rejects = (make, message) => assert.rejects(meta.batch('17', make), { name: 'AcdError', kind: 'request', message });
  await rejects((calls) => Array.from({ length: 51 }, () => get(calls)), /51st/);
  await rejects((calls) => [calls.after('creative').campaigns.get('1')], /depends on a call that is not in the batch/);
  await rejects(({ campaigns }) => [campaigns.get('1', undefined, { timeoutMs: 5 })], /options as a whole/);
  await rejects((calls) => [calls.campaigns.list('17')], /of a list what its `page\(\)` gives/);
  await rejects((calls) => (get(calls), []), /1 calls, and 0 were returned/);
  await rejects(({ campaigns }) => [campaigns.get('')], /campaigns/);
  await assert.rejects(meta.batch('17', ({ campaigns }) => [campaigns.update('1', { name: 1n })]), TypeError);
  assert.equal(asked.length, 0);
});

test('a page that is too heavy in a batch is asked for again with half, alone', async () => {
  const meta = client([{ json: [inner(error(100, 1487534), 400)] }, { json: { data: [{ id: '1' }] } }]);
  const [page] = await meta.batch('17', ({ campaigns }) => [campaigns.list('17', { fields: ['id'], limit: 50 }).page()]);
  assert.deepEqual(page.value.data, [{ id: '1' }]);
  assert.equal(new URL(asked[1].url, 'http://server.test').searchParams.get('limit'), '25');
});

test('a batch that fails as a whole rejects, and is not repeated when it may have acted', async () => {
  const batch = (given, options) => client(given).batch('17', ({ campaigns }) => [campaigns.get('1')], options);
  await assert.rejects(batch([{ status: 500, json: error(2) }]), { kind: 'server', operation: 'meta.batch.send', mayHaveBeenSent: true });
  assert.equal(asked.length, 1);
  await assert.rejects(batch([{ status: 400, json: error(190) }]), { kind: 'unauthenticated', code: '190' });
  await assert.rejects(batch([{ json: { data: [] } }]), { kind: 'decode' });
  const reason = new Error('enough');
  await assert.rejects(batch([], { signal: AbortSignal.abort(reason) }), (thrown) => thrown === reason);
  await batch([], { headers: { 'x-of-batch': '1' } });
  assert.equal(asked[0].headers['x-of-batch'], '1');
});

test('each call counts, and what its answer says of limits is kept to', async () => {
  const usage = { name: 'X-Ad-Account-Usage', value: '{"acc_id_util_pct":99}' };
  const meta = client([{ json: [inner({ id: '1' }, 200, [usage])] }]);
  await meta.batch('17', ({ campaigns }) => [campaigns.get('1')]);
  await assert.rejects(meta.campaigns.list('17', {}, { timeoutMs: 300 }).page(), { kind: 'rate_limited' });
  // A batch costs what its calls do: so many writes the score of an account with limited access never holds.
  const writes = ({ campaigns }) => Array.from({ length: 21 }, (_, id) => campaigns.delete(`${id}`));
  await assert.rejects(client().batch('18', writes, { timeoutMs: 300 }), { name: 'AcdError' });
  assert.equal(asked.length, 0);
});

test('no error repeats the token, whatever Meta says', async () => {
  const [{ reason }] = await client([{ json: [inner(error(100, 33, 'token-hunter2 is bad'), 400)] }]).batch('17', ({ campaigns }) => [campaigns.get('1')]);
  assert.ok(reason.detail.includes('is bad') && !`${reason.stack}${JSON.stringify({ ...reason })}`.includes('hunter2'));
});
