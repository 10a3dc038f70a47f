// What every host has to do with the package, by what every host has: neither Node's modules nor a browser's page.
const TEXT = new TextEncoder();
const SECRET = 'whsec_hunter2';

/** Calls, a list, an error, a call that is given up, and webhooks. */
export async function calls({ AcdError, PlatformClient, WebhookError, WebhookVerifier }, baseUrl) {
  const platform = new PlatformClient({ baseUrl, apiKey: 'acd_hunter2' });
  equal((await platform.users.me()).kind, 'admin');

  const ids = [];
  for await (const { message_id } of platform.events.list({ limit: 2, event: 'Order & more' })) ids.push(message_id);
  equal(ids.join(), 'a,b,c');

  const refused = await rejection(platform.users.get('usr_1'));
  equal(refused instanceof AcdError, true);
  equal([refused.kind, refused.status, refused.code, refused.requestId].join(), 'not_found,404,not_found,req_7');

  const failed = await rejection(platform.keys.list({ product: 'down' }).page());
  equal([failed.kind, failed.status, failed.attempts.length].join(), 'server,503,3');

  const controller = new AbortController();
  const hanging = rejection(platform.keys.list({ product: 'hang' }, { signal: controller.signal }).page());
  await told(baseUrl, 'arrived');
  const reason = new Error('enough');
  controller.abort(reason);
  equal(await hanging, reason);
  await told(baseUrl, 'gone');

  const late = await rejection(platform.keys.list({ product: 'hang' }, { attemptTimeoutMs: 20, maxAttempts: 1 }).page());
  equal(late.kind, 'timeout');

  const verifier = new WebhookVerifier({ scheme: 'stripe', secret: ['whsec_old', SECRET] });
  // Short, and long enough for the host's own cryptography.
  for (const length of [1, 2_000]) {
    const body = JSON.stringify({ id: 'evt_1', type: 'charge.succeeded', é: 'x'.repeat(length) });
    const headers = new Headers({ 'stripe-signature': await signature(body) });
    const { event, messageId, secretIndex } = await verifier.verify(headers, TEXT.encode(body));
    equal([event.type, messageId, secretIndex].join(), 'charge.succeeded,evt_1,1');
    const forged = await rejection(verifier.verify(headers, body.replace('charge', 'refund')));
    equal(forged instanceof WebhookError, true);
    equal([forged.code, forged.status].join(), 'no_match,401');
  }
}

/** Requests that are signed as they would be sent, and judged as they would arrive. */
export async function signed({ RequestSigner, RequestVerifier, SignatureError, signedFetch }) {
  const privateKey = 'n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU';
  const secret = btoa('32 bytes or more, as is required.');
  const publicKey = await new RequestSigner({ keyId: 'pair', privateKey }).publicKey();
  const seen = new Set();
  const remember = (key) => !seen.has(key) && seen.add(key) === seen;
  const verifier = new RequestVerifier({ keys: { pair: { publicKey }, shared: { secret } }, remember });
  for (const options of [{ keyId: 'pair', privateKey }, { keyId: 'shared', secret }]) {
    let sent;
    const call = signedFetch(options, async (request) => {
      const { method, url, headers } = request;
      sent = { method, url, headers, body: new Uint8Array(await request.arrayBuffer()) };
      return new Response();
    });
    await call('https://api.example.internal/v1?a=b', { method: 'POST', body: 'é' });
    equal((await verifier.verify(sent)).keyId, options.keyId);
    const again = await rejection(verifier.verify(sent));
    equal(again instanceof SignatureError && again.code, 'replayed');
    equal((await rejection(verifier.verify({ ...sent, body: 'e' }))).code, 'wrong_digest');
  }
}

/** Events that are sent at once, and a failure that is told. */
export async function events({ AnalyticsClient }, baseUrl, prefix) {
  const failures = [];
  const analytics = await AnalyticsClient.open({ baseUrl, writeKey: 'acd_key', onFailure: (failed) => failures.push(failed) });
  const id = analytics.track({ userId: 'u', event: `${prefix} sent`, messageId: `${prefix}-1` });
  equal(id, `${prefix}-1`);
  analytics.track({ userId: 'u', event: 'Bad' });
  await analytics.flush();
  const { tracked, delivered, rejected } = analytics.stats();
  equal([tracked, delivered, rejected].join(), '2,1,1');
  equal(failures.map(({ reason, count }) => `${reason} ${count}`).join(), 'rejected 1');
  const { left } = await analytics.shutdown();
  equal(left, 0);
}

/** Events that outlive their client. */
export async function kept({ AcdError, AnalyticsClient }, baseUrl, keepIn) {
  const open = (place) => AnalyticsClient.open({ baseUrl: `${baseUrl}${place}`, writeKey: 'acd_key', keepIn, shutdownTimeoutMs: 0 });
  const first = await open('/down');
  first.track({ userId: 'u', event: 'Kept', messageId: 'kept-1' });
  await first.stored();
  const second = await rejection(open('/down'));
  equal(second instanceof AcdError && second.kind, 'environment');
  const { left, stored } = await first.shutdown();
  equal([left, stored].join(), '1,1');
  const next = await open('');
  await next.flush();
  equal(next.stats().delivered, 1);
  equal((await next.shutdown()).left, 0);
}

/** As Stripe signs, by the cryptography that every host has. */
async function signature(body) {
  const at = Math.floor(Date.now() / 1000);
  const key = await crypto.subtle.importKey('raw', TEXT.encode(SECRET), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, TEXT.encode(`${at}.${body}`)));
  return `t=${at},v1=${Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Answered when the server saw it. */
async function told(baseUrl, what) {
  const answer = await fetch(`${baseUrl}/told/${what}`);
  equal(answer.status, 204);
}

async function rejection(promise) {
  const outcome = await promise.then((value) => ({ value }), (thrown) => ({ thrown }));
  if ('value' in outcome) throw new Error(`it should have been rejected and gave ${JSON.stringify(outcome.value)}`);
  return outcome.thrown;
}

function equal(got, wanted) {
  if (got !== wanted) throw new Error(`${String(got)} and not ${String(wanted)}`);
}
