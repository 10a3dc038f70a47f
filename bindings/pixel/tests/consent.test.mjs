import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { FBEVENTS, html, launch, startSite, storedOnce, until, visitor } from './support.mjs'

let browser
let site
before(async () => {
  browser = await launch()
  site = await startSite()
  site.html = html({}, "acd('track', 'Product Added', { product_id: 'p-1' })")
})
after(async () => {
  await browser.close()
  await site.close()
})

const LANDING = '/?utm_source=meta&fbclid=IwAR0-Click_1'
const nothing = { cookies: [], storage: [] }

test('before a decision nothing is loaded, sent or kept, whatever is called', async () => {
  const one = await visitor(browser, site)
  const page = await one.open(LANDING)
  await one.acd(page, 'identify', 'user-1', { email: 'ada@example.com' })
  await one.acd(page, 'page', 'Pricing')
  await page.evaluate(() => history.pushState(null, '', '/next'))
  await one.settled(page)
  await page.goto(site.origin + '/other')
  await one.settled(page)
  assert.deepEqual(one.requests, [])
  assert.deepEqual(await one.kept(page), nothing)
  assert.equal(await one.acd(page, 'decision'), null)
  assert.deepEqual(one.errors, [])
})

test('switched off, a decision changes nothing until it is enabled', async () => {
  site.html = html({ 'data-enabled': null }, "acd('track', 'Product Added', { product_id: 'p-1' })")
  const one = await visitor(browser, site)
  const page = await one.open(LANDING)
  await one.acd(page, 'consent', { analytics: true, advertising: true })
  await one.settled(page)
  assert.deepEqual(one.requests, [])
  assert.deepEqual(await one.kept(page), { cookies: [], storage: ['acd_consent'] }, 'the decision alone is kept')
  await one.acd(page, 'enable')
  await until(() => one.events().length === 2 && one.pixels().length === 2, 'the page view and the call before')
  site.html = html({}, "acd('track', 'Product Added', { product_id: 'p-1' })")
})

// Each decision, with and without Global Privacy Control, and what may follow from it.
for (const analytics of [false, true]) {
  for (const advertising of [false, true]) {
    for (const gpc of [false, true]) {
      const ads = advertising && !gpc
      const says = `analytics ${analytics}, advertising ${advertising}${gpc ? ', against Global Privacy Control' : ''}`
      test(`${says}: events ${analytics ? 'go' : 'stay'}, the pixel ${ads ? 'loads' : 'does not'}`, async () => {
        const started = Date.now()
        const one = await visitor(browser, site, { gpc })
        const page = await one.open(LANDING)
        await one.acd(page, 'consent', { analytics, advertising })
        await one.acd(page, 'track', 'Checkout Started', { value: 5, currency: 'EUR' })
        if (analytics) await until(() => one.events().length === 3, 'page view, call before, call after')
        if (ads) await until(() => one.pixels().length === 3, 'the same of the pixel')
        await one.settled(page)

        assert.equal(one.events().length, analytics ? 3 : 0)
        assert.deepEqual(one.pixels().map(({ ev }) => ev).sort(), ads ? ['AddToCart', 'InitiateCheckout', 'PageView'] : [])
        assert.equal(one.requestsTo(FBEVENTS).length, ads ? 1 : 0)
        assert.equal(one.requests.length, one.requestsTo(FBEVENTS).length + one.pixels().length + new Set(one.requests.filter(({ body }) => body)).size)
        assert.deepEqual(await one.kept(page), {
          cookies: ads ? ['_fbc', '_fbp'] : [],
          storage: analytics ? ['acd_consent', 'acd_ids'] : ['acd_consent'],
        })
        for (const event of one.events()) {
          const { consent, fbc, fbp, page: where } = event.context
          assert.deepEqual(consent.categoryPreferences, { analytics, advertising: ads })
          assert.equal(consent.version, '1')
          assert.equal(consent.globalPrivacyControl, gpc)
          assert.ok(Date.parse(consent.decidedAt) >= started && Date.parse(consent.decidedAt) <= Date.now())
          assert.equal(Boolean(fbc && fbp), ads)
          assert.equal(where.url.includes('fbclid'), ads, 'a click id belongs to advertising')
          assert.ok(where.url.includes('utm_source=meta'))
          await storedOnce(event.messageId)
        }
        assert.deepEqual(one.errors, [])
      })
    }
  }
}

