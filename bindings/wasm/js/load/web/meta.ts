// Browsers and bundlers: `new URL` with `import.meta.url` is what they recognise and put the file beside.
import { fetched } from './fetched.js';

/** Fetches the module from beside the scripts. */
export const load = (): Promise<WebAssembly.Module> => fetched(new URL('../../../meta.wasm', import.meta.url));
