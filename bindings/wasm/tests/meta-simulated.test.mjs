// @acd/sdk/meta against the simulated Graph API, which refuses what Meta would. META holds what `acd simulate --meta` printed.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MetaClient } from '../dist/esm/meta.js';

const { url, world } = JSON.parse(process.env.META ?? '{"world":{}}');
const skip = url === undefined;
const meta = () => new MetaClient({ accessToken: world.access_token, appSecret: world.app_secret, baseUrl: url });
const collected = async (list) => {
  const found = [];
  for await (const item of list) found.push(item);
  return found;
};

/** Lets so many seconds pass there. */
const later = (advance_seconds) =>
  fetch(`${url}/__sim/clock`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ advance_seconds }) });

/** Makes a campaign with an ad set, a creative and an ad, and gives their ids. */
async function tree(client, name) {
  const account = world.ad_account;
  const label = await client.adLabels.create(account, name);
  const adlabels = [{ id: label.id }];
  const campaign = await client.campaigns.create(account, {
    name,
    objective: 'OUTCOME_TRAFFIC',
    special_ad_categories: [],
    status: 'PAUSED',
    is_adset_budget_sharing_enabled: false,
    adlabels,
  });
  const adSet = await client.adSets.create(account, {
    name,
    campaign_id: campaign.id,
    optimization_goal: 'LINK_CLICKS',
    billing_event: 'IMPRESSIONS',
    targeting: { geo_locations: { countries: ['US'] } },
    daily_budget: 1500,
    adlabels,
  });
  const creative = await client.creatives.create(account, {
    name,
    object_story_spec: { page_id: world.page, link_data: { link: 'https://shop.example/', message: name } },
    adlabels,
  });
  const ad = await client.ads.create(account, { name, adset_id: adSet.id, creative: { creative_id: creative.id }, adlabels });
  return { label: label.id, campaign: campaign.id, adSet: adSet.id, creative: creative.id, ad: ad.id };
}

test('a campaign is made, found, changed and deleted', { skip }, async () => {
  const client = meta();
  const account = world.ad_account;
  const ids = await tree(client, 'Tree');
  for (const [group, id] of Object.entries({ campaigns: ids.campaign, adSets: ids.adSet, creatives: ids.creative, ads: ids.ad })) {
    assert.equal((await client[group].get(id)).name, 'Tree', group);
    assert.deepEqual(await client.adLabels[group](account, ids.label), [{ id }], group);
    assert.ok((await collected(client[group].list(account, { fields: ['name'], limit: 1 }))).some((found) => found.id === id), group);
    assert.deepEqual(await client[group].update(id, { name: 'Changed' }), { success: true }, group);
    assert.equal((await client[group].get(id, ['name'])).name, 'Changed', group);
  }
  const refused = client.campaigns.create(account, { name: 'n', objective: 'NONSENSE', special_ad_categories: [] });
  await assert.rejects(refused, { name: 'AcdError', kind: 'rejected', code: /^100/ });
  assert.deepEqual(await client.campaigns.delete(ids.campaign), { success: true });
});

test('a report is made at once and as a job, with rows over several pages', { skip }, async () => {
  const client = meta();
  const { campaign, adSet, ad } = await tree(client, 'Reported');
  await client.campaigns.update(campaign, { status: 'ACTIVE' });
  await client.adSets.update(adSet, { status: 'ACTIVE' });
  await client.ads.update(ad, { status: 'ACTIVE' });
  await later(3 * 24 * 60 * 60);
  const query = { fields: ['campaign_id', 'impressions', 'spend'], date_preset: 'last_7d', time_increment: 1 };
  const rows = await collected(client.insights.get(campaign, { ...query, limit: 1 }));
  assert.ok(rows.length > 1);
  assert.ok(rows.every((row) => row.campaign_id === campaign && Number(row.impressions) > 0 && typeof row.impressions === 'string'));
  const { report_run_id: id } = await client.insights.start(campaign, query);
  await later(60 * 60);
  const { async_status, async_percent_completion } = await client.insights.run(id);
  assert.deepEqual([async_status, async_percent_completion], ['Job Completed', 100]);
  assert.deepEqual(await collected(client.insights.rows(id, { limit: 1 })), rows);
});

test('audiences, leads, pages, pixels, accounts and searches answer in their forms', { skip }, async () => {
  const client = meta();
  const account = world.ad_account;
  const { id } = await client.audiences.create(account, { name: 'Buyers', subtype: 'CUSTOM', customer_file_source: 'USER_PROVIDED_ONLY' });
  const hash = '973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b';
  const taken = await client.audiences.addUsers(id, { schema: ['EMAIL'], data: [[hash]] });
  assert.equal(taken.num_received, 1);
  assert.equal((await client.audiences.get(id)).subtype, 'CUSTOM');
  assert.deepEqual(await client.audiences.delete(id), { success: true });

  assert.ok((await collected(client.accounts.list())).some((found) => found.id === account));
  assert.equal((await client.accounts.get(account)).id, account);
  assert.ok((await collected(client.pages.list())).some((found) => found.id === world.page));
  const page = client.withToken(await client.pages.token(world.page));
  assert.ok((await collected(page.leads.forms(world.page))).some((form) => form.id === world.lead_form));
  assert.deepEqual(await page.webhooks.addPage(world.page, ['leadgen']), { success: true });
  assert.deepEqual((await page.webhooks.pageApps(world.page)).map((app) => app.id), [world.app_id]);
  assert.equal((await client.pixels.get(world.pixel)).id, world.pixel);
  const [interest] = await client.targetingSearch.interests('a', 1);
  assert.equal(typeof interest.id, 'string');
  const reach = await client.estimates.reach(account, { geo_locations: { countries: ['US'] } });
  assert.equal(typeof reach.users_lower_bound, 'number');
  assert.ok((await client.tokens.inspect(world.access_token)).is_valid);
  const { id: container } = await page.instagram.create(world.instagram_user, { image_url: 'https://cdn.example/a.jpg', caption: 'Hallo' });
  assert.equal((await page.instagram.container(container)).id, container);
  assert.equal(typeof (await page.instagram.limit(world.instagram_user)).quota_usage, 'number');
});
