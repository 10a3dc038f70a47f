/** What went wrong, in one word. More may be added: keep a default case. */
export type ErrorKind =
  /** The client was built with settings that cannot work. Nothing was sent. */
  | 'configuration'
  /** The call could not be turned into a request. Nothing was sent. */
  | 'request'
  /** The host lacks something, such as randomness. Nothing was sent. */
  | 'environment'
  /** Credentials could not be obtained or applied. Nothing was sent. */
  | 'credentials'
  /** The server has failed too often of late. Nothing was sent. */
  | 'circuit_open'
  /** A limit is reached on this side. Nothing was sent. */
  | 'rate_limited'
  /** There was no connection. Nothing was sent. */
  | 'connect'
  /** The connection broke; the server may have acted. */
  | 'interrupted'
  /** A timeout passed; the server may have acted. */
  | 'timeout'
  /** The answer is larger than the call allows. */
  | 'too_large'
  /** The answer could not be understood. */
  | 'decode'
  /** What arrived is not what was meant to be sent. */
  | 'integrity'
  /** The server asked to go elsewhere (3xx). */
  | 'redirect'
  /** The server does not know the caller (401). */
  | 'unauthenticated'
  /** The caller may not do this (403). */
  | 'forbidden'
  /** There is no such thing, or not for this caller (404, 410). */
  | 'not_found'
  /** The call contradicts the present state (409, 412). */
  | 'conflict'
  /** Too many calls (429). */
  | 'throttled'
  /** The server refuses the call as it is (the other 4xx). */
  | 'rejected'
  /** The server failed (5xx). */
  | 'server';

/** What one attempt of a call did. Times are in milliseconds from the call's start. */
export interface Attempt {
  /** Its place in the call, from 1. */
  readonly number: number;
  readonly startedMs: number;
  /** `null` when the overall deadline cut it short. */
  readonly tookMs: number | null;
  /** The HTTP status, if there was an answer. */
  readonly status: number | null;
  /** The kind of failure, if there was no answer. */
  readonly failure: ErrorKind | null;
  /** Whether the server may have acted. */
  readonly mayHaveBeenSent: boolean;
}

/** What is known of a failure besides its kind and message. */
export interface ErrorFacts {
  readonly operation?: string | null | undefined;
  readonly status?: number | null | undefined;
  readonly code?: string | null | undefined;
  readonly detail?: string | null | undefined;
  readonly requestId?: string | null | undefined;
  readonly retryable?: boolean | undefined;
  readonly retryAfterMs?: number | null | undefined;
  readonly mayHaveBeenSent?: boolean | undefined;
  readonly attempts?: readonly Attempt[] | undefined;
  /** What the host threw. */
  readonly cause?: unknown;
}

/** Why a call failed. A call that was given up by its `signal` rejects with the signal's reason instead. */
export class AcdError extends Error {
  override readonly name = 'AcdError';
  /** What went wrong, in one word. */
  readonly kind: ErrorKind;
  /** The name of the call, such as `platform.keys.create`. */
  readonly operation: string | undefined;
  /** The HTTP status, if there was an answer. */
  readonly status: number | undefined;
  /** The server's machine-readable code. */
  readonly code: string | undefined;
  /** The server's explanation. */
  readonly detail: string | undefined;
  /** The server's id for the exchange, for its log. */
  readonly requestId: string | undefined;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Whether the server may have acted on the call. */
  readonly mayHaveBeenSent: boolean;
  /** What each attempt did, in order. */
  readonly attempts: readonly Attempt[];

  constructor(kind: ErrorKind, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = kind;
    this.operation = facts.operation ?? undefined;
    this.status = facts.status ?? undefined;
    this.code = facts.code ?? undefined;
    this.detail = facts.detail ?? undefined;
    this.requestId = facts.requestId ?? undefined;
    this.retryable = facts.retryable ?? false;
    this.retryAfterMs = facts.retryAfterMs ?? undefined;
    this.mayHaveBeenSent = facts.mayHaveBeenSent ?? false;
    this.attempts = facts.attempts ?? [];
  }
}

/** What something thrown says. */
export function reason(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** A failure as a module writes it. */
export interface View {
  kind: ErrorKind;
  message: string;
  operation?: string | null;
  status?: number | null;
  code?: string | null;
  detail?: string | null;
  request_id?: string | null;
  retryable?: boolean;
  retry_after_ms?: number | null;
  may_have_been_sent?: boolean;
  attempts?: {
    number: number;
    started_ms: number;
    took_ms: number | null;
    status: number | null;
    failure: ErrorKind | null;
    may_have_been_sent: boolean;
  }[];
}

/** What a module threw, as an error of the package; a fault of the module itself is passed on. */
export function toError(thrown: unknown): unknown {
  return typeof thrown === 'string' ? fromView(JSON.parse(thrown) as View) : thrown;
}

/** A setting that has to be a text, which one read from an environment that lacks it is not, whatever its type says. */
export function text(name: string, value: unknown): string {
  if (typeof value !== 'string') throw new AcdError('configuration', `\`${name}\` is not a text: is it set where it is read from?`);
  return value;
}

/** An error of the package. */
export function fromView(view: View): AcdError {
  return new AcdError(view.kind, view.message, {
    operation: view.operation,
    status: view.status,
    code: view.code,
    detail: view.detail,
    requestId: view.request_id,
    retryable: view.retryable,
    retryAfterMs: view.retry_after_ms,
    mayHaveBeenSent: view.may_have_been_sent,
    attempts: view.attempts?.map((attempt) => ({
      number: attempt.number,
      startedMs: attempt.started_ms,
      tookMs: attempt.took_ms,
      status: attempt.status,
      failure: attempt.failure,
      mayHaveBeenSent: attempt.may_have_been_sent,
    })),
  });
}
