// localStorage, which browsers may refuse, empty or fill at any time.

/** @param {string} key @returns {any} What was stored, or null. */
export const read = (key) => {
  try {
    return JSON.parse(/** @type {string} */ (localStorage.getItem(key)))
  } catch {
    return null
  }
}

/** @param {string} key @param {unknown} value Null takes it away. */
export const write = (key, value) => {
  try {
    if (value !== null) localStorage.setItem(key, JSON.stringify(value))
    else localStorage.removeItem(key)
  } catch {
    // The caller goes on with what it has in memory.
  }
}
