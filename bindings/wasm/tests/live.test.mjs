// The package against a running `acd serve`, whose address is ACD_URL; ACD_KEY is an administrator's key.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';

import { AnalyticsClient } from '../dist/esm/analytics.js';
import { PlatformClient } from '../dist/esm/platform.js';
import { signedFetch } from '../dist/esm/signing.js';

const baseUrl = process.env.ACD_URL;
const platform = new PlatformClient({ baseUrl, apiKey: process.env.ACD_KEY });

test('who the key belongs to', async () => {
  const { kind, scopes } = await platform.users.me();
  assert.deepEqual({ kind, scopes }, { kind: 'admin', scopes: ['admin'] });
});

test('keys are created once for one idempotency key, listed over pages, and revoked', async () => {
  const body = { name: 'of the package', product: 'portal28', scopes: ['events:read'] };
  const first = await platform.keys.create(body, { idempotencyKey: 'sdk-1' });
  const again = await platform.keys.create(body, { idempotencyKey: 'sdk-1' });
  assert.equal(again.id, first.id);
  const others = await Promise.all(Array.from({ length: 4 }, () => platform.keys.create(body)));
  const made = new Set([first, ...others].map(({ id }) => id));
  assert.equal(made.size, 5);

  const listed = new Set();
  for await (const key of platform.keys.list({ limit: 2, product: 'portal28' })) listed.add(key.id);
  assert.ok([...made].every((id) => listed.has(id)));
  const { data, next_cursor } = await platform.keys.list({ limit: 2 }).page();
  assert.equal(data.length, 2);
  const rest = [];
  for await (const key of platform.keys.list({ limit: 2, cursor: next_cursor })) rest.push(key.id);
  assert.ok(rest.length >= 3 && !rest.includes(data[0].id));

  for (const id of made) await platform.keys.revoke(id);
  const revoked = new PlatformClient({ baseUrl, apiKey: first.secret });
  await assert.rejects(revoked.users.me(), { kind: 'unauthenticated', status: 401 });
});

test('what the server refuses is told in its words', async () => {
  await assert.rejects(platform.keys.create({ name: 'x', scopes: ['no:such'] }), (error) => {
    assert.equal(error.name, 'AcdError');
    assert.ok(error.status >= 400 && error.status < 500 && !error.retryable);
    assert.ok(error.code && error.detail && error.requestId);
    return true;
  });
  await assert.rejects(platform.users.get('usr_0192f0c123457abc8def0123456789ab'), { kind: 'not_found', status: 404 });
});

test('events of the analytics client are stored, and read back by the platform client', async () => {
  const { secret } = await platform.keys.create({ name: 'to write', product: 'portal28', scopes: ['events:write'] });
  const analytics = await AnalyticsClient.open({ baseUrl, writeKey: secret, context: { app: { name: 'shop', version: '1' } } });
  const event = `Sdk Tested ${Date.now()}`;
  const ids = [1, 2, 3].map((n) => analytics.track({ userId: 'u', event, properties: { n } }));
  await analytics.flush();
  assert.equal(analytics.stats().delivered, 3);
  await analytics.shutdown();
  const found = [];
  for await (const stored of platform.events.list({ event, limit: 2, product: 'portal28' })) found.push(stored);
  assert.deepEqual(new Set(found.map(({ message_id }) => message_id)), new Set(ids));
  assert.ok(found.every(({ context, properties }) => context.app.name === 'shop' && properties.n > 0));
});

for (const algorithm of ['hmac-sha256', 'ed25519']) {
  test(`a service signs its calls with ${algorithm}, and each passes once`, async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const pair = algorithm === 'ed25519';
    const made = await platform.serviceKeys.create({
      name: 'signs',
      product: 'remotion',
      scopes: ['users:read', 'users:write'],
      ...(pair && { public_key: publicKey.export({ format: 'pem', type: 'spki' }) }),
    });
    assert.equal(made.algorithm, algorithm);
    const key = pair ? { privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }) } : { secret: made.secret };
    const sent = [];
    const call = signedFetch({ keyId: made.id, ...key }, (request) => {
      sent.push(request.clone());
      return fetch(request);
    });
    const me = await (await call(`${baseUrl}/v1/me`)).json();
    assert.deepEqual([me.product, me.scopes], ['remotion', ['users:read', 'users:write']]);
    const body = JSON.stringify({ email: `signed-by-${algorithm}@example.com` });
    const headers = { 'content-type': 'application/json', 'idempotency-key': `${algorithm}-1` };
    const created = await call(`${baseUrl}/v1/users`, { method: 'POST', body, headers });
    assert.equal(created.status, 201, await created.clone().text());
    for (const request of sent) {
      const again = await fetch(request);
      assert.equal(again.status, 401);
      assert.equal((await again.json()).code, 'invalid_signature');
    }
    await platform.serviceKeys.revoke(made.id);
    assert.equal((await call(`${baseUrl}/v1/me`)).status, 401);
  });
}
