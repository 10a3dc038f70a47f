alter table public.shared_job_schedules disable row level security;
delete from public.shared_job_schedules where kind = 'acd.ads.clean_up_logs';
alter table public.shared_job_schedules enable row level security;
