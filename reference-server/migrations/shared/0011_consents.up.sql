-- What people have agreed to. Decisions are added and never changed: together they prove who agreed to what, and when.
create table public.shared_consents (
    id uuid primary key default acd.uuid_v7(),
    product text not null references public.products (slug),
    provider text not null check (provider in ('user', 'anonymous', 'email')),
    external_id text not null check (length(external_id) between 1 and 512),
    purpose text not null check (purpose in ('advertising', 'analytics', 'functional', 'marketing')),
    granted boolean not null,
    decided_at timestamptz not null,
    source text not null check (source in ('banner', 'settings', 'form', 'api', 'import')),
    policy_version text check (length(policy_version) between 1 and 100),
    created_at timestamptz not null default now()
);
comment on table public.shared_consents is 'Decisions of people on what their data may be used for, by product. The latest of all ids of a person counts.';
-- The same choice of the same moment is the same decision.
create unique index shared_consents_subject
    on public.shared_consents (product, provider, external_id, purpose, decided_at desc, granted);

alter table public.shared_consents enable row level security;
alter table public.shared_consents force row level security;
create policy shared_consents_product_select on public.shared_consents for select to acd_product
    using (product = (select acd.product()));
create policy shared_consents_product_insert on public.shared_consents for insert to acd_product
    with check (product = (select acd.product()));
create policy shared_consents_service on public.shared_consents for all to acd_service using (true) with check (true);
create policy shared_consents_admin on public.shared_consents for all to acd_admin using (true) with check (true);
grant select, insert on public.shared_consents to acd_product;
grant select, insert, update, delete on public.shared_consents to acd_service, acd_admin;

create function shared.consents(of_product text, of_provider text, of_external_id text)
    returns table (purpose text, granted boolean, decided_at timestamptz, source text, policy_version text)
    language sql stable
    as $$
        -- Of two decisions of the same moment the refusal counts.
        select distinct on (c.purpose) c.purpose, c.granted, c.decided_at, c.source, c.policy_version
        from public.shared_consents as c
        where c.product = of_product and (c.provider, c.external_id) in (
            select of_provider, of_external_id
            union
            select sibling.provider, sibling.external_id
            from shared.identity_link as asked join shared.identity_link as sibling using (person_id)
            where asked.provider = of_provider and asked.external_id = of_external_id
                and asked.product is not distinct from case when of_provider <> 'email' then of_product end
                and (sibling.product = of_product or sibling.product is null)
        )
        order by c.purpose, c.decided_at desc, c.granted, c.id desc
    $$;
comment on function shared.consents(text, text, text) is
    'The decisions of a product''s person that count now, by purpose, whichever of the person''s ids they were given under.';
revoke execute on function shared.consents(text, text, text) from public;
grant execute on function shared.consents(text, text, text) to acd_service, acd_admin;
