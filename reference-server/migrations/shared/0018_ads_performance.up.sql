-- What ads did, day by day, as Meta reports it: corrected by Meta for 28 days, so rows are written again and again.
create table public.ads_insights_daily (
    account text not null check (account ~ '^act_[0-9]{1,20}$'),
    level text not null check (level in ('account', 'campaign', 'ad_set', 'ad')),
    object_id text not null check (object_id ~ '^[0-9]{1,25}$'),
    day date not null,
    product text references public.products (slug),
    campaign_id text,
    ad_set_id text,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    spend_minor bigint not null,
    impressions bigint not null,
    reach bigint not null,
    clicks bigint not null,
    link_clicks bigint not null,
    video_plays bigint not null,
    video_thruplays bigint not null,
    video_p25 bigint not null,
    video_p50 bigint not null,
    video_p75 bigint not null,
    video_p100 bigint not null,
    actions jsonb not null,
    action_values_minor jsonb not null,
    read_at timestamptz not null,
    primary key (account, level, object_id, day)
);
comment on table public.ads_insights_daily is 'Daily figures of ad accounts, campaigns, ad sets and ads. The account''s own belong to no product.';
create index ads_insights_daily_product on public.ads_insights_daily (product, level, day);

-- Campaigns, ad sets and ads as Meta last showed them: what differs the next time was changed.
create table public.ads_object_states (
    object_id text primary key check (object_id ~ '^[0-9]{1,25}$'),
    account text not null,
    kind text not null check (kind in ('campaign', 'ad_set', 'ad')),
    product text references public.products (slug),
    campaign_id text,
    ad_set_id text,
    creative_id text,
    name text,
    status text,
    daily_budget text,
    lifetime_budget text,
    updated_time timestamptz,
    read_at timestamptz not null
);
comment on table public.ads_object_states is 'Campaigns, ad sets and ads of the ad accounts in use, also those that nobody made through the hub.';
create index ads_object_states_product on public.ads_object_states (product);
create index ads_object_states_account on public.ads_object_states (account, kind);

create table public.ads_changes (
    id uuid primary key,
    account text not null,
    product text references public.products (slug),
    kind text not null check (kind in ('campaign', 'ad_set', 'ad')),
    object_id text not null,
    field text not null check (field in ('name', 'status', 'daily_budget', 'lifetime_budget')),
    old_value text,
    new_value text,
    changed_at timestamptz,
    detected_at timestamptz not null
);
comment on table public.ads_changes is 'What was changed at Meta past the hub, as in the Ads Manager.';
create index ads_changes_product on public.ads_changes (product, id);
create index ads_changes_object on public.ads_changes (object_id, id);

-- Noted before the call: what Meta shows afterwards is nobody else's doing, also when the answer was lost.
create table shared.ads_own_changes (
    id uuid primary key,
    object_id text not null,
    fields jsonb not null,
    begun_at timestamptz not null,
    settled_at timestamptz
);
comment on table shared.ads_own_changes is 'Changes that were made through the hub and that no reading of the object has shown yet.';
create index ads_own_changes_object on shared.ads_own_changes (object_id);
create index ads_own_changes_begun on shared.ads_own_changes (begun_at);

create table shared.ads_account_syncs (
    account text primary key,
    currency text not null,
    time_zone text not null,
    read_at timestamptz not null,
    campaigns_until timestamptz,
    ad_sets_until timestamptz,
    ads_until timestamptz
);
comment on table shared.ads_account_syncs is 'An ad account''s currency and time zone, and up to when its objects'' changes were read.';

create table shared.ads_insight_reads (
    account text not null,
    level text not null,
    recent_at timestamptz,
    whole_at timestamptz,
    busy_by uuid,
    busy_until timestamptz,
    retry_at timestamptz,
    report_run text,
    report_at timestamptz,
    primary key (account, level)
);
comment on table shared.ads_insight_reads is 'When the last days and the whole window of a level were read, who reads now, and the report that Meta is making.';

-- The platform's own; as the service, since the owner of the table is subject to row security as well.
set local role acd_service;
insert into public.shared_job_schedules (name, kind, cron, next_at)
values ('sync ad accounts', 'acd.ads.plan_syncs', '7 * * * *', now());
reset role;

do $$
declare
    guarded text;
begin
    foreach guarded in array array['ads_insights_daily', 'ads_object_states', 'ads_changes'] loop
        execute format('alter table public.%I enable row level security', guarded);
        execute format('alter table public.%I force row level security', guarded);
        execute format('create policy %I on public.%I for select to acd_product using (product = (select acd.product()))',
            guarded || '_product_select', guarded);
        execute format('create policy %I on public.%I for all to acd_service using (true) with check (true)',
            guarded || '_service', guarded);
        execute format('create policy %I on public.%I for all to acd_admin using (true) with check (true)',
            guarded || '_admin', guarded);
        execute format('grant select on public.%I to acd_product', guarded);
        execute format('grant select, insert, update, delete on public.%I to acd_service, acd_admin', guarded);
    end loop;
    foreach guarded in array array['ads_own_changes', 'ads_account_syncs', 'ads_insight_reads'] loop
        execute format('alter table shared.%I enable row level security', guarded);
        execute format('alter table shared.%I force row level security', guarded);
        execute format('create policy %I on shared.%I for all to acd_service using (true) with check (true)',
            guarded || '_service', guarded);
        execute format('create policy %I on shared.%I for all to acd_admin using (true) with check (true)',
            guarded || '_admin', guarded);
        execute format('grant select, insert, update, delete on shared.%I to acd_service, acd_admin', guarded);
    end loop;
end
$$;
