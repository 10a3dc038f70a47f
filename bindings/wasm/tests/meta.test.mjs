// @acd/sdk/meta over real HTTP: a server here says what it was asked, and answers as it is told. Against the simulated Meta
// it runs where META holds what `acd simulate --meta` printed.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { Caller } from '../dist/esm/client.js';
import { AcdError, hashUserData, MetaClient, normalizeCurrency, normalizeUserValue } from '../dist/esm/meta.js';

const TOKEN = 'token-hunter2';
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
let server;
let asked;
let script;

before(async () => {
  server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    asked.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    const answer = script.shift();
    if (answer === undefined) return; // left without an answer
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.json));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

after(() => {
  server.closeAllConnections();
  server.close();
});

/** A client whose server gives these answers in turn. */
function client(options, ...answers) {
  asked = [];
  script = answers;
  return new MetaClient({ accessToken: TOKEN, baseUrl: `http://127.0.0.1:${server.address().port}`, ...options });
}

const event = (more) => ({
  event_name: 'Lead',
  event_time: Math.floor(Date.now() / 1000) - 60,
  action_source: 'email',
  user_data: { em: ' Mary@Example.com ' },
  ...more,
});
const received = (count) => ({ json: { events_received: count, messages: [], fbtrace_id: 'A1b2' } });

test('events go hashed, with the token and its proof', async () => {
  const meta = client({ appSecret: 'app-hunter3' }, received(2));
  const events = [
    event({ event_id: 'e1', user_data: { em: ' Mary@Example.com ', ph: ['+1 (650) 555-1212'], ct: '???', fbp: 'fb.1.2.x' } }),
    event({ event_id: 'e2', custom_data: { value: 9.5, currency: 'EUR', plan: 'pro' }, of_tomorrow: { kept: [1.5] } }),
  ];
  const report = await meta.conversions.send('42', events, { testEventCode: 'TEST1', partnerAgent: 'acme-1.0' });
  assert.equal(report.orThrow().received, 2);
  assert.deepEqual(report.dropped, [{ index: 0, key: 'ct', reason: 'does not begin with a letter from a to z' }]);
  assert.equal(report.batches[0].fbtraceId, 'A1b2');
  const [{ method, url, headers, body }] = asked;
  const proof = createHmac('sha256', 'app-hunter3').update(TOKEN).digest('hex');
  assert.deepEqual([method, url], ['POST', `/v26.0/42/events?appsecret_proof=${proof}`]);
  assert.equal(headers.authorization, `Bearer ${TOKEN}`);
  assert.deepEqual(JSON.parse(body), {
    data: [
      { ...events[0], user_data: { em: [sha256('mary@example.com')], ph: [sha256('16505551212')], fbp: 'fb.1.2.x' } },
      { ...events[1], user_data: { em: [sha256('mary@example.com')] } },
    ],
    test_event_code: 'TEST1',
    partner_agent: 'acme-1.0',
  });
  assert.ok(!body.includes('Mary'));
});

test('an event that Meta would refuse is named by its place and sinks no other', async () => {
  const meta = client({}, received(2));
  const events = [event(), event({ event_id: 'old', event_time: 1 }), event({ event_name: 'Contact' })];
  const report = await meta.conversions.send('42', events);
  assert.deepEqual(report.batches.map(({ events }) => events), [[0, 2]]);
  assert.deepEqual(report.invalid, [
    { index: 1, eventId: 'old', problems: [{ field: 'event_time', reason: 'is more than 7 days ago' }] },
  ]);
  assert.ok(!report.isComplete);
  assert.throws(() => report.orThrow(), { name: 'AcdError', kind: 'request' });
  assert.deepEqual((await meta.conversions.check(events)).map(({ index }) => index), [1]);
  const kept = await meta.conversions.send('42', events, { allOrNothing: true });
  assert.deepEqual([kept.unconfirmed, asked.length], [[0, 2], 1]);
});

test('a lost answer repeats events that have an id, and no others', async () => {
  const lost = { status: 500, json: {} };
  const meta = client({}, lost, received(1), lost);
  const report = await meta.conversions.send('42', [event({ event_id: 'e1' }), event()]);
  assert.equal(asked.length, 3);
  assert.deepEqual([report.received, report.unconfirmed], [1, [1]]);
  assert.ok(report.batches[1].error.mayHaveBeenSent);
});

