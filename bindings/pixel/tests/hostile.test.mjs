import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { clean, text } from '../src/clean.js'
import { metaData, metaName } from '../src/names.js'
import { html, launch, startSite, stored, storedOnce, until, visitor } from './support.mjs'

let browser
let site
before(async () => {
  browser = await launch()
  site = await startSite()
  site.html = html({}, "acd('set', { onError: function (problem) { window.problem = problem.message } })")
})
after(async () => {
  await browser.close()
  await site.close()
})

const agreed = async () => {
  const one = await visitor(browser, site)
  const page = await one.open()
  await one.acd(page, 'consent', { analytics: true, advertising: true })
  return { one, page }
}

test('values that no JSON can hold, or that fight back, cost their own field alone', async () => {
  const { one, page } = await agreed()
  const id = await page.evaluate(() => {
    const cyclic = { name: 'me' }
    cyclic.self = cyclic
    cyclic.list = [cyclic, 1]
    const throws = { before: 1, get boom() { throw new Error('no') }, after: 2 }
    let deep = {}
    for (let level = 0; level < 100; level += 1) deep = { deep }
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    return window.acd.track('Hostile', {
      markup: '</script><script>window.hacked = true</script>', cyclic, throws, deep, big: 10n, none: null, nothing: undefined,
      when: new Date(0), never: new Date(NaN), link: new URL('https://a.example/'), action() {}, symbol: Symbol('s'), infinite: Infinity,
      nul: 'a\0b', half: '\ud800', whole: '😀', element: document.body, view: new Uint8Array(9), proxy: revoked.proxy,
      evil: { toJSON() { throw new Error('no') } }, again: { toJSON() { return this } }, __proto__: { polluted: 1 },
      ['__proto__']: { polluted: 2 }, window,
    })
  })
  const { properties } = await storedOnce(id)
  assert.equal(properties.markup, '</script><script>window.hacked = true</script>')
  assert.deepEqual(properties.cyclic, { name: 'me', list: [1] })
  assert.deepEqual(properties.throws, { before: 1, after: 2 })
  assert.deepEqual([properties.big, properties.none, properties.when, properties.link], ['10', null, '1970-01-01T00:00:00.000Z', 'https://a.example/'])
  assert.deepEqual([properties.nul, properties.half, properties.whole], ['a\ufffdb', '\ufffd', '😀'])
  for (const gone of ['action', 'symbol', 'infinite', 'nothing', 'evil', 'again', 'view', 'proxy', 'polluted']) assert.equal(gone in properties, false, gone)
  assert.equal(await page.evaluate(() => window.hacked ?? {}.polluted), undefined)
  assert.deepEqual(one.errors, [])
})

test('names and ids of any length and kind', async () => {
  const { one, page } = await agreed()
  const long = '名'.repeat(5000)
  const id = await one.acd(page, 'track', long)
  assert.equal((await storedOnce(id)).event, '名'.repeat(170))
  await until(() => one.pixels().some(({ ev }) => ev === '名'.repeat(50)), 'cut as Meta cuts')
  for (const nameless of [undefined, null, '']) await page.evaluate((name) => window.acd.track(name), nameless)
  for (const name of ['__proto__', 'toString', '</script>']) await storedOnce(await one.acd(page, 'track', name))
  await one.acd(page, 'identify', long)
  assert.equal(await page.evaluate(() => window.problem), 'a user id has 1 to 512 bytes', 'cut, it could be the id of somebody else')
  await page.evaluate(() => window.acd.identify({ toString: () => 'user' }))
  const later = await storedOnce(await one.acd(page, 'track', 'Later', { event_id: 'e'.repeat(101) }))
  assert.equal(later.user_id, null)
  assert.equal(later.properties.event_id, later.message_id, 'an id that is too long is none')
  assert.deepEqual(one.errors, [])
})

