// Analytics over real HTTP: a server here keeps what it is sent, by the id of each event.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { AcdError, AnalyticsClient } from '../dist/esm/analytics.js';

const KEY = 'acd_hunter2';
let server;
let baseUrl;
let folder;
/** Status that the next requests are answered with, 200 when there is none. */
let statuses;
let requests;

before(async () => {
  server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString());
    // The last request of a client that ended may come late.
    const status = request.url.startsWith('/down/') ? 503 : (statuses.shift() ?? 200);
    requests.push({ status, url: request.url, headers: request.headers, body });
    server.emit('told');
    if (status === 0) return request.socket.destroy();
    const rejected = body.batch.flatMap(({ event, messageId }, index) =>
      event === 'Bad' ? [{ index, message_id: messageId, code: 'invalid_event', detail: 'the test wants it so' }] : [],
    );
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ success: true, accepted: body.batch.length, duplicates: 0, rejected }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  baseUrl = `http://127.0.0.1:${server.address().port}`;
  folder = await mkdtemp(join(tmpdir(), 'acd-sdk-'));
});

after(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  statuses = [];
  requests = [];
});

const open = (options) => AnalyticsClient.open({ baseUrl, writeKey: KEY, intervalMs: 3_600_000, ...options });
const stored = () => requests.filter(({ status }) => status === 200).flatMap(({ body }) => body.batch);
const names = () => stored().map(({ event }) => event);

test('the six calls arrive in one batch as the wire has them', async () => {
  const analytics = await open({ context: { app: { name: 'shop', version: '1.2' }, locale: 'de-DE' } });
  const facts = { plan: 'pro', deep: [{ a: null }], left: undefined };
  const ids = [
    analytics.track({ userId: 'u', event: 'Order Completed', properties: facts, messageId: 'order-1', timestamp: '2026-01-05T10:00:00.5Z' }),
    analytics.identify({ userId: 'u', anonymousId: 'a', traits: facts }),
    analytics.page({ anonymousId: 'a', name: 'Home', category: 'Docs', context: { page: { path: '/' } } }),
    analytics.screen({ userId: 'u', name: 'Settings', integrations: { All: false } }),
    analytics.group({ userId: 'u', groupId: 'g', traits: facts }),
    analytics.alias({ previousId: 'a', userId: 'u', timestamp: new Date(0) }),
  ];
  await analytics.flush();
  const [{ url, headers, body }] = requests;
  assert.equal(url, '/v1/batch');
  assert.equal(headers.authorization, `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`);
  assert.deepEqual(body.batch.map(({ messageId }) => messageId), ids);
  assert.equal(ids[0], 'order-1');
  assert.ok(ids.slice(1).every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id)));
  const { library, app, locale, timezone, ...others } = body.context;
  assert.deepEqual(others, {});
  assert.deepEqual({ name: library.name, app, locale }, { name: '@acd/sdk', app: { name: 'shop', version: '1.2' }, locale: 'de-DE' });
  assert.equal(timezone, new Intl.DateTimeFormat().resolvedOptions().timeZone);
  assert.ok(Math.abs(Date.parse(body.sentAt) - Date.now()) < 60_000);
  const bare = body.batch.map(({ messageId: _, timestamp, ...rest }) => ({ ...rest, at: timestamp.startsWith('20') }));
  const sent = { plan: 'pro', deep: [{ a: null }] };
  assert.deepEqual(bare, [
    { type: 'track', userId: 'u', event: 'Order Completed', properties: sent, at: true },
    { type: 'identify', userId: 'u', anonymousId: 'a', traits: sent, at: true },
    { type: 'page', anonymousId: 'a', name: 'Home', category: 'Docs', context: { page: { path: '/' } }, at: true },
    { type: 'screen', userId: 'u', name: 'Settings', integrations: { All: false }, at: true },
    { type: 'group', userId: 'u', groupId: 'g', traits: sent, at: true },
    { type: 'alias', previousId: 'a', userId: 'u', at: false },
  ]);
  assert.equal(body.batch[0].timestamp, '2026-01-05T10:00:00.500Z');
  const { tracked, delivered, held } = analytics.stats();
  assert.deepEqual({ tracked, delivered, held }, { tracked: 6, delivered: 6, held: 0 });
  await analytics.shutdown();
});

