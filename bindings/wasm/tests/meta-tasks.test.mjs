// What takes several calls of Meta's: created once, waited for, posted. Answers are those of a server here, and waits pass at once.
import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';

import * as sdk from '../dist/esm/meta.js';
import { scripted } from './scripted.mjs';

/** The one place that waits between calls; other timers are the pipeline's. */
const WAITING = '/meta/waiting.js';
/** Of an app with full access, whose limits are no matter here. */
const USAGE = JSON.stringify({ acc_id_util_pct: 1, ads_api_access_tier: 'standard_access' });
const real = globalThis.setTimeout;
let server;
let waited;
let asked;
/** Gives a status and what is answered, or nothing for a connection that ends without an answer. */
let answer;

before(async () => {
  mock.method(globalThis, 'setTimeout', (act, ms, ...given) => {
    if (!new Error().stack.includes(WAITING)) return real(act, ms, ...given);
    waited.push(ms);
    return real(act, 0, ...given);
  });
  server = await scripted((request, text) => {
    const { pathname } = new URL(request.url, 'http://server.test');
    const call = `${request.method} ${pathname.replace('/v26.0', '')}`;
    asked.push(call);
    const [status, json] = answer(call, JSON.parse(text || 'null')) ?? [];
    return { status, json, headers: { 'x-ad-account-usage': USAGE } };
  });
});

after(() => server.close());

/** A client whose server answers so. */
function client(given) {
  [asked, waited, answer] = [[], [], given];
  return new sdk.MetaClient({ accessToken: 'token', baseUrl: server.url, maxAttempts: 1 });
}

const page = (...data) => [200, { data }];
const rejects = (promise, kind, more = {}) => assert.rejects(promise, { name: 'AcdError', kind, ...more });
const CAMPAIGN = { name: 'Spring', objective: 'OUTCOME_TRAFFIC', special_ad_categories: [], adlabels: [{ id: '3' }] };
const create = (meta, options) => sdk.createOnce(meta, 'campaigns', '17', 'spring', CAMPAIGN, options);

test('what is there already is not created again', async () => {
  const meta = client((call) => (call.endsWith('/adlabels') ? page({ id: '1', name: 'other' }, { id: '2', name: 'spring' }) : page({ id: '9' })));
  assert.equal(await create(meta), '9');
  assert.deepEqual(asked, ['GET /act_17/adlabels', 'GET /act_17/campaignsbylabels']);
  assert.deepEqual(waited, []);
});

test('a label is made if need be, and put beside those that are given', async () => {
  let created;
  const meta = client((call, body) => {
    if (call.startsWith('GET')) return page();
    if (call.endsWith('/campaigns')) created = body;
    return [200, { id: call.endsWith('/adlabels') ? '5' : '6' }];
  });
  assert.equal(await create(meta), '6');
  assert.deepEqual(created.adlabels, [{ id: '3' }, { id: '5' }]);
  assert.deepEqual(CAMPAIGN.adlabels, [{ id: '3' }], 'what was given stays as it was');
});

test('an answer that is lost is looked up, and an object that is not there is created again', async () => {
  const made = [];
  const lost = (most) => (call) => {
    if (call.endsWith('/adlabels')) return page({ id: '2', name: 'spring' });
    if (call.startsWith('GET')) return page(...made);
    if (asked.filter((other) => other === call).length > most) return [200, { id: '9' }];
    return undefined;
  };
  assert.equal(await create(client(lost(2))), '9');
  assert.deepEqual(waited, [2000, 4000]);
  await rejects(create(client(lost(9))), 'interrupted', { mayHaveBeenSent: true });
  assert.deepEqual(waited, [2000, 4000, 8000, 16_000]);
  made.push({ id: '7' });
  const meta = client((call) => (call.startsWith('GET') && !call.endsWith('/adlabels') && asked.length === 2 ? page() : lost(9)(call)));
  assert.equal(await create(meta), '7');
  assert.equal(asked.filter((call) => call.startsWith('POST')).length, 1);
});

test('what Meta refuses is not tried again', async () => {
  const meta = client((call) => {
    if (call.endsWith('/adlabels')) return page({ id: '2', name: 'spring' });
    return call.startsWith('GET') ? page() : [400, { error: { code: 100, message: 'no' } }];
  });
  await rejects(create(meta), 'rejected', { code: '100' });
  assert.deepEqual(waited, []);
});

