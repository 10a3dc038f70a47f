import { load } from '#load/analytics';

import { loader } from '../loader.js';
import * as glue from '../made/acd_wasm_analytics.js';

/** The module of analytics. */
export const module = /* @__PURE__ */ loader(glue, load);
