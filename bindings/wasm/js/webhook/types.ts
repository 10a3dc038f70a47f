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
