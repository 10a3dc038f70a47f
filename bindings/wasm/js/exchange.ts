import { AcdError, type ErrorKind } from './error.js';
import type { Exchange, Receipt } from './made/acd_wasm_analytics.js';

/** For how long a complete answer is waited for, as calls do. */
const TIMEOUT_MS = 20_000;
/** Longest answer that is read, in bytes. */
const MOST_BYTES = 1 << 20;
/** What Node and Bun say when no connection was made. Browsers say nothing of the kind. */
const NEVER_CONNECTED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'ConnectionRefused'];
/** In which servers, and what is before them, give milliseconds. */
const WAITS_MS = ['retry-after-ms', 'x-ms-retry-after-ms', 'x-amz-retry-after'];
/** After these statuses the same request may well succeed. */
const TRANSIENT = [408, 429, 500, 502, 503, 504];
const KINDS: Partial<Record<number, ErrorKind>> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  410: 'not_found',
  412: 'conflict',
  429: 'throttled',
};

/** Why there is no receipt, before it is known what the request was. */
interface Trouble {
  kind: ErrorKind;
  message: string;
  status?: number;
  code?: string | undefined;
  detail?: string | undefined;
  requestId?: string | undefined;
  retryAfterMs?: number | undefined;
}

/** The server that takes events. */
export class EventServer {
  readonly #base: string;
  readonly #authorization: string;
  readonly #secrets: readonly string[];

  /** Throws an error of the kind `configuration` for an address or a key that cannot work. */
  constructor(baseUrl: string, writeKey: string) {
    this.#base = address(baseUrl);
    if (typeof writeKey !== 'string' || writeKey.trim() === '') throw unusable('the credential is blank: set writeKey');
    if (writeKey.includes(':')) throw unusable('the credential has a colon in its user name');
    const bytes = new TextEncoder().encode(`${writeKey}:`);
    const pair = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    this.#authorization = `Basic ${pair}`;
    this.#secrets = [pair, writeKey];
  }

  /** Sends a batch once. */
  send(operation: string, path: string, body: Uint8Array): Exchange {
    const controller = new AbortController();
    // Copied at once: the module's memory is its own again when this returns.
    const receipt = this.#attempt(operation, path, body.slice(), controller);
    return { receipt, abort: () => controller.abort() };
  }

  async #attempt(operation: string, path: string, body: BodyInit, controller: AbortController): Promise<Receipt> {
    const begun = performance.now();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      controller.abort();
    }, TIMEOUT_MS);
    let answer: Response | undefined;
    let found: Receipt | Trouble;
    try {
      answer = await fetch(this.#base + path, {
        method: 'POST',
        headers: { authorization: this.#authorization, 'content-type': 'application/json' },
        body,
        // Credentials are not to be carried along to wherever it leads.
        redirect: 'manual',
        signal: controller.signal,
      });
      found = this.#read(answer, await within(answer));
    } catch (thrown) {
      if (late) found = { kind: 'timeout', message: `no complete answer within ${TIMEOUT_MS / 1000}s` };
      else found = answer === undefined ? unsent(thrown) : { kind: 'interrupted', message: 'the answer broke off', status: answer.status };
    } finally {
      clearTimeout(timer);
    }
    if ('rejected' in found) return found;
    throw failure(operation, found, performance.now() - begun);
  }

  /** What an answer says. `text` is its body, unless that is longer than one may be. */
  #read(answer: Response, text: string | undefined): Receipt | Trouble {
    const { status, statusText, headers } = answer;
    if (answer.type === 'opaqueredirect') {
      return { kind: 'redirect', message: 'the server redirected the request, and a browser hides where to' };
    }
    const document = parsed(text ?? '');
    if (answer.ok || status === 304) {
      const requestId = this.#hide(headers.get('x-request-id'));
      if (text === undefined) return { kind: 'too_large', message: `the answer exceeds ${MOST_BYTES} bytes`, status, requestId };
      return receipt(document) ?? { kind: 'decode', message: 'the body was not understood: it is no reply to a batch', status, requestId };
    }
    const { error, ...problem } = (document ?? {}) as Record<string, unknown>;
    const inner = (typeof error === 'object' ? error : null) as Record<string, unknown> | null;
    const said = (...candidates: unknown[]) => this.#hide(candidates.find((value) => typeof value === 'number' || (typeof value === 'string' && value !== '')));
    return {
      kind: KINDS[status] ?? (status < 400 ? 'redirect' : status < 500 ? 'rejected' : 'server'),
      message: `the server answered ${status} ${statusText}`.trimEnd(),
      status,
      code: said(problem['code'], inner?.['code'], inner?.['type'], error),
      detail: said(problem['detail'], inner?.['message'], problem['message'], problem['error_description'], problem['title']),
      requestId: said(headers.get('x-request-id'), headers.get('request-id'), problem['request_id']),
      retryAfterMs: retryAfter(headers),
    };
  }

  /** What the server says, without what it was sent in confidence. */
  #hide(said: unknown): string | undefined {
    if (said === undefined || said === null) return undefined;
    return this.#secrets.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), String(said));
  }
}

