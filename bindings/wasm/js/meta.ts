/**
 * Meta: the Graph API, with the Conversions API and hashing for it. For back ends: whoever has the access token may do what it allows.
 *
 * @packageDocumentation
 */
import { type CallOptions, settings } from './client.js';
import { Root } from './made/meta.js';
import { type BatchCalls, type BatchResults, sendBatch } from './meta/batch.js';
import { MetaCaller } from './meta/caller.js';
import { Conversions } from './meta/conversions.js';
import { Uploads } from './meta/uploads.js';

export type { CallOptions } from './client.js';
export { AcdError, type Attempt, type ErrorKind } from './error.js';
export { List, type ListPage } from './list.js';
export type { BatchCalls, BatchResults } from './meta/batch.js';
export {
  type ConversionEvent,
  Conversions,
  type EventProblem,
  type InvalidEvent,
  type SendEventsOptions,
  type SentBatch,
  SendReport,
} from './meta/conversions.js';
export type { FileSource } from './meta/file.js';
export { createOnce, type LabelledGroup } from './meta/once.js';
export { postCarouselToInstagram, postToInstagram, publishOnce } from './meta/post.js';
export { containerReady, insightsReport, reportReady, videoReady } from './meta/ready.js';
export type {
  AccessToken,
  AccountApp,
  AccountInsights,
  AudienceUsers,
  CreateContainer,
  Fields,
  InsightsQuery,
  InsightsRow,
  ListAdRequests,
  ListBudgetSchedules,
  ListQuery,
  Paging,
} from './meta/types.js';
export {
  type UploadedVideo,
  type UploadImageOptions,
  type UploadProgress,
  Uploads,
  type UploadThumbnailOptions,
  type UploadVideoOptions,
} from './meta/uploads.js';
export { type DroppedValue, type HashedUsers, hashUserData, normalizeCurrency, normalizeUserValue, type UserKey } from './meta/users.js';

/** Settings of a client of Meta. */
export interface MetaClientOptions {
  /** The access token of a system user, a user or a page. */
  accessToken: string;
  /** Proves with every call that the caller holds the app's secret too (`appsecret_proof`). */
  appSecret?: string | undefined;
  /** The version of the Graph API. Default `v26.0`. */
  version?: string | undefined;
  /** Another server than `https://graph.facebook.com`, such as a simulator. */
  baseUrl?: string | undefined;
  /** Sent with every call. */
  headers?: Record<string, string> | undefined;
  /** How often a call is tried at most, 1 for no repetition. Default 3. */
  maxAttempts?: number | undefined;
}

/** Where a client that is made from another finds what it calls by. */
const CALLER = /* @__PURE__ */ Symbol('caller');

/**
 * Calls Meta's Graph API. Calls wait for Meta's limits, which are learnt from the headers of its answers; clients that one
 * was made from share them. Settings that cannot work reject the first call.
 */
export class MetaClient extends Root {
  /** Events of websites, apps and shops: the Conversions API. */
  readonly conversions: Conversions;
  /** Images and videos for ads. */
  readonly uploads: Uploads;
  readonly #caller: MetaCaller;

  constructor(options: MetaClientOptions) {
    const made = (options as { [CALLER]?: MetaCaller })[CALLER] ?? caller(options);
    super(made);
    this.#caller = made;
    this.conversions = new Conversions(made);
    this.uploads = new Uploads(made);
  }

  /** The same client with another token, such as that of a page. */
  withToken(accessToken: string): MetaClient {
    return this.#with('token', accessToken);
  }

  /** The same client speaking for the app itself, which needs `appSecret`. */
  asApp(appId: string): MetaClient {
    return this.#with('app', appId);
  }

  /**
   * The same client, whose calls by an object's id count towards the limits of this ad account: such a call does not say
   * whose the object is, and Meta counts by account.
   */
  forAccount(accountId: string): MetaClient {
    return this.#with('account', accountId);
  }

  /**
   * Sends up to 50 calls about one ad account in one request ([page](https://developers.facebook.com/docs/graph-api/batch-requests)).
   * `make` makes them by the methods of `calls`, and returns what those give; what became of each stands in its place, as
   * `Promise.allSettled` tells it. They are neither one transaction nor in order, unless one waits for another. Each counts towards
   * the limits as if it were sent alone, so that a batch saves time and no quota.
   *
   * Rejects where the batch failed as a whole. It is not repeated when its outcome is unknown, since what it holds may act twice.
   */
  batch<const T extends readonly unknown[]>(
    accountId: string,
    make: (calls: BatchCalls) => T,
    options: CallOptions = {},
  ): Promise<BatchResults<T>> {
    return sendBatch(this.#caller, accountId, make, options);
  }

  #with(what: string, value: string): MetaClient {
    const made = new MetaCaller((module, host) => this.#caller.open(module, host).with(what, value));
    return new MetaClient({ accessToken: '', [CALLER]: made } as MetaClientOptions);
  }
}

function caller(options: MetaClientOptions): MetaCaller {
  const { accessToken, appSecret, baseUrl, version } = options;
  const said = settings(options);
  return new MetaCaller((module, host) => new module.MetaClient(host, accessToken, appSecret, baseUrl, version, said));
}
