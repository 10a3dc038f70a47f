// Stands in for Meta's https://connect.facebook.net/en_US/fbevents.js and sends to /tr beside it.
//
// It has: the calls queued before it loads; init with user data, hashed; track and trackCustom, for all pixels or one, with
// eventID; consent, under which events wait from revoke to grant; data processing options; the cookies _fbp and _fbc; the page
// views it makes by itself when the history changes; the second page view of a document, which it leaves out; clicks on
// buttons, unless autoConfig is off. It has not: the rest of automatic matching and automatic events, Meta's normalisation
// beyond spaces and case, and user data where the page is no secure context.
(() => {
  const script = new URL(document.currentScript.src)
  const fbq = window.fbq
  if (!fbq || fbq.callMethod) return
  const pixels = new Map()
  const manual = new Set()
  const plain = new Set(['fbp', 'fbc', 'client_user_agent'])
  let granted = true
  let held = []
  let options = []
  let pageViews = 0

  const cookie = (name) =>
    document.cookie.split('; ').find((part) => part.startsWith(`${name}=`))?.slice(name.length + 1)

  // The broadest domain that takes a cookie, as the real one finds it.
  const write = (name, content) => {
    const labels = location.hostname.split('.')
    for (let index = 0; index < labels.length; index += 1) {
      const domain = labels.slice(-index - 1).join('.')
      document.cookie = `${name}=fb.${index}.${Date.now()}.${content}; Domain=${domain}; Path=/; Max-Age=7776000`
      if (cookie(name)) return
    }
  }

  const cookies = () => {
    const click = new URLSearchParams(location.search).get('fbclid')
    if (click && cookie('_fbc')?.split('.')[3] !== click) write('_fbc', click)
    if (!cookie('_fbp')) write('_fbp', Math.floor(Math.random() * 2147483647))
  }

  const hashed = async (value) => {
    const text = String(value).trim().toLowerCase()
    if (/^[0-9a-f]{64}$/.test(text)) return text
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  }

  const send = async (id, name, data, extra) => {
    const fields = new URLSearchParams({ id, ev: name, dl: location.href, rl: document.referrer, if: 'false', ts: Date.now() })
    for (const [key, value] of Object.entries(data ?? {})) {
      fields.set(`cd[${key}]`, typeof value === 'object' ? JSON.stringify(value) : value)
    }
    if (extra?.eventID) fields.set('eid', extra.eventID)
    for (const name of ['fbp', 'fbc']) if (cookie(`_${name}`)) fields.set(name, cookie(`_${name}`))
    if (options.length > 0) {
      const [names, country, state] = options
      fields.set('dpo', names.join(','))
      if (names.length > 0) [['dpoco', country], ['dpost', state]].forEach(([key, value]) => fields.set(key, value ?? 0))
    }
    fields.set('v', 'simulated')
    // Hashing takes a turn, and a page that is left has none: without user data the event goes at once.
    const user = Object.entries(crypto.subtle ? pixels.get(id) : {})
    for (const [key, value] of user) fields.set(`ud[${key}]`, plain.has(key) ? value : await hashed(value))
    const url = `${script.origin}/tr/`
    if (fields.toString().length > 2000) navigator.sendBeacon(url, fields)
    else new Image().src = `${url}?${fields}`
  }

  const fire = (ids, name, data, extra) => {
    if (name === 'PageView' && ++pageViews > 1 && !fbq.allowDuplicatePageViews) return
    if (!granted) {
      held.push([ids, name, data, extra])
      return
    }
    cookies()
    for (const id of ids) send(id, name, data, extra)
  }

  const all = () => [...pixels.keys()]
  const one = (id) => (pixels.has(String(id)) ? [String(id)] : [])
  const calls = {
    init: (id, user) => pixels.set(String(id), user ?? {}),
    track: (name, data, extra) => fire(all(), name, data, extra),
    trackCustom: (name, data, extra) => fire(all(), name, data, extra),
    trackSingle: (id, name, data, extra) => fire(one(id), name, data, extra),
    trackSingleCustom: (id, name, data, extra) => fire(one(id), name, data, extra),
    consent: (decision) => {
      granted = decision === 'grant'
      if (granted) held.splice(0).forEach((event) => fire(...event))
    },
    dataProcessingOptions: (...given) => {
      options = given
    },
    set: (name, value, id) => {
      if (name === 'autoConfig') manual[value ? 'delete' : 'add'](String(id))
    },
  }

  fbq.callMethod = (name, ...rest) => calls[name]?.(...rest)
  for (const call of fbq.queue.splice(0)) fbq.callMethod(...call)

  for (const method of ['pushState', 'replaceState']) {
    const original = history[method]
    history[method] = function (...rest) {
      const before = location.href
      original.apply(this, rest)
      if (!fbq.disablePushState && location.href !== before) {
        pageViews = 0
        fire(all(), 'PageView')
      }
    }
  }
  addEventListener('click', (event) => {
    const automatic = all().filter((id) => !manual.has(id))
    if (event.target.closest?.('button, input[type=submit]')) fire(automatic, 'SubscribedButtonClick')
  })
})()
