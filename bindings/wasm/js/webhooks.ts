/**
 * Verification of webhooks: those of the platform and of every vendor.
 *
 * @packageDocumentation
 */
import { hmac } from '#hmac';

import { AcdError } from './error.js';
import type { WebhookVerifier as Inner } from './made/acd_wasm.js';
import { module } from './module/core.js';

export { AcdError } from './error.js';

/** A way of signing webhooks. */
export type Scheme =
  | 'stripe'
  | 'meta'
  | 'tiktok'
  | 'tiktok_shop'
  | 'remotion_lambda'
  | 'acd_v0'
  | 'standard_webhooks'
  | 'svix'
  | 'resend';

/** Settings of a verifier. */
export interface WebhookVerifierOptions {
  /** How the sender signs. */
  scheme: Scheme;
  /** The endpoint's secret; several while it is changed: a message that matches any of them is authentic. */
  secret: string | readonly string[];
  /** `tiktok_shop`: the key of the app that the shop authorised. */
  appKey?: string | undefined;
  /** How old a signed time may be, in milliseconds. Default five minutes, 24 hours for `tiktok_shop`. */
  maxAgeMs?: number | undefined;
  /** How far ahead of this machine's clock a signed time may be, in milliseconds. Default five minutes. */
  maxSkewMs?: number | undefined;
  /** How long a message has to be remembered at least, in milliseconds. Default four days. */
  memoryMs?: number | undefined;
}

/** Headers as `fetch` has them, or as Node's `request.headers`. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** A message that was found authentic. */
export interface VerifiedWebhook {
  /** How it was signed. */
  readonly scheme: Scheme;
  /** The sender's id of the message, the same at every repetition. */
  readonly messageId: string | null;
  /** What stands for the message where it is remembered, so that it is taken once. Unique within one endpoint. */
  readonly replayKey: string;
  /** How long it has to be remembered. */
  readonly rememberUntil: Date;
  /** The time that was signed; `null` where the scheme signs none. */
  readonly signedAt: Date | null;
  /** Which of the secrets matched, from 0: when the old one no longer does, it can be dropped. */
  readonly secretIndex: number;
  /** The body, parsed. */
  readonly event: unknown;
}

/** Why a webhook was refused, for logs and counters. The answer to the sender carries the `status` and nothing else. */
export type WebhookRefusal = 'missing_header' | 'malformed' | 'unsigned' | 'no_match' | 'expired' | 'too_new' | 'body';

/** A webhook that was refused. */
export class WebhookError extends Error {
  override readonly name = 'WebhookError';
  /** Why. */
  readonly code: WebhookRefusal;
  /** The HTTP status to answer with. */
  readonly status: number;

  constructor(code: WebhookRefusal, message: string, status: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Tells authentic webhooks of one endpoint from others. */
export class WebhookVerifier {
  readonly #scheme: Scheme;
  readonly #settings: string;
  readonly #secrets: string[];
  #inner: Inner | undefined;
  /** What is being verified. */
  #body: Uint8Array | undefined;

  constructor({ secret, ...settings }: WebhookVerifierOptions) {
    this.#scheme = settings.scheme;
    this.#settings = JSON.stringify(settings);
    this.#secrets = typeof secret === 'string' ? [secret] : [...secret];
  }

  /**
   * Verifies a message. `body` is what arrived, byte for byte: JSON that was parsed and written again is another message.
   * Rejects with a `WebhookError`, and with an `AcdError` of the kind `configuration` for settings that cannot work.
   */
  async verify(headers: WebhookHeaders, body: Uint8Array | string): Promise<VerifiedWebhook> {
    const inner = this.#inner ?? (await this.#ready());
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const told = this.#attempt(inner, lines(headers), bytes).split('\n');
    const [secretIndex, rememberUntil, signedAt, hasId] = told.splice(0, 4);
    // An id may hold anything.
    const replayKey = told.join('\n');
    return {
      scheme: this.#scheme,
      messageId: hasId === '1' ? replayKey.slice(this.#scheme.length + 1) : null,
      replayKey,
      rememberUntil: new Date(Number(rememberUntil)),
      signedAt: signedAt === '' ? null : new Date(Number(signedAt)),
      secretIndex: Number(secretIndex),
      event: parse(typeof body === 'string' ? body : decoder.decode(body)),
    };
  }

  #attempt(inner: Inner, headers: string, body: Uint8Array): string {
    this.#body = body;
    try {
      return inner.verify(headers, body);
    } catch (thrown) {
      if (typeof thrown !== 'string') throw thrown;
      const { code, message, status } = JSON.parse(thrown) as { code: WebhookRefusal; message: string; status: number };
      throw new WebhookError(code, message, status);
    } finally {
      this.#body = undefined;
    }
  }

  /** What the module calls while it verifies. */
  #hmac() {
    const native = hmac;
    if (native === undefined) return undefined;
    return (...[hash, secret, before]: Parameters<typeof native>) => {
      // Without a body the module computes it by itself.
      return this.#body && native(hash, secret, before, this.#body);
    };
  }

  async #ready(): Promise<Inner> {
    if (this.#inner === undefined) {
      const loaded = await module();
      try {
        this.#inner ??= new loaded.WebhookVerifier(this.#settings, this.#secrets, this.#hmac());
      } catch (thrown) {
        throw typeof thrown === 'string' ? new AcdError('configuration', thrown) : thrown;
      }
    }
    return this.#inner;
  }
}

const decoder = /* @__PURE__ */ new TextDecoder();

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new WebhookError('body', 'the message is authentic, but its body is not JSON', 400);
  }
}

/** As HTTP writes them. What HTTP could not carry does not reach the module as another header. */
function lines(headers: WebhookHeaders): string {
  let text = '';
  const add = (name: string, value: string) => {
    if (!value.includes('\n') && !value.includes('\r')) text += `${name}:${value}\n`;
  };
  if (headers instanceof Headers) {
    headers.forEach((value, name) => add(name, value));
    return text;
  }
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') add(name, value);
    else value?.forEach((one) => add(name, one));
  }
  return text;
}
