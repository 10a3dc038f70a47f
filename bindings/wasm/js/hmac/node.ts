// Node, Bun and Deno: OpenSSL is faster than the module for all but short messages.
import crypto, { type KeyObject } from 'node:crypto';

import type { Native } from './none.js';

export const native: Native | undefined = {
  key: (bytes) => crypto.createSecretKey(bytes),
  // In text, since a digest in a buffer costs as much as hashing half a kilobyte.
  hmac: (hash, key, before, body) =>
    crypto.createHmac(hash, key as KeyObject).update(before).update(body).digest('hex'),
  // In one step where there is one, from 20.12 on.
  sha256: (body) => crypto.hash?.('sha256', body) ?? crypto.createHash('sha256').update(body).digest('hex'),
};
