// How the analytics client makes its requests, and what it makes of every kind of answer, over real HTTP.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, mock, test } from 'node:test';

import { AcdError, AnalyticsClient } from '../dist/esm/analytics.js';

const KEY = 'acd_hunter2';
const PAIR = Buffer.from(`${KEY}:`).toString('base64');
const TAKEN = { body: JSON.stringify({ success: true }) };
let server;
let baseUrl;
/**
 * By client, each of which has a place of its own below the server, since the last request of one may come late: what its
 * next requests are answered with (a status, headers and a body, what is done with the socket, or the status alone of an answer
 * without an end), and what they were.
 */
const places = [];

before(async () => {
  server = createServer(async (request, response) => {
    const [, place, path] = /^\/p(\d+)(\/.*)$/.exec(request.url);
    const { answers, requests } = places[place];
    response.on('close', () => {
      if (!response.writableFinished) server.emit(`ended ${place}`);
    });
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    requests.push({ path, headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
    server.emit(`told ${place}`);
    const answer = answers.shift() ?? TAKEN;
    if (answer === 'silence') return;
    if (answer === 'cut') return request.socket.destroy();
    if (typeof answer === 'number') return endless(response, answer);
    const { status = 200, headers = {}, body = '', cut = false } = answer;
    response.writeHead(status, cut ? { ...headers, 'content-length': 1000 } : headers);
    if (!cut) return response.end(body);
    response.write(body, () => request.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  baseUrl = `http://127.0.0.1:${server.address().port}`;
});

/** Answers with this status and a body that goes on for as long as somebody reads. */
function endless(response, status) {
  response.writeHead(status);
  const goOn = () => {
    while (response.write('x'.repeat(65_536)));
  };
  response.on('drain', goOn);
  goOn();
}

after(() => {
  server.closeAllConnections();
  server.close();
});

/** Opens a client with a place of its own. */
async function open(answers = [], options = {}) {
  const place = places.push({ answers, requests: [] }) - 1;
  const given = { baseUrl: `${baseUrl}/p${place}`, writeKey: KEY, intervalMs: 3_600_000, shutdownTimeoutMs: 0, ...options };
  return { analytics: await AnalyticsClient.open(given), place, requests: places[place].requests };
}

/** What a flush rejects with when the request is answered so. */
async function failing(answer, options) {
  const { analytics } = await open([answer], options);
  analytics.track({ userId: 'u', event: 'E' });
  const error = await analytics.flush().then(() => undefined, (error) => error);
  await analytics.shutdown();
  return error;
}

const problem = (status, body = {}, headers = {}) => ({ status, headers: { 'content-type': 'application/problem+json', ...headers }, body: JSON.stringify(body) });

test('an answer that may pass is told whole, and the events stay', async () => {
  const body = { title: 'Busy', detail: 'come back later', code: 'busy', request_id: 'body' };
  const error = await failing(problem(503, body, { 'retry-after': '2', 'x-request-id': 'r1' }));
  assert.ok(error instanceof AcdError);
  const { kind, operation, status, code, detail, requestId, retryable, retryAfterMs, mayHaveBeenSent, attempts, message } = error;
  assert.deepEqual(
    { kind, operation, status, code, detail, requestId, retryable, retryAfterMs, mayHaveBeenSent },
    {
      kind: 'server',
      operation: 'analytics.batch',
      status: 503,
      code: 'busy',
      detail: 'come back later',
      requestId: 'r1',
      retryable: true,
      retryAfterMs: 2000,
      mayHaveBeenSent: true,
    },
  );
  const [{ tookMs, ...attempt }, ...rest] = attempts;
  assert.deepEqual([attempt, rest], [{ number: 1, startedMs: 0, status: 503, failure: null, mayHaveBeenSent: true }, []]);
  assert.match(message, /^analytics\.batch: the server answered 503 Service Unavailable \(busy\): come back later; request id r1; retry after 2s; 1 attempt in \d+ms$/);
  assert.match(String(tookMs), /^\d+$/);
});

test('the kind of an error is that of its status', async () => {
  const refused = { 400: 'rejected', 401: 'unauthenticated', 403: 'forbidden', 404: 'not_found', 409: 'conflict', 410: 'not_found', 422: 'rejected' };
  for (const [status, kind] of Object.entries(refused)) {
    const told = [];
    assert.equal(await failing(problem(Number(status)), { onFailure: (failed) => told.push(failed) }), undefined);
    const [{ reason, count, error, events }] = told;
    assert.deepEqual([reason, count, error.kind, error.status, error.retryable], ['refused', 1, kind, Number(status), false]);
    assert.deepEqual([events[0].event.event, events[0].rejection], ['E', null]);
  }
  const passing = { 408: ['timeout', true], 425: ['rejected', false], 429: ['throttled', true], 500: ['server', true], 501: ['server', false], 302: ['redirect', false] };
  for (const [status, [kind, retryable]] of Object.entries(passing)) {
    const error = await failing(problem(Number(status)));
    assert.deepEqual([error.kind, error.status, error.retryable], [kind, Number(status), retryable]);
  }
});

test('what is too large goes in halves', async () => {
  const told = [];
  const { analytics, requests } = await open([problem(413), TAKEN, problem(413)], { onFailure: (failed) => told.push(failed) });
  for (const event of ['A', 'B']) analytics.track({ userId: 'u', event });
  await analytics.flush();
  assert.deepEqual(requests.map(({ body }) => body.batch.map(({ event }) => event)), [['A', 'B'], ['A'], ['B']]);
  assert.deepEqual([told[0].reason, told[0].error.status, told[0].events[0].event.event], ['too_large', 413, 'B']);
  await analytics.shutdown();
});

test('what the server rejects is told in its own words, and the rest is stored', async () => {
  const rejected = [
    { index: 0, message_id: 'a', code: 'a_code_of_tomorrow', detail: 'no' },
    { index: 2, code: 'invalid_event', detail: 'ä "quoted" 😀' },
  ];
  const told = [];
  const body = JSON.stringify({ success: false, accepted: 0, duplicates: 1, rejected });
  const { analytics } = await open([{ body }], { onFailure: (failed) => told.push(failed) });
  for (const event of ['A', 'B', 'C']) analytics.track({ userId: 'u', event });
  await analytics.flush();
  const [{ reason, count, error, events }] = told;
  assert.deepEqual([reason, count, error, told.length], ['rejected', 2, undefined, 1]);
  assert.deepEqual(events.map(({ event, rejection }) => [event.event, rejection]), [['A', rejected[0]], ['C', rejected[1]]]);
  const stats = analytics.stats();
  assert.deepEqual([stats.delivered, stats.duplicates, stats.rejected, stats.requests], [1, 1, 2, 1]);
  await analytics.shutdown();
});

test('every form of Retry-After is understood', async () => {
  const wait = async (headers) => (await failing(problem(429, {}, headers))).retryAfterMs;
  const clock = 'Fri, 06 Nov 2037 08:49:37 GMT';
  assert.equal(await wait({ 'retry-after': '120' }), 120_000);
  assert.equal(await wait({ 'retry-after': '0.25' }), 250);
  assert.equal(await wait({ 'retry-after-ms': '40', 'retry-after': '1' }), 40);
  for (const until of ['Fri, 06 Nov 2037 08:49:47 GMT', 'Friday, 06-Nov-37 08:49:47 GMT', 'Fri Nov  6 08:49:47 2037']) {
    assert.equal(await wait({ 'retry-after': until, date: clock }), 10_000, until);
  }
  assert.equal(await wait({ 'retry-after': 'Sun, 06 Nov 1994 08:49:00 GMT' }), 0);
  for (const nonsense of ['soon', '-1', '1 2', '1e3']) assert.equal(await wait({ 'retry-after': nonsense }), undefined, nonsense);
});

test('a redirect is not followed', async () => {
  const { analytics, requests } = await open([{ status: 307, headers: { location: `${baseUrl}/p0/elsewhere` } }]);
  analytics.track({ userId: 'u', event: 'E' });
  await assert.rejects(analytics.flush(), { kind: 'redirect', status: 307 });
  assert.deepEqual(requests.map(({ path }) => path), ['/v1/batch']);
  await analytics.shutdown();
  assert.ok(places.every((place) => place.requests.every(({ path }) => path !== '/elsewhere')));
});

test('what is no reply is not taken for one, and the events stay', async () => {
  const bodies = ['<html>Please log in</html>', '', '[]', '{}', '{"success":"yes"}', '{"success":true,"rejected":[{}]}', '{"success":true,"duplicates":-1}'];
  for (const body of bodies) {
    const error = await failing({ body });
    assert.deepEqual([error.kind, error.status, error.retryable], ['decode', 200, false], body);
    assert.ok(!error.message.includes('log in'), error.message);
  }
});

test('an answer without an end is given up after a mebibyte, and the events stay', async () => {
  for (const [status, kind, retryable] of [[200, 'too_large', false], [503, 'server', true]]) {
    const { analytics, place } = await open([status]);
    const ended = once(server, `ended ${place}`);
    analytics.track({ userId: 'u', event: 'E' });
    await assert.rejects(analytics.flush(), { kind, status, retryable });
    await ended;
    assert.equal((await analytics.shutdown()).left, 1);
  }
});

test('a connection that is refused, cut or broken off is told apart', async () => {
  // Nobody listens there, no system gives the port to a program, and fetch connects to it all the same.
  const refused = await failing(TAKEN, { baseUrl: 'http://127.0.0.1:2' });
  assert.deepEqual([refused.kind, refused.status, refused.mayHaveBeenSent, refused.retryable], ['connect', undefined, false, true]);
  assert.deepEqual([refused.attempts[0].failure, refused.attempts[0].mayHaveBeenSent], ['connect', false]);
  const cut = await failing('cut');
  assert.deepEqual([cut.kind, cut.status, cut.mayHaveBeenSent, cut.retryable], ['interrupted', undefined, true, true]);
  const broken = await failing({ body: '{"succ', cut: true });
  assert.deepEqual([broken.kind, broken.status, broken.mayHaveBeenSent, broken.retryable], ['interrupted', 200, true, true]);
});

test('a server that does not answer is given up after 20 seconds', async () => {
  const { analytics, place } = await open(['silence']);
  analytics.track({ userId: 'u', event: 'E' });
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const [told, ended] = [once(server, `told ${place}`), once(server, `ended ${place}`)];
    const flushed = assert.rejects(analytics.flush(), { kind: 'timeout', status: undefined, retryable: true, mayHaveBeenSent: true });
    await told;
    mock.timers.tick(20_000);
    await Promise.all([flushed, ended]);
  } finally {
    mock.timers.reset();
  }
  await analytics.shutdown();
});

test('a shutdown ends in time where every request fails at once', async () => {
  // A port that fetch does not even try.
  const { analytics } = await open([], { baseUrl: 'http://127.0.0.1:9' });
  analytics.track({ userId: 'u', event: 'E' });
  await assert.rejects(analytics.flush(), { kind: 'interrupted' });
  assert.deepEqual(await analytics.shutdown(), { left: 1, stored: 0 });
});

test('a request under way ends with the consent, and with the time that a shutdown has', async () => {
  for (const end of [(analytics) => analytics.setConsent(false), (analytics) => analytics.shutdown()]) {
    const { analytics, place } = await open(['silence']);
    analytics.track({ userId: 'u', event: 'E' });
    const [told, ended] = [once(server, `told ${place}`), once(server, `ended ${place}`)];
    const flushed = analytics.flush().catch(() => undefined);
    await told;
    await Promise.all([end(analytics), ended, flushed]);
    await analytics.shutdown();
  }
});

test('no error quotes the write key', async () => {
  const quoting = { code: `no ${KEY}`, detail: `key ${KEY} and Basic ${PAIR} are unknown` };
  const error = await failing(problem(503, quoting, { 'x-request-id': `for ${KEY}` }));
  assert.equal(error.detail, 'key [redacted] and Basic [redacted] are unknown');
  const shown = `${error.message} ${error.stack} ${JSON.stringify(error)}`;
  assert.ok(!shown.includes('hunter2') && !shown.includes(PAIR), shown);
});

test('what a server writes stays on one line and within bounds', async () => {
  const error = await failing(problem(503, { detail: `a\nb\u202e${'x'.repeat(10_000)}` }));
  assert.ok(!/[\n\u202e]/.test(error.message) && error.message.length < 500, error.message);
  assert.equal(error.detail.length, 10_004);
});

test('the usual shapes of problems are understood', async () => {
  const read = async (body) => {
    const { code, detail } = await failing(problem(500, body));
    return [code, detail];
  };
  assert.deepEqual(await read({ title: 't', detail: 'd', code: 'c' }), ['c', 'd']);
  assert.deepEqual(await read({ error: { message: 'd', code: 190, type: 'OAuth' } }), ['190', 'd']);
  assert.deepEqual(await read({ error: 'invalid_grant', error_description: 'd' }), ['invalid_grant', 'd']);
  for (const body of [null, [], 'text', { error: {} }, { code: {} }]) assert.deepEqual(await read(body), [undefined, undefined]);
});

test('addresses and keys that cannot work are refused', async () => {
  for (const address of ['nowhere', 'ftp://x', 'https://u:p@x', 'https://x/?a', 'https://x/#a', undefined]) {
    await assert.rejects(open([], { baseUrl: address }), (error) => error.kind === 'configuration' && !error.message.includes('u:p'));
  }
  for (const writeKey of ['', ' ', 'a:b', undefined]) await assert.rejects(open([], { writeKey }), { name: 'AcdError', kind: 'configuration' });
  const { analytics, requests } = await open([], { baseUrl: `${baseUrl}/p${places.length}//`, writeKey: 'schlüssel' });
  analytics.track({ userId: 'u', event: 'E' });
  await analytics.flush();
  const [{ path, headers }] = requests;
  assert.deepEqual([path, headers.authorization], ['/v1/batch', `Basic ${Buffer.from('schlüssel:').toString('base64')}`]);
  await analytics.shutdown();
});

test('text and numbers that JavaScript has and the wire has not are refused, and the rest goes as JSON.stringify writes it', async () => {
  const { analytics, requests } = await open();
  const refused = (event) => {
    try {
      return analytics.track({ userId: 'u', event: 'E', ...event });
    } catch (error) {
      return [error.kind, error.code];
    }
  };
  assert.deepEqual(refused({ userId: '\ud800' }), ['request', 'unreadable']);
  assert.deepEqual(refused({ properties: { a: '\ud800' } }), ['request', 'unreadable']);
  assert.deepEqual(refused({ properties: 'text' }), ['request', 'not_an_object']);
  let deep = {};
  for (let level = 1; level < 32; level++) deep = { deep };
  assert.deepEqual(refused({ properties: { deep } }), ['request', 'nesting_too_deep']);
  const properties = { deep: deep.deep, a: NaN, b: 1e21, c: -0, d: 'ä\u2028😀"\\\n', e: new Date(0), f: undefined, g: [undefined], '': 5e-324 };
  analytics.track({ userId: 'u', event: 'E', properties, context: null, integrations: undefined });
  await analytics.flush();
  assert.deepEqual(requests[0].body.batch[0].properties, JSON.parse(JSON.stringify(properties)));
  await analytics.shutdown();
});
