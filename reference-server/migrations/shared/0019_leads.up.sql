-- What Meta sent, byte for byte as it was signed. It may hold what people wrote, and goes again after some days.
create table shared.meta_webhook (
    id uuid primary key default acd.uuid_v7(),
    -- Meta signs no time and gives no id: what is the same is the same message.
    body_hash bytea not null check (length(body_hash) = 32),
    body bytea not null,
    received_at timestamptz not null,
    processed_at timestamptz,
    error text check (length(error) between 1 and 2000),
    constraint meta_webhook_body_hash unique (body_hash)
);
comment on table shared.meta_webhook is 'Authentic webhooks of Meta. The ones not processed have a job; error is that of its last try.';
create index meta_webhook_received on shared.meta_webhook (received_at);

alter table shared.meta_webhook enable row level security;
alter table shared.meta_webhook force row level security;
create policy meta_webhook_service on shared.meta_webhook for all to acd_service using (true) with check (true);
create policy meta_webhook_admin on shared.meta_webhook for all to acd_admin using (true) with check (true);
grant select, insert, update, delete on shared.meta_webhook to acd_service, acd_admin;

create table public.ads_sources (
    id uuid primary key default acd.uuid_v7(),
    kind text not null check (kind in ('page', 'form', 'instagram')),
    object_id text not null check (object_id ~ '^[0-9]{1,25}$'),
    product text not null references public.products (slug),
    created_at timestamptz not null default now(),
    constraint ads_sources_object unique (kind, object_id)
);
comment on table public.ads_sources is 'Pages, lead forms and Instagram accounts, and whose they are.';
create index ads_sources_product on public.ads_sources (product);

alter table public.ads_sources enable row level security;
alter table public.ads_sources force row level security;
create policy ads_sources_product_select on public.ads_sources for select to acd_product
    using (product = (select acd.product()));
create policy ads_sources_service on public.ads_sources for all to acd_service using (true) with check (true);
create policy ads_sources_admin on public.ads_sources for all to acd_admin using (true) with check (true);
grant select on public.ads_sources to acd_product;
grant select, insert, update, delete on public.ads_sources to acd_service, acd_admin;

create table public.ads_notifications (
    id uuid primary key default acd.uuid_v7(),
    -- Of all that Meta said: it puts the same change into several messages.
    digest bytea not null check (length(digest) = 32),
    product text references public.products (slug),
    object text not null check (length(object) between 1 and 100),
    object_id text not null check (length(object_id) between 1 and 100),
    field text not null check (length(field) between 1 and 100),
    value jsonb not null,
    happened_at timestamptz,
    received_at timestamptz not null,
    constraint ads_notifications_digest unique (digest)
);
comment on table public.ads_notifications is 'What Meta told of pages, Instagram accounts and ads besides leads, kept for 90 days.';
create index ads_notifications_product on public.ads_notifications (product, id);
create index ads_notifications_received on public.ads_notifications (received_at);

alter table public.ads_notifications enable row level security;
alter table public.ads_notifications force row level security;
create policy ads_notifications_product_select on public.ads_notifications for select to acd_product
    using (product = (select acd.product()));
create policy ads_notifications_service on public.ads_notifications for all to acd_service using (true) with check (true);
create policy ads_notifications_admin on public.ads_notifications for all to acd_admin using (true) with check (true);
grant select on public.ads_notifications to acd_product;
grant select, insert, update, delete on public.ads_notifications to acd_service, acd_admin;

