-- Which products advertise through which of Meta's ad accounts, and how they share its limits.
create table public.ads_account_products (
    id uuid primary key default acd.uuid_v7(),
    account text not null check (account ~ '^act_[0-9]{1,20}$'),
    product text not null references public.products (slug),
    weight integer not null default 100 check (weight between 1 and 10000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint ads_account_products_account_product unique (account, product)
);
comment on table public.ads_account_products is 'Ad accounts that a product may use. Of a limit that is reached each gets its part by weight.';
create index ads_account_products_product on public.ads_account_products (product);

alter table public.ads_account_products enable row level security;
alter table public.ads_account_products force row level security;
create policy ads_account_products_product_select on public.ads_account_products for select to acd_product
    using (product = (select acd.product()));
create policy ads_account_products_service on public.ads_account_products for all to acd_service
    using (true) with check (true);
create policy ads_account_products_admin on public.ads_account_products for all to acd_admin
    using (true) with check (true);
grant select on public.ads_account_products to acd_product;
grant select, insert, update, delete on public.ads_account_products to acd_service, acd_admin;

-- Meta knows nothing of products: whose an object is stands here, and nowhere else. A row without an object's id is an
-- intent whose outcome is not known yet; its id is the label by which the object is found again.
create table public.ads_objects (
    id uuid primary key default acd.uuid_v7(),
    product text not null references public.products (slug),
    kind text not null check (kind in ('campaign', 'ad_set', 'creative', 'ad')),
    account text not null check (account ~ '^act_[0-9]{1,20}$'),
    object_id text check (object_id ~ '^[0-9]{1,25}$'),
    idempotency_key text not null check (length(idempotency_key) between 1 and 255),
    request_hash bytea not null check (length(request_hash) = 32),
    busy_until timestamptz not null,
    created_at timestamptz not null default now(),
    constraint ads_objects_idempotency unique (product, kind, idempotency_key),
    constraint ads_objects_object unique (object_id)
);
comment on table public.ads_objects is 'Campaigns, ad sets, creatives and ads that products made through the hub.';

alter table public.ads_objects enable row level security;
alter table public.ads_objects force row level security;
create policy ads_objects_product_select on public.ads_objects for select to acd_product
    using (product = (select acd.product()));
create policy ads_objects_service on public.ads_objects for all to acd_service using (true) with check (true);
create policy ads_objects_admin on public.ads_objects for all to acd_admin using (true) with check (true);
grant select on public.ads_objects to acd_product;
grant select, insert, update, delete on public.ads_objects to acd_service, acd_admin;

-- The row is written some times a second while calls are made, never its key: room for the new version on the same page
-- keeps the index out of it.
create table shared.ads_pool (
    name text not null,
    scope text not null,
    state jsonb not null default '{}',
    updated_at timestamptz not null default now(),
    primary key (name, scope)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
comment on table shared.ads_pool is 'What is used of each of Meta''s limits, what of it is lent to which replica, and who waits there.';

alter table shared.ads_pool enable row level security;
alter table shared.ads_pool force row level security;
create policy ads_pool_service on shared.ads_pool for all to acd_service using (true) with check (true);
create policy ads_pool_admin on shared.ads_pool for all to acd_admin using (true) with check (true);
grant select, insert, update, delete on shared.ads_pool to acd_service, acd_admin;
