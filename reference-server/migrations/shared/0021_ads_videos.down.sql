drop table shared.ads_videos;
