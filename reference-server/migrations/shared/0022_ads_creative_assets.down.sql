drop table public.ads_creative_assets;
