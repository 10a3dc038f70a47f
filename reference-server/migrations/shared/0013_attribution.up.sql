create table public.conversion_rules (
    id uuid primary key default acd.uuid_v7(),
    product text not null references public.products (slug),
    name text not null check (length(name) between 1 and 100),
    event text not null check (length(event) between 1 and 512),
    conditions jsonb not null default '[]' check (jsonb_typeof(conditions) = 'array'),
    effect text not null check (effect in ('conversion', 'refund')),
    amount_minor bigint check (amount_minor between 0 and 1000000000000000),
    value_property text,
    value_unit text not null check (value_unit in ('major', 'minor')),
    currency text check (currency ~ '^[A-Z]{3}$'),
    currency_property text,
    order_property text,
    idempotency_key text check (length(idempotency_key) between 1 and 255),
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    applied_to uuid not null default '00000000-0000-0000-0000-000000000000',
    settled_at timestamptz
);
comment on table public.conversion_rules is 'Which events of a product are conversions or refunds, and where their value stands.';
comment on column public.conversion_rules.applied_to is 'Events up to this id, stored before the rule was known everywhere, were looked at.';
comment on column public.conversion_rules.settled_at is 'When all of those were.';
create unique index conversion_rules_name on public.conversion_rules (product, name) where ended_at is null;
create unique index conversion_rules_idempotency on public.conversion_rules (product, idempotency_key)
    where idempotency_key is not null;
create index conversion_rules_product on public.conversion_rules (product, id);
create index conversion_rules_unsettled on public.conversion_rules (id) where settled_at is null and ended_at is null;

create table public.shared_touch_origins (
    -- A digest of everything else in the row: a writer knows it without asking.
    id bigint primary key,
    product text not null references public.products (slug),
    source text,
    medium text,
    campaign text,
    term text,
    content text,
    campaign_id text,
    adset_id text,
    ad_id text
);
comment on table public.shared_touch_origins is 'Where visitors came from, each combination once a product.';
create index shared_touch_origins_product on public.shared_touch_origins (product);

create table public.shared_touches (
    -- The half hour, then a digest of who, from where and by which click: what is the same visit has the same id.
    id uuid primary key,
    -- No foreign keys: the values come from rows of the same transaction or the one before, and checks would cost more
    -- than the insert. Persons stay when they are merged.
    product text not null,
    person_id uuid not null,
    origin_id bigint not null,
    at timestamptz not null,
    event_id uuid not null,
    fbclid text,
    gclid text,
    ttclid text,
    fbc text,
    fbp text
);
comment on table public.shared_touches is 'Visits that came from a campaign, an ad or a click that can be told.';
comment on column public.shared_touches.person_id is 'The person at the time; where merged_into leads is the person now.';
comment on column public.shared_touches.at is 'The earliest event of the visit.';
create index shared_touches_product on public.shared_touches (product, id);
-- Reports read nothing else of a touch: they never visit the table.
create index shared_touches_person on public.shared_touches (person_id, at, origin_id);

create table public.shared_conversions (
    event_id uuid not null,
    rule_id uuid not null,
    product text not null,
    person_id uuid not null,
    at timestamptz not null,
    refund boolean not null,
    amount_minor bigint check (amount_minor between 0 and 1000000000000000),
    currency text check (currency ~ '^[A-Z]{3}$'),
    order_ref text,
    primary key (event_id, rule_id),
    check ((amount_minor is null) = (currency is null))
);
comment on table public.shared_conversions is 'Events that a rule counts, each once a rule. A refund takes its amount from the conversion of the same order.';
create index shared_conversions_product on public.shared_conversions (product, at);
create index shared_conversions_person on public.shared_conversions (person_id, at)
    include (event_id, rule_id, refund, amount_minor, currency);
create index shared_conversions_order on public.shared_conversions (product, order_ref, at, event_id)
    where not refund and order_ref is not null;
create index shared_conversions_refunds on public.shared_conversions (product) where refund;
create index shared_conversions_rule on public.shared_conversions (rule_id);

alter table public.conversion_rules enable row level security;
alter table public.conversion_rules force row level security;
alter table public.shared_touch_origins enable row level security;
alter table public.shared_touch_origins force row level security;
alter table public.shared_touches enable row level security;
alter table public.shared_touches force row level security;
alter table public.shared_conversions enable row level security;
alter table public.shared_conversions force row level security;

create policy conversion_rules_product_select on public.conversion_rules for select to acd_product
    using (product = (select acd.product()));
create policy conversion_rules_product_insert on public.conversion_rules for insert to acd_product
    with check (product = (select acd.product()));
create policy conversion_rules_product_update on public.conversion_rules for update to acd_product
    using (product = (select acd.product())) with check (product = (select acd.product()));
create policy conversion_rules_service on public.conversion_rules for all to acd_service using (true) with check (true);
create policy conversion_rules_admin on public.conversion_rules for all to acd_admin using (true) with check (true);

create policy shared_touch_origins_product_select on public.shared_touch_origins for select to acd_product
    using (product = (select acd.product()));
create policy shared_touch_origins_service on public.shared_touch_origins for all to acd_service
    using (true) with check (true);
create policy shared_touch_origins_admin on public.shared_touch_origins for all to acd_admin
    using (true) with check (true);

create policy shared_touches_product_select on public.shared_touches for select to acd_product
    using (product = (select acd.product()));
create policy shared_touches_service on public.shared_touches for all to acd_service using (true) with check (true);
create policy shared_touches_admin on public.shared_touches for all to acd_admin using (true) with check (true);

create policy shared_conversions_product_select on public.shared_conversions for select to acd_product
    using (product = (select acd.product()));
create policy shared_conversions_service on public.shared_conversions for all to acd_service using (true) with check (true);
create policy shared_conversions_admin on public.shared_conversions for all to acd_admin using (true) with check (true);

grant select, insert, update (ended_at) on public.conversion_rules to acd_product;
grant select on public.shared_touch_origins, public.shared_touches, public.shared_conversions to acd_product;
grant select, insert, update, delete on public.conversion_rules, public.shared_touch_origins, public.shared_touches,
    public.shared_conversions to acd_service, acd_admin;

-- Supabase grants every new table in public to its web roles; what they may do is said by membership of acd_user alone.
do $$
declare
    web text;
begin
    for web in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop
        execute format('revoke all on public.conversion_rules, public.shared_touch_origins, public.shared_touches, '
            'public.shared_conversions from %I', web);
    end loop;
end
$$;
