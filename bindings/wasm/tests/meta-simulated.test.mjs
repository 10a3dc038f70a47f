// @acd/sdk/meta against the simulated Graph API, which refuses what Meta would. META holds what `acd simulate --meta` printed.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import {
  createOnce,
  insightsReport,
  MetaClient,
  postCarouselToInstagram,
  postToInstagram,
  publishOnce,
  videoReady,
} from '../dist/esm/meta.js';

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

/** What is waited for passes there and not here. */
function hurry() {
  const real = globalThis.setTimeout;
  const passing = (act, ms, ...given) => {
    if (!new Error().stack.includes('/meta/waiting.js')) return real(act, ms, ...given);
    later(Math.ceil(ms / 1000)).then(() => act(...given));
    return undefined;
  };
  return mock.method(globalThis, 'setTimeout', passing).mock;
}

/** The next such call is made, and its answer is lost. */
const lose = (method, path) =>
  fetch(`${url}/__sim/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ method, path, times: 1, effect: { kind: 'cut_after' } }]),
  });

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

test('copies, periods, sets of requests and previews belong to what was made', { skip }, async () => {
  const client = meta();
  const account = world.ad_account;
  const { campaign, adSet, creative, ad } = await tree(client, 'Copied');
  const { copied_ad_id } = await client.ads.copy(ad, { status_option: 'PAUSED' });
  assert.notEqual(copied_ad_id, ad);
  assert.match((await client.ads.get(copied_ad_id, ['name'])).name, /Copied/);
  const { copied_campaign_id } = await client.campaigns.copy(campaign);
  assert.equal((await client.campaigns.get(copied_campaign_id)).source_campaign_id, campaign);
  const wanted = { name: 'n', objective: 'OUTCOME_TRAFFIC', special_ad_categories: [], is_adset_budget_sharing_enabled: false };
  assert.deepEqual(await client.campaigns.validate(account, wanted), { success: true });

  const from = Math.floor(Date.now() / 3_600_000) * 3600 + 30 * 86_400;
  const period = { budget_value: 50, budget_value_type: 'MULTIPLIER', time_start: from, time_end: from + 6 * 3600 };
  const { id } = await client.budgetSchedules.create(adSet, period);
  assert.deepEqual((await collected(client.budgetSchedules.list(adSet))).map((found) => found.id), [id]);
  assert.deepEqual(await client.budgetSchedules.update(id, { ...period, budget_value: 60 }), { success: true });
  assert.equal((await client.budgetSchedules.get(id)).budget_value, 60);
  assert.deepEqual(await client.budgetSchedules.delete(id), { success: true });

  const ads = [{ name: 'A', adset_id: adSet, creative: { creative_id: creative } }];
  const set = await client.adRequestSets.create(account, { name: 'Set', ad_specs: ads });
  assert.equal((await client.adRequestSets.get(set.id)).total_count, 1);
  assert.equal((await collected(client.adRequestSets.requests(set.id))).length, 1);
  const [preview] = await client.estimates.previewAd(ad, 'MOBILE_FEED_STANDARD');
  assert.match(preview.body, /<iframe/);
});

test('test leads, pixels, videos, media and shared audiences come and go', { skip }, async () => {
  const client = meta();
  const account = world.ad_account;
  const page = client.withToken(world.page_access_token);
  const answer = { name: 'email', values: ['mary@example.com'] };
  const lead = await page.leads.createTest(world.lead_form, [answer]);
  assert.deepEqual((await page.leads.get(lead.id)).field_data.find(({ name }) => name === answer.name), answer);
  assert.ok((await collected(page.leads.ofForm(world.lead_form, { fields: ['created_time'] }))).some(({ id }) => id === lead.id));

  assert.deepEqual(await client.pixels.update(world.pixel, { name: 'Shop' }), { success: true });
  assert.ok((await collected(client.pixels.list(account, { fields: ['name'] }))).some(({ name }) => name === 'Shop'));
  assert.ok(Array.isArray((await client.pixels.stats(world.pixel, { aggregation: 'event' }).page()).data));
  const video = await client.adVideos.create(account, { file_url: 'https://cdn.example/clip.mp4', title: 'Clip' });
  assert.equal((await client.adVideos.get(video.id, ['title'])).title, 'Clip');
  assert.deepEqual(await client.adImages.get(account, ['0123456789abcdef0123456789abcdef']), []);

  const { id } = await client.audiences.create(account, { name: 'Shared', subtype: 'CUSTOM', customer_file_source: 'USER_PROVIDED_ONLY' });
  assert.deepEqual(await client.audiences.share(id, [world.other_ad_account]), { success: true });
  assert.deepEqual((await collected(client.audiences.sharedWith(id))).map((other) => other.id), [world.other_ad_account]);
  assert.deepEqual(await client.audiences.unshare(id, [world.other_ad_account]), { success: true });
  assert.equal((await client.audiences.getSaved(world.saved_audience)).id, world.saved_audience);
});

test('calls are sent in one batch, and one that fails sinks no other', { skip }, async () => {
  const client = meta();
  const account = world.ad_account;
  const ids = await tree(client, 'Batched');
  const [read, missing, changed, list] = await client.batch(account, ({ campaigns, ads }) => [
    campaigns.get(ids.campaign, ['name']),
    campaigns.get('404404'),
    ads.update(ids.ad, { name: 'Changed in a batch' }),
    campaigns.list(account, { fields: ['name'], limit: 1 }).page(),
  ]);
  assert.equal(read.value.name, 'Batched');
  assert.deepEqual([missing.reason.name, missing.reason.code], ['AcdError', '100/33']);
  assert.deepEqual(changed.value, { success: true });
  assert.equal(list.value.data.length, 1);
  assert.equal((await client.ads.get(ids.ad, ['name'])).name, 'Changed in a batch');
});

test('what takes several calls leads to one object, one report and one post', { skip }, async () => {
  const client = meta();
  const account = world.ad_account;
  const hurried = hurry();
  try {
    const campaign = { name: 'Once', objective: 'OUTCOME_TRAFFIC', special_ad_categories: [], is_adset_budget_sharing_enabled: false };
    await lose('POST', '/campaigns');
    const id = await createOnce(client, 'campaigns', account, 'once-1', campaign);
    assert.equal(await createOnce(client, 'campaigns', account, 'once-1', campaign), id);
    assert.equal((await collected(client.campaigns.list(account, { fields: ['name'] }))).filter(({ name }) => name === 'Once').length, 1);
    assert.notEqual(await createOnce(client, 'campaigns', account, 'once-2', { ...campaign, name: 'Twice' }), id);

    const report = await insightsReport(client, id, { fields: ['spend'], date_preset: 'last_7d' });
    assert.ok(Array.isArray(await collected(report)));

    const video = await client.adVideos.create(account, { file_url: 'https://cdn.example/clip.mp4', title: 'Clip' });
    assert.equal((await videoReady(client, video.id)).status.video_status, 'ready');

    const page = client.withToken(world.page_access_token);
    const user = world.instagram_user;
    const image = { image_url: 'https://cdn.example/a.jpg' };
    const post = await postToInstagram(page, user, { ...image, caption: 'Hallo' });
    assert.equal((await page.instagram.media(post, ['caption'])).caption, 'Hallo');
    const carousel = await postCarouselToInstagram(page, user, [image, { media_type: 'VIDEO', video_url: 'https://cdn.example/b.mp4' }], 'Both');
    assert.equal((await page.instagram.media(carousel, ['media_type'])).media_type, 'CAROUSEL_ALBUM');

    await lose('POST', '/media_publish');
    assert.equal(await postToInstagram(page, user, { ...image, caption: 'Lost' }), undefined);
    const container = await page.instagram.create(user, { ...image, caption: 'Again' });
    assert.equal(typeof (await publishOnce(page, user, container.id)), 'string');
    assert.equal(await publishOnce(page, user, container.id), undefined);
  } finally {
    hurried.restore();
  }
});
