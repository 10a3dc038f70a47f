import { bytes, fields, text } from './clean.js'
import { gpc, inContext, record, recorded, same } from './consent.js'
import { clickIn, fbc, fbp, forget } from './cookies.js'
import { createDelivery } from './delivery.js'
import { createMeta } from './meta.js'
import { metaData, metaName } from './names.js'
import { route, watch } from './pages.js'
import { read, write } from './storage.js'

export const VERSION = '0.1.0'

const IDS = 'acd_ids'
/** The most calls that wait for a decision; the first ones stay, since they know where the visitor came from. */
const MAX_HELD = 100
/** Bytes of an id, as the server has it; and of a name, in UTF-16 units that have three bytes at most. */
const MAX_ID_BYTES = 512
const MAX_NAME = 170
const MAX_MESSAGE_ID_BYTES = 100
/** Of an id that is the page's own, so that it fits in a message's id beside a short name. */
const MAX_EVENT_ID_BYTES = 100
const CLICK_IDS = 'fbclid gclid gbraid wbraid ttclid msclkid'.split(' ')

/** 128 random bits; works without a secure context too, unlike `crypto.randomUUID`. */
const random = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => (byte + 256).toString(16).slice(1)).join('')

/** An address without the ids of clicks on advertisements. @param {string} address */
const bare = (address) => {
  try {
    const url = new URL(address)
    for (const name of CLICK_IDS) if (url.searchParams.has(name)) url.searchParams.delete(name)
    return url.href
  } catch {
    return address
  }
}

/** What the address says of the campaign. @param {string} url */
const campaignIn = (url) => {
  const { searchParams } = new URL(url)
  const [source, medium, name, term, content] = 'source medium campaign term content'
    .split(' ')
    .map((label) => searchParams.get('utm_' + label) ?? undefined)
  return source || medium || name ? { source, medium, name, term, content } : undefined
}

/** @param {any} id @param {number} [max] */
const validId = (id, max = MAX_ID_BYTES) => {
  const known = typeof id === 'string' || typeof id === 'number' ? text(id, Infinity) : ''
  return known && bytes(known) <= max ? known : undefined
}

/**
 * Makes a pixel: off until enabled, silent until the visitor decided.
 *
 * @param {import('./index.js').PixelOptions} options
 * @returns {import('./index.js').Pixel}
 */
