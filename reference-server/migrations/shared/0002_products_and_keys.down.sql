drop table public.api_keys;
drop table public.products;
