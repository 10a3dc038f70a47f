// Requests are signed as RFC 9421 and its profile here say, by Node's own crypto, and only what is right in everything passes.
import assert from 'node:assert/strict';
import { createHash, createHmac, createPublicKey, generateKeyPairSync, verify as verifyWith } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';

import { RequestSigner, RequestVerifier, SignatureError, signedFetch } from '../dist/esm/signing.js';

const vectors = JSON.parse(readFileSync(new URL('../../../sdk-core/tests/vectors/http_message_signatures.json', import.meta.url)));
const OWN = vectors.cases.find(({ name }) => name.startsWith('own_profile'));
const PAIR = vectors.cases.find(({ alg }) => alg === 'ed25519');
const SECRET = OWN.shared_secret_base64;
const REQUEST = { method: 'POST', url: 'https://API.example.internal:443/v1/a%2Fb?x=1&y', headers: { 'Content-Type': 'application/json' }, body: '{"é":1}' };
const LEAD = '"@method" "@authority" "@path" "@query"';

/** A memory of signatures in a process that is the only one. */
const memory = () => {
  const seen = new Set();
  return (key, until) => until > Date.now() && !seen.has(key) && seen.add(key) !== undefined;
};
const verifier = (options = {}) =>
  new RequestVerifier({ keys: { svc: [{ publicKey: PAIR.public_key_jwk_x }, { secret: SECRET }] }, remember: memory(), ...options });
const code = (request, by = verifier()) => by.verify(request).then(() => 'valid', (error) => error.code);
const signed = async (request = REQUEST, options = {}) => {
  const added = await new RequestSigner({ keyId: 'svc', secret: SECRET, ...options }).sign(request);
  return { ...request, headers: { ...request.headers, ...added } };
};

for (const [algorithm, key] of [['hmac-sha256', { secret: SECRET }], ['ed25519', { privateKey: PAIR.private_key_jwk_d }]]) {
  test(`what is signed with ${algorithm} is what the RFC says`, async () => {
    const signer = new RequestSigner({ keyId: 'svc', ...key });
    const added = await signer.sign(REQUEST);
    assert.deepEqual(Object.keys(added), ['content-digest', 'signature-input', 'signature']);
    const digest = createHash('sha256').update(REQUEST.body).digest('base64');
    assert.equal(added['content-digest'], `sha-256=:${digest}:`);
    const parameters = added['signature-input'].slice('sig1='.length);
    const form = new RegExp(`^\\(${LEAD} "content-type" "content-digest"\\);created=(\\d+);expires=(\\d+);nonce="([\\w-]{22})";keyid="svc";alg="${algorithm}";tag="sdk-internal"$`);
    const [, created, expires] = form.exec(parameters) ?? assert.fail(parameters);
    assert.ok(Math.abs(Date.now() / 1000 - created) < 60);
    assert.equal(expires - created, 300);
    const base = [
      '"@method": POST',
      '"@authority": api.example.internal',
      '"@path": /v1/a%2Fb',
      '"@query": ?x=1&y',
      '"content-type": application/json',
      `"content-digest": ${added['content-digest']}`,
      `"@signature-params": ${parameters}`,
    ].join('\n');
    const signature = Buffer.from(/^sig1=:(.*):$/.exec(added.signature)[1], 'base64');
    if (algorithm === 'ed25519') {
      const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: PAIR.public_key_jwk_x }, format: 'jwk' });
      assert.ok(verifyWith(null, Buffer.from(base), publicKey, signature));
      assert.equal(await signer.publicKey(), Buffer.from(PAIR.public_key_jwk_x, 'base64url').toString('base64'));
    } else {
      assert.deepEqual(signature, createHmac('sha256', Buffer.from(SECRET, 'base64')).update(base).digest());
      assert.equal(await signer.publicKey(), undefined);
    }
    const found = await verifier().verify({ ...REQUEST, headers: { ...REQUEST.headers, ...added } });
    assert.deepEqual(found, { keyId: 'svc', algorithm, created: new Date(created * 1000) });
    assert.notEqual((await signer.sign(REQUEST)).signature, added.signature, 'each has a nonce of its own');
  });
}

test('keys of OpenSSL are taken as they are', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const [pem, spki] = [privateKey.export({ format: 'pem', type: 'pkcs8' }), publicKey.export({ format: 'pem', type: 'spki' })];
  const by = verifier({ keys: { svc: { publicKey: spki } } });
  assert.equal(await code(await signed(REQUEST, { secret: undefined, privateKey: pem }), by), 'valid');
  assert.equal(await code(await signed(), by), 'wrong_algorithm');
});

