// Run by `cargo xtask test --only meta`, which starts the simulator and hands over what `acd simulate` printed.
// Meta's own SDK, unmodified but for the host, builds a campaign tree, reads reports and sends events.
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import sdk from 'facebook-nodejs-business-sdk'

const { AdAccount, AdSet, Ad, Campaign, CustomAudience, FacebookAdsApi } = sdk
if (!process.env.META) throw new Error('META is not set: run this by `cargo xtask test --only meta`')
const { url, world } = JSON.parse(process.env.META)

// The host is a getter without a setter: defined anew, it is the one thing that changes.
Object.defineProperty(FacebookAdsApi, 'GRAPH', { get: () => url })
// Without the reporter that posts crashes to Meta.
const api = FacebookAdsApi.init(world.access_token, 'en_US', false)
const account = new AdAccount(world.ad_account, {}, undefined, api)

const control = (path, method, body) =>
  fetch(`${url}/__sim/${path}`, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })

async function tree(name) {
  const campaign = await account.createCampaign([], {
    name, objective: 'OUTCOME_TRAFFIC', status: 'ACTIVE', special_ad_categories: [], is_adset_budget_sharing_enabled: false,
  })
  const adSet = await account.createAdSet([], {
    name, campaign_id: campaign.id, daily_budget: 5000, billing_event: 'IMPRESSIONS', optimization_goal: 'LINK_CLICKS',
    bid_strategy: 'LOWEST_COST_WITHOUT_CAP', targeting: { geo_locations: { countries: ['US'] } }, status: 'ACTIVE',
  })
  const creative = await account.createAdCreative([], {
    name,
    object_story_spec: { page_id: world.page, link_data: { link: 'https://shop.example/', message: 'Grüße 🎉', call_to_action: { type: 'SHOP_NOW' } } },
  })
  const ad = await account.createAd([], { name, adset_id: adSet.id, creative: { creative_id: creative.id }, status: 'ACTIVE' })
  return { campaign, adSet, creative, ad }
}

test('a campaign tree is created, read, changed and deleted', async () => {
  const { campaign, adSet, creative, ad } = await tree('Node')
  const read = await new Ad(ad.id).get(['name', 'effective_status', 'creative{id,name}', 'campaign{id,objective}', 'adset_id'])
  assert.deepEqual(
    { ...read._data },
    {
      id: ad.id, name: 'Node', effective_status: 'ACTIVE', creative: { id: creative.id, name: 'Node' },
      campaign: { id: campaign.id, objective: 'OUTCOME_TRAFFIC' }, adset_id: adSet.id,
    },
  )
  await new Campaign(campaign.id).update([], { status: 'PAUSED', name: 'Node paused' })
  const sets = await new Campaign(campaign.id).getAdSets(['name', 'effective_status', 'daily_budget'])
  assert.deepEqual(sets.map(set => set._data), [{ id: adSet.id, name: 'Node', effective_status: 'CAMPAIGN_PAUSED', daily_budget: '5000' }])
  await new AdSet(adSet.id).delete([])
  assert.equal((await new Campaign(campaign.id).getAdSets(['id'])).length, 0)
})

test('lists are paged to the end', async () => {
  const made = []
  for (let i = 0; i < 7; i++) {
    const { id } = await account.createCampaign([], {
      name: `Page ${i}`, objective: 'OUTCOME_SALES', status: 'PAUSED', special_ad_categories: [], daily_budget: 1000,
    })
    made.unshift(id)
  }
  let page = await account.getCampaigns(['name'], { limit: 3, effective_status: ['PAUSED'] })
  const seen = page.map(campaign => campaign.id)
  while (page.hasNext()) {
    page = await page.next()
    seen.push(...page.map(campaign => campaign.id))
  }
  assert.deepEqual(seen.slice(0, 7), made)
})

test('a refusal arrives with its code, its subcode and its reason', async () => {
  const refused = account.createCampaign([], {
    name: 'Poor', objective: 'OUTCOME_SALES', status: 'PAUSED', special_ad_categories: [], daily_budget: 1,
  })
  await assert.rejects(refused, error => {
    assert.equal(error.status, 400)
    assert.equal(error.response.code, 100)
    assert.equal(error.response.error_subcode, 1885272)
    assert.match(error.response.fbtrace_id, /^A/)
    return true
  })
})

test('reports come at once and as a job, with the same figures', async () => {
  const { campaign } = await tree('Insights')
  const asked = { date_preset: 'today', level: 'ad' }
  const now = await new Campaign(campaign.id).getInsights(['impressions', 'spend', 'actions', 'ad_name'], asked)
  assert.equal(now.length, 1)
  assert.ok(Number(now[0].impressions) > 0)
  assert.equal(now[0].ad_name, 'Insights')
  const report = await new Campaign(campaign.id).getInsightsAsync(['impressions', 'spend'], { ...asked, fields: 'impressions,spend' })
  await control('clock', 'POST', { advance_seconds: 5 })
  const state = await report.get(['async_status', 'async_percent_completion'])
  assert.equal(state.async_status, 'Job Completed')
  const rows = await report.getInsights([])
  assert.deepEqual([rows[0].impressions, rows[0].spend], [now[0].impressions, now[0].spend])
})

