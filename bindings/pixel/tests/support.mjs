// Run by `cargo xtask test --only pixel`, which starts the server and the simulated Meta and hands over how to reach them.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { chromium } from 'playwright-core'

const setting = (name) => {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run this by \`cargo xtask test --only pixel\``)
  return value
}
export const server = setting('ACD_URL')
export const writeKey = setting('ACD_WRITE_KEY')
const manageKey = setting('ACD_MANAGE_KEY')
const meta = JSON.parse(setting('META'))
export const simulator = meta.url
export const pixelId = meta.world.pixel
export const BATCH = `${server}/v1/batch`
export const FBEVENTS = `${simulator}/en_US/fbevents.js`

/** Ends what would never end; a busy machine takes ten times as long as an idle one. */
const DEADLINE_MS = 120_000
/** The server looks at an event within a second, and where it was being stored just then, once more two minutes later. */
const HANDED_ON_MS = 180_000
const folder = new URL('../', import.meta.url)

/** Asks again until there is something, and gives it. */
export async function until(ask, what, deadline = DEADLINE_MS) {
  const end = Date.now() + deadline
  for (;;) {
    const found = await ask()
    if (found) return found
    if (Date.now() > end) throw new Error(`not within ${deadline / 1000} s: ${what}`)
    await pause(50)
  }
}

async function call(method, path, body) {
  const response = await fetch(server + path, {
    method,
    headers: { authorization: `Bearer ${manageKey}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`)
  return answer
}

/** Has the server hand orders on to Meta. */
export async function switchOnConversions() {
  await call('PUT', '/v1/meta/conversions', { enabled: true, pixel_id: pixelId })
  const { data } = await call('GET', '/v1/meta/rules')
  if (data.length === 0) await call('POST', '/v1/meta/rules', { event: 'Order Completed', meta_event: 'Purchase' })
}

/** What the server stored of this product, newest first. */
export const stored = async (filter) => (await call('GET', `/v1/events?${new URLSearchParams(filter)}`)).data

/** The one stored event of an id. */
export const storedOnce = async (messageId) => {
  const events = await until(async () => {
    const found = await stored({ message_id: messageId })
    return found.length > 0 && found
  }, `event ${messageId} at the server`)
  if (events.length !== 1) throw new Error(`${messageId} is stored ${events.length} times`)
  return events[0]
}

/** What became of an event that the server hands on to Meta, once it has come to this state. */
export const conversion = (eventId, state) =>
  until(async () => {
    const { data } = await call('GET', '/v1/meta/events?limit=100')
    return data.find((event) => event.event_id === eventId && event.state === state)
  }, `the conversion ${eventId} is ${state}`, HANDED_ON_MS)

/**
 * What the simulated Meta took of an event, of both ways, once that is so many copies. Of the server's there is one: a busy machine
 * may have had it sent again, which Meta does not count.
 */
export const atMeta = (eventId, name, copies) =>
  until(async () => {
    const { events } = await (await fetch(`${simulator}/__sim/state`)).json()
    const all = events.filter((event) => event.event_id === eventId && event.event_name === name)
    const ofServer = all.filter(({ origin }) => origin === 'server')
    const told = ofServer.find(({ counts }) => counts) ?? ofServer[0]
    const found = all.filter((event) => event.origin !== 'server' || event === told)
    return found.length === copies && found
  }, `${copies} copies of ${name} ${eventId} at Meta`, HANDED_ON_MS)

/** A website in a few lines: every path is the same page, but for this package's own files. */
export async function startSite() {
  const site = { html: '', headers: {} }
  const types = { js: 'text/javascript', html: 'text/html; charset=utf-8' }
  const http = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://site')
    const file = /^\/package(\/(?:src|dist)\/[\w.-]+\.js|\/example\.html)$/.exec(pathname)?.[1]
    if (pathname === '/favicon.ico') return response.writeHead(204).end()
    if (!file) return response.writeHead(200, { 'content-type': types.html, ...site.headers }).end(site.html)
    let text = await readFile(fileURLToPath(new URL(`.${file}`, folder)), 'utf8')
    if (file.endsWith('.html')) {
      text = text
        .replace('https://events.example.com', server)
        .replace('YOUR_WRITE_KEY', writeKey)
        .replace('YOUR_PIXEL_ID', pixelId)
        .replace('data-enabled', `data-enabled data-meta-script="${FBEVENTS}"`)
        .replace('dist/', '/package/dist/')
    }
    response.writeHead(200, { 'content-type': types[file.split('.').pop()] }).end(text)
  })
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address()
  // A name below localhost is a secure context, has a domain for cookies, and needs no name server.
  site.origin = `http://www.shop.localhost:${port}`
  site.port = port
  site.close = () => new Promise((resolve) => http.close(resolve))
  return site
}

