import { AcdError, toError } from './error.js';
import { Host } from './host.js';
import { type Module, module } from './module/core.js';

/** Settings of a client. */
export interface ClientOptions {
  /** Where the server is, such as `http://127.0.0.1:4400`. */
  baseUrl: string;
  /** An API key or a JWT. */
  apiKey: string;
  /** Sent with every call. */
  headers?: Record<string, string> | undefined;
  /** How often a call is tried at most, 1 for no repetition. Default 3. */
  maxAttempts?: number | undefined;
}

/** What one call does otherwise than the others. */
export interface CallOptions {
  /** Gives the call up when it fires: its request is aborted, and the call rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** The limit of the whole call with its repetitions and waits, in milliseconds. */
  timeoutMs?: number | undefined;
  /** The limit of one attempt, in milliseconds. */
  attemptTimeoutMs?: number | undefined;
  /** How often the call is tried at most. */
  maxAttempts?: number | undefined;
  /** Sent with this call. */
  headers?: Record<string, string> | undefined;
}

/** Options of a call that creates. */
export interface KeyedCallOptions extends CallOptions {
  /**
   * Makes a repeat of the request harmless: the same key gives the same result. 1 to 255 visible ASCII characters; a random
   * one when left out. Keep it with the intent where the same request may be made again after a crash.
   */
  idempotencyKey?: string | undefined;
}

/** What is sent with a call. */
export interface Parameters {
  readonly path?: readonly string[] | undefined;
  readonly query?: object | undefined;
  readonly body?: object | undefined;
  /** Secrets in query or body, which no error repeats. */
  readonly hide?: readonly string[];
}

/** A client of the module, which tells what becomes of a call to the host by its ticket. */
export interface Client {
  call(ticket: number, operation: string, parameters: string | undefined, body: string | undefined, mayBeGivenUp: boolean): void;
  giveUp(ticket: number): void;
}

/** One for all clients of the module. */
let host: Host | undefined;

/** Calls a server by the names of its operations. The clients of the entries are made of it. */
export class Caller<C extends Client = Client> {
  readonly #make: (module: Module, host: Host) => C;
  #ready: { readonly client: C; readonly host: Host } | undefined;

  /** `make` makes the module's client when the first call needs it. */
  constructor(make: (module: Module, host: Host) => C) {
    this.#make = make;
  }

  /** The module's client. What a setting that cannot work throws is as the module has it. */
  open(module: Module, host: Host): C {
    this.#ready ??= { client: this.#make(module, host), host };
    return this.#ready.client;
  }

  /** Makes a call whose answer has a body. */
  async read<T>(operation: string, parameters: Parameters, options?: KeyedCallOptions): Promise<T> {
    return parsed(operation, await this.#call(operation, parameters, options));
  }

  /** Makes a call that is answered with nothing. */
  async send(operation: string, parameters: Parameters, options?: KeyedCallOptions): Promise<void> {
    await this.#call(operation, parameters, options);
  }

  #call(operation: string, parameters: Parameters, options: KeyedCallOptions = {}): Promise<string | undefined> {
    const { body, ...others } = parameters;
    const text = body === undefined ? undefined : JSON.stringify(body);
    return this.run(others, options, (client, ticket, given, mayBeGivenUp) =>
      client.call(ticket, operation, given, text, mayBeGivenUp),
    );
  }

  /**
   * Has the client do something: `act` gets the ticket by which the outcome is told, parameters and options as JSON, and whether
   * it may be given up. The result is the text that the module tells.
   */
  async run(
    parameters: Omit<Parameters, 'body'>,
    { signal, ...others }: KeyedCallOptions,
    act: (client: C, ticket: number, given: string | undefined, mayBeGivenUp: boolean) => void,
  ): Promise<string | undefined> {
    signal?.throwIfAborted();
    const { client, host } = this.#ready ?? (await this.#start());
    const said = JSON.stringify({ ...parameters, ...others });
    const given = said === '{}' ? undefined : said;
    if (signal === undefined) {
      return host.begin((ticket) => act(client, ticket, given, false)).catch(rethrow);
    }
    // It may have fired while the module was loaded.
    signal.throwIfAborted();
    let giveUp = () => {};
    try {
      return await host.begin((ticket) => {
        giveUp = () => client.giveUp(ticket);
        signal.addEventListener('abort', giveUp, { once: true });
        act(client, ticket, given, true);
      });
    } catch (thrown) {
      throw thrown === undefined ? signal.reason : toError(thrown);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  async #start(): Promise<{ readonly client: C; readonly host: Host }> {
    const loaded = await module();
    host ??= new Host(loaded);
    try {
      // Another call may have come first.
      return { client: this.open(loaded, host), host };
    } catch (thrown) {
      throw toError(thrown);
    }
  }
}

/** The JSON of an answer. */
export function parsed<T>(operation: string, text: string | undefined): T {
  if (text === undefined) {
    throw new AcdError('decode', `${operation}: the answer is empty`, { operation, mayHaveBeenSent: true });
  }
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new AcdError('decode', `${operation}: the answer is not JSON`, { operation, mayHaveBeenSent: true });
  }
}

function rethrow(thrown: unknown): never {
  throw toError(thrown);
}

/** The settings that the module reads, as JSON. */
export function settings({ headers, maxAttempts }: Pick<ClientOptions, 'headers' | 'maxAttempts'>): string {
  return JSON.stringify({ headers, maxAttempts });
}