test('an audience is filled, replaced in a session, shared and targeted', async () => {
  const { id } = await account.createCustomAudience([], {
    name: 'Customers', subtype: 'CUSTOM', customer_file_source: 'USER_PROVIDED_ONLY',
  })
  const audience = new CustomAudience(id)
  const hash = text => createHash('sha256').update(text).digest('hex')
  const payload = n => ({ schema: ['EMAIL'], is_raw: true, data: Array.from({ length: n }, (_, i) => [hash(`n${i}@example.com`)]) })
  const added = await audience.createUser([], { payload: { ...payload(1), data: [...payload(149).data, ['in the clear']] } })
  assert.deepEqual([added.num_received, added.num_invalid_entries], [150, 1])
  const session = { session_id: 11, batch_seq: 1, last_batch_flag: false }
  await audience.createUsersReplace([], { session, payload: payload(2000) })
  await assert.rejects(audience.createUser([], { payload: payload(1) }), error => {
    assert.deepEqual([error.response.code, error.response.error_subcode], [2650, 1870145])
    return true
  })
  await audience.createUsersReplace([], { session: { ...session, batch_seq: 2, last_batch_flag: true }, payload: payload(1) })
  const read = await audience.get(['approximate_count_lower_bound', 'operation_status'])
  assert.deepEqual([read.approximate_count_lower_bound, read.operation_status.code], [2000, 200])
  const sessions = await audience.getSessions(['session_id', 'num_received'])
  assert.deepEqual(sessions.map(session => session._data), [{ session_id: '11', num_received: '2001' }])
  await audience.createAdAccount([], { adaccounts: [world.other_ad_account.slice(4)] })
  assert.equal((await new AdAccount(world.other_ad_account, {}, undefined, api).getCustomAudiences(['id'])).length, 1)
  const estimate = await account.getDeliveryEstimate([], {
    optimization_goal: 'REACH', targeting_spec: { geo_locations: { countries: ['US'] }, custom_audiences: [{ id }] },
  })
  assert.equal(estimate[0].estimate_mau_lower_bound, 2000)
  await audience.delete([])
})

test('events are taken, and the same event twice counts once', async () => {
  const user = new sdk.UserData().setEmail('anna@example.com').setClientUserAgent('Mozilla/5.0').setFbp('fb.1.1767225600000.1')
  const purchase = new sdk.CustomData().setValue(49.9).setCurrency('usd')
  const now = Date.parse((await (await control('clock')).json()).now)
  const event = new sdk.ServerEvent()
    .setEventName('Purchase').setEventTime(Math.floor(now / 1000)).setActionSource('website')
    .setEventSourceUrl('https://shop.example/').setEventId('order-1').setUserData(user).setCustomData(purchase)
  const send = () => new sdk.EventRequest(world.access_token, world.pixel).setEvents([event]).execute()
  assert.equal((await send()).events_received, 1)
  await send()
  const { events } = await (await control('state')).json()
  const mine = events.filter(taken => taken.event_id === 'order-1')
  assert.deepEqual(mine.map(taken => taken.counts).sort(), [false, true])
})

test('a page asks for leads, is told of one with a signature, and reads it', async () => {
  const receiver = createServer()
  const told = new Promise(resolve => {
    receiver.on('request', (request, answer) => {
      const query = new URL(request.url, 'http://localhost').searchParams
      const body = []
      request.on('data', part => body.push(part)).on('end', () => {
        answer.end(query.get('hub.verify_token') === 'ours' ? query.get('hub.challenge') : '')
        if (request.method === 'POST') resolve([request.headers['x-hub-signature-256'], Buffer.concat(body)])
      })
    })
  })
  await once(receiver.listen(0, '127.0.0.1'), 'listening')
  const pageApi = new FacebookAdsApi(world.page_access_token, 'en_US', false)
  const appApi = new FacebookAdsApi(`${world.app_id}|${world.app_secret}`, 'en_US', false)
  const page = new sdk.Page(world.page, {}, undefined, pageApi)
  const app = new sdk.Application(world.app_id, {}, undefined, appApi)
  await app.createSubscription([], {
    object: 'page', fields: ['leadgen'], verify_token: 'ours', callback_url: `http://127.0.0.1:${receiver.address().port}/`,
  })
  await page.createSubscribedApp([], { subscribed_fields: ['leadgen'] })
  const form = await page.createLeadGenForm([], {
    name: 'Node', questions: [{ type: 'EMAIL' }], privacy_policy: { url: 'https://shop.example/privacy' },
  })
  const lead = await new sdk.LeadgenForm(form.id).createTestLead([], { field_data: [{ name: 'email', values: ['zoë@example.com'] }] })
  const [signature, body] = await told
  receiver.close()
  receiver.closeAllConnections()
  assert.equal(signature, `sha256=${createHmac('sha256', world.app_secret).update(body).digest('hex')}`)
  const { leadgen_id, form_id } = JSON.parse(body).entry[0].changes[0].value
  assert.deepEqual([leadgen_id, form_id], [lead.id, form.id])
  const leads = await new sdk.LeadgenForm(form.id).getLeads(['field_data'])
  assert.deepEqual(leads.map(found => found.field_data), [[{ name: 'email', values: ['zoë@example.com'] }]])
})
