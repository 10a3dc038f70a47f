create table public.shared_users (
    id uuid primary key default acd.uuid_v7(),
    email text not null check (email = lower(email) and email ~ '^[^@\s]+@[^@\s]+$' and length(email) <= 320),
    name text check (length(name) <= 200),
    avatar_url text check (length(avatar_url) <= 2048),
    locale text not null default 'en' check (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
    timezone text not null default 'UTC' check (length(timezone) <= 64),
    signup_product text not null references public.products (slug),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.shared_users is 'One profile a person for all products; the id is the auth user''s.';
create unique index shared_users_email on public.shared_users (email);
create index shared_users_signup_product on public.shared_users (signup_product, id);
create trigger shared_users_touch before update on public.shared_users
    for each row execute function acd.touch_updated_at();

create table public.shared_entitlements (
    user_id uuid not null references public.shared_users (id) on delete cascade,
    product text not null references public.products (slug),
    plan text not null check (plan in ('free', 'starter', 'pro', 'enterprise')),
    role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
    status text not null check (status in ('active', 'trialing', 'past_due', 'canceled', 'expired')),
    source text not null check (source in ('signup', 'stripe', 'admin', 'bundle', 'import')),
    expires_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (user_id, product)
);
comment on table public.shared_entitlements is 'What a user may use in a product. Whether it grants anything now is said by acd.grants().';
create index shared_entitlements_product on public.shared_entitlements (product, user_id);
create trigger shared_entitlements_touch before update on public.shared_entitlements
    for each row execute function acd.touch_updated_at();

-- A canceled subscription runs to the end of the paid period; past_due keeps access while payment is retried.
create function acd.grants(status text, expires_at timestamptz) returns boolean
    language sql stable parallel safe
    as $$
        select case
            when status in ('active', 'trialing', 'past_due') then expires_at is null or expires_at > now()
            when status = 'canceled' then expires_at > now()
            else false
        end is true
    $$;
comment on function acd.grants(text, timestamptz) is 'Whether an entitlement in this status with this expiry grants access now.';

alter table public.shared_users enable row level security;
alter table public.shared_users force row level security;
alter table public.shared_entitlements enable row level security;
alter table public.shared_entitlements force row level security;

create policy shared_entitlements_product_select on public.shared_entitlements for select to acd_product
    using (product = (select acd.product()));
create policy shared_entitlements_product_insert on public.shared_entitlements for insert to acd_product
    with check (product = (select acd.product()));
create policy shared_entitlements_product_update on public.shared_entitlements for update to acd_product
    using (product = (select acd.product())) with check (product = (select acd.product()));
create policy shared_entitlements_user_select on public.shared_entitlements for select to acd_user
    using (user_id = (select auth.uid()));
create policy shared_entitlements_service on public.shared_entitlements for all to acd_service
    using (true) with check (true);
create policy shared_entitlements_admin on public.shared_entitlements for all to acd_admin
    using (true) with check (true);

-- A product knows the users that signed up with it and those that are entitled to it.
create policy shared_users_product_select on public.shared_users for select to acd_product
    using (
        signup_product = (select acd.product())
        or exists (
            select from public.shared_entitlements as e
            where e.user_id = shared_users.id and e.product = (select acd.product())
        )
    );
create policy shared_users_product_insert on public.shared_users for insert to acd_product
    with check (signup_product = (select acd.product()));
create policy shared_users_product_update on public.shared_users for update to acd_product
    using (signup_product = (select acd.product())) with check (signup_product = (select acd.product()));
create policy shared_users_user_select on public.shared_users for select to acd_user
    using (id = (select auth.uid()));
create policy shared_users_user_update on public.shared_users for update to acd_user
    using (id = (select auth.uid())) with check (id = (select auth.uid()));
create policy shared_users_service on public.shared_users for all to acd_service using (true) with check (true);
create policy shared_users_admin on public.shared_users for all to acd_admin using (true) with check (true);

grant select, insert, update (email, name, avatar_url, locale, timezone) on public.shared_users to acd_product;
-- A changed address must be confirmed first, so a user does not write it directly.
grant select, update (name, avatar_url, locale, timezone) on public.shared_users to acd_user;
grant select, insert, update, delete on public.shared_users to acd_service, acd_admin;
grant select, insert, update (plan, role, status, source, expires_at) on public.shared_entitlements to acd_product;
grant select on public.shared_entitlements to acd_user;
grant select, insert, update, delete on public.shared_entitlements to acd_service, acd_admin;