/** Where the API begins, without a slash at its end. The text is not repeated, as it may hold a password. */
function address(baseUrl: string): string {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    throw unusable('the base URL is not a URL such as https://api.example.com');
  }
  if (!/^https?:$/.test(url.protocol)) throw unusable('the base URL must start with http:// or https://');
  if (url.username !== '' || url.password !== '') throw unusable('the base URL must not hold a user or password');
  if (/[?#]/.test(url.href)) throw unusable('the base URL must not hold a query or fragment');
  return url.href.replace(/\/+$/, '');
}

function unusable(message: string): AcdError {
  return new AcdError('configuration', message);
}

/** Why `fetch` gave no answer. Where it does not tell a refused connection from a broken one, the request may have been sent. */
function unsent(thrown: unknown): Trouble {
  const { code: own, cause } = thrown as { code?: unknown; cause?: { code?: unknown } };
  const code = [cause?.code, own].find((code) => typeof code === 'string') as string | undefined;
  const kind = code !== undefined && NEVER_CONNECTED.includes(code) ? 'connect' : 'interrupted';
  const remedy = "check the server's address, that it runs, and that it allows this origin (CORS)";
  return { kind, message: `fetch failed${code === undefined ? '' : ` (${code})`}: ${remedy}` };
}

/** The body of an answer, unless it is longer than it may be: then the rest is left to the server to keep. */
async function within(answer: Response): Promise<string | undefined> {
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let [text, length] = ['', 0];
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done) return text + decoder.decode();
    length += value.length;
    if (length > MOST_BYTES) {
      await reader?.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The receipt in an answer. Segment's own API answers with `success` alone. */
function receipt(document: unknown): Receipt | undefined {
  const { success, duplicates = 0, rejected = [] } = (document ?? {}) as { success?: unknown } & Partial<Receipt>;
  const isWhole =
    typeof success === 'boolean' &&
    isCount(duplicates) &&
    Array.isArray(rejected) &&
    (rejected as readonly (Partial<Receipt['rejected'][number]> | null)[]).every(
      (event) =>
        isCount(event?.index) &&
        typeof event?.code === 'string' &&
        typeof event.detail === 'string' &&
        ['string', 'undefined'].includes(typeof (event.message_id ?? undefined)),
    );
  return isWhole ? { duplicates, rejected } : undefined;
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32;

/** How long the server asks to wait: in milliseconds, in seconds, or until a date by its own clock. */
function retryAfter(headers: Headers): number | undefined {
  const ms = WAITS_MS.map((name) => headers.get(name)).find((value) => value !== null && /^\d+$/.test(value));
  if (ms) return Number(ms);
  const value = headers.get('retry-after') ?? '';
  if (/^\d+(\.\d+)?$/.test(value)) return Math.round(Number(value) * 1000);
  const [until, now] = [value, headers.get('date') ?? ''].map(date);
  return until === undefined ? undefined : Math.max(until - (now ?? Date.now()), 0);
}

/** A date as HTTP writes it, the obsolete forms too, all of which are in GMT. */
function date(text: string): number | undefined {
  const at = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : NaN;
  return Number.isNaN(at) ? undefined : at;
}

/** The error of a request that was made once, as one of a call. */
function failure(operation: string, trouble: Trouble, took: number): AcdError {
  const { kind, message, status, code, detail, requestId, retryAfterMs } = trouble;
  const tookMs = Math.round(took);
  const mayHaveBeenSent = kind !== 'connect';
  const isAnswered = status !== undefined && kind !== 'interrupted' && kind !== 'decode';
  const parts = [
    `${operation}: ${message}`,
    code && ` (${line(code, 100)})`,
    detail && `: ${line(detail, 300)}`,
    requestId && `; request id ${line(requestId, 100)}`,
    retryAfterMs !== undefined && `; retry after ${retryAfterMs / 1000}s`,
    `; 1 attempt in ${tookMs}ms`,
  ];
  return new AcdError(kind, parts.filter(Boolean).join(''), {
    operation,
    status,
    code,
    detail,
    requestId,
    retryAfterMs,
    mayHaveBeenSent,
    retryable: isAnswered ? TRANSIENT.includes(status) : ['connect', 'interrupted', 'timeout'].includes(kind),
    attempts: [{ number: 1, startedMs: 0, tookMs, status: status ?? null, failure: status === undefined ? kind : null, mayHaveBeenSent }],
  });
}

/** Text from outside, cut, and kept from starting a second line in a log or from turning its direction around. */
function line(text: string, most: number): string {
  const plain = text.replaceAll(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, ' ');
  return plain.length > most ? `${plain.slice(0, most)}…` : plain;
}