create table public.ads_leads (
    id uuid primary key default acd.uuid_v7(),
    lead_id text not null check (lead_id ~ '^[0-9]{1,25}$'),
    product text references public.products (slug),
    page_id text not null check (page_id ~ '^[0-9]{1,25}$'),
    form_id text not null check (form_id ~ '^[0-9]{1,25}$'),
    campaign_id text check (campaign_id ~ '^[0-9]{1,25}$'),
    adset_id text check (adset_id ~ '^[0-9]{1,25}$'),
    ad_id text check (ad_id ~ '^[0-9]{1,25}$'),
    is_organic boolean,
    platform text check (length(platform) between 1 and 40),
    answers jsonb not null default '[]' check (jsonb_typeof(answers) = 'array'),
    person_id uuid references shared.person (id),
    anonymous_id text check (length(anonymous_id) between 1 and 512),
    last_error text check (length(last_error) between 1 and 2000),
    filled_in_at timestamptz,
    received_at timestamptz not null,
    captured_at timestamptz,
    constraint ads_leads_lead unique (lead_id),
    check (captured_at is null or (product is not null and person_id is not null and anonymous_id is not null))
);
comment on table public.ads_leads is 'Leads that Meta told of, each once. Those without product wait for somebody to say whose their form is.';
create index ads_leads_product on public.ads_leads (product, id);
create index ads_leads_unassigned on public.ads_leads (page_id) where product is null;

alter table public.ads_leads enable row level security;
alter table public.ads_leads force row level security;
create policy ads_leads_product_select on public.ads_leads for select to acd_product
    using (product = (select acd.product()));
create policy ads_leads_service on public.ads_leads for all to acd_service using (true) with check (true);
create policy ads_leads_admin on public.ads_leads for all to acd_admin using (true) with check (true);
grant select on public.ads_leads to acd_product;
grant select, insert, update, delete on public.ads_leads to acd_service, acd_admin;

create function shared.resolve_lead(
    of_product text, lead_id text, anonymous_id text, email text, phone text, new_traits jsonb
) returns uuid
    language plpgsql
    as $$
declare
    person uuid;
begin
    -- The lock of all who write identity, as shared.resolve_person takes it.
    perform pg_advisory_xact_lock(7215346211003);

    select l.person_id into person from shared.identity_link as l
        where l.provider = 'meta_lead' and l.product is null and l.external_id = lead_id;
    if person is null and email is not null then
        select l.person_id into person from shared.identity_link as l
            where l.provider = 'email' and l.product is null and l.external_id = email;
    end if;
    -- People share telephones more often than addresses: a number decides only where no address speaks against it.
    if person is null and phone is not null then
        select l.person_id into person from shared.identity_link as l
            where l.provider = 'phone' and l.product is null and l.external_id = phone
                and (email is null or not exists (
                    select from shared.identity_link as other
                    where other.person_id = l.person_id and other.provider = 'email'
                ));
    end if;
    if person is not null then
        insert into shared.identity_link (provider, product, external_id, person_id)
            values ('anonymous', of_product, anonymous_id, person)
            on conflict do nothing;
        -- What somebody writes into a form does not replace what the product knows.
        new_traits := new_traits - coalesce((
            select array_agg(k) from shared.person as p, jsonb_object_keys(p.traits -> of_product) as k where p.id = person
        ), '{}');
    end if;

    person := shared.resolve_person(of_product, null, anonymous_id, null, email, new_traits);
    insert into shared.identity_link (provider, product, external_id, person_id)
        select wanted.provider, null, wanted.external_id, person
        from (values ('meta_lead', lead_id), ('phone', phone)) as wanted (provider, external_id)
        where wanted.external_id is not null
        on conflict do nothing;
    return person;
end
$$;
comment on function shared.resolve_lead(text, text, text, text, text, jsonb) is
    'The person who filled in a form: found by the lead, the address or the telephone, or made.';
revoke execute on function shared.resolve_lead(text, text, text, text, text, jsonb) from public;
grant execute on function shared.resolve_lead(text, text, text, text, text, jsonb) to acd_service, acd_admin;

-- Row security is forced on schedules: the owner of the table may add the platform's own while it is off.
alter table public.shared_job_schedules disable row level security;
insert into public.shared_job_schedules (name, kind, cron, next_at)
values ('clean up webhooks', 'acd.webhooks.clean_up', '41 * * * *', now());
alter table public.shared_job_schedules enable row level security;
