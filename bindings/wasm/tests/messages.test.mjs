// Messages of unusual form: however a message is handed over, it is judged by the bytes that arrived and by them alone.
import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, sign as signWith } from 'node:crypto';
import { test } from 'node:test';

import { WebhookVerifier } from '../dist/esm/webhooks.js';

const SECRET = 'hunter2';
const SVIX = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const now = Math.floor(Date.now() / 1000);
const mac = (secret, ...pieces) => pieces.reduce((hmac, piece) => hmac.update(piece), createHmac('sha256', secret));
const stripe = (body, secret = SECRET) => `t=${now},v1=${mac(secret, `${now}.`, body).digest('hex')}`;
const meta = (body) => `sha256=${mac(SECRET, body).digest('hex')}`;
const svix = (body, id = 'msg_1', prefix = 'svix') => ({
  [`${prefix}-id`]: id,
  [`${prefix}-timestamp`]: `${now}`,
  [`${prefix}-signature`]: `v1,${mac(Buffer.from(SVIX.slice(6), 'base64'), `${id}.${now}.`, body).digest('base64')}`,
});
const verifier = (scheme, secret = SECRET) => new WebhookVerifier({ scheme, secret });
const code = (headers, body, by = verifier('stripe')) => by.verify(headers, body).then(() => 'valid', (error) => error.code);
/** Short enough for the module, long enough for the host, and longer than the room. */
const BODIES = [10, 600, 20_000].map((size) => JSON.stringify({ id: 'evt_1', text: 'x'.repeat(size) }));

for (const body of BODIES) {
  const header = stripe(body);
  const of = (value) => code({ 'stripe-signature': value }, body);

  test(`headers of any form beside ${body.length} bytes`, async () => {
    assert.equal(await of(header), 'valid');
    assert.equal(await of([header]), 'valid', 'as Node keeps some');
    assert.equal(await of([header, header]), 'malformed');
    assert.equal(await of([]), 'missing_header');
    assert.equal(await of(undefined), 'missing_header');
    assert.equal(await of(''), 'malformed');
    assert.equal(await of(' '), 'malformed');
    assert.equal(await of(` ${header} `), 'valid');
    for (const bad of ['\u00e9', '\u{1f680}', '\ud800', '\0', '\n', '\r', `\n${header}`]) {
      assert.equal(await of(header + bad), 'malformed', JSON.stringify(bad));
    }
    assert.equal(await code({ 'Stripe-Signature': header }, body), 'valid');
    assert.equal(await code({ 'Stripe-Signature': header, 'stripe-signature': header }, body), 'malformed');
    assert.equal(await code({ 'x-stripe-signature': header, 'stripe-signaturE ': header }, body), 'missing_header');
    assert.equal(await code(Object.create({ 'stripe-signature': header }), body), 'missing_header', 'inherited');
    assert.equal(await code(new Headers([['stripe-signature', header]]), body), 'valid');
    const twice = new Headers([['stripe-signature', header], ['stripe-signature', header]]);
    assert.equal(await code(twice, body), 'malformed', 'joined into one, which has two times');
  });

  test(`headers longer than the room beside ${body.length} bytes`, async () => {
    for (const length of [8_000, 8_192, 100_000]) {
      assert.equal(await of(`${header},v9=${'0'.repeat(length)}`), 'valid', `${length}`);
      assert.equal(await of(`${header},v9=${'\u20ac'.repeat(length)}`), 'malformed', `${length}`);
    }
    assert.equal(await of(header + ',v1=00'.repeat(16)), 'malformed', 'more signatures than are compared');
  });

  test(`${body.length} bytes as text, array, buffer with an offset and shared memory`, async () => {
    const bytes = new TextEncoder().encode(body);
    const inside = Buffer.alloc(bytes.length + 64, 0x20);
    inside.set(bytes, 32);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 8), 8);
    shared.set(bytes);
    const headers = { 'stripe-signature': header };
    for (const form of [body, bytes, inside.subarray(32, 32 + bytes.length), shared]) {
      const verified = await verifier('stripe').verify(headers, form);
      assert.deepEqual([verified.event.text, verified.messageId], [JSON.parse(body).text, 'evt_1']);
    }
    assert.equal(await code(headers, inside), 'no_match', 'not the bytes around it');
    for (const parsed of [JSON.parse(body), new Uint16Array(bytes.length), new DataView(bytes.buffer), undefined]) {
      await assert.rejects(verifier('stripe').verify(headers, parsed), { name: 'AcdError', kind: 'request' });
    }
  });
}

test('a body of no bytes and one of ten million', async () => {
  assert.equal(await code({ 'stripe-signature': stripe('') }, ''), 'body', 'authentic, and no JSON');
  assert.equal(await code({ 'stripe-signature': stripe('') }, new Uint8Array()), 'body');
  const body = Buffer.from(JSON.stringify({ text: '\u00e9'.repeat(5_000_000) }));
  assert.equal(await code({ 'stripe-signature': stripe(body) }, body), 'valid');
  assert.equal(await code({ 'stripe-signature': stripe(body) }, body.toString()), 'valid');
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const spoken = Buffer.concat([Buffer.from(`msg_1.${now}.`), body]);
  const headers = { ...svix(''), 'svix-signature': `v1a,${signWith(null, spoken, privateKey).toString('base64')}` };
  const whpk = `whpk_${publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')}`;
  const both = verifier('svix', [SVIX, whpk]);
  assert.equal((await both.verify(headers, body)).secretIndex, 1, 'a key that takes the body itself, in a memory that grew');
  assert.equal(await code(headers, body.subarray(1), both), 'no_match');
  assert.equal((await both.verify(svix('{}'), '{}')).secretIndex, 0);
});

