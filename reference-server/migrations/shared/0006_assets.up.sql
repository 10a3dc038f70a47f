create table public.shared_assets (
    id uuid primary key default acd.uuid_v7(),
    product text not null references public.products (slug),
    owner_id uuid references public.shared_users (id) on delete set null,
    type text not null check (type in ('image', 'video', 'audio', 'voice', 'font', 'template', 'document')),
    source text not null check (source in ('upload', 'render', 'generated', 'import')),
    content_hash bytea not null check (length(content_hash) = 32),
    size_bytes bigint not null check (size_bytes >= 0),
    url text not null check (length(url) between 1 and 2048),
    thumbnail_url text check (length(thumbnail_url) <= 2048),
    metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.shared_assets is 'Files that products share; content_hash is the SHA-256 of the bytes.';
create index shared_assets_product on public.shared_assets (product, id);
create index shared_assets_owner on public.shared_assets (owner_id, id);
create index shared_assets_content on public.shared_assets (content_hash);
create trigger shared_assets_touch before update on public.shared_assets
    for each row execute function acd.touch_updated_at();

alter table public.shared_assets enable row level security;
alter table public.shared_assets force row level security;

create policy shared_assets_product_select on public.shared_assets for select to acd_product
    using (product = (select acd.product()));
create policy shared_assets_product_insert on public.shared_assets for insert to acd_product
    with check (product = (select acd.product()));
create policy shared_assets_product_update on public.shared_assets for update to acd_product
    using (product = (select acd.product())) with check (product = (select acd.product()));
create policy shared_assets_product_delete on public.shared_assets for delete to acd_product
    using (product = (select acd.product()));
create policy shared_assets_user_select on public.shared_assets for select to acd_user
    using (owner_id = (select auth.uid()));
create policy shared_assets_service on public.shared_assets for all to acd_service using (true) with check (true);
create policy shared_assets_admin on public.shared_assets for all to acd_admin using (true) with check (true);

grant select, insert, update, delete on public.shared_assets to acd_product, acd_service, acd_admin;
grant select on public.shared_assets to acd_user;
