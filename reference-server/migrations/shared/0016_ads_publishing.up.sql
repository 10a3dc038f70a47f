-- Publications: what products make at Meta as one job, thing by thing, so that it can be gone on with after a crash.
create table public.ads_templates (
    id uuid primary key default acd.uuid_v7(),
    product text not null references public.products (slug),
    name text not null check (length(name) between 1 and 100),
    variables jsonb not null default '[]' check (jsonb_typeof(variables) = 'array'),
    plan jsonb not null check (jsonb_typeof(plan) = 'object'),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint ads_templates_name unique (product, name)
);
comment on table public.ads_templates is 'Plans of publications with variables in them.';
create index ads_templates_product on public.ads_templates (product, id);
create trigger ads_templates_touch before update on public.ads_templates
    for each row execute function acd.touch_updated_at();

create table public.ads_publications (
    id uuid primary key default acd.uuid_v7(),
    product text not null references public.products (slug),
    account text not null check (account ~ '^act_[0-9]{1,20}$'),
    name text check (length(name) between 1 and 200),
    template_id uuid references public.ads_templates (id) on delete set null,
    source_campaign_id text check (source_campaign_id ~ '^[0-9]{1,25}$'),
    state text not null default 'waiting'
        check (state in ('waiting', 'running', 'succeeded', 'partial', 'failed', 'cancelled')),
    run integer not null default 1,
    job_id uuid,
    holder uuid,
    label_id text,
    problem jsonb,
    idempotency_key text check (length(idempotency_key) between 1 and 255),
    request_hash bytea not null check (length(request_hash) = 32),
    cancel_requested_at timestamptz,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    constraint ads_publications_idempotency unique (product, idempotency_key)
);
comment on table public.ads_publications is 'What products make at Meta as one job. Whoever is the holder goes on with it, and nobody else.';
create index ads_publications_product on public.ads_publications (product, id);
create index ads_publications_template on public.ads_publications (template_id) where template_id is not null;

create table public.ads_publication_items (
    publication_id uuid not null references public.ads_publications (id) on delete cascade,
    position integer not null,
    product text not null references public.products (slug),
    kind text not null check (kind in ('campaign', 'ad_set', 'creative', 'ad')),
    key text not null check (length(key) between 1 and 110),
    object jsonb not null,
    state text not null default 'waiting'
        check (state in ('waiting', 'creating', 'unsettled', 'created', 'failed', 'not_tried')),
    object_id text check (object_id ~ '^[0-9]{1,25}$'),
    problem jsonb,
    attempts integer not null default 0,
    settle_at timestamptz,
    primary key (publication_id, position)
);
comment on table public.ads_publication_items is 'The things of a publication in the order in which they are made.';
create index ads_publication_items_product on public.ads_publication_items (product);

do $$
declare
    guarded text;
begin
    foreach guarded in array array['ads_templates', 'ads_publications', 'ads_publication_items'] loop
        execute format('alter table public.%I enable row level security', guarded);
        execute format('alter table public.%I force row level security', guarded);
        execute format('create policy %I on public.%I for select to acd_product using (product = (select acd.product()))',
            guarded || '_product_select', guarded);
        execute format('create policy %I on public.%I for all to acd_service using (true) with check (true)',
            guarded || '_service', guarded);
        execute format('create policy %I on public.%I for all to acd_admin using (true) with check (true)',
            guarded || '_admin', guarded);
        execute format('grant select on public.%I to acd_product', guarded);
        execute format('grant select, insert, update, delete on public.%I to acd_service, acd_admin', guarded);
    end loop;
end
$$;

create policy ads_templates_product_insert on public.ads_templates for insert to acd_product
    with check (product = (select acd.product()));
create policy ads_templates_product_update on public.ads_templates for update to acd_product
    using (product = (select acd.product())) with check (product = (select acd.product()));
create policy ads_templates_product_delete on public.ads_templates for delete to acd_product
    using (product = (select acd.product()));
grant insert, delete, update (name, variables, plan, updated_at) on public.ads_templates to acd_product;
