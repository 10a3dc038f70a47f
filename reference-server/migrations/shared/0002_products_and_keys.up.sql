create table public.products (
    slug text primary key check (slug ~ '^[a-z][a-z0-9_]{1,39}$'),
    name text not null check (length(name) between 1 and 100),
    domain text not null unique,
    class text not null check (class in ('infrastructure', 'application', 'specialised')),
    aliases text[] not null default '{}',
    created_at timestamptz not null default now()
);
comment on table public.products is 'The products that share the platform. A new row is all a new product needs.';

create table public.api_keys (
    id uuid primary key default acd.uuid_v7(),
    product text references public.products (slug),
    name text not null check (length(name) between 1 and 100),
    prefix text not null unique,
    key_hash bytea not null unique check (length(key_hash) = 32),
    scopes text[] not null check (cardinality(scopes) > 0),
    idempotency_key text,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    rotated_from uuid references public.api_keys (id),
    check (product is not null or 'admin' = any (scopes))
);
comment on table public.api_keys is 'API keys: only a keyed hash is stored. A key without product is a platform administrator''s.';
create unique index api_keys_idempotency on public.api_keys (coalesce(product, ''), idempotency_key)
    where idempotency_key is not null;
create index api_keys_product on public.api_keys (product);
create index api_keys_rotated_from on public.api_keys (rotated_from);

alter table public.products enable row level security;
alter table public.products force row level security;
alter table public.api_keys enable row level security;
alter table public.api_keys force row level security;

create policy products_product_select on public.products for select to acd_product
    using (slug = (select acd.product()));
create policy products_service on public.products for all to acd_service using (true) with check (true);
create policy products_admin on public.products for all to acd_admin using (true) with check (true);

create policy api_keys_product_select on public.api_keys for select to acd_product
    using (product = (select acd.product()));
create policy api_keys_product_insert on public.api_keys for insert to acd_product
    with check (product = (select acd.product()) and not ('admin' = any (scopes)));
create policy api_keys_product_update on public.api_keys for update to acd_product
    using (product = (select acd.product()))
    with check (product = (select acd.product()) and not ('admin' = any (scopes)));
create policy api_keys_service on public.api_keys for all to acd_service using (true) with check (true);
create policy api_keys_admin on public.api_keys for all to acd_admin using (true) with check (true);

grant select on public.products to acd_product;
grant select, insert, update, delete on public.products to acd_service, acd_admin;
-- The hash is written by a product's own administration and read by the service alone.
grant select (id, product, name, prefix, scopes, idempotency_key, created_at, expires_at, revoked_at, rotated_from),
    insert, update (name, expires_at, revoked_at)
    on public.api_keys to acd_product;
grant select, insert, update, delete on public.api_keys to acd_service, acd_admin;
