import { Caller, type CallOptions, type Parameters, parsed } from '../client.js';
import type { MetaClient as Inner } from '../made/acd_wasm.js';

/** Calls Meta by the names of its operations. */
export class MetaCaller extends Caller<Inner> {
  override async read<T>(operation: string, parameters: Parameters, options?: CallOptions): Promise<T> {
    const said = JSON.stringify(parameters, unlessNull);
    return super.read(operation, JSON.parse(said) as Parameters, options);
  }

  /** Makes a call whose body is a form. */
  async sendForm<T>(operation: string, path: readonly string[], form: FormData, options: CallOptions): Promise<T> {
    // The host writes it.
    const written = new Response(form);
    const body = new Uint8Array(await written.arrayBuffer());
    const headers = { ...options.headers, 'content-type': written.headers.get('content-type') ?? '' };
    const text = await this.run({ path }, { ...options, headers }, (client, ticket, given, mayBeGivenUp) =>
      client.callWithBytes(ticket, operation, given, body, mayBeGivenUp),
    );
    return parsed(operation, text);
  }
}

/** For `JSON.stringify`: what is null counts as not said, as it does in Rust; in a list it stays. */
export function unlessNull(_: string, value: unknown): unknown {
  return value ?? undefined;
}
