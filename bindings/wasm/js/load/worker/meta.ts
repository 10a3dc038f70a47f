// Workers that may not compile at run time get the module compiled by the import.
// @ts-expect-error A module of WebAssembly has no declarations.
import compiled from '../../../meta.wasm';

/** The module as the host compiled it. */
export const load = (): WebAssembly.Module => compiled as WebAssembly.Module;
