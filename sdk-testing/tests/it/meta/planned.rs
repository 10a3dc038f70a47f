//! What happens later: times with a larger budget, and ads that are created while nobody waits.

use std::time::Duration;

use acd_meta::ads::ads::{AdFields, CreateAd, ListAds};
use acd_meta::ads::budget_schedules::{BudgetOf, BudgetSchedule, BudgetValueType, ListBudgetSchedules};
use acd_meta::ads::request_sets::{
    AdRequestSetFields, AdRequestStatus, CreateAdRequestSet, ListAdRequestSets, ListAdRequests,
};
use acd_meta::batch::{AsyncSessionFields, Batch, BatchError, SessionStatus};
use acd_meta::{AdSetId, CampaignId, Created, CreativeId, Done, Error, ErrorKind, MetaError as _, Timestamp};
use chrono::{DateTime, TimeDelta, Utc};

use super::client::Story;
use super::tree;

fn at(hour: i64) -> Timestamp {
    // The story's clock begins with the year 2026.
    let start: DateTime<Utc> = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
    (start + TimeDelta::hours(hour)).into()
}

fn period(from: i64, to: i64) -> BudgetSchedule {
    BudgetSchedule::new(50_u64, BudgetValueType::Multiplier, at(from), at(to))
}

async fn ad_set(story: &Story) -> (AdSetId, CreativeId) {
    let (meta, account) = (&story.meta, &story.account);
    let campaign = meta.campaigns().create(account, &tree::campaign()).await.unwrap().id;
    let set = meta.ad_sets().create(account, &tree::ad_set("s", &campaign, "US")).await.unwrap().id;
    let creative = tree::creative("k", &story.simulator.world().page);
    (set, meta.creatives().create(account, &creative).await.unwrap().id)
}

#[tokio::test]
async fn a_budget_grows_for_a_while() {
    let story = Story::start(1).await;
    let told = async {
        let (set, _) = ad_set(&story).await;
        let schedules = story.meta.budget_schedules();
        let of = BudgetOf::from(set);
        let first = schedules.create(&of, &period(1, 3)).await?.id;
        let second = schedules.create(&of, &period(6, 8)).await?.id;
        let later = ListBudgetSchedules { time_start: Some(at(3)), ..ListBudgetSchedules::default() };
        let found = schedules.list(&of, &later).await?.data;
        assert_eq!(found.iter().map(|period| &period.id).collect::<Vec<_>>(), [&second], "the first is over by then");
        assert_eq!((found[0].budget_value, found[0].time_end), (Some(50), Some(at(8))));
        let sooner = ListBudgetSchedules { time_stop: Some(at(6)), ..ListBudgetSchedules::default() };
        assert_eq!(schedules.list(&of, &sooner).await?.data[0].id, first);

        schedules.update(&second, &period(7, 9)).await?;
        assert_eq!(schedules.get(&second, &Default::default()).await?.time_start, Some(at(7)));
        schedules.delete(&first).await?;
        assert_eq!(schedules.list(&of, &ListBudgetSchedules::default()).await?.data.len(), 1);

        let refused = schedules.create(&of, &period(5, 5)).await.unwrap_err();
        assert_eq!(refused.api().unwrap().blame, [["time_end"]]);
        let campaign = story.meta.campaigns().create(&story.account, &tree::campaign()).await?.id;
        let refused = schedules.create(&campaign.into(), &period(1, 3)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Rejected, "it has no budget that could grow");
        Ok::<_, Error>(())
    };
    story.run(told).await.unwrap();
}

#[tokio::test]
async fn ads_are_created_one_after_the_other_and_fail_alone() {
    let story = Story::start(1).await;
    let told = async {
        let (meta, account) = (&story.meta, &story.account);
        let (ad_set, creative) = ad_set(&story).await;
        let ad = |name: &str, creative: CreativeId| CreateAd::new(name, ad_set.clone(), creative);
        let ads = vec![ad("a", creative.clone()), ad("b", "7".into()), ad("c", creative.clone())];
        let sets = meta.ad_request_sets();
        let id = sets.create(account, &CreateAdRequestSet::new("three", ads)).await?.id;
        let set = sets.get(&id, &AdRequestSetFields::all()).await?;
        assert_eq!((set.is_completed, set.total_count, set.initial_count), (Some(false), Some(3), Some(3)));
        assert_eq!(set.owner_id.as_ref(), Some(account));

        let set = sets.finished(&id).await?;
        assert_eq!((set.success_count, set.error_count, set.initial_count), (Some(2), Some(1), Some(0)));
        let failed = ListAdRequests { statuses: vec![AdRequestStatus::Error], ..ListAdRequests::default() };
        let failed = sets.requests(&id, &failed).await?.data;
        let [failed] = &failed[..] else { panic!("{failed:?}") };
        assert_eq!(failed.input.as_ref().unwrap()["name"], "b");
        assert_eq!(failed.result.as_ref().unwrap()["error"]["code"], 100);
        let names = meta.ads().list(account, &ListAds::of(AdFields::new().name())).await?.data;
        assert_eq!(names.iter().filter_map(|ad| ad.name.as_deref()).collect::<Vec<_>>(), ["c", "a"]);

        let more = vec![ad("d", creative.clone()), ad("e", creative.clone())];
        let id = sets.create(account, &CreateAdRequestSet::new("two", more)).await?.id;
        story.sleep(Duration::from_secs(1)).await;
        sets.delete(&id).await?;
        let set = sets.finished(&id).await?;
        assert_eq!((set.success_count, set.canceled_count), (Some(1), Some(1)), "the first was made already");
        assert_eq!(sets.list(account, &ListAdRequestSets::default()).await?.data.len(), 2);
        Ok::<_, Error>(())
    };
    story.run(told).await.unwrap();
}

#[tokio::test]
async fn a_batch_is_worked_off_while_nobody_waits() {
    let story = Story::start(1).await;
    let told = async {
        let (meta, account) = (&story.meta, &story.account);
        let mut batch = Batch::of(account.clone());
        batch.add_named("spring", meta.campaigns().create(account, &tree::campaign()))?;
        batch.add(meta.campaigns().delete(&"7".into()))?;
        let sessions = meta.start_batch(&batch).await?.async_sessions;
        assert_eq!((sessions.len(), sessions[0].name.as_deref()), (2, Some("spring")));
        let fields = AsyncSessionFields::all();
        let early = meta.batch_session(&sessions[0].id, &fields).await?;
        assert_eq!((early.is_over(), early.answer::<Created<CampaignId>>()), (false, Err(BatchError::NoAnswer)));
        story.sleep(Duration::from_secs(2)).await;
        let created = meta.batch_session(&sessions[0].id, &fields).await?.answer::<Created<CampaignId>>().unwrap();
        assert_eq!(meta.campaigns().get(&created.id, &Default::default()).await?.name.as_deref(), Some("Spring"));
        let failed = meta.batch_session(&sessions[1].id, &fields).await?;
        assert_eq!(failed.status, Some(SessionStatus::Failed));
        assert!(matches!(failed.answer::<Done>(), Err(BatchError::Api(error)) if error.subcode == Some(33)));
        Ok::<_, Error>(())
    };
    story.run(told).await.unwrap();
}
