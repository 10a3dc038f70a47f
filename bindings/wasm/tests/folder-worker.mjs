// Opens a client in a worker thread, keeps an event, and says so, or what kept it from that.
import { parentPort, workerData } from 'node:worker_threads';

import { AnalyticsClient } from '../dist/esm/analytics.js';

try {
  const analytics = await AnalyticsClient.open(workerData);
  analytics.track({ userId: 'u', event: 'In a worker' });
  await analytics.stored();
  parentPort.postMessage('opened');
  // Until it is ended.
  setInterval(() => undefined, 60_000);
} catch (thrown) {
  parentPort.postMessage(thrown.message);
}
