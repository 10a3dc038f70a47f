import type { CallOptions } from '../client.js';
import { toError } from '../error.js';
import type { MetaClient as Inner } from '../made/acd_wasm_meta.js';

/** What the module's client of Meta does, with what a signal gives up. */
export class Calls {
  readonly #open: () => Promise<Inner>;
  #client: Inner | undefined;
  #tickets = 0;

  /** `open` makes the module's client when it is first needed. */
  constructor(open: () => Promise<Inner>) {
    this.#open = open;
  }

  /** Has the client do something: `act` gets the options as JSON, and the ticket by which the signal gives it up. */
  async run(
    options: CallOptions,
    act: (client: Inner, options: string | undefined, ticket: number) => Promise<string | undefined>,
  ): Promise<string | undefined> {
    const { signal, ...others } = options;
    signal?.throwIfAborted();
    const client = await this.ready();
    const said = JSON.stringify(others);
    const given = said === '{}' ? undefined : said;
    // It may have fired while the module was loaded.
    signal?.throwIfAborted();
    this.#tickets = (this.#tickets % 0xffff_ffff) + 1;
    const ticket = signal === undefined ? 0 : this.#tickets;
    const giveUp = () => client.giveUp(ticket);
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      return await act(client, given, ticket);
    } catch (thrown) {
      // Nothing is thrown by what was given up.
      throw thrown === undefined ? signal?.reason : toError(thrown);
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /** The module's client. */
  async ready(): Promise<Inner> {
    if (this.#client === undefined) {
      try {
        const opened = await this.#open();
        // Another call may have come first.
        this.#client ??= opened;
      } catch (thrown) {
        throw toError(thrown);
      }
    }
    return this.#client;
  }
}
