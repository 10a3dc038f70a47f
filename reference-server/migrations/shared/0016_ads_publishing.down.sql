drop table public.ads_publication_items;
drop table public.ads_publications;
drop table public.ads_templates;
