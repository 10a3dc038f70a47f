drop function acd.extend_jobs(uuid[], uuid[], jsonb, timestamptz);
drop function acd.complete_jobs(uuid[], uuid[], jsonb, timestamptz);
drop function acd.claim_jobs(text[], text, integer, text, uuid, timestamptz, timestamptz);
drop table public.shared_job_attempts;
drop table public.shared_jobs;
drop table public.shared_job_schedules;
drop table public.shared_job_limits;
drop function acd.wake_job_workers();
