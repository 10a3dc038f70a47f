import { load } from '#load/meta';

import { loader } from '../loader.js';
import * as glue from '../made/acd_wasm_meta.js';

/** What the module offers. */
export type Module = typeof glue;

/** The module of Meta. */
export const module = /* @__PURE__ */ loader(glue, load);
