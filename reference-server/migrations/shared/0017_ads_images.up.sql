-- What Meta calls images that products used as assets: each is uploaded to an ad account once.
create table public.ads_images (
    product text not null references public.products (slug),
    account text not null check (account ~ '^act_[0-9]{1,20}$'),
    content_hash bytea not null check (length(content_hash) = 32),
    image_hash text not null check (length(image_hash) between 1 and 100),
    created_at timestamptz not null default now(),
    primary key (product, account, content_hash)
);
comment on table public.ads_images is 'Images by the SHA-256 of their bytes, and what creatives in an ad account name them by.';

alter table public.ads_images enable row level security;
alter table public.ads_images force row level security;
create policy ads_images_product_select on public.ads_images for select to acd_product
    using (product = (select acd.product()));
create policy ads_images_service on public.ads_images for all to acd_service using (true) with check (true);
create policy ads_images_admin on public.ads_images for all to acd_admin using (true) with check (true);
grant select on public.ads_images to acd_product;
grant select, insert, update, delete on public.ads_images to acd_service, acd_admin;
