drop table public.shared_users, public.shared_entitlements;
drop function acd.grants(text, timestamptz);
