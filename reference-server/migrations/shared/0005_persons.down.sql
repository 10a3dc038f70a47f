drop function shared.resolve_person(text, text, text, text, text, jsonb);
drop function shared.has_other_user(uuid, text, text);
drop function shared.merge_persons(uuid, uuid);
drop table shared.identity_link;
drop table shared.person;