test('the recorded request of the profile passes at its time, once, and unchanged alone', async () => {
  const clock = Date.now;
  let time = 1_767_225_600_000;
  Date.now = () => time;
  try {
    const { method, url, headers, body } = OWN.request;
    const request = { method, url, body, headers: { ...headers, 'signature-input': OWN.signature_input, signature: OWN.signature } };
    const by = () => verifier({ keys: { 'svc-remotion-1': { secret: SECRET } } });
    const only = by();
    assert.equal(await code(request, only), 'valid');
    assert.equal(await code(request, only), 'replayed');
    const target = new URL(url);
    const asServer = { ...request, url: `${target.pathname}${target.search}`, headers: { ...request.headers, host: target.host } };
    assert.equal(await code(asServer, by()), 'valid', 'as a server sees it');
    const lines = Object.fromEntries(Object.entries(asServer.headers).map(([name, value]) => [name, [value]]));
    assert.equal(await code({ ...asServer, headers: lines }, by()), 'valid', 'as Node has it');
    for (const [change, expected] of [
      [{ method: 'PUT' }, 'wrong_signature'],
      [{ url: url.replace('false', 'true') }, 'wrong_signature'],
      [{ url: url.replace('example', 'other') }, 'wrong_signature'],
      [{ body: `${body} ` }, 'wrong_digest'],
      [{ body: null }, 'wrong_digest'],
      [{ headers: { ...request.headers, 'idempotency-key': '"other"' } }, 'wrong_signature'],
      [{ headers: { ...request.headers, 'content-type': ['application/json', 'text/plain'] } }, 'malformed'],
      [{ headers: { ...request.headers, 'signature-input': OWN.signature_input.replace('expires=1767225900', 'expires=1767225901') } }, 'untimely'],
      [{ headers: { ...request.headers, 'signature-input': OWN.signature_input.replace(' "content-digest"', '') } }, 'incomplete'],
      [{ headers }, 'unsigned'],
    ]) {
      assert.equal(await code({ ...request, ...change }, by()), expected, JSON.stringify(change));
    }
    assert.equal(await code(request, verifier()), 'unknown_key');
    assert.equal(await code(request, verifier({ keys: { 'svc-remotion-1': { secret: SECRET } }, authorities: ['other'] })), 'wrong_authority');
    time += 301_000;
    assert.equal(await code(request, by()), 'untimely');
  } finally {
    Date.now = clock;
  }
});

test('the memory decides last, and nothing passes without its word', async () => {
  const asked = [];
  const remember = (answer) => (key, until) => {
    asked.push([key, until]);
    return answer;
  };
  const request = await signed();
  assert.equal(await code({ ...request, body: 'x' }, verifier({ remember: remember(true) })), 'wrong_digest');
  assert.deepEqual(asked, [], 'what is wrong uses up no nonce');
  assert.equal(await code(request, verifier({ remember: remember(true) })), 'valid');
  assert.match(asked[0][0], /^3:svc:[\w-]{22}$/);
  assert.ok(asked[0][1] - Date.now() > 320_000);
  for (const [answer, expected] of [[false, 'replayed'], [undefined, 'replayed'], ['yes', 'replayed'], [Promise.resolve(true), 'valid']]) {
    assert.equal(await code(request, verifier({ remember: remember(answer) })), expected);
  }
  const away = verifier({ remember: () => Promise.reject(new Error('the database is down')) });
  await assert.rejects(away.verify(request), (error) => {
    assert.ok(error instanceof SignatureError);
    return error.code === 'unavailable' && error.status === 503 && error.cause.message === 'the database is down';
  });
  await assert.rejects(verifier().verify({ url: '/' }), { name: 'SignatureError', code: 'unsigned', status: 401 });
  assert.match(await verifier({ cover: ['X-Tenant'] }).acceptSignature(), /^sig1=\("@method" .*"x-tenant"\);created;expires;tag="sdk-internal"$/);
});

test('fields besides those of the profile are covered where both sides say so', async () => {
  const request = await signed({ ...REQUEST, headers: { ...REQUEST.headers, 'X-Tenant': 'blue' } }, { cover: ['x-tenant'] });
  const by = () => verifier({ cover: ['x-tenant'] });
  assert.equal(await code(request, by()), 'valid');
  assert.equal(await code({ ...request, headers: { ...request.headers, 'X-Tenant': 'red' } }, by()), 'wrong_signature');
  const { headers: _, ...bare } = await signed();
  assert.equal(await code({ ...bare, headers: { ...(await signed()).headers, 'x-tenant': 'blue' } }, by()), 'incomplete');
});

