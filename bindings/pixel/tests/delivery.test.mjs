import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { BATCH, FBEVENTS, html, launch, startSite, stored, storedOnce, until, visitor } from './support.mjs'

let browser
let site
before(async () => {
  browser = await launch()
  site = await startSite()
})
after(async () => {
  await browser.close()
  await site.close()
})

/** Somebody who agreed, on a page without page views, so that the first request is the test's. */
const agreed = async (choice = { analytics: true, advertising: false }, attributes = {}) => {
  site.html = html({ 'data-pages': 'false', ...attributes }, "acd('set', { onError: function (problem) { (window.problems = window.problems || []).push(problem.message) } })")
  const one = await visitor(browser, site)
  const page = await one.open()
  await one.acd(page, 'consent', choice)
  return { one, page }
}

test('what is called in one go travels together, as a simple request', async () => {
  const { one, page } = await agreed()
  const preflights = []
  one.context.on('request', (request) => request.method() === 'OPTIONS' && preflights.push(request.url()))
  const ids = await page.evaluate(() => [1, 2, 3].map((step) => window.acd.track('Step', { step })))
  for (const id of ids) await storedOnce(id)
  // One request, unless the server was too busy for it and it was repeated.
  for (const { url, body } of one.requests) assert.deepEqual([url, JSON.parse(body).batch.map(({ messageId }) => messageId)], [BATCH, ids])
  assert.deepEqual(preflights, [])
})

test('a busy server is asked again, with the same ids, and stores them once', async () => {
  const { one, page } = await agreed()
  let refusals = 0
  await one.context.route(BATCH, (route) => {
    refusals += 1
    if (refusals > 2) return route.continue()
    return route.fulfill({ status: refusals === 1 ? 503 : 429, headers: { 'access-control-allow-origin': '*' }, body: '{}' })
  })
  const id = await one.acd(page, 'track', 'Order Completed')
  await storedOnce(id)
  const sent = one.requestsTo(BATCH).map(({ body }) => JSON.parse(body).batch.map(({ messageId }) => messageId))
  assert.ok(sent.length >= 3 && sent.every((ids) => ids.length === 1 && ids[0] === id), String(sent))
})

test('an answer that is lost is asked for again, and the event is one', async () => {
  const { one, page } = await agreed()
  let isLost = false
  await one.context.route(BATCH, async (route) => {
    if (isLost) return route.continue()
    isLost = true
    await route.fetch()
    await route.abort('connectionreset')
  })
  const id = await one.acd(page, 'track', 'Order Completed')
  await until(() => one.sends().length >= 2, 'sent again')
  assert.equal((await storedOnce(id)).message_id, id)
})

test('a wrong key is not tried again, and the page hears of it', async () => {
  const { one, page } = await agreed(undefined, { 'data-write-key': 'acd_wrong' })
  await one.acd(page, 'track', 'Order Completed')
  await page.waitForFunction(() => window.problems?.length > 0)
  await one.acd(page, 'track', 'Order Completed')
  await page.waitForFunction(() => window.problems.length >= 2)
  await one.settled(page)
  assert.equal(one.events().length, 2)
  assert.match(await page.evaluate(() => window.problems[0]), /401/)
})

test('offline, events wait and go when the connection is back', async () => {
  const { one, page } = await agreed()
  await one.context.setOffline(true)
  const ids = await page.evaluate(() => [1, 2].map((step) => window.acd.track('Step', { step })))
  await page.waitForFunction(() => window.problems?.length > 0)
  await one.context.setOffline(false)
  for (const id of ids) await storedOnce(id)
})

test('offline until the page is gone: the next page delivers, once', async () => {
  const { one, page } = await agreed()
  await one.context.route(BATCH, (route) => route.abort('internetdisconnected'))
  // A beacon of a page that is gone is beyond what can be cut off here.
  await page.evaluate(() => (navigator.sendBeacon = () => true))
  const id = await one.acd(page, 'track', 'Order Completed')
  await page.waitForFunction(() => window.problems?.length > 0)
  await page.goto('about:blank')
  assert.deepEqual(await stored({ message_id: id }), [])
  await one.context.unroute(BATCH)
  // The browser hears of it from another process than that of the page to come.
  const isPutDown = ({ origins }) => origins.some(({ localStorage }) => localStorage.some(({ name }) => name === 'acd_queue'))
  await until(async () => isPutDown(await one.context.storageState()), 'what waits is put down')
  const next = await one.open()
  await storedOnce(id)
  await next.waitForFunction(() => !localStorage.getItem('acd_queue'))
})

test('offline, what waits is dropped by a withdrawal', async () => {
  const { one, page } = await agreed()
  await one.context.route(BATCH, (route) => route.abort('internetdisconnected'))
  const id = await one.acd(page, 'track', 'Order Completed')
  await page.waitForFunction(() => window.problems?.length > 0)
  await one.acd(page, 'consent', { analytics: false, advertising: false })
  await one.context.unroute(BATCH)
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await one.acd(page, 'consent', { analytics: true, advertising: false })
  const later = await one.acd(page, 'track', 'Lead')
  await storedOnce(later)
  assert.deepEqual(await stored({ message_id: id }), [])
})

test('what waits when advertising is withdrawn goes without it', async () => {
  const { one, page } = await agreed({ analytics: true, advertising: true })
  await one.context.route(BATCH, (route) => route.abort('internetdisconnected'))
  const id = await one.acd(page, 'track', 'Order Completed')
  await page.waitForFunction(() => window.problems?.length > 0)
  await one.acd(page, 'consent', { analytics: true, advertising: false })
  await one.context.unroute(BATCH)
  // However often it was tried meanwhile, and however long the wait is by now.
  await page.evaluate(() => dispatchEvent(new Event('online')))
  const { context } = await storedOnce(id)
  assert.equal(context.consent.categoryPreferences.advertising, false)
  assert.deepEqual([context.fbp, context.fbc], [undefined, undefined])
})

