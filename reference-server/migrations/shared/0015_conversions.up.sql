-- Conversions for Meta: the switch of each product, what is to be sent and what became of it, and the rules that turn
-- shared events into events for Meta.

-- Changes are added and never changed: the last one of a product is its switch, and together they say who allowed what.
create table public.shared_conversion_switches (
    id uuid primary key default acd.uuid_v7(),
    product text not null references public.products (slug),
    enabled boolean not null,
    pixel_id text check (pixel_id ~ '^[0-9]{1,20}$'),
    test_event_code text check (test_event_code ~ '^[A-Za-z0-9]{1,40}$'),
    limited_country integer check (limited_country between 0 and 1),
    limited_state integer check (limited_state between 0 and 9999),
    allowed_events text[] check (cardinality(allowed_events) <= 100),
    changed_by text not null check (changed_by in ('product', 'admin')),
    request_id text not null,
    created_at timestamptz not null default now(),
    check (pixel_id is not null or not enabled),
    check ((limited_country is null) = (limited_state is null))
);
comment on table public.shared_conversion_switches is 'Whether conversions of a product go to Meta, and where to: every change, of which the last counts.';
create index shared_conversion_switches_product on public.shared_conversion_switches (product, id desc);

alter table public.shared_conversion_switches enable row level security;
alter table public.shared_conversion_switches force row level security;
create policy shared_conversion_switches_product_select on public.shared_conversion_switches for select to acd_product
    using (product = (select acd.product()));
create policy shared_conversion_switches_product_insert on public.shared_conversion_switches for insert to acd_product
    with check (product = (select acd.product()));
create policy shared_conversion_switches_service on public.shared_conversion_switches for all to acd_service
    using (true) with check (true);
create policy shared_conversion_switches_admin on public.shared_conversion_switches for all to acd_admin
    using (true) with check (true);
grant select, insert on public.shared_conversion_switches to acd_product;
grant select, insert, update, delete on public.shared_conversion_switches to acd_service, acd_admin;

create table public.attribution_events (
    id uuid primary key default acd.uuid_v7(),
    -- No foreign key, as with shared_events: the value is the product that was authenticated.
    product text not null,
    pixel_id text not null,
    event_name text not null check (length(event_name) between 1 and 100),
    event_id text not null check (length(event_id) between 1 and 255),
    event_time timestamptz not null,
    -- Whose it is, for consent: the addresses are hashes, in hexadecimal, with commas between them.
    user_id text,
    anonymous_id text,
    email_hashes text,
    -- When the person agreed, where the event itself says so.
    agreed_at timestamptz,
    rule_id uuid,
    source_event_id uuid,
    state text not null check (state in ('pending', 'sent', 'refused', 'failed', 'expired')),
    cause text,
    -- Whether the same event is still a repetition of this one.
    deduplicates boolean not null,
    -- Meta's event, its person hashed. What is settled keeps nothing of the person.
    payload jsonb,
    attempts integer not null default 0,
    -- When it is due; while a sender has it, when its lease ends.
    next_attempt_at timestamptz not null,
    lease uuid,
    fbtrace_id text,
    received_at timestamptz not null,
    settled_at timestamptz
);
comment on table public.attribution_events is 'Conversions for Meta and what became of each: sent, refused, failed or expired, and why.';
create unique index attribution_events_once on public.attribution_events (pixel_id, event_name, event_id)
    where deduplicates;
create unique index attribution_events_of_rule on public.attribution_events (rule_id, source_event_id)
    where source_event_id is not null;
create index attribution_events_due on public.attribution_events (product, next_attempt_at) where state = 'pending';
create index attribution_events_product on public.attribution_events (product, id);

alter table public.attribution_events enable row level security;
alter table public.attribution_events force row level security;
create policy attribution_events_product_select on public.attribution_events for select to acd_product
    using (product = (select acd.product()));
create policy attribution_events_service on public.attribution_events for all to acd_service using (true) with check (true);
create policy attribution_events_admin on public.attribution_events for all to acd_admin using (true) with check (true);
grant select on public.attribution_events to acd_product;
grant select, insert, update, delete on public.attribution_events to acd_service, acd_admin;

create table public.meta_event_rules (
    id uuid primary key default acd.uuid_v7(),
    product text not null references public.products (slug),
    event text not null check (length(event) between 1 and 200),
    conditions jsonb not null,
    meta_event text not null check (length(meta_event) between 1 and 100),
    mapping jsonb not null,
    idempotency_key text,
    created_at timestamptz not null default now()
);
comment on table public.meta_event_rules is 'Which shared events of a product become events for Meta, and where their parts are.';
create index meta_event_rules_product on public.meta_event_rules (product, id);
create unique index meta_event_rules_idempotency_key
    on public.meta_event_rules (product, idempotency_key) where idempotency_key is not null;

alter table public.meta_event_rules enable row level security;
alter table public.meta_event_rules force row level security;
create policy meta_event_rules_product_select on public.meta_event_rules for select to acd_product
    using (product = (select acd.product()));
create policy meta_event_rules_product_insert on public.meta_event_rules for insert to acd_product
    with check (product = (select acd.product()));
create policy meta_event_rules_product_delete on public.meta_event_rules for delete to acd_product
    using (product = (select acd.product()));
create policy meta_event_rules_service on public.meta_event_rules for all to acd_service
    using (true) with check (true);
create policy meta_event_rules_admin on public.meta_event_rules for all to acd_admin
    using (true) with check (true);
grant select, insert, delete on public.meta_event_rules to acd_product;
grant select, insert, update, delete on public.meta_event_rules to acd_service, acd_admin;