test('a failure has the code and the trace of Meta', async () => {
  const error = { message: 'Bad token', type: 'OAuthException', code: 190, error_subcode: 463, fbtrace_id: 'AbC' };
  const meta = client({}, { status: 400, json: { error } });
  const { batches } = await meta.conversions.send('42', [event(), event({ event_id: 'e' })]);
  const [failed, left] = batches;
  assert.ok(failed.error instanceof AcdError);
  const { kind, code, requestId, status, retryable, operation } = failed.error;
  assert.deepEqual(
    { kind, code, requestId, status, retryable },
    { kind: 'unauthenticated', code: '190/463', requestId: 'AbC', status: 400, retryable: false },
  );
  assert.match(operation, /^meta\.conversions\.send/);
  assert.deepEqual([left.received, left.error, asked.length], [undefined, undefined, 1]);
  assert.ok(!`${failed.error.stack}${JSON.stringify(failed.error)}`.includes('hunter2'));
});

test('what is no event is refused before anything is sent, without its value', async () => {
  const meta = client({});
  for (const wrong of [{ event_time: 'mary' }, { user_data: { em: { mary: 1 } } }, { event_name: null }]) {
    await assert.rejects(meta.conversions.send('42', [event(wrong)]), (error) => {
      assert.deepEqual([error.name, error.kind], ['AcdError', 'request']);
      return error.message.includes('event 0') && !error.message.includes('mary');
    });
  }
  assert.equal(asked.length, 0);
});

test('a signal gives a sending up with its own reason', async () => {
  const controller = new AbortController();
  const sending = client({}).conversions.send('42', [event()], { signal: controller.signal });
  const [request] = await once(server, 'request');
  const closed = once(request.socket, 'close');
  const reason = new Error('enough');
  controller.abort(reason);
  await assert.rejects(sending, (thrown) => thrown === reason);
  await closed;
});

test('a page speaks with its own token, and the app with its secret', async () => {
  const meta = client({ appSecret: 's', version: 'v25.0' }, received(1), received(1));
  await meta.withToken('page-token').conversions.send('42', [event()]);
  await meta.asApp('7').forAccount('17').conversions.send('42', [event()]);
  assert.deepEqual(asked.map(({ headers }) => headers.authorization), ['Bearer page-token', 'Bearer 7|s']);
  assert.ok(asked.every(({ url }) => url.startsWith('/v25.0/42/events?')));
});

test('what Meta tells of its limits holds the next call back, for every client of one', async () => {
  const used = { type: 'ads_management', call_count: 100, total_cputime: 1, total_time: 1, estimated_time_to_regain_access: 2 };
  const empty = { json: { data: [] } };
  client({}, { ...empty, headers: { 'x-business-use-case-usage': JSON.stringify({ 17: [used] }) } }, empty);
  const baseUrl = `http://127.0.0.1:${server.address().port}`;
  const caller = new Caller((module, host) => new module.MetaClient(host, TOKEN, undefined, baseUrl));
  const page = new Caller((module, host) => caller.open(module, host).with('token', 'page-token'));
  // Less than what is to be waited for, so that waiting is of no use.
  const list = (by, account) => by.read('meta.campaigns.list', { path: [account] }, { timeoutMs: 60_000 });
  assert.deepEqual(await list(caller, '17'), empty.json);
  for (const by of [caller, page]) {
    await assert.rejects(list(by, '17'), ({ kind, retryAfterMs, mayHaveBeenSent }) => {
      assert.deepEqual([kind, mayHaveBeenSent], ['rate_limited', false]);
      return retryAfterMs >= 120_000;
    });
  }
  assert.deepEqual(await list(page, '18'), empty.json);
  assert.deepEqual(asked.map(({ url }) => url), ['/v26.0/act_17/campaigns', '/v26.0/act_18/campaigns']);
});

