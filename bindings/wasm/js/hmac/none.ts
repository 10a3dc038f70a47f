/** What a host hashes with, if it does so at once. */
export interface Native {
  /** A key of HMAC, which a host does not print. */
  key(bytes: Uint8Array): unknown;
  /** HMAC of what comes before a body, and of the body, in hexadecimal. */
  hmac(hash: string, key: unknown, before: Uint8Array, body: Uint8Array | string): string;
  /** SHA-256 of a body, in hexadecimal. */
  sha256(body: Uint8Array | string): string;
}

// The hosts' own, WebCrypto, gives promises alone.
export const native: Native | undefined = undefined;
