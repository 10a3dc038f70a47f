// Types: what is right compiles, and what is wrong does not.
import { AnalyticsClient, type FailedEvents } from '@acd/sdk/analytics';
import { type ConversionEvent, hashUserData, type InsightsRow, type List, type ListPage, MetaClient, type SendReport, type UploadProgress } from '@acd/sdk/meta';
import { AcdError, PlatformClient } from '@acd/sdk/platform';
import { RequestSigner, RequestVerifier, type VerifiedRequest, signedFetch } from '@acd/sdk/signing';
import { WebhookVerifier } from '@acd/sdk/webhooks';

const platform = new PlatformClient({ baseUrl: 'http://127.0.0.1:4400', apiKey: 'acd_key' });

export async function use(signal: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  for await (const event of platform.events.list({ limit: 10 }, { signal })) found.push(event.message_id);
  const user = await platform.users.create({ email: 'a@b.test' }, { idempotencyKey: 'k' });
  const none: undefined | void = await platform.keys.revoke('key_0192f0c123457abc8def0123456789ab');
  // @ts-expect-error The id of a user is no id of a key.
  await platform.keys.revoke(user.id);
  // @ts-expect-error There is no such filter.
  platform.events.list({ colour: 'red' });
  // @ts-expect-error A user has an address.
  await platform.users.create({});
  // @ts-expect-error Reading takes no idempotency key.
  await platform.users.me({ idempotencyKey: 'k' });
  const verified = await new WebhookVerifier({ scheme: 'stripe', secret: 's' }).verify(new Headers(), '{}');
  // @ts-expect-error What a sender sent is not known.
  verified.event.type;
  return none === undefined ? found : [];
}

export async function track(): Promise<string | undefined> {
  const analytics = await AnalyticsClient.open({
    baseUrl: 'http://127.0.0.1:4400',
    writeKey: 'acd_key',
    keepIn: 'events',
    onFailure: (failed: FailedEvents) => console.log(failed.count, failed.error?.kind, failed.events[0]?.rejection?.code),
  });
  analytics.identify({ anonymousId: 'a', userId: 'u', traits: { plan: 'pro', seats: 3, tags: ['x'] } });
  analytics.alias({ previousId: 'a', userId: 'u' });
  // @ts-expect-error Nobody's event.
  analytics.track({ event: 'E' });
  // @ts-expect-error An event has a name.
  analytics.track({ userId: 'u' });
  // @ts-expect-error A function is no JSON.
  analytics.track({ userId: 'u', event: 'E', properties: { then: () => 1 } });
  const { left }: { left: number } = await analytics.shutdown();
  return analytics.track({ userId: 'u', event: `left ${left}`, timestamp: new Date() });
}

export function kind(thrown: unknown): string {
  return thrown instanceof AcdError ? thrown.kind : 'other';
}

export async function sign(body: Uint8Array): Promise<VerifiedRequest> {
  const signer = new RequestSigner({ keyId: 'svk_1', privateKey: 'd', lifetimeMs: 60_000, cover: ['x-tenant'] });
  const headers: Record<string, string> = await signer.sign({ method: 'POST', url: new URL('http://h/'), body });
  // @ts-expect-error A signer has one key.
  new RequestSigner({ keyId: 'svk_1', privateKey: 'd', secret: 's' });
  // @ts-expect-error A signer has a key.
  signedFetch({ keyId: 'svk_1' });
  await signedFetch(signer)('http://h/', { method: 'PUT', body: 'text' });
  // @ts-expect-error Without a memory, what is captured passes again.
  new RequestVerifier({ keys: {} });
  const verifier = new RequestVerifier({ keys: { svk_1: [{ publicKey: 'x' }, { secret: 's' }] }, remember: (key, until) => key !== '' && until > new Date() });
  return verifier.verify({ url: '/', headers: { ...headers, host: ['h'] }, body: null });
}

