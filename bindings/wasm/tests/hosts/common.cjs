// The package as CommonJS. Arguments: the server's address, and a folder for events.
const sdk = require('@acd/sdk');
const { PlatformClient } = require('@acd/sdk/platform');
const signing = require('@acd/sdk/signing');

const [, , baseUrl, keepIn] = process.argv;
if (sdk.PlatformClient !== PlatformClient) throw new Error('the entry has another client than the whole');
import('./scenario.mjs').then(async ({ calls, events, kept, signed }) => {
  await calls(sdk, baseUrl);
  await signed(signing);
  await events(sdk, baseUrl, 'common');
  await kept(sdk, baseUrl, keepIn);
  console.log('done');
});
