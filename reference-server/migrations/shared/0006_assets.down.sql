drop table public.shared_assets;
