// Types in CommonJS.
import sdk = require('@acd/sdk');

export const client: sdk.PlatformClient = new sdk.PlatformClient({ baseUrl: 'http://127.0.0.1:4400', apiKey: 'acd_key' });
