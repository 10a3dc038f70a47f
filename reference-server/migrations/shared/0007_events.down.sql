drop function acd.ensure_event_partitions(date, date);
drop view events.daily_counts, events.aliases, events.groups, events.screens, events.pages, events.identifies,
    events.tracks;
drop table public.shared_events;
drop schema events;
