-- The rows go with their table; until then keys and events may refer to them.
select 1;