create table shared.meta_event_cursor (
    name text primary key,
    position uuid not null
);
comment on table shared.meta_event_cursor is 'Up to which shared event the rules have looked: at once, and again when no transaction can still add one before.';
insert into shared.meta_event_cursor (name, position)
    select name, acd.uuid_v7_floor(now()) from unnest(array['head', 'sweep']) as name;

alter table shared.meta_event_cursor enable row level security;
alter table shared.meta_event_cursor force row level security;
create policy meta_event_cursor_service on shared.meta_event_cursor for all to acd_service using (true) with check (true);
create policy meta_event_cursor_admin on shared.meta_event_cursor for all to acd_admin using (true) with check (true);
grant select, insert, update, delete on shared.meta_event_cursor to acd_service, acd_admin;

-- Conversions know an address by its hash alone, so consent given under an address is found by the hash too.
create function acd.email_sha256(provider text, external_id text) returns text
    language sql immutable parallel safe strict
    -- The database is UTF-8, so that the conversion depends on no setting. Of both columns, so that no index but those below
    -- fits a look-up by the hash, whatever the statistics say.
    as $$ select case when provider = 'email' then encode(sha256(convert_to(external_id, 'UTF8')), 'hex') end $$;
comment on function acd.email_sha256(text, text) is
    'SHA-256 in hexadecimal of an id that is an e-mail address; null for any other id.';
grant execute on function acd.email_sha256(text, text) to acd_product, acd_user, acd_service, acd_admin;
create index identity_link_email_hash on shared.identity_link (acd.email_sha256(provider, external_id))
    where acd.email_sha256(provider, external_id) is not null;
create index shared_consents_email_hash
    on public.shared_consents (product, acd.email_sha256(provider, external_id), purpose)
    where acd.email_sha256(provider, external_id) is not null;

create function shared.consents_of_each(
    products text[], user_ids text[], anonymous_ids text[], email_hashes text[], of_purpose text
) returns table (place bigint, granted_at timestamptz, refused_at timestamptz)
    language sql stable
    as $$
        -- Every look-up is a lateral one with a limit: it stays a look-up by its index, as a join of empty or of young tables
        -- would not.
        with given as materialized (
            select *
            from unnest(products, user_ids, anonymous_ids, email_hashes) with ordinality
                as given (product, user_id, anonymous_id, hashes, place)
        ), named as materialized (
            select given.place, given.product, 'user' as provider, given.user_id as value
            from given where given.user_id is not null
            union all
            select given.place, given.product, 'anonymous', given.anonymous_id
            from given where given.anonymous_id is not null
        ), hashed as materialized (
            select given.place, given.product, hash
            from given cross join lateral unnest(string_to_array(given.hashes, ',')) as hash
        ), linked as (
            select named.place, named.product, named.provider as id, link.person_id
            from named cross join lateral (
                select l.person_id from shared.identity_link as l
                where l.provider = named.provider and l.product = named.product and l.external_id = named.value
                limit 1
            ) as link
            union all
            select hashed.place, hashed.product, hashed.hash, link.person_id
            from hashed cross join lateral (
                select l.person_id from shared.identity_link as l
                where acd.email_sha256(l.provider, l.external_id) = hashed.hash
                limit 1
            ) as link
        ), decided as (
            select named.place, named.provider as id, last.granted, last.decided_at
            from named cross join lateral (
                select c.granted, c.decided_at from public.shared_consents as c
                where c.product = named.product and c.provider = named.provider and c.external_id = named.value
                    and c.purpose = of_purpose
                order by c.decided_at desc, c.granted limit 1
            ) as last
            union all
            select hashed.place, hashed.hash, last.granted, last.decided_at
            from hashed cross join lateral (
                select c.granted, c.decided_at from public.shared_consents as c
                where c.product = hashed.product and acd.email_sha256(c.provider, c.external_id) = hashed.hash
                    and c.purpose = of_purpose
                order by c.decided_at desc, c.granted limit 1
            ) as last
            union all
            select linked.place, linked.id, last.granted, last.decided_at
            from linked cross join lateral (
                select of_sibling.granted, of_sibling.decided_at
                from shared.identity_link as sibling cross join lateral (
                    select c.granted, c.decided_at from public.shared_consents as c
                    where c.product = linked.product and c.provider = sibling.provider
                        and c.external_id = sibling.external_id and c.purpose = of_purpose
                    order by c.decided_at desc, c.granted limit 1
                ) as of_sibling
                where sibling.person_id = linked.person_id
                    and (sibling.product = linked.product or sibling.product is null)
                order by of_sibling.decided_at desc, of_sibling.granted limit 1
            ) as last
        ), latest as (
            -- What counts for each id is the latest decision under any id of its person; of one moment, the refusal.
            select distinct on (decided.place, decided.id) decided.place, decided.granted, decided.decided_at
            from decided
            order by decided.place, decided.id, decided.decided_at desc, decided.granted
        )
        -- Ids that are said to be one person's and have decided differently are told apart: either may forbid it.
        select latest.place, max(latest.decided_at) filter (where latest.granted),
            max(latest.decided_at) filter (where not latest.granted)
        from latest
        group by latest.place
    $$;
comment on function shared.consents_of_each(text[], text[], text[], text[], text) is
    'For each of many subjects, by place from 1: when a purpose was agreed to and when it was refused, as far as either counts. One that decided nothing is left out.';
revoke execute on function shared.consents_of_each(text[], text[], text[], text[], text) from public;
grant execute on function shared.consents_of_each(text[], text[], text[], text[], text) to acd_service, acd_admin;
