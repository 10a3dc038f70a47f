import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'

import { FBEVENTS, STUB, atMeta, html, launch, pixelId, server, simulator, startSite, storedOnce, switchOnConversions, until, visitor, writeKey } from './support.mjs'

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

test('the example: asked, agreed, bought, counted once, and refused again', async () => {
  const one = await visitor(browser, site)
  const page = await one.open('/package/example.html?utm_source=meta&fbclid=IwAR0-Example')
  await page.setViewportSize({ width: 900, height: 900 })
  await page.locator('#banner').waitFor({ state: 'visible' })
  assert.deepEqual(one.requests, [])
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/asked.png` })
  // The stand-in for Meta's script hashes each event by itself: those of one moment may overtake each other.
  const told = (count) => until(() => one.pixels().length === count, `${count} of the pixel`)
  await page.getByText('Allow all').click()
  await told(1)
  await page.getByText('Add to cart').first().click()
  await page.getByText('Add to cart').last().click()
  await told(3)
  await page.getByRole('link', { name: /Cart/ }).click()
  await told(4)
  await page.getByText('Buy').click()
  const order = await until(() => one.events().find(({ event }) => event === 'Order Completed'), 'the order')
  await storedOnce(order.messageId)
  const copies = await atMeta(order.properties.event_id, 'Purchase', 2)
  assert.equal(copies.filter(({ counts }) => counts).length, 1)
  assert.deepEqual(one.events().map(({ type, event }) => event ?? type), ['page', 'Product Added', 'Product Added', 'page', 'Order Completed'])
  assert.deepEqual(one.pixels().map(({ ev }) => ev), ['PageView', 'AddToCart', 'AddToCart', 'PageView', 'Purchase'])
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/bought.png` })

  await page.getByRole('button', { name: 'Change' }).click()
  await page.getByText('Refuse all').click()
  assert.match(await page.locator('#decision').textContent(), /Statistics: no, advertising: no \(question of 2026-11/)
  assert.deepEqual(await one.kept(page), { cookies: [], storage: ['acd_consent'] })
  const sent = one.requests.length
  await page.getByRole('link', { name: 'Shop' }).click()
  await page.getByText('Add to cart').first().click()
  await one.settled(page)
  assert.equal(one.requests.length, sent)
  assert.deepEqual(one.errors, [])
})

test('under a Content Security Policy with nonces, as the README has it', async () => {
  site.html = html({}, '', 'n0nce')
  const policy = ["default-src 'none'", "script-src 'nonce-n0nce'", `connect-src ${server} ${simulator}`, `img-src ${simulator}`]
  site.headers = { 'content-security-policy': policy.join('; ') }
  const one = await visitor(browser, site)
  const page = await one.open()
  await one.acd(page, 'consent', { analytics: true, advertising: true })
  await until(() => one.pixels().length === 1 && one.events().length === 1, 'both')
  assert.deepEqual(one.errors, [])
  site.headers = {}
})

test('two tags count once, and calls from before they loaded are in order', async () => {
  const tag = html({}, "acd('consent', { analytics: true, advertising: false }); acd('track', 'First'); acd('track', 'Second')")
  const script = tag.slice(tag.indexOf('<script async'), tag.indexOf('<body>'))
  site.html = tag.replace('<body>', `${script}<body>`)
  const one = await visitor(browser, site)
  const page = await one.open()
  await until(() => one.events().length === 3, 'three events')
  await one.settled(page)
  assert.deepEqual(one.events().map(({ type, event }) => event ?? type), ['page', 'First', 'Second'])
})

test('imported as a module, it is the same', async () => {
  const options = JSON.stringify({ endpoint: server, writeKey, pixelId, metaScript: FBEVENTS, limitedDataUse: true })
  site.html = `<!doctype html><title>Module</title><script type="module">
    import { createPixel } from '/package/src/index.js'
    window.acd = createPixel(${options})
  </script>`
  const one = await visitor(browser, site)
  const page = await one.open()
  await page.evaluate(() => {
    acd.consent({ analytics: true, advertising: true })
    acd.track('Before')
  })
  await one.settled(page)
  assert.deepEqual(one.requests, [], 'not enabled')
  await page.evaluate(() => acd.enable())
  await until(() => one.pixels().length === 2 && one.events().length === 2, 'both')
  assert.equal(one.pixels()[0].dpo, 'LDU')
  assert.deepEqual(one.errors, [])
})

test('without what it needs it says so and does nothing', async () => {
  site.html = html({ 'data-endpoint': null }, "acd('set', { onError: function (problem) { window.problem = problem.message } })")
  const one = await visitor(browser, site)
  const page = await one.open('/?fbclid=IwAR0')
  await one.acd(page, 'consent', { analytics: true, advertising: true })
  await one.settled(page)
  assert.equal(await page.evaluate(() => window.problem), 'endpoint and writeKey are needed')
  assert.deepEqual(one.requests, [])
})

test('the script is under 5,000 bytes of gzip, and the README has the line before it', async () => {
  const read = (path) => readFile(new URL(`../${path}`, import.meta.url))
  assert.ok(gzipSync(await read('dist/acd-pixel.min.js'), { level: 9 }).length <= 5000)
  assert.ok((await read('README.md')).includes(STUB))
})
