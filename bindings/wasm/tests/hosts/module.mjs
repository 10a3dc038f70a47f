// The package as an ECMAScript module. Arguments: the server's address, and a folder for events.
import process from 'node:process';

import * as sdk from '@acd/sdk';
import { AnalyticsClient } from '@acd/sdk/analytics';
import { PlatformClient } from '@acd/sdk/platform';
import * as signing from '@acd/sdk/signing';
import { WebhookVerifier } from '@acd/sdk/webhooks';

import { calls, events, kept, signed } from './scenario.mjs';

const [, , baseUrl, keepIn] = process.argv;
for (const [name, one] of Object.entries({ AnalyticsClient, PlatformClient, WebhookVerifier })) {
  if (sdk[name] !== one) throw new Error(`the entry of ${name} has another one than the whole`);
}
// What a host prints of them shows no secret.
console.log(new PlatformClient({ baseUrl, apiKey: 'acd_hunter2' }), new WebhookVerifier({ scheme: 'meta', secret: 'hunter2' }));
await calls(sdk, baseUrl);
await signed(signing);
await events(sdk, baseUrl, 'module');
await kept(sdk, baseUrl, keepIn);
console.log('done');
