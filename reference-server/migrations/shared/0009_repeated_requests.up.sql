-- What makes a repeated request harmless, exact under concurrency.
alter table public.shared_users add column idempotency_key text check (length(idempotency_key) between 1 and 255);
comment on column public.shared_users.idempotency_key is 'Idempotency-Key of the request that made the user.';
create unique index shared_users_idempotency on public.shared_users (signup_product, idempotency_key)
    where idempotency_key is not null;

create unique index shared_assets_product_content on public.shared_assets (product, content_hash);
