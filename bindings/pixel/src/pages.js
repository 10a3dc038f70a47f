/** What makes a page another one: a fragment does only where it is a route. */
export const route = () => location.pathname + location.search + (/^#[/!]/.test(location.hash) ? location.hash : '')

/**
 * Calls back after each change of the address, once for changes in one go.
 *
 * @param {() => void} changed
 */
export function watch(changed) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer
  // Routers set the address first and the title after, and often the address twice.
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(changed)
  }
  for (const method of /** @type {const} */ (['pushState', 'replaceState'])) {
    const original = history[method]
    history[method] = function (...rest) {
      original.apply(this, rest)
      soon()
    }
  }
  addEventListener('popstate', soon)
  addEventListener('hashchange', soon)
}