test('the rows of a report come once its run is ready', async () => {
  const states = [['Job Not Started', 0], ['Job Running', 50], ['Job Completed', 99], ['Job Completed', 100]];
  const meta = client((call) => {
    if (call.startsWith('POST')) return [200, { report_run_id: '5' }];
    if (call.endsWith('/insights')) return page({ spend: '1.25' });
    const [async_status, async_percent_completion] = states.shift();
    return [200, { id: '5', async_status, async_percent_completion }];
  });
  const rows = [];
  for await (const row of await sdk.insightsReport(meta, 'act_17', { limit: 10 })) rows.push(row);
  assert.deepEqual(rows, [{ spend: '1.25' }]);
  assert.deepEqual(waited, [2000, 4000, 8000]);
});

test('a run that fails or expires says so', async () => {
  const run = (fields) => sdk.reportReady(client(() => [200, { id: '5', ...fields }]), '5');
  const failed = { async_status: 'Job Failed', error_message: 'too much' };
  await rejects(run({ ...failed, error_code: 2, error_subcode: 1504043 }), 'rejected', { code: '2/1504043', retryable: true, message: /too much/ });
  await rejects(run({ ...failed, error_code: 100 }), 'rejected', { code: '100', retryable: false });
  await rejects(run({ async_status: 'Job Failed' }), 'rejected', { code: undefined, retryable: false, message: /does not say why/ });
  await rejects(run({ async_status: 'Job Skipped' }), 'not_found');
});

test('a video and a container are waited for, and not for ever', async () => {
  const video = (status) => sdk.videoReady(client(() => [200, { id: '5', status }]), '5');
  assert.deepEqual(await video({ video_status: 'ready' }), { id: '5', status: { video_status: 'ready' } });
  await rejects(video({ video_status: 'error', processing_phase: { status: 'error', errors: [{ message: 'no sound' }] } }), 'rejected', { message: /no sound/ });
  await rejects(video({ video_status: 'processing' }), 'timeout', { mayHaveBeenSent: true });
  assert.deepEqual(waited.slice(0, 6), [3000, 6000, 12_000, 24_000, 30_000, 30_000]);

  const container = (status_code, status) => sdk.containerReady(client(() => [200, { id: '5', status_code, status }]), '5');
  await container('FINISHED');
  await rejects(container('ERROR', 'Error: 2207026'), 'rejected', { message: /2207026/ });
  await rejects(container('EXPIRED'), 'not_found');
  await rejects(container('IN_PROGRESS'), 'timeout');
  assert.deepEqual(waited.slice(0, 6), [2000, 4000, 8000, 16_000, 32_000, 60_000]);
  assert.ok(waited.reduce((sum, ms) => sum + ms) <= 900_000);
});

test('a post of which the account has none left is not begun', async () => {
  const meta = client(() => page({ quota_usage: 100, config: { quota_total: 100, quota_duration: 86_400 } }));
  await rejects(sdk.postToInstagram(meta, '8', { image_url: 'https://cdn.example/a.jpg' }), 'rate_limited', { message: /100 times/ });
  await rejects(sdk.postCarouselToInstagram(meta, '8', []), 'rate_limited');
  assert.deepEqual(new Set(asked), new Set(['GET /8/content_publishing_limit']));
});

test('a container says whether it was published when the answer is lost', async () => {
  const codes = (...codes) => (call) => (call.startsWith('GET') ? [200, { id: '5', status_code: codes.shift() }] : undefined);
  const publish = (given) => sdk.publishOnce(client(given), '8', '5');
  assert.equal(await publish(codes('PUBLISHED')), undefined);
  assert.equal(asked.length, 1);
  assert.equal(await publish(codes('FINISHED', 'PUBLISHED')), undefined);
  assert.deepEqual(waited, [2000]);
  await rejects(publish(codes('FINISHED', 'FINISHED')), 'interrupted');
  assert.equal(asked.filter((call) => call.startsWith('POST')).length, 2);
});

test('a wait ends when the signal fires', async () => {
  const reason = new Error('enough');
  const stop = new AbortController();
  const meta = client(() => [200, { id: '5', async_status: 'Job Running' }]);
  const waiting = sdk.reportReady(meta, '5', { signal: stop.signal });
  while (waited.length === 0) await new Promise((resolve) => setImmediate(resolve));
  stop.abort(reason);
  await assert.rejects(waiting, (thrown) => thrown === reason);
});
