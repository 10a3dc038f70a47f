drop table shared.signature_nonce;
drop table public.service_keys;