/** The line before the tag, as the README has it. */
export const STUB = 'window.acd = window.acd || function () { (acd.q = acd.q || []).push(arguments) }'

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')

/** A page with the tag; null takes an attribute away. */
export function html(attributes = {}, inline = '', nonce = '') {
  const all = {
    src: '/package/dist/acd-pixel.min.js', 'data-endpoint': server, 'data-write-key': writeKey, 'data-pixel-id': pixelId,
    'data-meta-script': FBEVENTS, 'data-enabled': '', ...attributes,
  }
  const given = Object.entries(all).filter(([, value]) => value !== null)
  const tag = given.map(([name, value]) => ` ${name}="${escaped(value)}"`).join('')
  const sealed = nonce && ` nonce="${nonce}"`
  return `<!doctype html><title>Shop</title><script${sealed}>${STUB};${inline}</script><script async${sealed}${tag}></script><body>`
}

export const launch = () =>
  chromium.launch({
    executablePath: setting('CHROMIUM'),
    timeout: DEADLINE_MS,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP *.test 127.0.0.1',
    ],
  })

/** A visitor with a browser of their own, of whom every request and every error of a page is kept. */
export async function visitor(browser, site, { gpc = false } = {}) {
  const context = await browser.newContext()
  context.setDefaultTimeout(DEADLINE_MS)
  const self = { context, requests: [], errors: [] }
  context.on('request', (request) => {
    if (request.url().startsWith('data:') || new URL(request.url()).port === String(site.port)) return
    self.requests.push({ url: request.url(), body: request.postData(), type: request.resourceType() })
  })
  context.on('weberror', (error) => self.errors.push(String(error.error())))
  if (gpc) await context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }))

  /** Opens a page in a tab of its own, and waits until the tag runs. */
  self.open = async (path = '/', origin = site.origin) => {
    const page = await context.newPage()
    await page.goto(origin + path)
    await page.waitForFunction(() => window.acd?.track)
    return page
  }
  self.acd = (page, ...given) => page.evaluate((given) => window.acd(...given), given)
  self.requestsTo = (prefix) => self.requests.filter(({ url }) => url.startsWith(prefix))
  /** Every event that was sent to the server, repetitions too. */
  self.sends = () => self.requestsTo(BATCH).flatMap(({ body }) => JSON.parse(body).batch)
  /** Each of them once: a busy machine may have had one sent again. */
  self.events = () => [...new Map(self.sends().map((event) => [event.messageId, event])).values()]
  /** What Meta's pixel sent, by name. */
  self.pixels = () =>
    self.requestsTo(`${simulator}/tr`).map(({ url, body }) => Object.fromEntries(new URLSearchParams(body ?? new URL(url).search)))
  /** What the page keeps: names and values. */
  self.kept = async (page) => {
    // A page writes cookies in its own time, and before it reads them.
    await page.evaluate(() => document.cookie)
    return {
      cookies: (await context.cookies()).map(({ name }) => name).sort(),
      storage: await page.evaluate(() => Object.keys(localStorage).concat(Object.keys(sessionStorage)).sort()),
    }
  }
  /** Waits until what one tab stored is there in the other too: each has a process of its own, and browsers tell them in turn. */
  self.agree = (page, other) => {
    const stores = () => Promise.all([page, other].map((page) => page.evaluate(() => JSON.stringify(Object.entries(localStorage).sort()))))
    return until(async () => {
      const [here, there] = await stores()
      return here === there
    }, 'both tabs have the same in store')
  }
  /** Waits until the server has all that was sent, so that nothing of it is sent again, and lets the page hear of it. */
  self.delivered = async (page) => {
    for (const { messageId } of self.events()) await storedOnce(messageId)
    await self.settled(page)
  }
  /** Lets all that a page has begun come to its requests: timers of no length, hashing, and whatever lies before a request of ours. */
  self.settled = (page) =>
    page.evaluate(async () => {
      for (let turn = 0; turn < 3; turn += 1) {
        await new Promise((resolve) => setTimeout(resolve))
        await crypto.subtle?.digest('SHA-256', new Uint8Array(1))
        await fetch('/fence')
      }
    })
  return self
}