// From having agreed to everything to each lesser decision.
for (const later of [{ analytics: true, advertising: false }, { analytics: false, advertising: true }, { analytics: false, advertising: false }]) {
  test(`withdrawn to ${JSON.stringify(later)}: what was kept is gone, and nothing of it is sent again`, async () => {
    const one = await visitor(browser, site)
    const page = await one.open(LANDING)
    await one.acd(page, 'consent', { analytics: true, advertising: true })
    await until(() => one.events().length === 2 && one.pixels().length === 2, 'both were told')
    await one.delivered(page)
    await page.evaluate(() => {
      window.told = []
      const { callMethod } = window.fbq
      window.fbq.callMethod = (...given) => {
        window.told.push(given.slice(0, 2))
        callMethod(...given)
      }
    })
    const before = one.requests.length
    await one.acd(page, 'consent', later)
    await one.acd(page, 'track', 'Order Completed', { revenue: 9, currency: 'EUR' })
    await page.evaluate(() => history.pushState(null, '', '/thanks'))
    if (later.analytics) await until(() => one.events().length === 4, 'the order and the page, as events')
    if (later.advertising) await until(() => one.pixels().length === 4, 'the order and the page, of the pixel')
    await one.settled(page)

    const since = one.requests.slice(before)
    assert.equal(since.some(({ body }) => body), later.analytics, 'events')
    assert.equal(since.some(({ url }) => url.includes('/tr')), later.advertising, 'pixel')
    assert.deepEqual(await one.kept(page), {
      cookies: later.advertising ? ['_fbc', '_fbp'] : [],
      storage: later.analytics ? ['acd_consent', 'acd_ids'] : ['acd_consent'],
    })
    const told = await page.evaluate(() => window.told)
    assert.equal(told.some(([name, what]) => name === 'consent' && what === 'revoke'), !later.advertising)
    assert.equal(told.some(([name]) => name.startsWith('track')), later.advertising)

    // And on the next page, too.
    await one.delivered(page)
    const sent = one.requests.length
    await page.goto(site.origin + '/again')
    if (later.analytics) await until(() => one.events().length === 6, 'the next page and its call, as events')
    if (later.advertising) await until(() => one.pixels().length === 6, 'the next page and its call, of the pixel')
    await one.settled(page)
    assert.equal(one.requests.slice(sent).some(({ url }) => url === FBEVENTS), later.advertising)
    assert.deepEqual(one.errors, [])
  })
}

test('withdrawn while the pixel still loads: what waited for it is never sent', async () => {
  const one = await visitor(browser, site)
  let release
  const held = new Promise((resolve) => (release = resolve))
  await one.context.route(FBEVENTS, async (route) => {
    await held
    await route.continue()
  })
  const page = await one.open(LANDING)
  await one.acd(page, 'consent', { analytics: false, advertising: true })
  await until(() => one.requestsTo(FBEVENTS).length === 1, 'the pixel begins to load')
  await one.acd(page, 'consent', { analytics: false, advertising: false })
  release()
  await page.waitForFunction(() => window.fbq.callMethod)
  await one.acd(page, 'track', 'Order Completed', { revenue: 1, currency: 'EUR' })
  await one.settled(page)
  assert.deepEqual(one.pixels(), [])
  assert.deepEqual((await one.kept(page)).cookies, [])

  await one.acd(page, 'consent', { analytics: false, advertising: true })
  await one.acd(page, 'track', 'Lead')
  await until(() => one.pixels().length === 1, 'agreed again, it goes on')
  assert.equal(one.pixels()[0].ev, 'Lead')
})

test('agreed again after a withdrawal, the pixel goes on without what happened between', async () => {
  const one = await visitor(browser, site)
  const page = await one.open()
  await one.acd(page, 'consent', { analytics: true, advertising: true })
  await until(() => one.pixels().length === 2, 'the pixel')
  await one.acd(page, 'consent', { analytics: true, advertising: false })
  await one.acd(page, 'track', 'Order Completed', { revenue: 1, currency: 'EUR' })
  await one.acd(page, 'consent', { analytics: true, advertising: true })
  await one.acd(page, 'track', 'Lead')
  await until(() => one.pixels().length === 3, 'the lead')
  await one.settled(page)
  assert.deepEqual(one.pixels().map(({ ev }) => ev).slice(2), ['Lead'])
})

test('a decision is remembered, and asked for again when the question is another', async () => {
  const ask = "acd('set', { ask: function (decide, question) { window.asked = question; window.decide = decide } });"
  site.html = html({}, ask)
  const one = await visitor(browser, site)
  const page = await one.open()
  assert.deepEqual(await page.evaluate(() => window.asked), { globalPrivacyControl: false })
  await page.evaluate(() => window.decide({ analytics: true, advertising: 'yes please' }))
  const decision = await one.acd(page, 'decision')
  assert.deepEqual({ ...decision, at: '' }, { analytics: true, advertising: false, version: '1', at: '' }, 'anything but true is a no')
  await until(() => one.events().length === 1, 'the page view')

  await page.reload()
  await page.waitForFunction(() => window.acd?.track)
  assert.equal(await page.evaluate(() => window.asked), undefined)
  assert.deepEqual(await one.acd(page, 'decision'), decision)
  await until(() => one.events().length === 2, 'the next page view')
  await one.delivered(page)

  site.html = html({ 'data-version': '2' }, ask)
  const sent = one.requests.length
  await page.reload()
  await page.waitForFunction(() => window.asked)
  await one.settled(page)
  assert.equal(await one.acd(page, 'decision'), null)
  assert.equal(one.requests.length, sent, 'nothing goes out on the old answer')
})

test('what stands in storage is not believed', async () => {
  site.html = html()
  for (const forged of ['not json', '[]', '"yes"', '{"version":"1"}', '{"version":"1","analytics":"true","advertising":1}']) {
    const one = await visitor(browser, site)
    const page = await one.open()
    await page.evaluate((forged) => localStorage.setItem('acd_consent', forged), forged)
    await page.goto(site.origin + LANDING)
    await one.settled(page)
    assert.deepEqual(one.requests, [], forged)
    assert.deepEqual((await one.kept(page)).cookies, [])
    assert.deepEqual(one.errors, [])
  }
})
