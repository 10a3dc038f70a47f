-- What Meta calls videos that products used as assets: each is uploaded to an ad account once. Other than with images a second
-- upload of the same bytes would be a second video there; so whoever uploads holds the row, and what it needs to go on is in it.
create table shared.ads_videos (
    product text not null references public.products (slug),
    account text not null check (account ~ '^act_[0-9]{1,20}$'),
    content_hash bytea not null check (length(content_hash) = 32),
    video_id text check (video_id ~ '^[0-9]{1,25}$'),
    uploaded_at timestamptz,
    session jsonb,
    holder uuid,
    held_until timestamptz not null,
    created_at timestamptz not null default now(),
    primary key (product, account, content_hash),
    constraint ads_videos_uploaded check ((video_id is null) = (uploaded_at is null))
);
comment on table shared.ads_videos is 'Videos by the SHA-256 of their bytes, and what creatives in an ad account name them by. The session of an upload holds an address that whoever has it may write to.';

alter table shared.ads_videos enable row level security;
alter table shared.ads_videos force row level security;
create policy ads_videos_service on shared.ads_videos for all to acd_service using (true) with check (true);
create policy ads_videos_admin on shared.ads_videos for all to acd_admin using (true) with check (true);
grant select, insert, update, delete on shared.ads_videos to acd_service, acd_admin;
