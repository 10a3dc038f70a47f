-- Outcomes of conversions and changes made at Meta are deleted when they were kept long enough. Their ids ascend by time.
-- The platform's own; as the service, since the owner of the table is subject to row security as well.
set local role acd_service;
insert into public.shared_job_schedules (name, kind, cron, next_at)
values ('clean up logs of ads', 'acd.ads.clean_up_logs', '37 * * * *', now());
reset role;