test('what cannot be signed is refused with its reason', async () => {
  const signer = new RequestSigner({ keyId: 'svc', secret: SECRET });
  for (const request of [
    { url: 'nowhere at all' },
    { url: '/no/host' },
    { url: 'https://user:password@h/' },
    { url: 'https://h/', method: 'G T' },
    { url: 'https://h/', headers: { host: 'other' } },
    { url: 'https://h/', headers: { 'content-type': ['a', 'b'] } },
    { url: 'https://h/', headers: { 'content-type': 'a\nx: b' } },
    { url: 'https://h/', headers: { 'a b': 'c' } },
    { url: 'https://h/', headers: { signature: 'sig1=:AAAA:' } },
    { url: 'https://h/', body: 'a', headers: { 'content-digest': 'sha-256=:AAAA:' } },
  ]) {
    await assert.rejects(signer.sign(request), { name: 'AcdError', kind: 'request' }, JSON.stringify(request));
  }
  for (const options of [
    { secret: 'hunter2' },
    { secret: undefined },
    { privateKey: 'hunter2', secret: undefined },
    { privateKey: PAIR.private_key_jwk_d },
    { keyId: '' },
    { lifetimeMs: 999 },
    { lifetimeMs: 301_000 },
    { cover: ['a b'] },
  ]) {
    await assert.rejects(signed(REQUEST, options), (error) => {
      assert.equal(error.kind, 'configuration', JSON.stringify(options));
      return !error.message.includes('hunter2');
    });
  }
  for (const options of [{ keys: { a: {} } }, { keys: { a: { secret: 'hunter2' } } }, { remember: undefined }, { cover: [''] }]) {
    await assert.rejects(verifier(options).verify({ url: '/' }), { name: 'AcdError', kind: 'configuration' });
  }
});

test('a signed fetch arrives as it was signed, whatever its body is made of', async () => {
  const judged = [];
  const by = verifier();
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headersDistinct: headers } = request;
    judged.push(await code({ method, url, headers, body: Buffer.concat(chunks) }, by));
    response.writeHead(url === '/moved' ? 307 : 200, url === '/moved' ? { location: '/elsewhere' } : {}).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const origin = `http://127.0.0.1:${server.address().port}`;
    const call = signedFetch({ keyId: 'svc', privateKey: PAIR.private_key_jwk_d });
    const stream = () => new Blob(['a', 'b'.repeat(100_000)]).stream();
    const form = new FormData();
    form.set('file', new Blob(['x']), 'a.txt');
    const calls = [
      [`${origin}/a b?q=é&r#part`],
      [new URL(`${origin}/v1`), { method: 'DELETE' }],
      [`${origin}/v1`, { method: 'POST', body: 'text brings its type along' }],
      [`${origin}/v1`, { method: 'POST', body: new Uint8Array(3), headers: [['Idempotency-Key', 'k']] }],
      [`${origin}/v1`, { method: 'PUT', body: stream(), duplex: 'half' }],
      [`${origin}/v1`, { method: 'POST', body: form }],
      [`${origin}/v1`, { method: 'POST', body: new URLSearchParams({ a: '1' }) }],
      [new Request(`${origin}/v1`, { method: 'PATCH', body: '{}' })],
      [new Request(`${origin}/v1`, { method: 'PATCH', body: '{}' }), { body: '[]', headers: { 'content-type': 'application/json' } }],
    ];
    for (const [input, init] of calls) assert.equal((await call(input, init)).status, 200);
    assert.deepEqual(judged, calls.map(() => 'valid'));
    assert.equal((await call(`${origin}/moved`)).status, 307);
    assert.equal(judged.length, calls.length + 1, 'it is not followed');
    await assert.rejects(call(origin, { signal: AbortSignal.abort(new Error('enough')) }), { message: 'enough' });
    const kept = [];
    await signedFetch(new RequestSigner({ keyId: 'svc', secret: SECRET }), async (request) => {
      kept.push(request);
      return new Response();
    })(origin);
    assert.equal(await code({ url: kept[0].url, headers: kept[0].headers }), 'valid');
  } finally {
    server.close();
  }
});