test('what cannot be stored is thrown with its code, and nothing of it is kept', async () => {
  const analytics = await open();
  const refused = {
    missing_user: { event: 'E' },
    empty_field: { userId: 'u', event: '' },
    field_too_long: { userId: 'u', event: 'x'.repeat(513) },
    not_an_object: { userId: 'u', event: 'E', properties: [1] },
    nul_character: { userId: 'u', event: 'E', properties: { x: '\0' } },
    too_large: { userId: 'u', event: 'E', properties: { x: 'x'.repeat(33_000) } },
    invalid_timestamp: { userId: 'u', event: 'E', timestamp: 'yesterday' },
    unreadable: { userId: 7, event: 'E' },
  };
  for (const [code, event] of Object.entries(refused)) {
    assert.throws(() => analytics.track(event), (error) => {
      assert.ok(error instanceof AcdError);
      assert.deepEqual([error.kind, error.code], ['request', code]);
      return true;
    });
  }
  const circle = {};
  circle.self = circle;
  for (const field of ['properties', 'context', 'integrations']) {
    for (const value of [circle, { amount: 1n }]) {
      assert.throws(() => analytics.track({ userId: 'u', event: 'E', [field]: value }), (error) => {
        assert.deepEqual([error.name, error.kind, error.code], ['AcdError', 'request', 'unreadable']);
        assert.ok(error.cause instanceof TypeError);
        return true;
      });
    }
  }
  assert.equal(analytics.stats().held, 0);
  await analytics.shutdown();
  assert.throws(() => analytics.track({ userId: 'u', event: 'E' }), { name: 'AcdError', code: 'closed' });
});

test('without consent nothing is taken, and what was held is forgotten when it is withdrawn', async () => {
  const analytics = await open({ consent: false, keepIn: join(folder, 'consent') });
  assert.equal(analytics.track({ userId: 'u', event: 'E' }), undefined);
  analytics.setConsent(true);
  analytics.track({ userId: 'u', event: 'F' });
  await analytics.stored();
  analytics.setConsent(false);
  await assert.rejects(analytics.flush(), { code: 'consent_withheld' });
  analytics.setConsent(true);
  await analytics.flush();
  assert.deepEqual(await analytics.shutdown(), { left: 0, stored: 0 });
  assert.equal(requests.length, 0);
  assert.deepEqual(await readdir(join(folder, 'consent')), []);
});

test('what the server cannot take now is kept in the folder, and sent by the next client under the same ids', async () => {
  const keepIn = join(folder, 'queue');
  const first = await open({ baseUrl: `${baseUrl}/down`, keepIn, shutdownTimeoutMs: 0 });
  const ids = ['A', 'B', 'C'].map((event) => first.track({ userId: 'u', event }));
  await first.stored();
  ids.push(first.track({ userId: 'u', event: 'D' }));
  await assert.rejects(first.flush(), { name: 'AcdError', status: 503, retryable: true });
  await assert.rejects(open({ keepIn }), { name: 'AcdError', kind: 'environment' });
  assert.deepEqual(await first.shutdown(), { left: 4, stored: 4 });
  assert.equal((await readdir(keepIn)).length, 2);

  const second = await open({ keepIn });
  await second.flush();
  assert.deepEqual(names(), ['A', 'B', 'C', 'D']);
  assert.deepEqual(stored().map(({ messageId }) => messageId), ids);
  assert.deepEqual(await second.shutdown(), { left: 0, stored: 0 });
  assert.deepEqual(await readdir(keepIn), []);
});

test('a folder of a process that is gone is taken over, and half a record left alone', async () => {
  const keepIn = join(folder, 'gone');
  const first = await open({ keepIn, shutdownTimeoutMs: 0 });
  first.track({ userId: 'u', event: 'A' });
  await first.stored();
  await first.shutdown();
  // A number that no process has: Linux's are smaller.
  await writeFile(join(keepIn, 'lock'), '99999999');
  await writeFile(join(keepIn, '0000000000000009.events'), '{"context":{},"batch":[{"ty');
  const second = await open({ keepIn });
  await second.flush();
  assert.deepEqual(names(), ['A']);
  assert.equal(second.stats().damagedBytes, 27);
  await second.shutdown();
  assert.deepEqual(await readdir(keepIn), []);
});

test('a second shutdown leaves alone what the next client holds', async () => {
  const keepIn = join(folder, 'twice');
  const first = await open({ keepIn });
  await first.shutdown();
  const second = await open({ keepIn });
  assert.deepEqual(await first.shutdown(), { left: 0, stored: 0 });
  await assert.rejects(open({ keepIn }), { name: 'AcdError', kind: 'environment' });
  await second.shutdown();
});

