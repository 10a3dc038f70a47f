// The package over real HTTP: a server here says what it was asked, and answers as it is told.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { AcdError, PlatformClient } from '../dist/esm/platform.js';

const KEY = 'acd_hunter2';
let server;
let baseUrl;
/** What the server was asked by the client of the running test, which has a place of its own below it. */
let asked;
/** By place: the answers that are left. Requests of a client that gave up may come late. */
const scripts = [];

before(async () => {
  server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, headers } = request;
    const [, place, url] = /^\/(\d+)(.*)$/.exec(request.url);
    if (Number(place) === scripts.length - 1) asked.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    const answer = scripts[place].shift();
    if (answer === undefined) return; // left without an answer
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.text ?? (answer.json === undefined ? '' : JSON.stringify(answer.json)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

after(() => {
  server.closeAllConnections();
  server.close();
});

/** A client whose server gives these answers in turn. */
function client(...script) {
  baseUrl = `http://127.0.0.1:${server.address().port}/${scripts.push(script) - 1}`;
  asked = [];
  return new PlatformClient({ baseUrl, apiKey: KEY });
}

test('a call carries its parameters, its body and the key', async () => {
  const platform = client({ status: 201, json: { id: 'key_1' } });
  const made = await platform.keys.rotate('key_a/b', { grace_seconds: 5 }, { idempotencyKey: 'once' });
  assert.deepEqual(made, { id: 'key_1' });
  const [{ method, url, headers, body }] = asked;
  assert.deepEqual([method, url], ['POST', '/v1/keys/key_a%2Fb/rotate']);
  assert.equal(headers.authorization, `Bearer ${KEY}`);
  assert.equal(headers['idempotency-key'], 'once');
  assert.equal(headers['content-type'], 'application/json');
  assert.deepEqual(JSON.parse(body), { grace_seconds: 5 });
});

test('a list is read to its end, page after page', async () => {
  const page = (ids, next_cursor) => ({ json: { data: ids.map((id) => ({ id })), next_cursor } });
  const platform = client(page(['a', 'b'], 'next'), page(['c'], null));
  const ids = [];
  for await (const { id } of platform.events.list({ limit: 2, event: 'Order & more' })) ids.push(id);
  assert.deepEqual(ids, ['a', 'b', 'c']);
  assert.deepEqual(asked.map(({ url }) => url), [
    '/v1/events?event=Order%20%26%20more&limit=2',
    '/v1/events?cursor=next&event=Order%20%26%20more&limit=2',
  ]);
});

test('a list that leads back to itself ends with an error', async () => {
  const same = { json: { data: [], next_cursor: 'same' } };
  const platform = client(same, same);
  await assert.rejects(async () => {
    for await (const _ of platform.keys.list()) assert.fail();
  }, { name: 'AcdError', kind: 'decode' });
});

test('an error says what the server said', async () => {
  const problem = { code: 'not_found', detail: 'there is no such key', title: 'Not Found', status: 404 };
  const platform = client({ status: 404, json: problem, headers: { 'x-request-id': 'req_7' } });
  const error = await platform.users.get('usr_1').then(assert.fail, (error) => error);
  assert.ok(error instanceof AcdError && error instanceof Error);
  const { kind, operation, status, code, requestId, retryable, attempts } = error;
  assert.deepEqual(
    { kind, operation, status, code, requestId, retryable },
    { kind: 'not_found', operation: 'platform.users.get', status: 404, code: 'not_found', requestId: 'req_7', retryable: false },
  );
  assert.deepEqual(attempts.map(({ number, status }) => ({ number, status })), [{ number: 1, status: 404 }]);
  assert.ok(!`${error.stack}${JSON.stringify(error)}`.includes('hunter2'));
});

test('what may pass is tried again, with one idempotency key', async () => {
  const platform = client({ status: 503 }, { status: 201, json: { id: 'usr_1' } });
  await platform.users.create({ email: 'a@b.test' });
  assert.equal(asked.length, 2);
  const [first, second] = asked.map(({ headers }) => headers['idempotency-key']);
  assert.ok(first !== undefined && first === second);
});

test('an error tells every attempt', async () => {
  const platform = client({ status: 503 }, { status: 503 });
  await assert.rejects(platform.users.me({ maxAttempts: 2 }), ({ kind, retryable, attempts }) => {
    assert.deepEqual({ kind, retryable, count: attempts.length }, { kind: 'server', retryable: true, count: 2 });
    return true;
  });
});

test('a signal gives a call up with its own reason, and the request with it', async () => {
  const platform = client();
  const controller = new AbortController();
  const call = platform.users.me({ signal: controller.signal });
  const [request] = await once(server, 'request');
  const closed = once(request.socket, 'close');
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(call, (thrown) => thrown === reason);
  await closed;
  await assert.rejects(platform.users.me({ signal: controller.signal }), (thrown) => thrown === reason);
});

test('a timeout is an error of its kind', async () => {
  const platform = client();
  const late = platform.users.me({ timeoutMs: 30 });
  await assert.rejects(late, { name: 'AcdError', kind: 'timeout', mayHaveBeenSent: true });
});

test('an answer that is not JSON is an error of its kind', async () => {
  const platform = client({ text: '<html>' });
  await assert.rejects(platform.users.me(), { name: 'AcdError', kind: 'decode', operation: 'platform.users.me' });
});

test('settings that cannot work are said before anything is sent', async () => {
  client();
  for (const options of [{ baseUrl: '127.0.0.1', apiKey: KEY }, { baseUrl, apiKey: ' ' }, { baseUrl, apiKey: KEY, headers: { 'a b': 'c' } }]) {
    await assert.rejects(new PlatformClient(options).users.me(), { name: 'AcdError', kind: 'configuration' });
  }
  assert.equal(asked.length, 0);
});

test('fifty calls at once get each their own answer', async () => {
  const platform = client(...Array.from({ length: 50 }, (_, at) => ({ json: { at } })));
  const all = await Promise.all(Array.from({ length: 50 }, () => platform.users.me()));
  assert.deepEqual(all.map(({ at }) => at).sort((one, other) => one - other), Array.from({ length: 50 }, (_, at) => at));
});
