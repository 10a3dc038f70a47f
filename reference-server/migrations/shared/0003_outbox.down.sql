drop table public.events_outbox;
