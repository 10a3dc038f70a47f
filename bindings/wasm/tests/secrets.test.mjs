// No client and no verifier shows its secrets to whoever prints it, sends it on or looks into it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';

import { AnalyticsClient, PlatformClient, WebhookVerifier } from '../dist/esm/index.js';
import { MetaClient } from '../dist/esm/meta.js';
import { RequestSigner, RequestVerifier } from '../dist/esm/signing.js';

const SECRET = 'hunter2';
/** A key of 32 bytes, by which signers are made. */
const KEY = Buffer.from(SECRET.padEnd(32, '!')).toString('base64');
// Nothing listens on port 4.
const baseUrl = 'http://127.0.0.1:4';

/** Everything that an object tells, in every way there is. */
function told(value) {
  const found = [inspect(value, { showHidden: true, depth: Infinity, getters: true }), JSON.stringify(value), `${value}`];
  const seen = new Set();
  const walk = (one) => {
    if ((typeof one !== 'object' && typeof one !== 'function') || one === null || seen.has(one)) return void found.push(String(one));
    seen.add(one);
    for (let level = one; level !== null && level !== Object.prototype && level !== Function.prototype; level = Object.getPrototypeOf(level)) {
      for (const name of Reflect.ownKeys(level)) {
        found.push(String(name));
        const { value, get } = Object.getOwnPropertyDescriptor(level, name);
        if (typeof value !== 'function') walk(get === undefined ? value : attempt(() => get.call(one)));
      }
    }
  };
  walk(value);
  return found.join('\n');
}

function attempt(call) {
  try {
    return call();
  } catch (thrown) {
    return thrown;
  }
}

const CASES = {
  async 'a client of the platform'() {
    const client = new PlatformClient({ baseUrl, apiKey: `acd_${SECRET}`, headers: { 'x-token': SECRET }, maxAttempts: 1 });
    const failure = await client.users.me({ headers: { 'x-other': SECRET } }).then(assert.fail, (error) => error);
    return [client, client.keys, client.keys.list(), failure];
  },
  async 'a client of Meta'() {
    const client = new MetaClient({ baseUrl, accessToken: SECRET, appSecret: `app-${SECRET}`, maxAttempts: 1 });
    const page = client.withToken(`page-${SECRET}`);
    const event = { event_name: 'Lead', event_time: Math.floor(Date.now() / 1000), action_source: 'email', user_data: { em: `${SECRET}@example.com` } };
    const failures = [client, page].map(async ({ conversions }) => (await conversions.send('42', [event])).batches[0].error);
    return [client, page, client.conversions, ...(await Promise.all(failures))];
  },
  async 'a verifier of webhooks'() {
    const verifier = new WebhookVerifier({ scheme: 'tiktok_shop', secret: [`a-${SECRET}`, SECRET], appKey: 'app' });
    const failure = await verifier.verify({ authorization: 'x' }, '{}').then(assert.fail, (error) => error);
    const wrong = await new WebhookVerifier({ scheme: 'svix', secret: `whsec_${SECRET}!` }).verify({}, '').then(assert.fail, (error) => error);
    return [verifier, failure, wrong];
  },
  async 'a signer of requests'() {
    const request = { method: 'POST', url: baseUrl, body: '{}' };
    const [shared, own, wrong] = [{ secret: KEY }, { privateKey: KEY }, { secret: SECRET }].map((key) => new RequestSigner({ keyId: 'svk_1', ...key }));
    const added = [await shared.sign(request), await own.sign(request), await own.publicKey()];
    return [shared, own, ...added, await wrong.sign(request).then(assert.fail, (error) => error)];
  },
  async 'a verifier of requests'() {
    const request = { method: 'POST', url: baseUrl, headers: {}, body: '{}' };
    const make = (secret) => new RequestVerifier({ keys: { svk_1: [{ secret }] }, remember: () => true });
    const [verifier, wrong] = [make(KEY), make(SECRET)];
    return [verifier, ...(await Promise.all([verifier, wrong].map((one) => one.verify(request).then(assert.fail, (error) => error))))];
  },
  async 'a client of analytics'() {
    const analytics = await AnalyticsClient.open({ baseUrl, writeKey: `acd_${SECRET}`, shutdownTimeoutMs: 0 });
    analytics.track({ userId: 'u', event: 'E' });
    const failure = await analytics.flush().then(assert.fail, (error) => error);
    await analytics.shutdown();
    return [analytics, failure];
  },
};

for (const [name, make] of Object.entries(CASES)) {
  test(`${name} shows no secret`, async () => {
    for (const value of await make()) assert.ok(![SECRET, KEY].some((secret) => told(value).includes(secret)), told(value));
  });
}

test('what is shown is seen', () => {
  class Shows {
    #hidden = SECRET;
    get own() {
      return `${this.#hidden} ${SECRET}`;
    }
  }
  assert.ok(told(new Shows()).includes(SECRET) && told({ deep: [{ [SECRET]: 1 }] }).includes(SECRET));
});
