-- Jobs: work that is kept until it is done. Workers hold a job by a lease; who holds it no more cannot finish it.
create table public.shared_job_limits (
    id uuid primary key default acd.uuid_v7(),
    product text references public.products (slug),
    key text not null check (length(key) between 1 and 200),
    max_running integer check (max_running > 0),
    rate_count integer check (rate_count > 0),
    rate_period_ms integer check (rate_period_ms > 0),
    burst integer check (burst > 0),
    tokens double precision not null default 0,
    refilled_at timestamptz not null default now(),
    claimed_at timestamptz,
    created_at timestamptz not null default now(),
    check (max_running is not null or rate_count is not null),
    check ((rate_count is null) = (rate_period_ms is null) and (rate_count is null) = (burst is null))
);
comment on table public.shared_job_limits is 'Limits that jobs with their key keep to: how many run at a time, and a token bucket of starts.';
create unique index shared_job_limits_key on public.shared_job_limits (coalesce(product, ''), key);
create index shared_job_limits_product on public.shared_job_limits (product);

create table public.shared_job_schedules (
    id uuid primary key default acd.uuid_v7(),
    product text references public.products (slug),
    name text not null check (length(name) between 1 and 100),
    kind text not null check (length(kind) between 1 and 100),
    payload jsonb not null default '{}',
    cron text not null check (length(cron) between 1 and 200),
    time_zone text not null default 'UTC' check (length(time_zone) between 1 and 64),
    priority smallint not null default 0 check (priority between -100 and 100),
    max_attempts integer not null default 10 check (max_attempts between 1 and 1000),
    is_enabled boolean not null default true,
    next_at timestamptz,
    last_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table public.shared_job_schedules is 'Schedules that make jobs; next_at is worked out from cron in time_zone.';
create unique index shared_job_schedules_name on public.shared_job_schedules (coalesce(product, ''), name);
create index shared_job_schedules_product on public.shared_job_schedules (product, id);
create index shared_job_schedules_due on public.shared_job_schedules (next_at) where next_at is not null;
create trigger shared_job_schedules_touch before update on public.shared_job_schedules
    for each row execute function acd.touch_updated_at();

create table public.shared_jobs (
    id uuid primary key default acd.uuid_v7(),
    product text references public.products (slug),
    kind text not null check (length(kind) between 1 and 100),
    payload jsonb not null default '{}',
    state text not null default 'pending'
        check (state in ('scheduled', 'pending', 'running', 'succeeded', 'dead', 'cancelled')),
    priority smallint not null default 0 check (priority between -100 and 100),
    run_at timestamptz not null default now(),
    attempt integer not null default 0,
    attempts_before integer not null default 0,
    max_attempts integer not null default 10 check (max_attempts between 1 and 1000),
    backoff_ms integer not null default 1000 check (backoff_ms > 0),
    backoff_max_ms integer not null default 3600000 check (backoff_max_ms > 0),
    unique_key text check (length(unique_key) between 1 and 200),
    idempotency_key text check (length(idempotency_key) between 1 and 260),
    limit_key text check (length(limit_key) between 1 and 200),
    schedule_id uuid references public.shared_job_schedules (id) on delete set null,
    scheduled_for timestamptz,
    worker text,
    lease_id uuid,
    lease_until timestamptz,
    progress smallint check (progress between 0 and 100),
    progress_note text,
    result jsonb,
    error text,
    cancel_requested_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    request_id text,
    created_at timestamptz not null default now(),
    check ((state = 'running') = (lease_id is not null) and (state = 'running') = (lease_until is not null))
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
comment on table public.shared_jobs is 'Jobs of all products; a null product is the platform itself. attempts_before are those before the last retry by hand.';

create index shared_jobs_product on public.shared_jobs (product, id);
-- What a claim reads: each product's best jobs of a kind, without those that a limit may hold back.
create index shared_jobs_pending on public.shared_jobs (kind, coalesce(product, ''), priority desc, run_at, id)
    where state = 'pending' and limit_key is null;
create index shared_jobs_limited on public.shared_jobs (coalesce(product, ''), limit_key, priority desc, run_at, id)
    where state = 'pending' and limit_key is not null;
create index shared_jobs_scheduled on public.shared_jobs (run_at) where state = 'scheduled';
create index shared_jobs_running on public.shared_jobs (lease_until) where state = 'running';
create index shared_jobs_finished on public.shared_jobs (finished_at) where finished_at is not null;
create index shared_jobs_dead on public.shared_jobs (kind, id) where state = 'dead';
create unique index shared_jobs_unique on public.shared_jobs (coalesce(product, ''), kind, unique_key)
    where unique_key is not null and state in ('scheduled', 'pending', 'running');
create unique index shared_jobs_idempotency on public.shared_jobs (coalesce(product, ''), idempotency_key)
    where idempotency_key is not null;
-- No two replicas make the job of the same time.
create unique index shared_jobs_schedule on public.shared_jobs (schedule_id, scheduled_for)
    where schedule_id is not null;

create table public.shared_job_attempts (
    job_id uuid not null references public.shared_jobs (id) on delete cascade,
    attempt integer not null,
    product text references public.products (slug),
    worker text,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    outcome text not null check (outcome in ('failed', 'timed_out', 'lost', 'cancelled')),
    error text not null,
    primary key (job_id, attempt)
);
comment on table public.shared_job_attempts is 'Attempts that did not do the job. The one that did is the job itself.';
create index shared_job_attempts_product on public.shared_job_attempts (product);

-- The platform's own; before row security, which the owner of the table is subject to as well.
insert into public.shared_job_schedules (name, kind, cron, next_at)
values ('clean up', 'acd.jobs.clean_up', '23 * * * *', now());

-- Whoever listens looks for work when this commits, however the rows came in.
create function acd.wake_job_workers() returns trigger
    language plpgsql
    as $$
begin
    perform pg_notify('acd_jobs', '');
    return null;
end
$$;
create trigger shared_jobs_wake after insert on public.shared_jobs
    for each statement execute function acd.wake_job_workers();

do $$
declare
    guarded text;
begin
    foreach guarded in array array['shared_jobs', 'shared_job_attempts', 'shared_job_limits', 'shared_job_schedules'] loop
        execute format('alter table public.%I enable row level security', guarded);
        execute format('alter table public.%I force row level security', guarded);
        execute format('create policy %I on public.%I for select to acd_product using (product = (select acd.product()))',
            guarded || '_product_select', guarded);
        execute format('create policy %I on public.%I for insert to acd_product with check (product = (select acd.product()))',
            guarded || '_product_insert', guarded);
        execute format('create policy %I on public.%I for all to acd_service using (true) with check (true)',
            guarded || '_service', guarded);
        execute format('create policy %I on public.%I for all to acd_admin using (true) with check (true)',
            guarded || '_admin', guarded);
        execute format('grant select, insert, update, delete on public.%I to acd_service, acd_admin', guarded);
    end loop;
    foreach guarded in array array['shared_jobs', 'shared_job_limits', 'shared_job_schedules'] loop
        execute format('create policy %I on public.%I for update to acd_product using (product = (select acd.product())) '
            || 'with check (product = (select acd.product()))', guarded || '_product_update', guarded);
    end loop;
    foreach guarded in array array['shared_job_limits', 'shared_job_schedules'] loop
        execute format('create policy %I on public.%I for delete to acd_product using (product = (select acd.product()))',
            guarded || '_product_delete', guarded);
    end loop;
end
$$;

-- Only a schedule says what it made, and only the service runs schedules: a product could take another's times otherwise.
grant select on public.shared_jobs to acd_product;
grant insert (id, product, kind, payload, state, priority, run_at, max_attempts, backoff_ms, backoff_max_ms, unique_key,
    idempotency_key, limit_key, request_id, created_at) on public.shared_jobs to acd_product;
grant update (state, run_at, attempt, attempts_before, worker, lease_id, lease_until, progress, progress_note, result, error,
    cancel_requested_at, started_at, finished_at) on public.shared_jobs to acd_product;
grant select, insert on public.shared_job_attempts to acd_product;
grant select, insert, delete, update (max_running, rate_count, rate_period_ms, burst, tokens, refilled_at, claimed_at)
    on public.shared_job_limits to acd_product;
grant select, insert, delete, update (payload, cron, time_zone, priority, max_attempts, is_enabled, next_at, updated_at)
    on public.shared_job_schedules to acd_product;
