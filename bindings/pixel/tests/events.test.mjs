import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { BATCH, atMeta, conversion, html, launch, pixelId, startSite, storedOnce, switchOnConversions, until, visitor } from './support.mjs'

let browser
let site
before(async () => {
  browser = await launch()
  site = await startSite()
  await switchOnConversions()
})
after(async () => {
  await browser.close()
  await site.close()
})

const YES = { analytics: true, advertising: true }
const agreed = async (path = '/', attributes = {}, inline = '', origin = site.origin) => {
  site.html = html(attributes, inline)
  const one = await visitor(browser, site)
  const page = await one.open(path, origin)
  await one.acd(page, 'consent', YES)
  return { one, page }
}

test('an order goes to Meta from the browser and from the server, and counts once', async () => {
  const { one, page } = await agreed('/?fbclid=IwAR0-Order_1')
  const order = {
    order_id: 'o-1', revenue: 59.9, currency: 'EUR',
    products: [{ product_id: 'p-1', quantity: 2, price: 19.95, name: 'Cup' }, { sku: 's-2', price: 20 }],
  }
  const id = await one.acd(page, 'track', 'Order Completed', order)
  const event = await storedOnce(id)
  assert.equal(event.event, 'Order Completed')
  assert.equal(event.properties.event_id, id)
  assert.deepEqual({ ...event.properties, event_id: undefined }, { ...order, event_id: undefined })

  const copies = await atMeta(id, 'Purchase', 2)
  assert.deepEqual(copies.map(({ origin }) => origin).sort(), ['browser', 'server'])
  assert.equal(copies.filter(({ counts }) => counts).length, 1, 'one of the two counts, whichever came first')
  assert.equal((await conversion(id, 'sent')).event_name, 'Purchase')

  // Both copies say the same.
  const pixel = one.pixels().find(({ ev }) => ev === 'Purchase')
  assert.equal(pixel.id, pixelId)
  assert.equal(pixel.eid, id)
  assert.equal(pixel['cd[value]'], '59.9')
  assert.equal(pixel['cd[currency]'], 'EUR')
  assert.equal(pixel['cd[order_id]'], 'o-1')
  assert.equal(pixel['cd[num_items]'], '3')
  assert.deepEqual(JSON.parse(pixel['cd[content_ids]']), ['p-1', 's-2'])
  assert.deepEqual(JSON.parse(pixel['cd[contents]']), [
    { id: 'p-1', quantity: 2, item_price: 19.95 }, { id: 's-2', quantity: 1, item_price: 20 },
  ])
  assert.equal(pixel.fbp, event.context.fbp)
  assert.equal(pixel.fbc, event.context.fbc)
  assert.match(pixel['ud[external_id]'], /^[0-9a-f]{64}$/)
})

test('without consent to advertising the server hands nothing on', async () => {
  site.html = html()
  const one = await visitor(browser, site)
  const page = await one.open()
  await one.acd(page, 'consent', { analytics: true, advertising: false })
  const id = await one.acd(page, 'track', 'Order Completed', { revenue: 1, currency: 'EUR' })
  assert.match((await conversion(id, 'refused')).cause, /had not agreed to advertising/)
  assert.deepEqual(await atMeta(id, 'Purchase', 0), [])
})

test('a page that is loaded again under the id of its order is one order', async () => {
  const order = `order-${Date.now()}`
  const { one, page } = await agreed('/thanks', {}, `acd('track', 'Order Completed', { revenue: 7, currency: 'EUR', event_id: '${order}' })`)
  const message = `Order Completed ${order}`
  await storedOnce(message)
  // Meta's script hashes before it sends, which a page that is left does not wait for.
  const purchases = () => one.pixels().filter(({ ev }) => ev === 'Purchase').length
  await until(() => purchases() === 1, 'told by the pixel')
  const before = one.sends().length
  await page.reload()
  await until(() => purchases() === 2, 'told again')
  await until(() => one.sends().slice(before).some(({ messageId }) => messageId === message), 'sent again')
  await one.acd(page, 'track', 'Order Refunded', { event_id: order })
  await storedOnce(`Order Refunded ${order}`)
  assert.equal((await storedOnce(message)).properties.event_id, order)
  const copies = await atMeta(order, 'Purchase', 3)
  assert.deepEqual(copies.map(({ origin }) => origin).sort(), ['browser', 'browser', 'server'])
  assert.equal(copies.filter(({ counts }) => counts).length, 1)
})