test('an event over 32 KB goes with what is small, or is told of', async () => {
  const { one, page } = await agreed()
  const id = await page.evaluate(() => {
    const products = Array.from({ length: 900 }, (_, at) => ({ product_id: `p-${at}`, name: 'x'.repeat(40) }))
    return window.acd.track('Order Completed', { revenue: 5, currency: 'EUR', order_id: 'o-1', products })
  })
  const { event_id: _, ...properties } = (await storedOnce(id)).properties
  assert.deepEqual(properties, { revenue: 5, currency: 'EUR', order_id: 'o-1' })
  const lost = await page.evaluate(() => {
    const all = Array.from({ length: 10 }, (_, at) => [`text${at}`, '\u0001'.repeat(8000)])
    return window.acd.track('Novel', Object.fromEntries(all))
  })
  assert.equal(await page.evaluate(() => window.problem), 'an event over 32 KB')
  assert.deepEqual(await stored({ message_id: lost }), [])
  assert.deepEqual(one.errors, [])
})

test('a hundred thousand calls before a decision stay a hundred', async () => {
  const one = await visitor(browser, site)
  const page = await one.open('/?utm_source=first')
  await page.evaluate(() => {
    for (let at = 0; at < 100_000; at += 1) window.acd('track', 'Spam', { at })
  })
  await one.acd(page, 'consent', { analytics: true, advertising: false })
  await until(() => one.events().length === 100, 'the first hundred')
  await one.settled(page)
  assert.equal(one.events()[0].type, 'page', 'the one that knows where the visitor came from stays')
  assert.equal(one.events().length, 100)
})

test('calls that make no sense throw nothing', async () => {
  const { one, page } = await agreed()
  await page.evaluate(() => {
    window.acd()
    window.acd('constructor')
    window.acd('__proto__')
    window.acd('consent')
    window.acd('consent', null)
    window.acd('page', Symbol('s'), 1)
    window.acd('track', Symbol('s'), Symbol('s'))
    window.acd('identify', NaN, [])
    window.acd('enable', 1)
    window.acd('reset', 1)
  })
  assert.deepEqual(one.errors, [])
})

test('a callback of the page that throws is the page\'s own', async () => {
  site.html = html({}, "acd('set', { ask: function () { throw 1 }, onConsent: function () { throw 2 }, onError: function () { throw 3 } })")
  const one = await visitor(browser, site)
  const page = await one.open()
  await one.acd(page, 'consent', { analytics: true, advertising: false })
  await until(() => one.events().length === 1, 'the page view')
  assert.deepEqual(one.errors, [])
})

test('copies are bounded, whatever they are made of', () => {
  const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, at]))
  assert.ok(Object.keys(clean(wide)).length < 2000)
  let knot = {}
  for (let level = 0; level < 60; level += 1) knot = { a: knot, b: knot }
  assert.ok(JSON.stringify(clean(knot)).length < 100_000)
  assert.equal(text('😀'.repeat(9), 3), '😀\ufffd')
  assert.deepEqual(clean([1, undefined, () => 0, [NaN]]), [1, []])
})

test('Meta\'s parameters are made of what fits, and of nothing else', () => {
  assert.deepEqual(metaName('toString'), { name: 'toString', isStandard: false })
  assert.deepEqual(metaName('Order Completed', { 'Order Completed': null }), null)
  for (const value of ['', ' ', 'x', '1e999', NaN, {}, [], true, null]) {
    assert.deepEqual(metaData({ value, currency: {}, products: [null, {}, 1, 'p', { sku: '' }], order_id: [], query: 3 }), {
      contents: [{ id: '1', quantity: 1 }, { id: 'p', quantity: 1 }].map((content) => ({ ...content, item_price: undefined })),
      content_ids: ['1', 'p'], content_type: 'product', num_items: 2, search_string: '3',
    }, String(value))
  }
  assert.deepEqual(metaData({ revenue: '0', value: 5 }, 'EUR'), { value: 0, currency: 'EUR' })
})
