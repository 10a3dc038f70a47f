// A Web Worker with clients of its own.
import { AnalyticsClient } from '@acd/sdk/analytics';
import { PlatformClient } from '@acd/sdk/platform';

onmessage = async ({ data: { baseUrl, event } }) => {
  const analytics = await AnalyticsClient.open({ baseUrl, writeKey: 'acd_write', keepIn: 'worker' });
  const id = analytics.track({ userId: 'u', event });
  await analytics.flush();
  await analytics.shutdown();
  const { kind } = await new PlatformClient({ baseUrl, apiKey: 'acd_key' }).users.me();
  postMessage({ id, kind });
};
