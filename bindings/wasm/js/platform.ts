/**
 * The platform's own API.
 *
 * @packageDocumentation
 */
import { Caller, type ClientOptions, settings } from './client.js';
import { text } from './error.js';
import { Root } from './made/platform.js';

export type { CallOptions, ClientOptions, KeyedCallOptions } from './client.js';
export { AcdError, type Attempt, type ErrorKind } from './error.js';
export { List, type ListPage } from './list.js';

/** Calls the platform. Its parts are the domains of the API. Settings that cannot work reject the first call. */
export class PlatformClient extends Root {
  constructor(options: ClientOptions) {
    const { baseUrl, apiKey } = options;
    const said = settings(options);
    super(new Caller((module, host) => new module.PlatformClient(host, text('baseUrl', baseUrl), text('apiKey', apiKey), said)));
  }
}
