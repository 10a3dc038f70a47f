/**
 * Signatures on requests between services: putting them on, and checking them.
 *
 * @packageDocumentation
 */
export { AcdError } from './error.js';
export { signedFetch } from './signing/fetch.js';
export type { SignableRequest } from './signing/request.js';
export { type PrivateKeyOptions, RequestSigner, type RequestSignerOptions, type SharedKeyOptions } from './signing/signer.js';
export {
  type BelievedKey,
  RequestVerifier,
  type RequestVerifierOptions,
  SignatureError,
  type SignatureRefusal,
  type VerifiedRequest,
} from './signing/verifier.js';
