drop function shared.consents_of_each(text[], text[], text[], text[], text);
drop index public.shared_consents_email_hash, shared.identity_link_email_hash;
drop function acd.email_sha256(text, text);
drop table shared.meta_event_cursor, public.meta_event_rules, public.attribution_events,
    public.shared_conversion_switches;
