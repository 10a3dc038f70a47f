-- Roles, claims and the time-ordered ids that every later migration uses.
create schema if not exists acd;
create schema if not exists shared;

comment on schema acd is 'Functions and the migration ledger of the platform.';
comment on schema shared is 'Tables that only the service itself reads: persons and their links.';

-- Roles belong to the whole cluster: a second database, or a second runner, finds them there.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['acd_product', 'acd_user', 'acd_service', 'acd_admin'] loop
        begin
            execute format('create role %I nologin noinherit', wanted);
        exception when duplicate_object or unique_violation then
            null;
        end;
        -- The login role must be able to switch to it; a superuser can without a grant.
        if not (select rolsuper from pg_roles where rolname = current_user) then
            execute format('grant %I to current_user', wanted);
        end if;
    end loop;
end
$$;

grant usage on schema acd, public to acd_product, acd_user, acd_service, acd_admin;
grant usage on schema shared to acd_service, acd_admin;

-- The claims. Policies call them as `(select acd.product())`, so that PostgreSQL evaluates them once a statement.
create function acd.product() returns text
    language sql stable parallel safe
    as $$ select nullif(current_setting('acd.product', true), '') $$;
comment on function acd.product() is 'Slug of the product this transaction acts for; null when it acts for none.';

-- A Supabase project has auth.uid(); elsewhere the same function is made here, reading the same settings.
create schema if not exists auth;
do $$
begin
    if to_regprocedure('auth.uid()') is null then
        create function auth.uid() returns uuid
            language sql stable parallel safe
            as $f$
                select coalesce(
                    nullif(current_setting('request.jwt.claim.sub', true), ''),
                    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
                )::uuid
            $f$;
        comment on function auth.uid() is 'Subject of the JWT this transaction acts for; null when there is none.';
    end if;
end
$$;
grant usage on schema auth to acd_product, acd_user, acd_service, acd_admin;

-- Row security names acd_user; Supabase''s PostgREST runs as authenticated. Membership joins the two.
do $$
begin
    if exists (select from pg_roles where rolname = 'authenticated') then
        grant acd_user to authenticated;
    end if;
end
$$;

create function acd.uuid_v7_floor(at timestamptz) returns uuid
    language sql immutable parallel safe strict
    as $$
        select (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
    $$;
comment on function acd.uuid_v7_floor(timestamptz) is 'Smallest UUID whose version 7 time is this millisecond: a bound for ranges of ids.';

create function acd.uuid_v7_time(id uuid) returns timestamptz
    language sql immutable parallel safe strict
    as $$
        select to_timestamp(('x' || lpad(left(replace(id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0)
    $$;
comment on function acd.uuid_v7_time(uuid) is 'The millisecond in which a version 7 UUID was made.';

create function acd.uuid_v7() returns uuid
    language sql volatile parallel safe
    as $$
        select (
            lpad(to_hex(floor(extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')
            || '7' || substr(random_hex, 14, 3) || substr(random_hex, 17)
        )::uuid
        from (select replace(gen_random_uuid()::text, '-', '') as random_hex) as source
    $$;
comment on function acd.uuid_v7() is 'A new time-ordered id, for rows that are written from SQL.';

create function acd.touch_updated_at() returns trigger
    language plpgsql
    as $$
begin
    new.updated_at := now();
    return new;
end
$$;