export async function convert(signal: AbortSignal): Promise<number> {
  const meta = new MetaClient({ accessToken: 't', appSecret: 's', version: 'v26.0' });
  const event: ConversionEvent = {
    event_name: 'Purchase',
    event_time: 1_767_225_600,
    action_source: 'website',
    event_id: 'order-1',
    event_source_url: 'https://shop.test/',
    user_data: { em: 'mary@example.com', client_user_agent: 'm' },
    custom_data: { value: 9.5, currency: 'EUR', plan: 'pro' },
  };
  const report: SendReport = await meta.withToken('page').conversions.send('42', [event], { testEventCode: 'TEST1', signal });
  // @ts-expect-error An event has a time.
  await meta.conversions.send('42', [{ event_name: 'Lead', action_source: 'email', user_data: {} }]);
  // @ts-expect-error A client has a token.
  new MetaClient({});
  const { users } = await hashUserData([{ em: 'a@b.test', ph: ['+1 650'] }]);
  return report.orThrow().received + users.length;
}

export async function advertise(meta: MetaClient, accountId: string): Promise<number> {
  const campaign = await meta.campaigns.create(accountId, {
    name: 'Spring',
    objective: 'OUTCOME_TRAFFIC',
    special_ad_categories: [],
    status: 'PAUSED',
    is_adset_budget_sharing_enabled: false,
  });
  const adSet = await meta.adSets.create(accountId, {
    name: 'US',
    campaign_id: campaign.id,
    optimization_goal: 'LINK_CLICKS',
    billing_event: 'IMPRESSIONS',
    targeting: { geo_locations: { countries: ['US'] } },
    daily_budget: 2000,
    parameter_of_tomorrow: 1,
  });
  const done: { success?: boolean | undefined } = await meta.adSets.update(adSet.id, { status: 'ACTIVE' });
  // @ts-expect-error A campaign has an objective.
  await meta.campaigns.create(accountId, { name: 'n', special_ad_categories: [] });
  // @ts-expect-error A budget is no date.
  await meta.campaigns.update(campaign.id, { daily_budget: new Date() });
  // @ts-expect-error A list has no colour.
  meta.campaigns.list(accountId, { colour: 'red' });
  // @ts-expect-error Meta has no idempotency keys.
  await meta.campaigns.delete(campaign.id, { idempotencyKey: 'k' });
  const named: string | null | undefined = (await meta.campaigns.get(campaign.id, ['name', 'ads.limit(5){id}'])).name;
  let spent = named === undefined || !done.success ? 0 : 1;
  const rows: List<InsightsRow> = meta.insights.get(campaign.id, { fields: ['impressions', 'spend'], level: 'ad', limit: 100 });
  for await (const row of rows) spent += Number(row.spend) / Number(row.impressions);
  const page: ListPage<{ id: string }> = await meta.leads.ofForm('1', { filtering: [{ field: 'time_created', operator: 'GREATER_THAN', value: 1 }] }).page();
  const [interest] = await meta.targetingSearch.interests('golf', 1, { signal: AbortSignal.timeout(1000) });
  await meta.audiences.addUsers('200', { schema: ['EMAIL'], data: [['hash']] }, { session_id: 1, batch_seq: 1, last_batch_flag: true });
  // @ts-expect-error A replacement is made in a session.
  await meta.audiences.replaceUsers('200', { schema: ['EMAIL'], data: [['hash']] });
  await meta.instagram.create('8', { media_type: 'CAROUSEL', children: ['1', '2'] });
  return spent + page.data.length + (interest?.audience_size_lower_bound ?? 0);
}

export async function show(meta: MetaClient, accountId: string, picture: Uint8Array, film: File): Promise<string> {
  const { hash } = await meta.uploads.image(accountId, picture, { name: 'picture.png' });
  const { id } = await meta.uploads.video(accountId, film, {
    onProgress: ({ sent, total }: UploadProgress) => console.log(sent / total),
    signal: AbortSignal.timeout(60_000),
  });
  await meta.uploads.thumbnail(id, film.slice(0, 1), { isPreferred: true });
  // @ts-expect-error A path is no file.
  await meta.uploads.video(accountId, 'film.mp4');
  return hash;
}