test('events are called as Meta calls them, the page having the last word', async () => {
  const { one, page } = await agreed('/', { 'data-currency': 'USD' }, `acd('set', { events: { 'Plan Chosen': 'Subscribe', 'Payroll Opened': null } })`)
  const calls = [
    ['Product Viewed', { product_id: 7, name: 'Cup', category: 'Kitchen', price: 5 }], ['Products Searched', { query: 'cup' }],
    ['Signed Up', {}], ['Contact', {}], ['Plan Chosen', { value: '12.50' }], ['Payroll Opened', {}], ['constructor', {}],
    ['Quiz Finished', { score: 3, email: 'ada@example.com' }],
  ]
  for (const [name, properties] of calls) await one.acd(page, 'track', name, properties)
  await until(() => one.pixels().length === 8 && one.events().length === 9, 'all but one at Meta, all at the server')
  const data = ({ ev, ...rest }) => [ev, Object.fromEntries(Object.entries(rest).filter(([name]) => name.startsWith('cd[')))]
  const sent = Object.fromEntries(one.pixels().map(data))
  assert.deepEqual(sent, {
    PageView: {},
    ViewContent: {
      'cd[content_name]': 'Cup', 'cd[content_category]': 'Kitchen', 'cd[contents]': '[{"id":"7","quantity":1,"item_price":5}]',
      'cd[content_ids]': '["7"]', 'cd[content_type]': 'product', 'cd[num_items]': '1',
    },
    Search: { 'cd[search_string]': 'cup' },
    CompleteRegistration: {},
    Contact: {},
    Subscribe: { 'cd[value]': '12.5', 'cd[currency]': 'USD' },
    constructor: {},
    'Quiz Finished': {},
  })
  assert.deepEqual(one.errors, [])
})

test('pages of a single-page application are told of once each, with where they came from', async () => {
  const { one, page } = await agreed('/?utm_source=meta&utm_medium=cpc&utm_campaign=spring&fbclid=IwAR0-First')
  const go = (method, path) => page.evaluate(([method, path]) => history[method](null, '', path), [method, path])
  const pages = () => one.events().filter(({ type }) => type === 'page')
  const seen = async (count) => until(() => pages().length === count && one.pixels().length === count, `${count} pages`)
  await seen(1)
  await page.evaluate(() => {
    history.pushState(null, '', '/cart')
    history.replaceState({ scroll: 0 }, '', '/cart')
    document.title = 'Cart'
  })
  await seen(2)
  await go('replaceState', '/cart')
  await go('pushState', '/cart#top')
  await go('pushState', '/#/route')
  await seen(3)
  await page.goBack()
  await seen(4)
  // A redirect in one go is one page.
  await page.evaluate(() => {
    history.pushState(null, '', '/old')
    history.replaceState(null, '', '/new?fbclid=IwAR0-Second')
  })
  await seen(5)
  await one.acd(page, 'page', 'Named', { plan: 'pro' })
  await seen(6)
  await one.settled(page)

  const path = ({ context }) => context.page.url.replace(site.origin, '')
  assert.deepEqual(pages().map(path), [
    '/?utm_source=meta&utm_medium=cpc&utm_campaign=spring&fbclid=IwAR0-First', '/cart', '/#/route', '/cart#top',
    '/new?fbclid=IwAR0-Second', '/new?fbclid=IwAR0-Second',
  ])
  const [first, second, third] = pages()
  assert.deepEqual(first.context.campaign, { source: 'meta', medium: 'cpc', name: 'spring' })
  assert.equal(second.context.campaign, undefined)
  assert.equal(second.context.page.title, 'Cart')
  assert.equal(second.context.page.referrer, first.context.page.url)
  assert.equal(third.context.page.path, '/')
  assert.equal(pages()[5].name, 'Named')
  assert.equal(pages()[5].properties.plan, 'pro')
  assert.deepEqual(one.pixels().map(({ ev, eid }) => [ev, eid]), pages().map(({ messageId }) => ['PageView', messageId]))
  assert.equal(pages()[3].context.fbc.split('.')[3], 'IwAR0-First')
  assert.equal(pages()[4].context.fbc.split('.')[3], 'IwAR0-Second', 'a newer click takes the place of the older')
})

test('Meta\'s cookies are as Meta writes them, and stay', async () => {
  const started = Date.now()
  const { one, page } = await agreed('/?fbclid=IwAR2_aBc-DeF')
  await until(() => one.pixels().length === 1, 'the pixel')
  const cookies = async () => Object.fromEntries((await one.context.cookies()).map((cookie) => [cookie.name, cookie]))
  const { _fbc: click, _fbp: browserId } = await cookies()
  const [, index, at, id] = /^fb\.(\d)\.(\d+)\.(.+)$/.exec(click.value)
  assert.equal(index, '1', 'of shop.localhost, as of example.com')
  assert.ok(Number(at) >= started && Number(at) <= Date.now())
  assert.equal(id, 'IwAR2_aBc-DeF')
  const [, of, random] = /^fb\.(\d)\.\d+\.(\d+)$/.exec(browserId.value)
  assert.equal(of, '1')
  assert.ok(Number(random) < 2147483647)
  for (const cookie of [click, browserId]) {
    assert.equal(cookie.domain, '.shop.localhost')
    const written = cookie.expires - 90 * 86_400
    assert.ok(written > started / 1000 - 2 && written < Date.now() / 1000 + 2, `${cookie.name} expires at ${cookie.expires}`)
  }
  await page.goto(`http://shop.localhost:${site.port}/`)
  await page.goto(site.origin + '/?fbclid=IwAR2_aBc-DeF')
  await until(() => one.pixels().length === 2, 'the next page, that of the other host having no decision')
  const now = await cookies()
  assert.deepEqual([now._fbc.value, now._fbp.value], [click.value, browserId.value])
})

