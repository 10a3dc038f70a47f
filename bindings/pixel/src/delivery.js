import { bytes } from './clean.js'
import { read, write } from './storage.js'

const KEY = 'acd_queue'
const MAX_WAITING = 100
/** The server's limit for one event, less what a batch adds. */
const MAX_EVENT_BYTES = 32000
/** Browsers let requests that outlive a page have 64 KiB together. */
const MAX_BATCH_BYTES = 48000
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 60000
const TIMEOUT_MS = 30000

/**
 * Delivers events to the server: one request at a time, and each again with the same id until there is an answer. The server
 * stores an id once, so that sending twice is never wrong.
 *
 * @param {{ endpoint: string, writeKey: string }} options
 * @param {(message: any) => void} review Called with each event before it is sent.
 * @param {(message: string, cause?: unknown) => void} report
 */
export function createDelivery({ endpoint, writeKey }, review, report) {
  const url = endpoint + '/v1/batch'
  /** @type {any[]} */
  let waiting = []
  /** @type {any[]} */
  let underWay = []
  let failures = 0
  let isStored = false
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  let abort = new AbortController()

  /** The next events that fit in one request; one always does. @param {any[]} from */
  const next = (from) => {
    let size = 0
    return from.filter((message, index) => (size += bytes(JSON.stringify(message))) < MAX_BATCH_BYTES || index === 0)
  }

  // A text is what browsers send elsewhere without asking first, also while the page is going away.
  /** @param {any[]} batch */
  const body = (batch) => {
    batch.forEach(review)
    return JSON.stringify({ writeKey, sentAt: new Date().toISOString(), batch })
  }

  /** @param {any[]} batch */
  const settle = (batch) => {
    waiting = waiting.filter((message) => !batch.includes(message))
    failures = 0
    if (isStored) write(KEY, null)
    isStored = false
  }

  /** @param {number} atLeastMs */
  const retry = (atLeastMs) => {
    const cap = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** failures)
    failures += 1
    timer = setTimeout(send, Math.max(atLeastMs, Math.random() * cap))
  }

  const send = async () => {
    if (underWay.length > 0) return
    clearTimeout(timer)
    if (waiting.length === 0) {
      failures = 0
      return
    }
    const batch = (underWay = next(waiting))
    abort = new AbortController()
    const limit = setTimeout(() => abort.abort(), TIMEOUT_MS)
    try {
      const { signal } = abort
      const response = await fetch(url, { method: 'POST', body: body(batch), keepalive: true, credentials: 'omit', signal })
      const { status } = response
      if (status >= 500 || status === 429 || status === 408) {
        retry(Math.min(Number(response.headers.get('retry-after')) || 0, 600) * 1000)
      } else {
        settle(batch)
        // 401 or 400: nothing that waiting would change.
        const { rejected } = await response.json()
        if (!response.ok || rejected.length > 0) report(`events refused (${status})`, rejected)
      }
    } catch (error) {
      if (waiting.includes(batch[0])) retry(0)
      report('events not delivered', error)
    }
    clearTimeout(limit)
    underWay = []
    if (failures === 0) send()
  }

  // A page may never hear of more than this.
  const leave = () => {
    const rest = waiting.filter((message) => !underWay.includes(message))
    while (rest.length > 0) navigator.sendBeacon(url, body(rest.splice(0, next(rest).length)))
    if (waiting.length > 0 && (failures > 0 || !navigator.onLine)) {
      write(KEY, waiting)
      isStored = true
    }
  }

  return {
    /** Takes up what an earlier page could not deliver. */
    resume() {
      const stored = read(KEY)
      write(KEY, null)
      if (Array.isArray(stored)) waiting.unshift(...stored.filter((message) => message?.context?.page).slice(0, MAX_WAITING))
      send()
    },

    /** @param {any} message */
    add(message) {
      if (bytes(JSON.stringify(message)) > MAX_EVENT_BYTES) {
        // The amount of an order matters more than its hundreds of products.
        const kept = message.properties ?? message.traits
        for (const key in kept) if (typeof kept[key] === 'object') delete kept[key]
        if (bytes(JSON.stringify(message)) > MAX_EVENT_BYTES) return report('an event over 32 KB')
      }
      if (waiting.length >= MAX_WAITING) return report('too many events wait')
      waiting.push(message)
      // What is called in one go travels together.
      if (failures === 0) queueMicrotask(send)
    },

    /** Drops all that is not sent. */
    clear() {
      waiting = []
      abort.abort()
      clearTimeout(timer)
      failures = 0
      write(KEY, null)
    },

    /** The connection is back. */
    hurry() {
      failures = 0
      send()
    },

    leave,
  }
}
