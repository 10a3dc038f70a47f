import type { AdAccountId } from '@acd/types/meta';

import type { CallOptions } from '../client.js';
import { AcdError } from '../error.js';
import type { MetaClient } from '../meta.js';
import { sleep } from './waiting.js';

/** How often an object is created whose outcome is unknown and that is not found afterwards. */
const MOST = 4;
/** How long Meta is given to show what it did, doubled with each further time. */
const SETTLE_MS = 2_000;
/** Labels in one page of their list. */
const LABELS = 200;

/** The groups of a client whose objects have labels. */
export type LabelledGroup = 'campaigns' | 'adSets' | 'creatives' | 'ads';

interface Labelled {
  readonly adlabels?: readonly object[] | null | undefined;
}

interface Group {
  create(accountId: AdAccountId, request: object, options: CallOptions): Promise<{ readonly id: string }>;
}

/**
 * Creates an object unless one with this label is there, so that repeating the same intent, after a lost answer or a crash, leads to
 * one object. The label is the caller's own name of the intent: keep it with the intent, and use it for no other object of the group
 * in the account. `options` are those of each call. The result is the object's id.
 *
 * Meta has no idempotency keys. So the label is made if need be, objects with it are looked up, and a creation whose outcome is unknown
 * is followed by a wait and another look: at least two calls more than a plain creation. Not for two callers at the same time with the
 * same label, which nothing at Meta keeps apart.
 *
 * Rejects as the calls do. After an error whose `mayHaveBeenSent` is true, the same call settles what happened.
 */
export async function createOnce<G extends LabelledGroup>(
  meta: MetaClient,
  group: G,
  accountId: AdAccountId,
  label: string,
  request: Parameters<MetaClient[G]['create']>[1],
  options: CallOptions = {},
): Promise<string> {
  const { adLabels } = meta;
  const labelId = await once(
    async () => {
      for await (const { id, name } of adLabels.list(accountId, { limit: LABELS }, options)) if (name === label) return id;
      return undefined;
    },
    () => adLabels.create(accountId, label, options),
    options.signal,
  );
  const labelled = { ...request, adlabels: [...((request as Labelled).adlabels ?? []), { id: labelId }] };
  return once(
    async () => (await adLabels[group](accountId, labelId, options))[0]?.id,
    () => (meta[group] as Group).create(accountId, labelled, options),
    options.signal,
  );
}

/** Looks for the object, creates it if there is none, and looks again when the outcome of that is unknown. */
async function once(
  find: () => Promise<string | undefined>,
  create: () => Promise<{ readonly id: string }>,
  signal: AbortSignal | null | undefined,
): Promise<string> {
  const there = await find();
  if (there !== undefined) return there;
  for (let tries = 1; ; tries += 1) {
    try {
      return (await create()).id;
    } catch (thrown) {
      if (!(thrown instanceof AcdError && thrown.mayHaveBeenSent)) throw thrown;
      await sleep(SETTLE_MS * 2 ** (tries - 1), signal);
      const made = await find();
      if (made !== undefined) return made;
      if (!thrown.retryable || tries >= MOST) throw thrown;
    }
  }
}
