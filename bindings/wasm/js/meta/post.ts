import type { IgContainerId, IgMediaId, IgUserId } from '@acd/types/meta';

import type { CallOptions } from '../client.js';
import { AcdError } from '../error.js';
import type { MetaClient } from '../meta.js';
import { containerReady } from './ready.js';
import type { CreateContainer } from './types.js';
import { sleep } from './waiting.js';

/** How long Instagram is given to show what it did. */
const SETTLE_MS = 2_000;
/** How many posts a day are assumed where Meta does not say. */
const ASSUMED = 50;

/**
 * Makes a container, waits for it and publishes it, if the account may still post today: one call from the media to the post.
 * `options` are those of each call. Rejects with `rate_limited`, before anything is done, when the posts of the last 24 hours are used up;
 * also as `containerReady` and `publishOnce` do.
 */
export async function postToInstagram(
  meta: MetaClient,
  userId: IgUserId,
  media: CreateContainer,
  options: CallOptions = {},
): Promise<IgMediaId | undefined> {
  await mayPost(meta, userId, options);
  return publishMade(meta, userId, media, options);
}

/** The same for a carousel of 2 to 10 items, images or videos without a caption: the items first, then what holds them. */
export async function postCarouselToInstagram(
  meta: MetaClient,
  userId: IgUserId,
  items: readonly Omit<CreateContainer, 'caption' | 'children' | 'is_carousel_item'>[],
  caption?: string,
  options: CallOptions = {},
): Promise<IgMediaId | undefined> {
  await mayPost(meta, userId, options);
  const children: IgContainerId[] = [];
  for (const item of items) children.push((await meta.instagram.create(userId, { ...item, is_carousel_item: true }, options)).id);
  for (const child of children) await containerReady(meta, child, options);
  return publishMade(meta, userId, { media_type: 'CAROUSEL', caption, children }, options);
}

/**
 * Publishes a container that is ready, once: when the outcome is unknown, the container itself says whether it was published. Then the id
 * of the media was in the answer that was lost, and there is none: it is the newest of the account's media. The same call may be
 * made again.
 */
export async function publishOnce(
  meta: MetaClient,
  userId: IgUserId,
  id: IgContainerId,
  options: CallOptions = {},
): Promise<IgMediaId | undefined> {
  const { instagram } = meta;
  const isPublished = async () => (await instagram.container(id, options)).status_code === 'PUBLISHED';
  const publish = async () => (await instagram.publish(userId, id, options)).id;
  if (await isPublished()) return undefined;
  try {
    return await publish();
  } catch (thrown) {
    if (!(thrown instanceof AcdError && thrown.mayHaveBeenSent)) throw thrown;
    await sleep(SETTLE_MS, options.signal);
    if (await isPublished()) return undefined;
    if (!thrown.retryable) throw thrown;
    return publish();
  }
}

async function publishMade(meta: MetaClient, userId: IgUserId, media: CreateContainer, options: CallOptions): Promise<IgMediaId | undefined> {
  const { id } = await meta.instagram.create(userId, media, options);
  await containerReady(meta, id, options);
  return publishOnce(meta, userId, id, options);
}

async function mayPost(meta: MetaClient, userId: IgUserId, options: CallOptions): Promise<void> {
  const { config, quota_usage: used = 0 } = await meta.instagram.limit(userId, options);
  if (used < (config?.quota_total ?? ASSUMED)) return;
  throw new AcdError('rate_limited', `the account has posted ${used} times in 24 hours, which is all it may`);
}