test('a forged click id makes no cookie', async () => {
  const { one } = await agreed('/?fbclid=' + encodeURIComponent('x; Domain=localhost; _session=1'))
  await until(() => one.pixels().length === 1 && one.events().length === 1, 'both')
  assert.equal((await one.context.cookies()).some(({ name }) => name === '_session'), false)
  assert.equal(one.events()[0].context.fbc, undefined)
})

test('a visitor is the same on every page, a user when they say so, and nobody after signing out', async () => {
  const { one, page } = await agreed()
  const sent = async (messageId) => until(() => one.events().find((event) => event.messageId === messageId), messageId)
  const first = await sent(await one.acd(page, 'track', 'Product Viewed'))
  await page.reload()
  await page.waitForFunction(() => window.acd?.track)
  const second = await sent(await one.acd(page, 'track', 'Product Viewed'))
  assert.equal(second.anonymousId, first.anonymousId)
  assert.match(first.anonymousId, /^[0-9a-f]{32}$/)

  await one.acd(page, 'identify', 'user-7', { email: 'ada@example.com' })
  await one.acd(page, 'identify', null, { plan: 'pro' })
  const third = await sent(await one.acd(page, 'track', 'Signed In'))
  assert.deepEqual([third.userId, third.anonymousId], ['user-7', first.anonymousId])
  const named = one.events().filter(({ type }) => type === 'identify')
  assert.deepEqual(named.map(({ userId, traits }) => [userId, traits]), [['user-7', { email: 'ada@example.com' }], ['user-7', { plan: 'pro' }]])
  assert.equal((await storedOnce(named[0].messageId)).user_id, 'user-7')
  assert.equal(one.pixels().some((pixel) => JSON.stringify(pixel).includes('ada@')), false, 'the pixel never sees traits')

  await one.acd(page, 'reset')
  const fourth = await sent(await one.acd(page, 'track', 'Product Viewed'))
  assert.equal(fourth.userId, undefined)
  assert.notEqual(fourth.anonymousId, first.anonymousId)
  assert.deepEqual(await one.acd(page, 'decision'), await one.acd(page, 'decision'))
})

test('a page without a secure context works too', async () => {
  const { one } = await agreed('/', {}, '', `http://www.shop.test:${site.port}`)
  await until(() => one.pixels().length === 1 && one.events().length === 1, 'both')
  await storedOnce(one.events()[0].messageId)
  assert.equal((await one.context.cookies()).find(({ name }) => name === '_fbp').domain, '.shop.test')
  assert.deepEqual(one.errors, [])
})

test('an address for a name has cookies of its own', async () => {
  const { one } = await agreed('/', {}, '', `http://127.0.0.1:${site.port}`)
  await until(() => one.pixels().length === 1 && one.events().length === 1, 'both')
  assert.equal((await one.context.cookies()).find(({ name }) => name === '_fbp').domain, '127.0.0.1')
  assert.equal(one.events()[0].context.fbp, one.pixels()[0].fbp)
})

test('limited data use and a switched-off pixel are as told', async () => {
  const limited = await agreed('/', { 'data-limited-data-use': '1,1000' })
  await until(() => limited.one.pixels().length === 1, 'the pixel')
  const { dpo, dpoco, dpost } = limited.one.pixels()[0]
  assert.deepEqual([dpo, dpoco, dpost], ['LDU', '1', '1000'])
  const without = await agreed('/', { 'data-pixel-id': null, 'data-pages': 'false' })
  await without.one.acd(without.page, 'track', 'Lead')
  await until(() => without.one.events().length === 1, 'our event alone')
  await without.one.settled(without.page)
  assert.deepEqual([...new Set(without.one.requests.map(({ url }) => url))], [BATCH])
})

test('clicks on buttons are nobody\'s business', async () => {
  const { one, page } = await agreed()
  await until(() => one.pixels().length === 1, 'the pixel')
  await page.evaluate(() => document.body.append(Object.assign(document.createElement('button'), { textContent: 'Buy' })))
  await page.click('button')
  await one.settled(page)
  assert.deepEqual(one.pixels().map(({ ev }) => ev), ['PageView'])
})
