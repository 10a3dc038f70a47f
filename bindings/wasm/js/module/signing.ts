import { load } from '#load/signing';

import { loader } from '../loader.js';
import * as glue from '../made/acd_wasm_signing.js';

/** What the module offers. */
export type Module = typeof glue;

/** The module of signatures on requests. */
export const module = /* @__PURE__ */ loader(glue, load);
