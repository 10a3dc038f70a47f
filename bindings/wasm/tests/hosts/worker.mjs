// The package in a worker: clients that live as long as the worker, whose requests share them.
import * as sdk from '@acd/sdk';
import * as signing from '@acd/sdk/signing';

import { calls, events, signed } from './scenario.mjs';

let platform;

export default {
  async fetch(request, { SERVER }, context) {
    const { pathname } = new URL(request.url);
    try {
      switch (pathname) {
        case '/calls':
          await calls(sdk, SERVER);
          await signed(signing);
          break;
        case '/events':
          await events(sdk, SERVER, 'worker');
          break;
        case '/shared':
          platform ??= new sdk.PlatformClient({ baseUrl: SERVER, apiKey: 'acd_hunter2' });
          await platform.users.me();
          break;
        case '/hang':
          await platform.keys.list({ product: 'hang' }).page();
          break;
        // Waits between two attempts.
        case '/again':
          await platform.keys.list({ product: 'again' }).page();
          break;
        // Times out, a second after the next one would, which is answered once this one is there.
        case '/silent':
          await platform.keys.list({ product: 'silent' }, { timeoutMs: 6000 }).page();
          break;
        case '/brief':
          await platform.keys.list({ product: 'brief' }, { timeoutMs: 5000 }).page();
          break;
        case '/background': {
          const analytics = await sdk.AnalyticsClient.open({ baseUrl: SERVER, writeKey: 'acd_key' });
          analytics.track({ userId: 'u', event: 'Background', messageId: 'background-1' });
          context.waitUntil(analytics.shutdown());
          break;
        }
        case '/folder':
          await sdk.AnalyticsClient.open({ baseUrl: SERVER, writeKey: 'acd_key', keepIn: 'events' });
          break;
        default:
          return new Response('no such scenario', { status: 404 });
      }
      return new Response('done');
    } catch (thrown) {
      return new Response(`${thrown.kind}: ${thrown.stack}`, { status: 500 });
    }
  },
};