test('what happened under a refusal stays so, though it is sent after a yes', async () => {
  const { one, page } = await agreed()
  let release
  const held = new Promise((resolve) => (release = resolve))
  await one.context.route(BATCH, async (route) => {
    await held
    await route.continue()
  })
  await page.evaluate(() => history.replaceState(null, '', '/?fbclid=IwAR0-Refused'))
  await one.acd(page, 'track', 'First')
  await until(() => one.sends().length === 1, 'the first is under way')
  const id = await one.acd(page, 'track', 'Order Completed')
  await one.acd(page, 'consent', { analytics: true, advertising: true })
  release()
  const { context } = await storedOnce(id)
  assert.equal(context.consent.categoryPreferences.advertising, false)
  assert.equal(context.fbp, undefined)
  assert.equal(context.page.url, `${site.origin}/`)
})

test('what is told as the page is left arrives', async () => {
  const { one, page } = await agreed()
  const id = await page.evaluate(() => {
    const id = window.acd.track('Link Clicked')
    location.href = '/elsewhere'
    return id
  })
  await storedOnce(id)
  // While a request is under way, what comes after it goes by a beacon.
  const second = await one.open()
  let release
  const held = new Promise((resolve) => (release = resolve))
  let isFirst = true
  await one.context.route(BATCH, async (route) => {
    if (isFirst) {
      isFirst = false
      await held
    }
    await route.continue().catch(() => {})
  })
  await one.acd(second, 'track', 'First')
  await until(() => !isFirst, 'the first is under way')
  const late = await second.evaluate(() => {
    const id = window.acd.track('Second')
    dispatchEvent(new PageTransitionEvent('pagehide'))
    return id
  })
  await storedOnce(late)
  const carriers = one.requestsTo(BATCH).filter(({ body }) => body.includes(late))
  assert.equal(carriers[0].type, 'ping')
  release()
})

test('a blocker that stops Meta\'s script does not stop our event', async () => {
  site.html = html()
  const one = await visitor(browser, site)
  await one.context.route(FBEVENTS, (route) => route.abort('blockedbyclient'))
  const page = await one.open('/?fbclid=IwAR0-Blocked')
  await one.acd(page, 'consent', { analytics: true, advertising: true })
  const id = await one.acd(page, 'track', 'Order Completed', { revenue: 3, currency: 'EUR' })
  const event = await storedOnce(id)
  assert.equal(event.context.fbc.split('.')[3], 'IwAR0-Blocked', 'the server tells Meta in its place')
  await until(() => page.evaluate(() => window.fbq.queue.length === 0), 'nothing piles up')
  await one.acd(page, 'track', 'Lead')
  assert.equal(await page.evaluate(() => window.fbq.queue.length), 0)
  await one.acd(page, 'consent', { analytics: false, advertising: false })
  assert.deepEqual((await one.kept(page)).cookies, [])
  assert.deepEqual(one.pixels(), [])
  assert.deepEqual(one.errors, [])
})

test('two tabs are one visitor, and what one decides holds in the other', async () => {
  site.html = html()
  const one = await visitor(browser, site)
  const first = await one.open('/first')
  const second = await one.open('/second')
  assert.equal(await one.acd(second, 'track', 'Before') !== undefined, true)
  await one.acd(first, 'consent', { analytics: true, advertising: true })
  await until(() => one.events().length === 3, 'two page views and the event of the other tab')
  assert.equal(new Set(one.events().map(({ anonymousId }) => anonymousId)).size, 1)
  await one.acd(first, 'identify', 'user-9')
  await one.agree(first, second)
  const id = await one.acd(second, 'track', 'After')
  assert.equal((await storedOnce(id)).user_id, 'user-9')
  await one.acd(first, 'reset')
  await one.agree(first, second)
  const signedOut = await storedOnce(await one.acd(second, 'track', 'Signed Out'))
  assert.equal(signedOut.user_id, null)
  assert.equal(new Set(one.events().map(({ messageId }) => messageId)).size, one.events().length)

  const names = ['After', 'Before', 'PageView', 'PageView', 'Signed Out']
  await until(() => one.pixels().length === names.length, 'what both tabs tell Meta')
  assert.deepEqual(one.pixels().map(({ ev }) => ev).sort(), names)
  await one.acd(second, 'consent', { analytics: false, advertising: false })
  await one.agree(first, second)
  const sent = one.requests.length
  await one.acd(first, 'track', 'Order Completed', { revenue: 1, currency: 'EUR' })
  await one.settled(first)
  assert.equal(one.requests.length, sent)
  assert.equal((await one.acd(first, 'decision')).analytics, false)
  assert.deepEqual(await one.kept(first), { cookies: [], storage: ['acd_consent'] })
})

test('where the browser keeps nothing, a decision holds for the page', async () => {
  site.html = html({}, "Object.defineProperty(window, 'localStorage', { get: function () { throw new DOMException('denied', 'SecurityError') } })")
  const one = await visitor(browser, site)
  const page = await one.open()
  await one.acd(page, 'consent', { analytics: true, advertising: false })
  const ids = [await one.acd(page, 'track', 'First'), await one.acd(page, 'track', 'Second')]
  const events = [await storedOnce(ids[0]), await storedOnce(ids[1])]
  assert.equal(events[0].anonymous_id, events[1].anonymous_id)
  await one.acd(page, 'consent', { analytics: false, advertising: false })
  await one.acd(page, 'track', 'Third')
  await one.settled(page)
  assert.equal(one.events().length, 3, 'the page view and the two')
  assert.deepEqual(one.errors, [])
})
