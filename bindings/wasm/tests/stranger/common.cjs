// The same in CommonJS.
const assert = require('node:assert/strict');
const all = require('@acd/sdk');
const { AnalyticsClient } = require('@acd/sdk/analytics');
const { normalizeUserValue } = require('@acd/sdk/meta');
const { AcdError, PlatformClient } = require('@acd/sdk/platform');
const { RequestSigner } = require('@acd/sdk/signing');
const { WebhookVerifier } = require('@acd/sdk/webhooks');

assert.equal(all.PlatformClient, PlatformClient);
assert.equal(all.AcdError, AcdError);
const verifier = new WebhookVerifier({ scheme: 'meta', secret: 's' });
const client = new PlatformClient({ baseUrl: 'http://127.0.0.1:4', apiKey: 'acd_key', maxAttempts: 1 });
Promise.all([
  normalizeUserValue('ph', '+1 (650) 555-1212').then((phone) => assert.equal(phone, '16505551212')),
  assert.rejects(client.users.me(), (error) => error instanceof AcdError && error.kind === 'connect'),
  AnalyticsClient.open({ baseUrl: 'http://127.0.0.1:4', writeKey: 'acd_key' }).then((analytics) => analytics.shutdown()),
  assert.rejects(verifier.verify({}, '{}'), { code: 'missing_header' }),
  assert.rejects(new RequestSigner({ keyId: 'k', secret: 's' }).sign({ url: 'http://h/' }), { kind: 'configuration' }),
]).catch((reason) => {
  console.error(reason);
  process.exitCode = 1;
});
