/** The most values that one event may hold; the rest is left out. */
const MAX_VALUES = 2000
/** The deepest nesting; the server takes 32 levels. */
const MAX_DEPTH = 16
const MAX_TEXT = 8192

/**
 * A text that PostgreSQL can store: no NUL, no half of a surrogate pair, no more than `max` UTF-16 units.
 *
 * @param {unknown} value
 * @param {number} [max]
 */
export const text = (value, max = MAX_TEXT) => String(value).slice(0, max).replace(/[\0\ud800-\udfff]/gu, '\ufffd')

/**
 * Copies what a page handed over into plain JSON values. What cannot be one is left out: functions, cycles, what throws when
 * it is read. The copy also keeps what is sent later from changing with the page's objects.
 *
 * @param {unknown} value
 * @returns {any}
 */
export function clean(value) {
  let left = MAX_VALUES
  /** @param {any} value @param {object[]} above @returns {any} */
  const copy = (value, above) => {
    const kind = typeof value
    if (left-- <= 0) return undefined
    if (kind === 'string') return text(value)
    if (kind === 'bigint') return String(value)
    if (kind === 'number') return isFinite(value) ? value : undefined
    if (kind === 'boolean' || value === null) return value
    if (kind !== 'object' || above.length >= MAX_DEPTH || above.includes(value)) return undefined
    const path = [...above, value]
    try {
      if (typeof value.toJSON === 'function') return copy(value.toJSON(), path)
      if (Array.isArray(value)) {
        const items = value.slice(0, left).map((item) => copy(item, path))
        return items.filter((item) => item !== undefined)
      }
      if (ArrayBuffer.isView(value)) return undefined
      /** @type {any} */
      const result = {}
      for (const key of Object.keys(value)) {
        if (left <= 0) break
        try {
          const item = copy(value[key], path)
          if (item !== undefined && key !== '__proto__') result[text(key, 256)] = item
        } catch {
          // A getter that throws costs its own field alone.
        }
      }
      return result
    } catch {
      return undefined
    }
  }
  return copy(value, [])
}

/**
 * An object of plain values, whatever was given.
 *
 * @param {unknown} value
 * @returns {Record<string, any>}
 */
export const fields = (value) => {
  const result = clean(value)
  return result && typeof result === 'object' && !Array.isArray(result) ? result : {}
}

/** How many bytes a text has in UTF-8. @param {string} value */
export const bytes = (value) => new Blob([value]).size
