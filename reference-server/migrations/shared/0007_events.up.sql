create schema events;
comment on schema events is 'Events for people who write SQL: views by type, under the reader''s own row security; the partitions lie here too.';
grant usage on schema events to acd_product, acd_user, acd_service, acd_admin;

create table public.shared_events (
    -- Version 7 of the moment the server took the event in: order, partition and primary key in one column.
    id uuid not null,
    -- No foreign key: the value is the API key's own product, and a check a row would cost more than the insert.
    product text not null,
    type text not null check (type in ('track', 'identify', 'page', 'screen', 'group', 'alias')),
    event text,
    category text,
    message_id text not null,
    user_id text,
    anonymous_id text,
    group_id text,
    previous_id text,
    "timestamp" timestamptz not null,
    original_timestamp timestamptz,
    sent_at timestamptz,
    received_at timestamptz not null,
    properties jsonb,
    traits jsonb,
    context jsonb,
    integrations jsonb,
    utm_source text,
    utm_medium text,
    utm_campaign text,
    utm_term text,
    utm_content text,
    referrer text,
    url text,
    primary key (id),
    check (user_id is not null or anonymous_id is not null)
) partition by range (id);

comment on table public.shared_events is 'Everything that happened in every product, append-only, one partition a month.';
comment on column public.shared_events.event is 'track: the event; page and screen: the name.';
comment on column public.shared_events."timestamp" is 'When it happened, corrected for the client''s clock.';
comment on column public.shared_events.original_timestamp is 'When it happened by the client''s clock.';

create index shared_events_product on public.shared_events (product, id);
-- The id an event belongs to; the timeline of a person and a user''s own rows are found through it.
create index shared_events_actor on public.shared_events (coalesce(user_id, anonymous_id), product, id);

alter table public.shared_events enable row level security;
alter table public.shared_events force row level security;

create policy shared_events_product_select on public.shared_events for select to acd_product
    using (product = (select acd.product()));
create policy shared_events_product_insert on public.shared_events for insert to acd_product
    with check (product = (select acd.product()));
create policy shared_events_user_select on public.shared_events for select to acd_user
    using (user_id is not null and coalesce(user_id, anonymous_id) = (select auth.uid())::text);
create policy shared_events_service on public.shared_events for all to acd_service using (true) with check (true);
create policy shared_events_admin on public.shared_events for all to acd_admin using (true) with check (true);

grant select, insert on public.shared_events to acd_product;
grant select on public.shared_events to acd_user;
grant select, insert, update, delete on public.shared_events to acd_service, acd_admin;

create function acd.ensure_event_partitions(first_day date, last_day date) returns integer
    language plpgsql security definer set search_path = pg_catalog
    as $$
declare
    month date := date_trunc('month', first_day)::date;
    made integer := 0;
    part text;
begin
    if last_day - first_day > 36600 then
        raise exception 'refusing to make partitions for more than 100 years';
    end if;
    while month <= last_day loop
        part := format('shared_events_%s', to_char(month, 'YYYY_MM'));
        if to_regclass(format('events.%I', part)) is null then
            perform pg_advisory_xact_lock(7215346211004);
            if to_regclass(format('events.%I', part)) is null then
                -- Made apart and attached: CREATE ... PARTITION OF would lock out readers and writers.
                execute format(
                    'create table events.%I (like public.shared_events including defaults including constraints)', part);
                -- messageId is unique within a partition; the writer looks into the month before as well.
                execute format('create unique index %I on events.%I (product, message_id)', part || '_message_id', part);
                execute format('alter table events.%I enable row level security', part);
                execute format('alter table events.%I force row level security', part);
                execute format(
                    'alter table public.shared_events attach partition events.%I for values from (%L) to (%L)',
                    part,
                    acd.uuid_v7_floor(month::timestamp at time zone 'UTC'),
                    acd.uuid_v7_floor((month + interval '1 month') at time zone 'UTC'));
                made := made + 1;
            end if;
        end if;
        month := (month + interval '1 month')::date;
    end loop;
    return made;
end
$$;
comment on function acd.ensure_event_partitions(date, date) is
    'Makes the monthly partitions of shared_events that are missing between two days, and returns how many it made.';
revoke execute on function acd.ensure_event_partitions(date, date) from public;
grant execute on function acd.ensure_event_partitions(date, date) to acd_service;

select acd.ensure_event_partitions((now() - interval '3 months')::date, (now() + interval '3 months')::date);

create view events.tracks with (security_invoker = true) as
    select id, product, event, message_id, user_id, anonymous_id, "timestamp", received_at, properties, context,
        utm_source, utm_medium, utm_campaign, utm_term, utm_content, referrer, url
    from public.shared_events where type = 'track';
create view events.identifies with (security_invoker = true) as
    select id, product, message_id, user_id, anonymous_id, "timestamp", received_at, traits, context
    from public.shared_events where type = 'identify';
create view events.pages with (security_invoker = true) as
    select id, product, event as name, category, message_id, user_id, anonymous_id, "timestamp", received_at,
        properties, context, utm_source, utm_medium, utm_campaign, utm_term, utm_content, referrer, url
    from public.shared_events where type = 'page';
create view events.screens with (security_invoker = true) as
    select id, product, event as name, category, message_id, user_id, anonymous_id, "timestamp", received_at,
        properties, context
    from public.shared_events where type = 'screen';
create view events.groups with (security_invoker = true) as
    select id, product, group_id, message_id, user_id, anonymous_id, "timestamp", received_at, traits, context
    from public.shared_events where type = 'group';
create view events.aliases with (security_invoker = true) as
    select id, product, previous_id, user_id, anonymous_id, message_id, "timestamp", received_at, context
    from public.shared_events where type = 'alias';
create view events.daily_counts with (security_invoker = true) as
    select product, (received_at at time zone 'UTC')::date as day, type, event, count(*) as events
    from public.shared_events group by 1, 2, 3, 4;

grant select on events.tracks, events.identifies, events.pages, events.screens, events.groups, events.aliases,
    events.daily_counts to acd_product, acd_user, acd_service, acd_admin;

-- Supabase grants every new table in public to its web roles; what they may do is said by membership of acd_user alone.
do $$
declare
    web text;
begin
    for web in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
        execute format('revoke all on all tables in schema public, shared, events from %I', web);
    end loop;
end
$$;
