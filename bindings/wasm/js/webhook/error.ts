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
