/** HMAC of what comes before a body, and of the body. */
export type Hmac = (hash: 'sha256' | 'sha512', secret: Uint8Array, before: Uint8Array, body: Uint8Array) => Uint8Array;

// The hosts' own, WebCrypto, gives promises alone.
export const hmac: Hmac | undefined = undefined;
