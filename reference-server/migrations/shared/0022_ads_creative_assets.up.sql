-- Which assets creatives were made of: what an ad did is what its images and videos did. No reference to the assets, whose records may
-- go while what they did stays.
create table public.ads_creative_assets (
    creative_id text not null check (creative_id ~ '^[0-9]{1,25}$'),
    asset_id uuid not null,
    product text not null references public.products (slug),
    created_at timestamptz not null default now(),
    primary key (creative_id, asset_id)
);
comment on table public.ads_creative_assets is 'The assets that creatives show, of those that publications made.';
create index ads_creative_assets_product on public.ads_creative_assets (product, asset_id);

alter table public.ads_creative_assets enable row level security;
alter table public.ads_creative_assets force row level security;
create policy ads_creative_assets_product_select on public.ads_creative_assets for select to acd_product
    using (product = (select acd.product()));
create policy ads_creative_assets_service on public.ads_creative_assets for all to acd_service using (true) with check (true);
create policy ads_creative_assets_admin on public.ads_creative_assets for all to acd_admin using (true) with check (true);
grant select on public.ads_creative_assets to acd_product;
grant select, insert, update, delete on public.ads_creative_assets to acd_service, acd_admin;
