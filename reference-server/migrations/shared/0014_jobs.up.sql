-- Jobs: work that is kept until it is done. Workers hold a job by a lease; who holds it no more cannot finish it.

-- Each change of a row reads all checks of its table anew, and a job is changed twice. Those of a type are read when a value comes in.
create domain acd.job_kind as text check (length(value) between 1 and 100);
create domain acd.job_key as text check (length(value) between 1 and 200);
create domain acd.job_request_key as text check (length(value) between 1 and 260);
create domain acd.job_state as text check (value in ('scheduled', 'pending', 'running', 'succeeded', 'dead', 'cancelled'));
create domain acd.job_priority as smallint check (value between -100 and 100);
create domain acd.job_attempts as integer check (value between 1 and 1000);
create domain acd.job_wait_ms as integer check (value > 0);
create domain acd.job_progress as smallint check (value between 0 and 100);

create table public.shared_job_limits (
    id uuid primary key default acd.uuid_v7(),
    product text references public.products (slug),
    key acd.job_key not null,
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
    kind acd.job_kind not null,
    payload jsonb not null default '{}',
    cron text not null check (length(cron) between 1 and 200),
    time_zone text not null default 'UTC' check (length(time_zone) between 1 and 64),
    priority acd.job_priority not null default 0,
    max_attempts acd.job_attempts not null default 10,
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
    id uuid not null default acd.uuid_v7(),
    product text references public.products (slug),
    -- An expression in its place would not do: under row security the planner sees no order in an index on one.
    owner text not null generated always as (coalesce(product, '')) stored,
    kind acd.job_kind not null,
    payload jsonb not null default '{}',
    state acd.job_state not null default 'pending',
    priority acd.job_priority not null default 0,
    run_at timestamptz not null default now(),
    attempt integer not null default 0,
    attempts_before integer not null default 0,
    max_attempts acd.job_attempts not null default 10,
    backoff_ms acd.job_wait_ms not null default 1000,
    backoff_max_ms acd.job_wait_ms not null default 3600000,
    unique_key acd.job_key,
    idempotency_key acd.job_request_key,
    limit_key acd.job_key,
    schedule_id uuid references public.shared_job_schedules (id) on delete set null,
    scheduled_for timestamptz,
    worker text,
    lease_id uuid,
    lease_until timestamptz,
    progress acd.job_progress,
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
create index shared_jobs_pending on public.shared_jobs (kind, owner, priority desc, run_at, id)
    where state = 'pending' and limit_key is null;
create index shared_jobs_limited on public.shared_jobs (owner, limit_key, priority desc, run_at, id)
    where state = 'pending' and limit_key is not null;
create index shared_jobs_scheduled on public.shared_jobs (run_at) where state = 'scheduled';
create index shared_jobs_running on public.shared_jobs (lease_until) where state = 'running';
create index shared_jobs_finished on public.shared_jobs (finished_at) where finished_at is not null;
create index shared_jobs_dead on public.shared_jobs (kind, id) where state = 'dead';
create unique index shared_jobs_unique on public.shared_jobs (owner, kind, unique_key)
    where unique_key is not null and state in ('scheduled', 'pending', 'running');
create unique index shared_jobs_idempotency on public.shared_jobs (owner, idempotency_key)
    where idempotency_key is not null;
-- No two replicas make the job of the same time.
create unique index shared_jobs_schedule on public.shared_jobs (schedule_id, scheduled_for)
    where schedule_id is not null;
-- The last one: of indexes that would do equally well in an empty table the planner takes the newest, and keeps to it.
alter table public.shared_jobs add primary key (id);

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

-- Takes the jobs whose turn it is, and says whether others wait that it could not take and that nothing will tell of. With it, it
-- finishes those that are done, as acd.complete_jobs does: a worker that does one job after the other so makes one transaction for
-- each, and what is dear about a change of a row, to begin one, is paid once.
--
-- The turn of a job is how many of its product run or come before it; chance decides between equals. A single lane, which is a
-- product's jobs of a kind, is read in its order and no further than is taken. Jobs of other lanes, or under limits, are ranked.
--
-- The planner knows nothing of a queue: it is empty when its statistics are taken and full when they are used. So rows are found
-- by the one index that each statement is made for, and changed by their place, which is no index.
create function acd.claim_jobs(
    kinds text[], of_product text, most integer, by_worker text, by_lease uuid, lease_ends timestamptz, at timestamptz,
    done_ids uuid[] default '{}', done_leases uuid[] default '{}'
) returns table (
    id uuid, product text, kind text, payload jsonb, priority smallint, run_at timestamptz, attempt integer, others_wait boolean,
    state text
)
    language plpgsql
    set enable_indexscan = on
    set enable_seqscan = off
    set enable_bitmapscan = off
    set enable_sort = off
    set plan_cache_mode = force_generic_plan
    as $$
#variable_conflict use_column
declare
    switched text;
    lane_kinds text[];
    lane_owners text[];
    has_more_lanes boolean := false;
    each_owner text;
    limit_ids uuid[];
    limit_owners text[];
    limit_keys text[];
    limit_rooms integer[];
    limit_tokens float8[];
    done_places tid[] := '{}';
    candidates tid[];
    places tid[] := '{}';
    waits boolean;
begin
    if done_ids <> '{}' then
        done_places := array(select o.place from unnest(done_ids, done_leases) as h (id, lease_id) cross join lateral (
            select j.ctid as place from public.shared_jobs as j where j.id = h.id and j.lease_id = h.lease_id for update) as o);
    end if;

    if of_product is null then
        -- From the last lane of a kind to its first: jobs that were claimed leave their entries at the head of a lane until the next
        -- vacuum, and only the claim itself is to step over them.
        select coalesce(array_agg(k.kind), '{}'), coalesce(array_agg(l.owner), '{}'), coalesce(bool_or(m.has_more), false),
            exists (select from public.shared_jobs as j where j.state = 'pending' and j.limit_key is not null)
        into lane_kinds, lane_owners, has_more_lanes, waits
        from unnest(kinds) as k (kind)
        cross join lateral (select j.owner from public.shared_jobs as j
            where j.state = 'pending' and j.limit_key is null and j.kind = k.kind order by j.owner desc limit 1) as l
        cross join lateral (select exists (select from public.shared_jobs as j
            where j.state = 'pending' and j.limit_key is null and j.kind = k.kind and j.owner < l.owner)) as m (has_more);
        if has_more_lanes then
            for lane in 1 .. cardinality(lane_kinds) loop
                each_owner := lane_owners[lane];
                loop
                    each_owner := (select j.owner from public.shared_jobs as j
                        where j.state = 'pending' and j.limit_key is null and j.kind = lane_kinds[lane] and j.owner < each_owner
                        order by j.owner desc limit 1);
                    exit when each_owner is null;
                    lane_kinds := lane_kinds || lane_kinds[lane];
                    lane_owners := lane_owners || each_owner;
                end loop;
            end loop;
        end if;
    else
        lane_kinds := kinds;
        lane_owners := array_fill(of_product, array[cardinality(kinds)]);
        waits := exists (select from public.shared_jobs as j
            where j.state = 'pending' and j.limit_key is not null and j.owner = of_product);
    end if;
    if waits then
        -- Nobody else starts jobs under these until this ends. Those that another claim has are left to it, and those that were
        -- longest not looked at come first.
        select array_agg(o.id), array_agg(o.owner), array_agg(o.key), array_agg(o.max_running), array_agg(o.tokens)
        into limit_ids, limit_owners, limit_keys, limit_rooms, limit_tokens
        from (
            select l.id, coalesce(l.product, '') as owner, l.key, l.max_running, b.tokens
            from public.shared_job_limits as l cross join lateral (select case when l.rate_count is not null then
                least(l.burst, l.tokens + greatest(0,
                    extract(epoch from at - l.refilled_at)::float8 * 1000 / l.rate_period_ms * l.rate_count)) end) as b (tokens)
            where (of_product is null or l.product = of_product) and (b.tokens is null or b.tokens >= 0.999999)
                and exists (select from public.shared_jobs as j where j.state = 'pending' and j.limit_key = l.key
                    and j.owner = coalesce(l.product, '') and j.kind = any (kinds))
            order by l.claimed_at nulls first limit 100 for update of l skip locked
        ) as o;
    end if;

    if cardinality(lane_kinds) = 1 and limit_ids is null then
        places := array(select j.ctid from public.shared_jobs as j
            where j.state = 'pending' and j.limit_key is null and j.kind = lane_kinds[1] and j.owner = lane_owners[1]
            order by j.priority desc, j.run_at, j.id limit most for update skip locked);
    elsif lane_kinds <> '{}' or limit_ids is not null then
        -- Others may lock some of the best meanwhile; the more are looked at, the fewer claims come home with nothing. Who runs is
        -- counted after the limits were locked.
        candidates := array(
            with busy (owner, jobs) as (
                select j.owner, count(*) from public.shared_jobs as j
                where j.state = 'running' and j.kind = any (kinds) and j.ctid <> all (done_places) group by 1
            ),
            waiting as (
                select l.owner, j.* from unnest(lane_kinds, lane_owners) as l (kind, owner) cross join lateral (
                    select j.ctid as place, j.id, j.priority, j.run_at from public.shared_jobs as j
                    where j.state = 'pending' and j.limit_key is null and j.kind = l.kind and j.owner = l.owner
                    order by j.priority desc, j.run_at, j.id limit most * 2 + 16) as j
                union all
                select l.owner, j.* from (
                    select k.owner, k.key, least(floor(k.tokens + 0.000001), k.max_running - (
                        select count(*) from public.shared_jobs as j
                        where j.state = 'running' and j.limit_key = k.key and j.owner = k.owner
                            and j.ctid <> all (done_places))) as room
                    from unnest(limit_owners, limit_keys, limit_rooms, limit_tokens) as k (owner, key, max_running, tokens)
                ) as l cross join lateral (
                    select j.ctid as place, j.id, j.priority, j.run_at from public.shared_jobs as j
                    where j.state = 'pending' and j.limit_key = l.key and j.owner = l.owner and j.kind = any (kinds)
                    order by j.priority desc, j.run_at, j.id limit greatest(0, least(l.room, most))::bigint) as j
            ),
            ranked as (
                select w.place, coalesce(b.jobs, 0)
                    + row_number() over (partition by w.owner order by w.priority desc, w.run_at, w.id) as turn
                from waiting as w left join busy as b on b.owner = w.owner
            )
            select r.place from ranked as r order by r.turn, random());
        places := array(select o.place from unnest(candidates) as c (place) cross join lateral (
            select j.ctid as place from public.shared_jobs as j
            where j.ctid = c.place and j.state = 'pending' for update skip locked) as o limit most);
        waits := waits or cardinality(candidates) > cardinality(places);
    end if;

    switched := set_config('enable_indexscan', 'off', true);
    if limit_ids is not null then
        update public.shared_job_limits as l
        set tokens = coalesce(o.tokens - (select count(*) from public.shared_jobs as j
                where j.ctid = any (places) and j.limit_key = o.key and j.owner = o.owner), 0),
            refilled_at = at, claimed_at = at
        from unnest(limit_ids, limit_owners, limit_keys, limit_tokens) as o (id, owner, key, tokens)
        where l.id = o.id;
    end if;
    if places || done_places <> '{}' then
        return query update public.shared_jobs as j
            set state = case j.state when 'pending' then 'running' else 'succeeded' end,
                attempt = case j.state when 'pending' then j.attempt + 1 else j.attempt end,
                worker = case j.state when 'pending' then by_worker else j.worker end,
                lease_id = case j.state when 'pending' then by_lease end,
                lease_until = case j.state when 'pending' then lease_ends end,
                started_at = case j.state when 'pending' then at else j.started_at end,
                finished_at = case j.state when 'pending' then null else at end,
                progress = case j.state when 'pending' then null else j.progress end,
                progress_note = case j.state when 'pending' then null else j.progress_note end,
                error = case j.state when 'pending' then j.error end
            where j.ctid = any (places || done_places)
            returning j.id, j.product, j.kind::text, case j.state when 'running' then j.payload end, j.priority::smallint, j.run_at,
                j.attempt, waits, j.state::text;
    else
        return query select null::uuid, null, null, null::jsonb, null::smallint, null::timestamptz, null::integer, waits, null;
    end if;
end
$$;
comment on function acd.claim_jobs is 'Finishes what a worker has done and claims jobs for it. One row without an id when there is none.';

-- Finishes jobs that are done, and gives those whose lease was the worker's. `results` is an object by the id of the job.
create function acd.complete_jobs(ids uuid[], leases uuid[], results jsonb, at timestamptz)
    returns table (id uuid, product text, kind text, state text, attempt integer, is_cancel_requested boolean)
    language plpgsql
    set enable_indexscan = on
    set enable_seqscan = off
    set enable_bitmapscan = off
    set plan_cache_mode = force_generic_plan
    as $$
#variable_conflict use_column
declare
    switched text;
    places tid[];
begin
    places := array(select o.place from unnest(ids, leases) as h (id, lease_id) cross join lateral (
        select j.ctid as place from public.shared_jobs as j where j.id = h.id and j.lease_id = h.lease_id for update) as o);
    switched := set_config('enable_indexscan', 'off', true);
    return query update public.shared_jobs as j
        set state = 'succeeded', finished_at = at, result = results -> j.id::text, error = null, lease_id = null, lease_until = null
        where j.ctid = any (places)
        returning j.id, j.product, j.kind::text, j.state::text, j.attempt, j.cancel_requested_at is not null;
end
$$;
comment on function acd.complete_jobs is 'Finishes the jobs that a worker holds by these leases.';

-- Extends leases, keeps how far the jobs are, and tells of all that are held. `said` is an object by the id of the job.
--
-- A job that is just being settled is passed over instead of waited for: two who wait for each other's jobs wait for ever.
create function acd.extend_jobs(ids uuid[], leases uuid[], said jsonb, lease_ends timestamptz)
    returns table (id uuid, product text, kind text, state text, attempt integer, is_cancel_requested boolean)
    language plpgsql
    set enable_indexscan = on
    set enable_seqscan = off
    set enable_bitmapscan = off
    set plan_cache_mode = force_generic_plan
    as $$
#variable_conflict use_column
declare
    switched text;
    places tid[];
begin
    return query select o.* from unnest(ids, leases) as h (id, lease_id) cross join lateral (
        select j.id, j.product, j.kind::text, j.state::text, j.attempt, j.cancel_requested_at is not null from public.shared_jobs as j
        where j.id = h.id and j.lease_id = h.lease_id limit 1) as o;
    places := array(select o.place from unnest(ids, leases) as h (id, lease_id) cross join lateral (
        select j.ctid as place from public.shared_jobs as j
        where j.id = h.id and j.lease_id = h.lease_id for update skip locked) as o);
    switched := set_config('enable_indexscan', 'off', true);
    update public.shared_jobs as j
    set lease_until = greatest(j.lease_until, lease_ends),
        progress = coalesce((said -> j.id::text ->> 'progress')::smallint, j.progress),
        progress_note = coalesce(said -> j.id::text ->> 'note', j.progress_note)
    where j.ctid = any (places);
end
$$;
comment on function acd.extend_jobs is 'Extends the leases of the jobs that a worker holds.';

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