test('settings that cannot work are said before anything is sent', async () => {
  for (const options of [{ accessToken: ' ' }, { version: 'latest' }, { baseUrl: 'graph' }, { appSecret: '' }]) {
    await assert.rejects(client(options).conversions.send('42', [event()]), { name: 'AcdError', kind: 'configuration' });
  }
  await assert.rejects(client({}).asApp('7').conversions.send('42', [event()]), { kind: 'configuration' });
  assert.equal(asked.length, 0);
});

test('every vector is normalised and hashed as Meta has it', async () => {
  const vectors = JSON.parse(readFileSync(new URL('../../../sdk-meta/tests/vectors/capi_normalize.json', import.meta.url)));
  assert.equal(vectors.length, 130);
  for (const { field, input, normalized, sha256: hash, outcome } of vectors) {
    if (field === 'currency') {
      if (normalized === null) await assert.rejects(normalizeCurrency(input), { kind: 'request' });
      else assert.equal(await normalizeCurrency(input), normalized);
      continue;
    }
    const { users, dropped } = await hashUserData([{ [field]: input }]);
    const value = [users[0][field]].flat()[0];
    if (outcome === 'drop') {
      assert.deepEqual([value, dropped[0].key], [undefined, field], input);
      await assert.rejects(normalizeUserValue(field, input), { name: 'AcdError', kind: 'request' });
    } else if (outcome === 'plain') {
      assert.equal(value, normalized);
    } else {
      assert.equal(value, hash, `${field} ${input}`);
      assert.equal(await normalizeUserValue(field, input), normalized);
    }
  }
});

test('people are hashed in one go, in their order, and none is repeated in an error', async () => {
  const { users, dropped } = await hashUserData([{ em: ['a@b.de', 'A@B.de '], fn: 'Mary' }, {}, { em: 'nobody', ph: '0049 1' }]);
  assert.deepEqual(users, [{ em: [sha256('a@b.de')], fn: [sha256('mary')] }, {}, { ph: [sha256('491')] }]);
  assert.deepEqual(dropped, [{ index: 2, key: 'em', reason: 'is not an e-mail address' }]);
  const wrong = [[{ em: { mary: 1 } }], [{ em: [['mary']] }], [{ fbc: ['mary'] }], [{ ph: 1.5 }], [{ ph: -1 }], [{ ph: true }], [null], ['mary'], {}, undefined];
  for (const people of wrong) {
    await assert.rejects(hashUserData(people), (error) => error.kind === 'request' && !error.message.includes('mary'));
  }
  await assert.rejects(normalizeUserValue('none', 'x'), { kind: 'request' });
});

test('whatever is in a text comes back, or is hashed as it is', async () => {
  const strange = ['a\u0001b', '\0', '\u00000', 'a\u0002\u0003\nb', '\ud83d\ude00é', '~'];
  const people = strange.map((text) => ({ client_user_agent: text, external_id: [text, null, undefined], subscription_id: undefined, ph: 491, none: 'x' }));
  const { users, dropped } = await hashUserData(people);
  for (const [place, text] of strange.entries()) {
    const { client_user_agent: agent, external_id: hashes, ...others } = users[place];
    const normalized = await normalizeUserValue('external_id', text).catch(() => undefined);
    assert.deepEqual([agent, hashes, others], [text, normalized === undefined ? undefined : [sha256(normalized)], { ph: [sha256('491')] }]);
  }
  assert.equal(dropped.length, users.filter(({ external_id: hashes }) => hashes === undefined).length);
  assert.deepEqual(await hashUserData([]), { users: [], dropped: [] });
});

test('the simulated Meta takes the events, and matches them', { skip: process.env.META === undefined }, async () => {
  const { url, world } = JSON.parse(process.env.META);
  const { access_token: accessToken, app_secret: appSecret, pixel } = world;
  const meta = new MetaClient({ accessToken, appSecret, baseUrl: url });
  const events = Array.from({ length: 5 }, (_, at) => event({ event_id: `sdk-${at}` }));
  const report = await meta.conversions.send(pixel, events, { mostEvents: 2 });
  assert.deepEqual([report.orThrow().received, report.batches.length], [5, 3]);
  const refused = new MetaClient({ accessToken: 'wrong', baseUrl: url });
  const { batches } = await refused.conversions.send(pixel, events);
  assert.equal(batches[0].error.kind, 'unauthenticated');
});