test('where nobody says whether a process runs, its folder is left to it, with what to do about it', async (context) => {
  const keepIn = join(folder, 'unknown');
  await mkdir(keepIn);
  await writeFile(join(keepIn, 'lock'), '99999999');
  // As Deno refuses without a permission.
  context.mock.method(process, 'kill', () => {
    throw new Error('Requires run access');
  });
  await assert.rejects(open({ keepIn }), { name: 'AcdError', kind: 'environment', message: /process 99999999.*--allow-run.*lock/ });
  context.mock.restoreAll();
  await (await open({ keepIn })).shutdown();
});

test('a store that refuses costs nothing but the keeping', async () => {
  const refuse = async () => {
    throw new Error('the disk is full');
  };
  const analytics = await open({ keepIn: { load: refuse, put: refuse, remove: refuse } });
  analytics.track({ userId: 'u', event: 'A' });
  await assert.rejects(analytics.stored(), { name: 'AcdError', kind: 'environment', code: 'store', message: /the disk is full/ });
  await analytics.flush();
  assert.deepEqual(names(), ['A']);
  assert.ok(analytics.stats().storeFailures >= 2);
  await analytics.shutdown();
});

test('a refusal that came while nobody waited is told to whoever asks later, until the events are sent', async () => {
  let refused;
  const noticed = new Promise((resolve) => (refused = resolve));
  const keepIn = {
    load: async () => [],
    put: async () => {
      refused();
      throw new Error('the disk is full');
    },
    remove: async () => undefined,
  };
  const analytics = await open({ keepIn });
  analytics.track({ userId: 'u', event: 'A' });
  await noticed;
  // Whoever waits here has the first of the refusals.
  await analytics.stored().catch(() => undefined);
  await assert.rejects(analytics.stored(), { name: 'AcdError', kind: 'environment', code: 'store', message: /the disk is full/ });
  await analytics.flush();
  await analytics.stored();
  await analytics.shutdown();
});

test('events that fail for good are told', async () => {
  const told = [];
  const analytics = await open({ onFailure: (failed) => told.push(failed) });
  analytics.track({ userId: 'u', event: 'Bad', messageId: 'bad' });
  analytics.track({ userId: 'u', event: 'Good' });
  await analytics.flush();
  statuses = [401];
  analytics.track({ userId: 'u', event: 'Late' });
  await analytics.flush();
  const [rejected, refused] = told;
  assert.deepEqual([rejected.reason, rejected.count, rejected.error], ['rejected', 1, undefined]);
  assert.deepEqual([rejected.events[0].event.event, rejected.events[0].rejection.code], ['Bad', 'invalid_event']);
  assert.deepEqual([refused.reason, refused.error.status, refused.error.kind], ['refused', 401, 'unauthenticated']);
  assert.ok(refused.error instanceof AcdError);
  await analytics.shutdown();
});

test('what the application does wrong when it is told of failures ends nothing', async () => {
  const unhandled = [];
  const note = (reason) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  const wrong = [
    () => {
      throw new Error('at once');
    },
    async () => {
      throw new Error('later');
    },
  ];
  for (const onFailure of wrong) {
    const analytics = await open({ onFailure });
    statuses = [401];
    analytics.track({ userId: 'u', event: 'Refused' });
    await analytics.flush();
    // A turn of the event loop, after which Node tells of rejections that nobody took.
    await new Promise((resolve) => setImmediate(resolve));
    await analytics.shutdown();
  }
  process.off('unhandledRejection', note);
  assert.deepEqual(unhandled, []);
});

test('a batch is sent by itself once it is full', async () => {
  const analytics = await open({ batchEvents: 10 });
  const arrived = once(server, 'told');
  for (let at = 0; at < 10; at++) analytics.track({ userId: 'u', event: `E${at}` });
  await arrived;
  assert.equal(requests[0].body.batch.length, 10);
  await analytics.shutdown();
});

test('settings that cannot work are said', async () => {
  for (const options of [{ baseUrl: 'nowhere' }, { batchEvents: 0 }, { queueBytes: 1 }, { keepBytes: 1 }, { intervalMs: -1 }, { context: { amount: 1n } }]) {
    await assert.rejects(open(options), { name: 'AcdError', kind: 'configuration' });
  }
});
