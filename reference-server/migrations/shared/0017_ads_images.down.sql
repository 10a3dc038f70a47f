drop table public.ads_images;
