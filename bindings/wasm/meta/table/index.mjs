// The methods of @acd/sdk/meta: a group for each client of acd-meta, and in it a method for each of that client's that makes
// one call. `takes` and the values are TypeScript over the types of @acd/types/meta and js/meta/types.ts; `path` has the values of
// the operation's placeholders in their order, without the version. `gives` is the answer as the Rust method declares it, which
// is checked; a `Page` becomes a list that is read page by page, or with `once` the items of the one page that Rust's method gives.
// Documentation is the Rust method's unless `doc` is given.

import { ADS } from './ads.mjs';
import { ASSETS } from './assets.mjs';
import { AUDIENCES } from './audiences.mjs';

/** The fields of a report's rows when none are named. */
const INSIGHTS_FIELDS =
  'account_id,campaign_id,campaign_name,adset_id,adset_name,ad_id,ad_name,impressions,reach,clicks,spend,actions,action_values';

/** Selections of fields that are not every declared one. */
export const FIELDS = { InsightsRow: INSIGHTS_FIELDS };

/** Groups, by the method of Rust's `MetaClient` that gives them; `from` is where below sdk-meta/src their methods are. */
export const GROUPS = { ...ADS, ...AUDIENCES, ...ASSETS };

/** Operations without a method here, each with the reason. */
export const LEFT_OUT = {
  'meta.batch.send': 'js/meta/batch.ts: the crate writes its calls and charges them to the limits one by one',
  'meta.batch.session': 'a session is begun by meta.batch.start alone',
  'meta.batch.start': 'a batch of it has to be written by the crate, as that of meta.batch.send',
  'meta.conversions.send': 'js/meta/conversions.ts: the crate checks, hashes and divides events',
  'meta.conversions.send_once': 'as meta.conversions.send',
  'meta.images.upload': 'js/meta/uploads.ts: a file is sent as a form',
  'meta.instagram.bytes': 'a step of an upload',
  'meta.videos.add_thumbnail': 'as meta.images.upload',
  'meta.videos.bytes': 'a step of an upload',
  'meta.videos.chunk': 'js/meta/uploads.ts: a step of an upload',
  'meta.videos.chunked': 'as meta.videos.chunk',
  'meta.videos.resumable': 'a step of an upload',
};
