import { native } from '#hmac';

import { AcdError, text } from '../error.js';
import type { WebhookVerifier as Inner } from '../made/acd_wasm_webhooks.js';
import type { Module } from '../module/webhooks.js';
import { WebhookError, type WebhookRefusal } from './error.js';
import { Found } from './headers.js';
import type { Scheme, VerifiedWebhook, WebhookHeaders, WebhookVerifierOptions } from './types.js';

/** Below this the way to the host's cryptography takes longer than the hashing. */
const WORTH_THE_WAY = 512;
/** What the module answers for a message that it refused. */
const ACCEPTED = 0;

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder();

/** Verifies the messages of one endpoint, once the module is there. */
export class Messages {
  readonly #module: Module;
  readonly #scheme: Scheme;
  readonly #inner: Inner;
  readonly #names: readonly string[];
  readonly #idFields: readonly string[];
  readonly #timeField: string | undefined;
  readonly #hash: string;
  /** For the host's cryptography; none where the module has to hash. */
  readonly #keys: readonly unknown[];
  readonly #address: number;
  readonly #length: number;
  #view: Uint8Array;

  constructor(module: Module, { scheme, secret, appKey, maxAgeMs, maxSkewMs, memoryMs }: WebhookVerifierOptions) {
    const secrets = [secret].flat().map((one) => text('secret', one));
    this.#module = module;
    this.#scheme = scheme;
    try {
      this.#inner = new module.WebhookVerifier(scheme, appKey, secrets, maxAgeMs, maxSkewMs, memoryMs);
    } catch (thrown) {
      throw typeof thrown === 'string' ? new AcdError('configuration', thrown) : thrown;
    }
    this.#names = split(this.#inner.headers());
    this.#idFields = split(this.#inner.idFields());
    this.#timeField = this.#inner.timeField();
    this.#hash = this.#inner.hash() ?? '';
    this.#keys = this.#hash === '' ? [] : secrets.map((_, place) => native?.key(this.#inner.key(place) ?? new Uint8Array()));
    this.#address = this.#inner.room();
    this.#length = this.#inner.roomLength();
    this.#view = new Uint8Array();
  }

  /** What was verified; throws what refuses it. Nothing pauses in here: two messages never share the room. */
  verify(headers: WebhookHeaders, given: Uint8Array | string): VerifiedWebhook {
    const body = still(given);
    const secretIndex = this.#match(new Found(headers, this.#names), body);
    if (secretIndex < ACCEPTED) throw this.#refusal();
    // Only what is authentic is read.
    const event = parse(typeof body === 'string' ? body : decoder.decode(body));
    this.#judge(event);
    const messageId = this.#id(event);
    const signedAt = this.#inner.signedAt();
    return {
      scheme: this.#scheme,
      messageId,
      replayKey: `${this.#scheme}:${messageId ?? `sha256:${this.#digest(body)}`}`,
      rememberUntil: new Date(this.#inner.rememberUntil()),
      signedAt: Number.isNaN(signedAt) ? null : new Date(signedAt),
      secretIndex,
      event,
    };
  }

  /** The place of the secret that the message is signed by. */
  #match(found: Found, body: Uint8Array | string): number {
    const inner = this.#inner;
    const { present, repeated } = found;
    const text = found.text();
    const room = this.#room();
    const length = put(text, room, 0);
    if (length !== undefined) {
      if (native !== undefined && this.#hash !== '' && body.length > WORTH_THE_WAY) {
        const before = inner.preamble(present, repeated, length);
        if (before !== undefined && before < ACCEPTED) return before;
        const written = before === undefined ? undefined : this.#hashed(length, before, body);
        if (written !== undefined) return inner.verifyMacs(present, repeated, length, written);
      } else {
        const written = put(body, room, length);
        if (written !== undefined) return inner.verify(present, repeated, length, written);
      }
    }
    return inner.verifyCopied(present, repeated, text, typeof body === 'string' ? encoder.encode(body) : body);
  }

  /** Has the host hash what comes before the body, and the body, with each key. */
  #hashed(length: number, before: number, body: Uint8Array | string): number | undefined {
    const room = this.#room();
    const preamble = room.subarray(length, length + before);
    const macs = this.#keys.map((key) => native?.hmac(this.#hash, key, preamble, body));
    return put(macs.join('\n'), room, length);
  }

  /** The verifier's room in the module's memory, which moves when it grows. */
  #room(): Uint8Array {
    if (this.#view.length === 0) {
      const { buffer } = this.#module.linearMemory() as WebAssembly.Memory;
      this.#view = new Uint8Array(buffer, this.#address, this.#length);
    }
    return this.#view;
  }

  #judge(event: unknown): void {
    if (this.#timeField === undefined) return;
    const seconds = own(event, this.#timeField);
    if (Number.isInteger(seconds) && Number(seconds) >= 0 && this.#inner.judge(Number(seconds)) < ACCEPTED) {
      throw this.#refusal();
    }
  }

  #id(event: unknown): string | null {
    const fields = this.#idFields;
    if (fields.length === 0) return this.#inner.id() ?? null;
    const parts = fields.map((name) => own(event, name));
    // An empty one would make all of them the same message.
    return (parts.every((part) => typeof part === 'string') && parts.join(':')) || null;
  }

  #digest(body: Uint8Array | string): string {
    if (native !== undefined) return native.sha256(body);
    return this.#module.sha256(typeof body === 'string' ? encoder.encode(body) : body);
  }

  #refusal(): WebhookError {
    const [code = 'malformed', status = '400', ...message] = split(this.#inner.refusal() ?? '');
    return new WebhookError(code as WebhookRefusal, message.join('\n'), Number(status));
  }
}

/** The body as what nobody can change between its verification and its reading. */
function still(body: Uint8Array | string): Uint8Array | string {
  if (typeof body === 'string') return body;
  if (!ArrayBuffer.isView(body) || body.BYTES_PER_ELEMENT !== 1) {
    throw new AcdError('request', 'the body is no bytes: verify what arrived, before anything parses it');
  }
  // Memory that is shared with another thread is copied.
  return body.buffer instanceof ArrayBuffer ? body : new Uint8Array(body);
}

/** Writes into the room from a place on, and tells how many bytes; nothing when it does not fit. */
function put(what: Uint8Array | string, room: Uint8Array, place: number): number | undefined {
  if (typeof what !== 'string') {
    if (what.length > room.length - place) return undefined;
    room.set(what, place);
    return what.length;
  }
  const { read, written } = encoder.encodeInto(what, place === 0 ? room : room.subarray(place));
  return read === what.length ? written : undefined;
}

function split(lines: string): string[] {
  return lines === '' ? [] : lines.split('\n');
}

/** What an object, and not its prototype, has under a name. */
function own(value: unknown, name: string): unknown {
  const object = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new WebhookError('body', 'the message is authentic, but its body is not JSON', 400);
  }
}
