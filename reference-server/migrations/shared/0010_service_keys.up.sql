-- Services sign their calls. What checks an Ed25519 signature is public; an HMAC secret is derived from the server's own
-- secret and the key's id, so that nothing stored here can sign.
create table public.service_keys (
    id uuid primary key default acd.uuid_v7(),
    product text references public.products (slug),
    name text not null check (length(name) between 1 and 100),
    algorithm text not null check (algorithm in ('hmac-sha256', 'ed25519')),
    public_key bytea check (length(public_key) = 32),
    scopes text[] not null check (cardinality(scopes) > 0),
    idempotency_key text check (length(idempotency_key) between 1 and 255),
    created_at timestamptz not null default now(),
    not_before timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    rotated_from uuid references public.service_keys (id),
    check (product is not null or 'admin' = any (scopes)),
    check ((algorithm = 'ed25519') = (public_key is not null))
);
comment on table public.service_keys is 'Keys of signed calls between services. A key without product is a platform administrator''s.';
create unique index service_keys_idempotency on public.service_keys (coalesce(product, ''), idempotency_key)
    where idempotency_key is not null;
create index service_keys_product on public.service_keys (product);
create index service_keys_rotated_from on public.service_keys (rotated_from);

alter table public.service_keys enable row level security;
alter table public.service_keys force row level security;
create policy service_keys_product_select on public.service_keys for select to acd_product
    using (product = (select acd.product()));
create policy service_keys_product_insert on public.service_keys for insert to acd_product
    with check (product = (select acd.product()) and not ('admin' = any (scopes)));
create policy service_keys_product_update on public.service_keys for update to acd_product
    using (product = (select acd.product()))
    with check (product = (select acd.product()) and not ('admin' = any (scopes)));
create policy service_keys_service on public.service_keys for all to acd_service using (true) with check (true);
create policy service_keys_admin on public.service_keys for all to acd_admin using (true) with check (true);

grant select, insert, update (name, expires_at, revoked_at) on public.service_keys to acd_product;
grant select, insert, update, delete on public.service_keys to acd_service, acd_admin;

-- Not unlogged: such a table is empty after a crash, and every call of the last minutes could be replayed.
create table shared.signature_nonce (
    key text primary key,
    expires_at timestamptz not null
);
comment on table shared.signature_nonce is 'Nonces of signed calls that were accepted, until the call could no longer pass.';
create index signature_nonce_expires_at on shared.signature_nonce (expires_at);

alter table shared.signature_nonce enable row level security;
alter table shared.signature_nonce force row level security;
create policy signature_nonce_service on shared.signature_nonce for all to acd_service using (true) with check (true);
create policy signature_nonce_admin on shared.signature_nonce for all to acd_admin using (true) with check (true);
grant select, insert, update, delete on shared.signature_nonce to acd_service, acd_admin;
