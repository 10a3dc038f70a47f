const SCRIPT = 'https://connect.facebook.net/en_US/fbevents.js'

/** @typedef {import('./index.js').PixelOptions} Options */

/**
 * Meta's pixel: loaded when it is granted, and never before.
 *
 * @param {Options} options
 * @param {(message: string, cause?: unknown) => void} report
 */
export function createMeta({ pixelId, metaScript, nonce, limitedDataUse }, report) {
  const page = /** @type {any} */ (window)
  let isReady = false
  let isRevoked = false
  let isBlocked = false

  /** @param {...any} call */
  const fbq = (...call) => {
    if (isBlocked) return
    try {
      page.fbq(...call)
    } catch (error) {
      report('fbq failed', error)
    }
  }

  const load = () => {
    if (page.fbq) return
    /** @type {any} */
    const stub = function () {
      // Meta's library reads the very `arguments`.
      if (stub.callMethod) stub.callMethod.apply(stub, arguments)
      else stub.queue.push(arguments)
    }
    page.fbq = stub
    page._fbq ||= stub
    Object.assign(stub, { push: stub, loaded: true, version: '2.0', queue: [] })
    const script = document.createElement('script')
    script.async = true
    script.src = metaScript || SCRIPT
    if (nonce) script.nonce = nonce
    script.onerror = () => {
      // Nobody will ever take what waits.
      isBlocked = true
      stub.queue.length = 0
      report('fbevents.js did not load')
    }
    document.head.append(script)
  }

  return {
    /** @param {string} [externalId] The id that the server's copies carry too. */
    grant(externalId) {
      if (!pixelId) return
      if (isRevoked) fbq('consent', 'grant')
      isRevoked = false
      if (isReady) return
      isReady = true
      load()
      // Page views are ours, with an event id; Meta's own have none, and its library would take ours for repetitions.
      page.fbq.disablePushState = page.fbq.allowDuplicatePageViews = true
      if (limitedDataUse) fbq('dataProcessingOptions', ['LDU'], ...(limitedDataUse === true ? [0, 0] : limitedDataUse))
      // Without it Meta's library reports clicks and reads forms that nobody asked it to.
      fbq('set', 'autoConfig', false, pixelId)
      fbq('init', pixelId, externalId ? { external_id: externalId } : {})
    },

    revoke() {
      if (!isReady || isRevoked) return
      if (!page.fbq.callMethod) {
        // Still loading: it would first do what waits, and then hear that it may not.
        page.fbq.queue.length = 0
        isReady = false
      }
      isRevoked = true
      fbq('consent', 'revoke')
    },

    /** @param {{ name: string, isStandard: boolean }} event @param {Record<string, any>} data @param {string} eventID */
    track({ name, isStandard }, data, eventID) {
      // Single: a page may have pixels of others, which were not told of to the visitor.
      if (isReady && !isRevoked) fbq(isStandard ? 'trackSingle' : 'trackSingleCustom', pixelId, name, data, { eventID })
    },
  }
}
