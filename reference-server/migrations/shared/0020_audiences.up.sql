-- Whether anything of a product's people may leave for audiences. Rows are added and never changed: together they prove who
-- turned the switch, and when. The latest counts; without one it is off.
create table public.ads_audience_switches (
    id uuid primary key default acd.uuid_v7(),
    product text not null references public.products (slug),
    is_enabled boolean not null,
    changed_by text not null check (changed_by in ('product', 'admin')),
    request_id text not null,
    created_at timestamptz not null default now()
);
comment on table public.ads_audience_switches is 'Each turn of a product''s switch of audiences.';
create index ads_audience_switches_product on public.ads_audience_switches (product, id);

create table public.ads_audiences (
    id uuid primary key default acd.uuid_v7(),
    product text not null references public.products (slug),
    account text not null check (account ~ '^act_[0-9]{1,20}$'),
    name text not null check (length(name) between 1 and 100),
    kind text not null check (kind in ('segment', 'lookalike')),
    source jsonb,
    renew_hours integer check (renew_hours between 1 and 720),
    seed_id uuid references public.ads_audiences (id),
    country text check (country ~ '^[A-Z]{2}$'),
    ratio_percent integer check (ratio_percent between 1 and 20),
    audience_id text check (audience_id ~ '^[0-9]{1,25}$'),
    people bigint check (people >= 0),
    last_error text check (length(last_error) between 1 and 2000),
    renewed_at timestamptz,
    renew_at timestamptz,
    created_at timestamptz not null default now(),
    constraint ads_audiences_name unique (product, name),
    check ((kind = 'segment') = (source is not null and renew_hours is not null)),
    check ((kind = 'lookalike') = (seed_id is not null and country is not null and ratio_percent is not null))
);
comment on table public.ads_audiences is 'Audiences of products, and what they are at Meta. Who is in one stands nowhere.';
create index ads_audiences_product on public.ads_audiences (product, id);
create index ads_audiences_renew on public.ads_audiences (renew_at);
create index ads_audiences_seed on public.ads_audiences (seed_id);

alter table public.ads_audience_switches enable row level security;
alter table public.ads_audience_switches force row level security;
create policy ads_audience_switches_product_select on public.ads_audience_switches for select to acd_product
    using (product = (select acd.product()));
create policy ads_audience_switches_product_insert on public.ads_audience_switches for insert to acd_product
    with check (product = (select acd.product()));
create policy ads_audience_switches_service on public.ads_audience_switches for all to acd_service
    using (true) with check (true);
create policy ads_audience_switches_admin on public.ads_audience_switches for all to acd_admin
    using (true) with check (true);
grant select, insert on public.ads_audience_switches to acd_product;
grant select, insert, update, delete on public.ads_audience_switches to acd_service, acd_admin;

alter table public.ads_audiences enable row level security;
alter table public.ads_audiences force row level security;
create policy ads_audiences_product_select on public.ads_audiences for select to acd_product
    using (product = (select acd.product()));
create policy ads_audiences_product_insert on public.ads_audiences for insert to acd_product
    with check (product = (select acd.product()));
create policy ads_audiences_service on public.ads_audiences for all to acd_service using (true) with check (true);
create policy ads_audiences_admin on public.ads_audiences for all to acd_admin using (true) with check (true);
grant select, insert on public.ads_audiences to acd_product;
grant select, insert, update, delete on public.ads_audiences to acd_service, acd_admin;

alter table public.shared_job_schedules disable row level security;
insert into public.shared_job_schedules (name, kind, cron, next_at)
values ('renew audiences', 'acd.ads.renew_due_audiences', '*/5 * * * *', now());
alter table public.shared_job_schedules enable row level security;
