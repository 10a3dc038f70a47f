-- Publications that ended long ago are deleted, as finished jobs are.
create index ads_publications_finished on public.ads_publications (finished_at) where finished_at is not null;

-- The platform's own; as the service, since the owner of the table is subject to row security as well.
set local role acd_service;
insert into public.shared_job_schedules (name, kind, cron, next_at)
values ('clean up publications', 'acd.ads.clean_up_publications', '52 * * * *', now());
reset role;
