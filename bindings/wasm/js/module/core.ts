import { load } from '#load/core';

import { loader } from '../loader.js';
import * as glue from '../made/acd_wasm.js';

/** What the module offers. */
export type Module = typeof glue;

/** The module of what is called by operation. */
export const module = /* @__PURE__ */ loader(glue, load);