test('several verifications at a time do not see each other', async () => {
  const verifiers = [verifier('stripe'), verifier('stripe', 'other'), verifier('meta'), verifier('svix', SVIX)];
  const judged = await Promise.all(
    BODIES.flatMap((body) => [
      code({ 'stripe-signature': stripe(body) }, body, verifiers[0]),
      code({ 'stripe-signature': stripe(body) }, body, verifiers[1]),
      code({ 'stripe-signature': stripe(body, 'other') }, body, verifiers[1]),
      code({}, body, verifiers[2]),
      code({ 'x-hub-signature-256': meta(body) }, body, verifiers[2]),
      code(svix(body), body, verifiers[3]),
    ]),
  );
  const each = ['valid', 'no_match', 'valid', 'missing_header', 'valid', 'valid'];
  assert.deepEqual(judged, BODIES.flatMap(() => each));
});

test('a verification inside of another one, by a header that is computed', async () => {
  const [body] = BODIES;
  const by = verifier('stripe');
  let inner;
  const headers = {
    get 'stripe-signature'() {
      inner ??= code({ 'stripe-signature': stripe(BODIES[1]) }, BODIES[1], by);
      return stripe(body);
    },
  };
  await by.verify({ 'stripe-signature': stripe(body) }, body);
  assert.equal((await by.verify(headers, body)).event.text.length, 10);
  assert.equal(await inner, 'valid');
});

test('more secrets than the room has place for', async () => {
  for (const body of BODIES) {
    const secrets = Array.from({ length: 200 }, (_, place) => `secret ${place}`);
    const verified = await verifier('stripe', secrets).verify({ 'stripe-signature': stripe(body, 'secret 199') }, body);
    assert.equal(verified.secretIndex, 199);
  }
});

test('what stands for a message is its id, or its hash where there is none', async () => {
  const key = async (scheme, headers, body, secret) => (await verifier(scheme, secret).verify(headers, body)).replayKey;
  for (const text of BODIES) {
    const hash = createHash('sha256').update(text).digest('hex');
    for (const body of [text, Buffer.from(text)]) {
      assert.equal(await key('stripe', { 'stripe-signature': stripe(text) }, body), 'stripe:evt_1');
      assert.equal(await key('meta', { 'x-hub-signature-256': meta(text) }, body), `meta:sha256:${hash}`);
      for (const prefix of ['svix', 'webhook']) {
        assert.equal(await key('svix', svix(text, 'msg:2', prefix), body, SVIX), 'svix:msg:2');
      }
    }
  }
  for (const body of ['{"id":""}', '{"id":7}', '{"__proto__":{"id":"evt_1"}}', '["id"]', '"id"', 'null', '{}']) {
    const verified = await verifier('stripe').verify({ 'stripe-signature': stripe(body) }, body);
    assert.equal(verified.messageId, null, body);
    assert.match(verified.replayKey, /^stripe:sha256:[0-9a-f]{64}$/);
  }
  const ended = '{"renderId":"r1","type":"success"}';
  const signature = createHmac('sha512', SECRET).update(ended).digest('hex');
  assert.equal(await key('remotion_lambda', { 'x-remotion-signature': `sha512=${signature}` }, ended), 'remotion_lambda:r1:success');
});

test('the time in the body of TikTok Shop counts, and no other', async () => {
  const shop = new WebhookVerifier({ scheme: 'tiktok_shop', secret: SECRET, appKey: 'app', maxAgeMs: 60_000 });
  const verify = (timestamp) => {
    const body = JSON.stringify({ tts_notification_id: '1', timestamp });
    return shop.verify({ authorization: mac(SECRET, 'app', body).digest('hex') }, body);
  };
  assert.deepEqual((await verify(now)).signedAt, new Date(now * 1000));
  await assert.rejects(verify(now - 90), { code: 'expired', status: 401 });
  await assert.rejects(verify(now + 400), { code: 'too_new', status: 401 });
  await assert.rejects(verify(2 ** 62), { code: 'too_new', status: 401 });
  for (const none of [`${now}`, 1.5, -1, null]) assert.equal((await verify(none)).signedAt, null, `${none}`);
  assert.ok((await verify(now)).rememberUntil - Date.now() > 345_000_000, 'four days');
});

test('times that are none are refused as settings', async () => {
  for (const settings of [{ maxAgeMs: -1 }, { maxSkewMs: Number.NaN }, { memoryMs: -0.5 }]) {
    const wrong = new WebhookVerifier({ scheme: 'stripe', secret: SECRET, ...settings });
    await assert.rejects(wrong.verify({}, ''), (error) => error.message.includes(Object.keys(settings)[0]));
  }
});
