import { text } from '../error.js';
import type { RequestSigner as Inner } from '../made/acd_wasm_signing.js';
import { type Module, module } from '../module/signing.js';
import { type SignableRequest, taken, told } from './request.js';

interface CommonOptions {
  /** The id of the key, by which the other side finds it: `svk_…` of a service key of the platform. */
  keyId: string;
  /** How long a signature is valid, in milliseconds. Default five minutes, which is also the most; whole seconds count. */
  lifetimeMs?: number | undefined;
  /** Fields that are covered besides those of the profile, when a request has them. */
  cover?: readonly string[] | undefined;
}

/** A key that both sides hold. */
export interface SharedKeyOptions extends CommonOptions {
  /** At least 32 bytes in base64: `openssl rand -base64 32` makes one. */
  secret: string;
  privateKey?: undefined;
}

/** A key of which the other side holds the public half. */
export interface PrivateKeyOptions extends CommonOptions {
  /** A key of Ed25519: PEM or base64 as `openssl genpkey -algorithm ed25519` writes it, or its seed, as in the `d` of a JWK. */
  privateKey: string;
  secret?: undefined;
}

/** Settings of a signer. */
export type RequestSignerOptions = SharedKeyOptions | PrivateKeyOptions;

/**
 * Signs requests between services after [RFC 9421](https://www.rfc-editor.org/rfc/rfc9421), as the platform demands of them
 * ([which profile](https://github.com/acd-platform/acd/blob/main/docs/guides/signed-calls.md)).
 *
 * Not for pages and apps, which cannot keep a key.
 */
export class RequestSigner {
  readonly #options: RequestSignerOptions;
  #inner: Inner | undefined;

  constructor(options: RequestSignerOptions) {
    this.#options = { ...options };
  }

  /**
   * The headers to add to a request: `content-digest` if it has a body, `signature-input` and `signature`. Sign each attempt
   * anew: a signature passes once. Sign last: what is covered must not change afterwards.
   *
   * Rejects with an `AcdError`: of the kind `configuration` for settings that cannot work, of the kind `request` for a request
   * that cannot be signed as it is.
   */
  async sign(request: SignableRequest): Promise<Record<string, string>> {
    const inner = await this.#ready();
    try {
      const lines = inner.sign(...taken(request)).trimEnd().split('\n');
      return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
    } catch (thrown) {
      throw told(thrown);
    }
  }

  /** The public half of a private key in base64, to be registered where signatures are checked; `undefined` of a secret. */
  async publicKey(): Promise<string | undefined> {
    return (await this.#ready()).publicKey();
  }

  async #ready(): Promise<Inner> {
    this.#inner ??= open(await module(), this.#options);
    return this.#inner;
  }
}

function open(module: Module, { keyId, secret, privateKey, lifetimeMs, cover = [] }: RequestSignerOptions): Inner {
  try {
    return new module.RequestSigner(text('keyId', keyId), secret, privateKey, lifetimeMs, [...cover]);
  } catch (thrown) {
    throw told(thrown);
  }
}
