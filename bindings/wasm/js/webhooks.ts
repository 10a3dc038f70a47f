/**
 * Verification of webhooks: those of the platform and of every vendor.
 *
 * @packageDocumentation
 */
import { module } from './module/webhooks.js';
import { Messages } from './webhook/messages.js';
import type { VerifiedWebhook, WebhookHeaders, WebhookVerifierOptions } from './webhook/types.js';

export { AcdError } from './error.js';
export { WebhookError, type WebhookRefusal } from './webhook/error.js';
export type { Scheme, VerifiedWebhook, WebhookHeaders, WebhookVerifierOptions } from './webhook/types.js';

/** Tells authentic webhooks of one endpoint from others. */
export class WebhookVerifier {
  readonly #options: WebhookVerifierOptions;
  #messages: Messages | undefined;

  constructor(options: WebhookVerifierOptions) {
    this.#options = { ...options };
  }

  /**
   * Verifies a message. `body` is what arrived, byte for byte: JSON that was parsed and written again is another message.
   * Rejects with a `WebhookError`, and with an `AcdError`: of the kind `configuration` for settings that cannot work, of the
   * kind `request` for a body that is neither bytes nor text.
   */
  async verify(headers: WebhookHeaders, body: Uint8Array | string): Promise<VerifiedWebhook> {
    this.#messages ??= new Messages(await module(), this.#options);
    return this.#messages.verify(headers, body);
  }
}
