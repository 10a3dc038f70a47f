drop table shared.ads_pool;
drop table public.ads_objects;
drop table public.ads_account_products;
