drop table public.shared_job_attempts;
drop table public.shared_jobs;
drop table public.shared_job_schedules;
drop table public.shared_job_limits;
drop function acd.wake_job_workers();
