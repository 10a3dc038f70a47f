drop function shared.consents(text, text, text);
drop table public.shared_consents;
