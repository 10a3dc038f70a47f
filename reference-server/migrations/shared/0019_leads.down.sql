alter table public.shared_job_schedules disable row level security;
delete from public.shared_job_schedules where kind = 'acd.webhooks.clean_up';
alter table public.shared_job_schedules enable row level security;
drop function shared.resolve_lead(text, text, text, text, text, jsonb);
drop table public.ads_leads;
drop table public.ads_notifications;
drop table public.ads_sources;
drop table shared.meta_webhook;
