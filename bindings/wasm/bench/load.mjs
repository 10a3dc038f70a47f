// The least a program does: the module is there and took a call, which it refuses without a network.
import { PlatformClient } from '../dist/esm/platform.js';

await new PlatformClient({ baseUrl: 'nowhere', apiKey: 'acd_key' }).users.me().catch(() => undefined);
