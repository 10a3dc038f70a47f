import { Caller, type CallOptions, type Parameters } from '../client.js';
import type { MetaClient as Inner } from '../made/acd_wasm.js';

/** Calls Meta by the names of its operations. */
export class MetaCaller extends Caller<Inner> {
  /** What is null counts as not said, as it does in Rust; in a list it stays. */
  override async read<T>(operation: string, parameters: Parameters, options?: CallOptions): Promise<T> {
    const said = JSON.stringify(parameters, (_, value: unknown) => value ?? undefined);
    return super.read(operation, JSON.parse(said) as Parameters, options);
  }
}
