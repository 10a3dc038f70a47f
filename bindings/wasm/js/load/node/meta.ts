// Node, Bun and Deno.
import { readFileSync } from 'node:fs';

/** Reads the module from the file beside the scripts: compiling it here needs no await. */
export const load = (): WebAssembly.Module =>
  new WebAssembly.Module(readFileSync(new URL('../../../meta.wasm', import.meta.url)));
