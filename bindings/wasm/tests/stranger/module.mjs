// The package as a module: each entry by itself, and all of them.
import assert from 'node:assert/strict';

import * as all from '@acd/sdk';
import { AnalyticsClient } from '@acd/sdk/analytics';
import { hashUserData, MetaClient } from '@acd/sdk/meta';
import { AcdError, PlatformClient } from '@acd/sdk/platform';
import { signedFetch } from '@acd/sdk/signing';
import { WebhookVerifier } from '@acd/sdk/webhooks';

assert.equal(all.PlatformClient, PlatformClient);
assert.equal(all.WebhookVerifier, WebhookVerifier);
// Nothing listens on port 4.
const client = new PlatformClient({ baseUrl: 'http://127.0.0.1:4', apiKey: 'acd_key', maxAttempts: 1 });
await assert.rejects(client.users.me(), (error) => error instanceof AcdError && error.kind === 'connect');
const analytics = await AnalyticsClient.open({ baseUrl: 'http://127.0.0.1:4', writeKey: 'acd_key', shutdownTimeoutMs: 0 });
assert.match(analytics.track({ userId: 'u', event: 'E' }), /^[0-9a-f-]{36}$/);
assert.deepEqual(await analytics.shutdown(), { left: 1, stored: 0 });
await assert.rejects(new WebhookVerifier({ scheme: 'meta', secret: 's' }).verify({}, '{}'), { code: 'missing_header' });
const call = signedFetch({ keyId: 'k', secret: 'c2VjcmV0IG9mIGF0IGxlYXN0IHRoaXJ0eS10d28gYnl0ZXM=' }, async (request) => {
  assert.match(request.headers.get('signature-input'), /^sig1=\(.*;keyid="k";alg="hmac-sha256";tag="sdk-internal"$/);
  return new Response('signed');
});
assert.equal(await (await call('http://127.0.0.1:4/', { method: 'POST', body: '{}' })).text(), 'signed');
assert.equal((await hashUserData([{ em: 'Mary@Example.com' }])).users[0].em[0].slice(0, 8), 'f1904cf1');
const meta = new MetaClient({ accessToken: 't', baseUrl: 'http://127.0.0.1:4', maxAttempts: 1 });
const event = { event_name: 'Lead', event_time: Math.floor(Date.now() / 1000), action_source: 'email', user_data: { em: 'a@b.test' } };
const { batches } = await meta.conversions.send('42', [event]);
assert.equal(batches[0].error.kind, 'connect');
