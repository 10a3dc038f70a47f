// Node, Bun and Deno: OpenSSL is faster than the module for all but short messages.
import { createHmac } from 'node:crypto';

import type { Hmac } from './none.js';

export const hmac: Hmac | undefined = (hash, secret, before, body) =>
  createHmac(hash, secret).update(before).update(body).digest();
