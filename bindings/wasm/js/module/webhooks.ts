import { load } from '#load/webhooks';

import { loader } from '../loader.js';
import * as glue from '../made/acd_wasm_webhooks.js';

/** What the module offers. */
export type Module = typeof glue;

/** The module of webhooks. */
export const module = /* @__PURE__ */ loader(glue, load);
