// Every scheme, signed here with Node's own crypto as the sender's documentation says.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';

import { WebhookError, WebhookVerifier } from '../dist/esm/webhooks.js';

const now = () => Math.floor(Date.now() / 1000);
const hmac = (secret, text, hash = 'sha256', encoding = 'hex') => createHmac(hash, secret).update(text).digest(encoding);
const SECRET = 'hunter2';
const OTHER = 'whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcm90aGVy';
const STANDARD = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const standard = (prefix) => (body, at) => ({
  [`${prefix}-id`]: 'msg_1',
  [`${prefix}-timestamp`]: `${at}`,
  [`${prefix}-signature`]: `v1,${hmac(Buffer.from(STANDARD.slice(6), 'base64'), `msg_1.${at}.${body}`, 'sha256', 'base64')}`,
});
const timed = (name, signature) => (body, at) => ({ [name]: `t=${at},${signature}=${hmac(SECRET, `${at}.${body}`)}` });

const SENDERS = {
  stripe: { sign: timed('Stripe-Signature', 'v1') },
  meta: { sign: (body) => ({ 'x-hub-signature-256': `sha256=${hmac(SECRET, body)}` }) },
  tiktok: { sign: timed('TikTok-Signature', 's') },
  tiktok_shop: { appKey: 'app', sign: (body) => ({ authorization: hmac(SECRET, `app${body}`) }) },
  remotion_lambda: { sign: (body) => ({ 'x-remotion-signature': `sha512=${hmac(SECRET, body, 'sha512')}` }) },
  acd_v0: { sign: (body) => ({ 'x-remotion-signature': `sha256=${hmac(SECRET, body)}` }) },
  standard_webhooks: { secret: STANDARD, sign: standard('webhook') },
  svix: { secret: STANDARD, sign: standard('svix') },
  resend: { secret: STANDARD, sign: standard('svix') },
};

for (const [scheme, { appKey, secret = SECRET, sign }] of Object.entries(SENDERS)) {
  for (const size of [0, 512, 513, 100_000]) {
    test(`${scheme} with ${size} bytes of padding is verified, and refused when a byte differs`, async () => {
      const body = JSON.stringify({ id: 'evt_1', type: 'x', timestamp: now(), é: 'x'.repeat(size) });
      const verifier = new WebhookVerifier({ scheme, secret: [OTHER, secret], appKey });
      const headers = sign(body, now());
      const verified = await verifier.verify(headers, Buffer.from(body));
      assert.deepEqual(verified.event, JSON.parse(body));
      assert.deepEqual([verified.scheme, verified.secretIndex], [scheme, 1]);
      assert.ok(verified.replayKey.startsWith(`${scheme}:`) && verified.rememberUntil > new Date());
      assert.deepEqual((await verifier.verify(new Headers(headers), body)).event, verified.event);
      await assert.rejects(verifier.verify(headers, body.replace('x', 'y')), (error) => {
        assert.ok(error instanceof WebhookError);
        return error.code === 'no_match' && error.status === 401;
      });
    });
  }
}

test('headers that fill the room are read all the same', async () => {
  const verifier = new WebhookVerifier({ scheme: 'svix', secret: STANDARD });
  const body = JSON.stringify({ text: 'x'.repeat(1_000) });
  // Up to where the id stands in the room once, and what is hashed before the body no longer fits behind it.
  for (const length of [3_000, 4_100, 6_000, 9_000]) {
    const [id, at] = ['m'.repeat(length), now()];
    const signature = hmac(Buffer.from(STANDARD.slice(6), 'base64'), `${id}.${at}.${body}`, 'sha256', 'base64');
    const headers = { 'svix-id': id, 'svix-timestamp': `${at}`, 'svix-signature': `v1,${signature}` };
    assert.equal((await verifier.verify(headers, body)).messageId, id);
    await assert.rejects(verifier.verify(headers, body.replace('x', 'y')), { code: 'no_match' });
  }
});

test('what is too old, unsigned or not JSON is refused with its code', async () => {
  const verifier = new WebhookVerifier({ scheme: 'stripe', secret: SECRET, maxAgeMs: 60_000 });
  const { sign } = SENDERS.stripe;
  await assert.rejects(verifier.verify(sign('{}', now() - 90), '{}'), { code: 'expired', status: 401 });
  await assert.rejects(verifier.verify({}, '{}'), { code: 'missing_header', status: 400 });
  await assert.rejects(verifier.verify(sign('{', now()), '{'), { code: 'body', status: 400 });
});

test('secrets and schemes that cannot work are said, without the secret', async () => {
  for (const options of [
    { scheme: 'stripe', secret: [] },
    { scheme: 'svix', secret: 'whsec_hunter2!' },
    { scheme: 'tiktok_shop', secret: SECRET },
    { scheme: 'other', secret: SECRET },
  ]) {
    await assert.rejects(new WebhookVerifier(options).verify({}, ''), (error) => {
      assert.equal(error.kind, 'configuration');
      return !error.message.includes('hunter2');
    });
  }
});
