import { AcdError } from '../error.js';
import type { RequestVerifier as Inner } from '../made/acd_wasm_signing.js';
import { type Module, module } from '../module/signing.js';
import { type SignableRequest, taken, told } from './request.js';

/** A key whose signatures are believed: a shared secret, or the public half of a pair, in base64 or PEM. */
export type BelievedKey =
  | { readonly secret: string; readonly publicKey?: undefined }
  | { readonly publicKey: string; readonly secret?: undefined };

/** Settings of a verifier. */
export interface RequestVerifierOptions {
  /** The keys of each service, by the key's id; several while one is changed. */
  keys: Readonly<Record<string, BelievedKey | readonly BelievedKey[]>>;
  /**
   * Remembers `key` until `until` and tells whether it is new, in one step: a signature passes once. Every instance that
   * believes the same keys asks the same memory.
   */
  remember: (key: string, until: Date) => boolean | Promise<boolean>;
  /** The hosts that requests may be for, such as `api.example.internal` or `127.0.0.1:8080`. Default: any. */
  authorities?: readonly string[] | undefined;
  /** How old a signature may be, whatever its own expiry, in milliseconds. Default five minutes, which is also the most. */
  maxAgeMs?: number | undefined;
  /** Fields that must be covered besides those of the profile, when a request has them. */
  cover?: readonly string[] | undefined;
}

/** The service that a request comes from. */
export interface VerifiedRequest {
  /** The id of the key that signed. */
  readonly keyId: string;
  /** The key's algorithm. */
  readonly algorithm: 'hmac-sha256' | 'ed25519';
  /** When it was signed, by the sender's clock. */
  readonly created: Date;
}

/** Why a signed request was refused, for logs and counters. */
export type SignatureRefusal =
  | 'unsigned'
  | 'malformed'
  | 'incomplete'
  | 'wrong_authority'
  | 'untimely'
  | 'unknown_key'
  | 'wrong_algorithm'
  | 'wrong_signature'
  | 'wrong_digest'
  | 'replayed'
  | 'unavailable';

/** A signed request that was refused. The answer carries the `status` and nothing else. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError';
  /** Why. */
  readonly code: SignatureRefusal;
  /** The HTTP status to answer with: 401, or 503 while the memory of signatures is away. */
  readonly status: number;

  constructor(code: SignatureRefusal, message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.status = status;
  }
}

/** Tells signed requests of known services from others. */
export class RequestVerifier {
  readonly #options: RequestVerifierOptions;
  #inner: Inner | undefined;

  constructor(options: RequestVerifierOptions) {
    this.#options = { ...options, keys: { ...options.keys } };
  }

  /**
   * Verifies a request as it arrived: its headers with each line of its own, its body byte for byte. Rejects with a
   * `SignatureError`, and with an `AcdError` of the kind `configuration` for settings that cannot work, of the kind `request`
   * for what is no request.
   */
  async verify(request: SignableRequest): Promise<VerifiedRequest> {
    const inner = await this.#ready();
    const [algorithm, created, until, keyId = '', ...key] = attempt(inner, request).split('\n');
    let isNew: boolean;
    try {
      isNew = await this.#options.remember(key.join('\n'), new Date(Number(until)));
    } catch (cause) {
      throw new SignatureError('unavailable', 'whether the signature was used before is unknown', 503, { cause });
    }
    // What says nothing says no.
    if (isNew !== true) throw new SignatureError('replayed', "the signature's nonce was used before", 401);
    return { keyId, algorithm: algorithm as VerifiedRequest['algorithm'], created: new Date(Number(created)) };
  }

  /** The value of `Accept-Signature` for an answer with 401: what a signature must cover. */
  async acceptSignature(): Promise<string> {
    return (await this.#ready()).acceptSignature();
  }

  async #ready(): Promise<Inner> {
    this.#inner ??= open(await module(), this.#options);
    return this.#inner;
  }
}

function attempt(inner: Inner, request: SignableRequest): string {
  try {
    return inner.verify(...taken(request));
  } catch (thrown) {
    const [status = '', code = '', ...message] = typeof thrown === 'string' ? thrown.split('\n') : [];
    throw /^\d+$/.test(status) ? new SignatureError(code as SignatureRefusal, message.join('\n'), Number(status)) : told(thrown);
  }
}

function open(module: Module, { keys, maxAgeMs, cover = [], authorities = [], remember }: RequestVerifierOptions): Inner {
  if (typeof remember !== 'function') throw new AcdError('configuration', '`remember` is no function: without one, what is captured passes again');
  try {
    const inner = new module.RequestVerifier(maxAgeMs, [...cover], [...authorities]);
    for (const [id, believed] of Object.entries(keys)) {
      for (const { secret, publicKey } of [believed].flat()) inner.believe(id, secret, publicKey);
    }
    return inner;
  } catch (thrown) {
    throw told(thrown);
  }
}
