// Meta's first-party cookies, as its own library writes them:
// https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/fbp-and-fbc

const LIFETIME_S = 90 * 86400

/** @param {string} name */
const get = (name) => document.cookie.split('; ').find((part) => part.startsWith(name + '='))?.slice(name.length + 1)

/** @param {string} name @param {string} value @param {number} age @param {string} [domain] */
const put = (name, value, age, domain) => {
  document.cookie =
    `${name}=${value}; Path=/; SameSite=Lax; Max-Age=${age}` +
    (domain ? `; Domain=${domain}` : '') +
    (location.protocol === 'https:' ? '; Secure' : '')
}

/** `com`, `example.com`, `www.example.com`: their places are Meta's subdomain index. */
const domains = () => location.hostname.split('.').map((_, index, labels) => labels.slice(-index - 1).join('.'))

/** Writes to the broadest domain that the browser takes. @param {string} name @param {number} at @param {string | number} content */
const write = (name, at, content) => {
  let value = ''
  // The last one is for an address instead of a name, which takes none with a domain.
  for (const [index, domain] of [...domains(), undefined].entries()) {
    value = `fb.${index}.${at}.${content}`
    put(name, value, LIFETIME_S, domain)
    if (get(name) === value) break
  }
  return value
}

/**
 * The click id that a landing page's address carries. One that does not look like Meta's could forge a cookie.
 *
 * @param {string} url
 */
export const clickIn = (url) => {
  const id = new URL(url).searchParams.get('fbclid')
  return id && /^[\w-]{1,500}$/.test(id) ? { id, at: Date.now() } : null
}

/** The browser's id, made when there is none. */
export const fbp = () => {
  const known = get('_fbp') ?? ''
  return /^fb\.\d\.\d+\.\d+/.test(known)
    ? known
    : write('_fbp', Date.now(), crypto.getRandomValues(new Uint32Array(1))[0] >>> 1)
}

/**
 * The click that led here, rewritten when there is a newer one.
 *
 * @param {{ id: string, at: number } | null} click
 */
export const fbc = (click) => {
  const known = get('_fbc')
  if (!click || known?.split('.')[3] === click.id) return known
  return write('_fbc', click.at, click.id)
}

/** Deletes both, at every domain that could hold them. */
export const forget = () => {
  for (const name of ['_fbp', '_fbc']) {
    if (get(name) === undefined) continue
    for (const domain of [undefined, ...domains()]) put(name, '', 0, domain)
  }
}
