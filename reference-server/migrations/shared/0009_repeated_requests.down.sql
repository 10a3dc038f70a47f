drop index public.shared_assets_product_content;
alter table public.shared_users drop column idempotency_key;
