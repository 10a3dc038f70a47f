// What the tests drive, as a bundler takes it in.
import { AnalyticsClient } from '@acd/sdk/analytics';
import { AcdError, PlatformClient } from '@acd/sdk/platform';
import { WebhookVerifier } from '@acd/sdk/webhooks';

const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

globalThis.sdk = {
  AcdError,
  AnalyticsClient,
  PlatformClient,
  WebhookVerifier,
  /** Asks the worker to do the same there. */
  inWorker: (request) =>
    new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage(request);
    }),
};
