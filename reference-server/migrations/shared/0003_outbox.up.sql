create table public.events_outbox (
    id uuid primary key default acd.uuid_v7(),
    topic text not null check (topic ~ '^[a-z_]+(\.[a-z_]+)+$'),
    product text references public.products (slug),
    payload jsonb not null,
    request_id text,
    created_at timestamptz not null default now(),
    relayed_at timestamptz
);
comment on table public.events_outbox is 'What a change causes, written in the change''s own transaction and relayed from here.';
create index events_outbox_pending on public.events_outbox (id) where relayed_at is null;
create index events_outbox_product on public.events_outbox (product);

alter table public.events_outbox enable row level security;
alter table public.events_outbox force row level security;

create policy events_outbox_product_select on public.events_outbox for select to acd_product
    using (product = (select acd.product()));
create policy events_outbox_product_insert on public.events_outbox for insert to acd_product
    with check (product = (select acd.product()));
create policy events_outbox_service on public.events_outbox for all to acd_service using (true) with check (true);
create policy events_outbox_admin on public.events_outbox for all to acd_admin using (true) with check (true);

grant select, insert on public.events_outbox to acd_product;
grant select, insert, update, delete on public.events_outbox to acd_service, acd_admin;
