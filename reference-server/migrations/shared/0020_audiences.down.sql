alter table public.shared_job_schedules disable row level security;
delete from public.shared_job_schedules where kind = 'acd.ads.renew_due_audiences';
alter table public.shared_job_schedules enable row level security;
drop table public.ads_audiences;
drop table public.ads_audience_switches;
