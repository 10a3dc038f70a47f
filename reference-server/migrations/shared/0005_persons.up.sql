create table shared.person (
    id uuid primary key default acd.uuid_v7(),
    -- Keyed by product, so that what one product learnt is not shown to another.
    traits jsonb not null default '{}',
    merged_into uuid references shared.person (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
comment on table shared.person is 'A human behind any number of ids. A merged person points at the survivor and has no links left.';
create index person_merged_into on shared.person (merged_into) where merged_into is not null;
create trigger person_touch before update on shared.person
    for each row execute function acd.touch_updated_at();

create table shared.identity_link (
    id uuid primary key default acd.uuid_v7(),
    provider text not null check (provider ~ '^[a-z][a-z0-9_]{1,39}$'),
    product text references public.products (slug),
    external_id text not null check (length(external_id) between 1 and 512),
    person_id uuid not null references shared.person (id),
    created_at timestamptz not null default now(),
    unique nulls not distinct (provider, product, external_id),
    -- 'user' and 'anonymous' are a product's own ids; 'email' and the like mean the same everywhere.
    check ((provider in ('user', 'anonymous')) = (product is not null))
);
comment on table shared.identity_link is 'An id known to some provider, and the person it belongs to. Events are joined through it, so a merge moves links and no event.';
create index identity_link_person on shared.identity_link (person_id);

alter table shared.person enable row level security;
alter table shared.person force row level security;
alter table shared.identity_link enable row level security;
alter table shared.identity_link force row level security;

create policy person_service on shared.person for all to acd_service using (true) with check (true);
create policy person_admin on shared.person for all to acd_admin using (true) with check (true);
create policy identity_link_service on shared.identity_link for all to acd_service using (true) with check (true);
create policy identity_link_admin on shared.identity_link for all to acd_admin using (true) with check (true);

grant select, insert, update, delete on shared.person, shared.identity_link to acd_service, acd_admin;

create function shared.merge_persons(one uuid, other uuid) returns uuid
    language plpgsql
    as $$
declare
    -- Ids are time-ordered: the older person survives.
    survivor constant uuid := least(one, other);
    absorbed constant uuid := greatest(one, other);
begin
    if one = other then
        return one;
    end if;
    perform from shared.person where id in (survivor, absorbed) order by id for update;
    update shared.identity_link set person_id = survivor where person_id = absorbed;
    update shared.person set merged_into = survivor where merged_into = absorbed;
    update shared.person as kept
        set traits = coalesce((
            select jsonb_object_agg(k, coalesce(gone.traits -> k, '{}') || coalesce(kept.traits -> k, '{}'))
            from (
                select jsonb_object_keys(gone.traits) union select jsonb_object_keys(kept.traits)
            ) as keys (k)
        ), '{}')
        from shared.person as gone
        where kept.id = survivor and gone.id = absorbed;
    update shared.person set merged_into = survivor, traits = '{}' where id = absorbed;
    insert into public.events_outbox (topic, payload)
        values ('person.merged', jsonb_build_object('survivor', survivor, 'absorbed', absorbed));
    return survivor;
end
$$;
comment on function shared.merge_persons(uuid, uuid) is 'Makes two persons one, the older surviving, and returns its id.';

create function shared.has_other_user(person uuid, of_product text, than text) returns boolean
    language sql stable
    as $$
        select exists (
            select from shared.identity_link
            where person_id = person and provider = 'user' and product = of_product
                and external_id is distinct from than
        )
    $$;
comment on function shared.has_other_user(uuid, text, text) is
    'Whether the person is already another user of the product: two known users are one only when an alias says so.';

create function shared.resolve_person(
    of_product text, user_id text, anonymous_id text, previous_id text, email text, new_traits jsonb
) returns uuid
    language plpgsql
    as $$
declare
    candidate uuid;
    person uuid;
begin
    -- One writer of identity at a time: two requests that meet in the same person can neither deadlock nor make two.
    perform pg_advisory_xact_lock(7215346211003);

    select l.person_id into person from shared.identity_link as l
        where l.provider = 'user' and l.product = of_product and l.external_id = user_id;

    if email is not null then
        select l.person_id into candidate from shared.identity_link as l
            where l.provider = 'email' and l.product is null and l.external_id = resolve_person.email;
        if candidate is not null and not shared.has_other_user(candidate, of_product, user_id) then
            person := shared.merge_persons(coalesce(person, candidate), candidate);
        end if;
    end if;

    if anonymous_id is not null then
        select l.person_id into candidate from shared.identity_link as l
            where l.provider = 'anonymous' and l.product = of_product and l.external_id = anonymous_id;
        if candidate is not null and (user_id is null or not shared.has_other_user(candidate, of_product, user_id)) then
            person := shared.merge_persons(coalesce(person, candidate), candidate);
        end if;
    end if;

    if previous_id is not null then
        for candidate in
            select distinct l.person_id from shared.identity_link as l
            where l.provider in ('user', 'anonymous') and l.product = of_product and l.external_id = previous_id
        loop
            person := shared.merge_persons(coalesce(person, candidate), candidate);
        end loop;
    end if;

    if person is null then
        insert into shared.person default values returning id into person;
    end if;

    insert into shared.identity_link (provider, product, external_id, person_id)
        select wanted.provider, wanted.product, wanted.external_id, person
        from (
            values ('user', of_product, user_id),
                ('anonymous', of_product, anonymous_id),
                ('email', null, email)
        ) as wanted (provider, product, external_id)
        where wanted.external_id is not null
        on conflict do nothing;

    -- An alias may arrive before its id does: later events of it belong to the person, be it a user's id or a visitor's.
    if previous_id is not null then
        insert into shared.identity_link (provider, product, external_id, person_id)
            select kind.provider, of_product, previous_id, person
            from (values ('user'), ('anonymous')) as kind (provider)
            where not exists (
                select from shared.identity_link as l
                where l.provider in ('user', 'anonymous') and l.product = of_product and l.external_id = previous_id
            );
    end if;

    if new_traits is not null and new_traits <> '{}' then
        update shared.person as p
            set traits = p.traits || jsonb_build_object(of_product, coalesce(p.traits -> of_product, '{}') || new_traits)
            -- A person stays readable in one go: past 64 KB new traits remain with their event only.
            where p.id = person and octet_length(p.traits::text) + octet_length(new_traits::text) <= 65536;
    end if;
    return person;
end
$$;
comment on function shared.resolve_person(text, text, text, text, text, jsonb) is
    'The person behind these ids of a product: candidate, made, or merged from several; links and traits are added.';

revoke execute on function shared.merge_persons(uuid, uuid), shared.has_other_user(uuid, text, text),
    shared.resolve_person(text, text, text, text, text, jsonb) from public;
grant execute on function shared.merge_persons(uuid, uuid), shared.has_other_user(uuid, text, text),
    shared.resolve_person(text, text, text, text, text, jsonb) to acd_service, acd_admin;
