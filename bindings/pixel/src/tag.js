// The script tag. Before it is loaded, calls wait where the page's own line put them:
//   <script>window.acd = window.acd || function () { (acd.q = acd.q || []).push(arguments) }</script>
import { createPixel } from './index.js'

const tag = /** @type {HTMLScriptElement | null} */ (document.currentScript)
const data = tag?.dataset ?? {}
const page = /** @type {any} */ (window)
const name = data.name || 'acd'
const before = page[name]

// A second tag would count everything twice.
if (!before?.enable) {
  /** @type {any[][]} */
  const queued = Array.from(before?.q ?? [], (call) => Array.from(call))
  const { enabled = 'false', pages, limitedDataUse } = data
  const options = Object.assign(
    {
      // What is a text is called as the attribute is: endpoint, writeKey, pixelId, version, currency, metaScript.
      ...data,
      enabled: enabled !== 'false',
      pages: pages !== 'false',
      limitedDataUse: limitedDataUse ? limitedDataUse.split(',').map(Number) : limitedDataUse === '',
      nonce: tag?.nonce,
    },
    // What no attribute can say: `acd('set', { ask, events, onConsent, onError })`.
    ...queued.filter(([method]) => method === 'set').map(([, given]) => given),
  )
  const pixel = /** @type {any} */ (createPixel(options))
  /** @param {string} method @param {...any} given */
  const call = (method, ...given) => (Object.keys(pixel).includes(method) ? pixel[method](...given) : undefined)
  page[name] = Object.assign(call, pixel)
  for (const [method, ...given] of queued) call(method, ...given)
}