export function createPixel(options) {
  options ||= /** @type {any} */ ({})
  const { version = '1' } = options
  /** @param {string} message @param {unknown} [cause] */
  const report = (message, cause) => {
    try {
      options.onError?.({ message, cause })
    } catch {
      // Whatever happens here is not the page's trouble.
    }
  }
  /** @template {any[]} A, R @param {(...given: A) => R} action @returns {(...given: A) => R | undefined} */
  const safe = (action) => (...given) => {
    try {
      return action(...given)
    } catch (error) {
      report('a call failed', error)
    }
  }

  let isEnabled = false
  let decision = /** @type {import('./index.js').Decision | null} */ (null)
  /** Whether the browser keeps the decision, so that what it has goes before what is known here. */
  let isKept = true
  /** @type {any[]} */
  let held = []
  /** @type {{ anonymousId?: string, userId?: string }} */
  let ids = {}
  /** @type {ReturnType<typeof clickIn>} */
  let click = null
  let address = location.href
  let referrer = document.referrer
  let lastRoute = ''

  /** Takes out what belongs to advertising. @param {any} message */
  const review = (message) => {
    if (!decision || decision.advertising) return
    const { context } = message
    delete context.fbp
    delete context.fbc
    context.page = { ...context.page, url: bare(context.page.url), referrer: bare(context.page.referrer) }
    context.consent = inContext(decision)
  }
  const meta = createMeta(options, report)
  const delivery = createDelivery(options, review, report)

  /** Ids as another tab may have left them, made where there are none. */
  const known = () => {
    const stored = read(IDS)
    if (stored) ids = { anonymousId: validId(stored.anonymousId), userId: validId(stored.userId) }
    if (!ids.anonymousId) {
      ids.anonymousId = random()
      write(IDS, ids)
    }
    return ids
  }

  /** @param {any} call */
  const dispatch = ({ kind, id, at, page, body }) => {
    if (!decision) return
    const { analytics, advertising } = decision
    if (analytics) {
      if (kind === 'identify' && body.userId) {
        known()
        ids.userId = body.userId
        write(IDS, ids)
      }
      const message = {
        type: kind,
        ...body,
        ...known(),
        messageId: id,
        timestamp: at,
        context: {
          page,
          userAgent: navigator.userAgent,
          locale: navigator.language,
          library: { name: '@acd/pixel', version: VERSION },
          campaign: campaignIn(page.url),
          consent: inContext(decision),
          ...(advertising && { fbp: fbp(), fbc: fbc(click) }),
        },
      }
      review(message)
      delivery.add(message)
    }
    if (advertising && kind !== 'identify') {
      const isPage = kind === 'page'
      const name = isPage ? { name: 'PageView', isStandard: true } : metaName(body.event, options.events)
      if (name) meta.track(name, isPage ? {} : metaData(body.properties, options.currency), body.properties.event_id)
    }
  }

  /** Does what follows from a decision, or from there being none any more. @param {import('./index.js').Decision | null} next */
  const apply = (next) => {
    const before = decision
    decision = next
    if (!isEnabled) return
    if (next?.advertising) {
      // Before anything is sent, so that Meta's library and our events find the same cookies.
      fbp()
      fbc(click)
      meta.grant(next.analytics ? (known().userId ?? ids.anonymousId) : undefined)
    } else {
      meta.revoke()
      if (next || before) forget()
    }
    // Without an answer nothing was stored by this page, and what an answer to an older question left stays until there is one.
    if (next ? !next.analytics : before) {
      ids = {}
      write(IDS, null)
      delivery.clear()
    }
    if (next?.analytics && !before?.analytics) delivery.resume()
    if (next) held.splice(0).forEach((call) => safe(dispatch)(call))
  }

  /** Another tab may have decided meanwhile. */
  const sync = safe(() => {
    const found = recorded(version)
    if (isEnabled && isKept && !same(found, decision)) apply(found)
  })

  /**
   * @param {string} kind
   * @param {any} body
   * @param {string} [own] The page's id of the event.
   */
  const call = (kind, body, own) => {
    const url = location.href
    if (url !== address) {
      referrer = address
      address = url
      click = clickIn(url) ?? click
    }
    const page = { url, path: location.pathname, referrer, title: text(document.title) }
    // Two events of one order may share its id; each is stored. Without room for name and id, a repetition is another event.
    const named = `${body.event} ${own}`
    const id = own && bytes(named) <= MAX_MESSAGE_ID_BYTES ? named : random()
    if (body.properties) body.properties.event_id = own ?? id
    const made = { kind, id, at: new Date().toISOString(), page, body }
    sync()
    if (isEnabled && decision) dispatch(made)
    else if (held.length < MAX_HELD) held.push(made)
    return own ?? id
  }

  /** @param {any} [name] @param {any} [properties] */
  const page = (name, properties) => {
    lastRoute = route()
    const isNamed = typeof name === 'string' && name
    return call('page', { name: isNamed ? text(name, MAX_NAME) : undefined, properties: fields(isNamed ? properties : name) })
  }

  /** @param {any} choice */
  const consent = (choice) => {
    // First, so that a tab that hears of the decision finds the visitor's id.
    if (isEnabled && choice?.analytics === true) known()
    const next = record(choice, version)
    isKept = same(recorded(version), next)
    apply(next)
    safe(() => options.onConsent?.({ ...next }))()
  }

  const enable = () => {
    if (isEnabled) return
    if (!options.endpoint || !options.writeKey) return report('endpoint and writeKey are needed')
    isEnabled = true
    const made = isKept ? recorded(version) : decision
    decision = null
    apply(made)
    if (options.pages !== false) {
      watch(safe(() => void (route() !== lastRoute && page())))
      page()
    }
    addEventListener('storage', sync)
    addEventListener('pageshow', sync)
    addEventListener('online', delivery.hurry)
    addEventListener('pagehide', safe(delivery.leave))
    addEventListener('visibilitychange', safe(() => document.hidden && delivery.leave()))
    if (!decision) safe(() => options.ask?.(safe(consent), { globalPrivacyControl: gpc() }))()
  }

  const pixel = {
    page: safe(page),
    track: safe((/** @type {any} */ event, /** @type {any} */ properties) => {
      const name = text(event, MAX_NAME)
      if (!name || event == null) return
      const body = { event: name, properties: fields(properties) }
      return call('track', body, validId(body.properties.event_id, MAX_EVENT_ID_BYTES))
    }),
    identify: safe((/** @type {any} */ userId, /** @type {any} */ traits) => {
      const id = validId(userId)
      if (userId != null && !id) return report('a user id has 1 to 512 bytes')
      call('identify', { userId: id, traits: fields(traits) })
    }),
    reset: safe(() => {
      ids = { anonymousId: random() }
      if (read(IDS)) write(IDS, ids)
      held = held.filter(({ kind }) => kind !== 'identify')
    }),
    consent: safe(consent),
    decision: () => decision && { ...decision },
    enable: safe(enable),
  }
  safe(() => (click = clickIn(address)))()
  if (options.enabled === true) pixel.enable()
  return /** @type {any} */ (pixel)
}
