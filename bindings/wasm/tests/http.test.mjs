// The package over real HTTP: a server here says what it was asked, and answers as it is told.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { AcdError, PlatformClient } from '../dist/esm/platform.js';

const KEY = 'acd_hunter2';
/** A port at which nobody listens, which no system gives to a program, and which fetch connects to all the same. */
const NOBODY = 'http://127.0.0.1:2';
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
    if (answer.breaksOff) {
      response.write(answer.text, () => request.socket.destroy());
      return;
    }
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

test('a call that is given up in the turn that made it is not made', async () => {
  const platform = client({ json: {} }, { json: {} });
  await platform.users.me();
  const controller = new AbortController();
  const call = platform.users.me({ signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(call, { message: 'enough' });
  await platform.users.me();
  assert.equal(asked.length, 2);
});

test('a setting that is not there is named', async () => {
  for (const [setting, options] of Object.entries({ apiKey: { baseUrl: 'http://127.0.0.1' }, baseUrl: { apiKey: KEY } })) {
    await assert.rejects(new PlatformClient(options).users.me(), { name: 'AcdError', kind: 'configuration', message: new RegExp(setting) });
  }
});

test('a timeout is an error of its kind', async () => {
  const platform = client();
  // Long enough to be under way by then on any machine.
  const late = platform.users.me({ timeoutMs: 1_000 });
  await assert.rejects(late, { name: 'AcdError', kind: 'timeout', mayHaveBeenSent: true });
});

test('an answer that is not JSON is an error of its kind', async () => {
  const platform = client({ text: '<html>' });
  await assert.rejects(platform.users.me(), { name: 'AcdError', kind: 'decode', operation: 'platform.users.me' });
});

test('an answer that is not text is an error of its kind', async () => {
  const platform = client({ text: Buffer.from([0x22, 0xff, 0x22]) });
  await assert.rejects(platform.users.me(), { name: 'AcdError', kind: 'decode' });
});

test('an answer that breaks off keeps what came before it, and is asked for again', async () => {
  const broken = { text: '{"id":', breaksOff: true, headers: { 'x-request-id': 'req_8' } };
  await assert.rejects(client(broken).users.me({ maxAttempts: 1 }), { kind: 'interrupted', status: 200, requestId: 'req_8' });
  assert.deepEqual(await client(broken, { json: { id: 'usr_1' } }).users.me(), { id: 'usr_1' });
  assert.equal(asked.length, 2);
});

test('an error keeps its status however much it says', async () => {
  const endless = client({ status: 404, text: 'x'.repeat(1 << 20), headers: { 'x-request-id': 'req_9' } });
  await assert.rejects(endless.users.get('usr_1'), { kind: 'not_found', status: 404, requestId: 'req_9' });
  const broken = client({ status: 404, text: '{"code":', breaksOff: true });
  await assert.rejects(broken.users.get('usr_1'), { kind: 'not_found', status: 404 });
});

test('an answer that is too large is not read to its end', async () => {
  const platform = client({ text: `"${'x'.repeat(17 * 1024 * 1024)}"` });
  await assert.rejects(platform.users.me(), ({ kind, status, attempts }) => {
    assert.deepEqual({ kind, status, count: attempts.length }, { kind: 'too_large', status: 200, count: 1 });
    return true;
  });
});

test('a server that is not there was sent nothing', async () => {
  const platform = new PlatformClient({ baseUrl: NOBODY, apiKey: KEY, maxAttempts: 1 });
  await assert.rejects(platform.users.me(), ({ kind, retryable, mayHaveBeenSent, message }) => {
    assert.deepEqual({ kind, retryable, mayHaveBeenSent }, { kind: 'connect', retryable: true, mayHaveBeenSent: false });
    assert.match(message, /ECONNREFUSED/);
    return true;
  });
});

test('a redirect is not followed', async () => {
  const platform = client({ status: 302, headers: { location: '/elsewhere' } });
  await assert.rejects(platform.users.me(), { kind: 'redirect' });
  assert.equal(asked.length, 1);
});

test('a success that says that the limit is reached holds the next call back', async () => {
  const platform = client({ json: {}, headers: { ratelimit: '"default";r=0;t=600' } }, { json: {} });
  await platform.users.me();
  await assert.rejects(platform.users.me(), { kind: 'rate_limited', mayHaveBeenSent: false });
  assert.equal(asked.length, 1);
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
