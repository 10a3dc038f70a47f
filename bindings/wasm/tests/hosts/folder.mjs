// A client with a folder, which with `hold` waits to be ended by force, and else sends what another left. Arguments: the server's
// address, the folder, and `hold`.
import process from 'node:process';

import { AnalyticsClient } from '@acd/sdk/analytics';

const [, , baseUrl, keepIn, hold] = process.argv;
// What is kept is sent at once, so that it needs a server that is down.
const place = hold === 'hold' ? `${baseUrl}/down` : baseUrl;
try {
  const analytics = await AnalyticsClient.open({ baseUrl: place, writeKey: 'acd_key', keepIn, intervalMs: 3_600_000 });
  if (hold === 'hold') {
    analytics.track({ userId: 'u', event: 'Held', messageId: 'held-1' });
    await analytics.stored();
    const again = await AnalyticsClient.open({ baseUrl: place, writeKey: 'acd_key', keepIn }).catch((thrown) => thrown);
    if (again.kind !== 'environment') throw new Error('the folder was opened twice');
    console.log('held');
    // Until then somebody has ended it.
    setTimeout(() => process.exit(1), 600_000);
  } else {
    await analytics.flush();
    console.log('delivered', analytics.stats().delivered);
    await analytics.shutdown();
  }
} catch (thrown) {
  console.log(thrown.kind, thrown.message);
}
