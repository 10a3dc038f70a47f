//! What comes of publications, thing by thing.

use std::collections::BTreeSet;

use acd_meta::ads::ads::CreateAd;
use acd_platform::Error;
use acd_platform::ads::publications::{
    CreatePublication, ItemState, ListPublications, Planned, Publication, PublicationState, PublishedKind,
};
use acd_platform::keys::Scope;
use acd_testing::{MetaEffect, MetaFault};
use serde_json::{Value, json};

use super::super::hub::{ADS, Hub};
use super::support::{ad_set, creative, ended, ended_as, ids, plan, states, working};
use crate::support::app::{TestApp, TestOptions};
use crate::support::wait::until;
use crate::users::{refusal, topics};

#[tokio::test]
async fn a_campaign_with_its_ads_is_there_when_the_job_is_done() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    let pct = hub.product("pct").await;
    let wanted = CreatePublication { name: Some("Spring".to_owned()), ..CreatePublication::of(plan(&hub.page, 10)) };
    let accepted = pct.ads().publications().create(&wanted).idempotency_key("spring").await.unwrap();
    assert_eq!((accepted.counts.ads, accepted.counts.waiting), (10, 10));
    let shown = ended_as(&pct, accepted.id, PublicationState::Succeeded).await;
    let Publication { counts, campaign_id, name, .. } = &shown.publication;
    assert_eq!((counts.created, counts.waiting, name.as_deref()), (10, 0, Some("Spring")));
    let kinds = ["Campaign", "AdSet", "AdCreative", "Ad"].map(|kind| hub.of_kind(kind));
    assert_eq!((kinds, hub.of_kind("AdLabel")), ([1, 1, 10, 10], 1));
    // They are the product's like any that it made one by one, and say where visits come from.
    let campaign = campaign_id.clone().unwrap();
    assert_eq!(pct.ads().campaigns().get(&campaign).await.unwrap().name.as_deref(), Some("Spring"));
    let ads = ids(&shown, PublishedKind::Ad);
    let ad = pct.ads().ads().get(&ads[9].as_str().into()).await.unwrap();
    assert_eq!((ad.name.as_deref(), ad.campaign_id), (Some("Ad 10"), Some(campaign)));
    let creative = pct.ads().creatives().get(&ad.creative.unwrap().id).await.unwrap();
    assert!(
        creative
            .url_tags
            .unwrap()
            .starts_with("utm_source=facebook&utm_medium=paid_social&utm_campaign={{campaign.id}}")
    );
    // The same intent again is the same publication; another one is a mistake.
    let again = pct.ads().publications().create(&wanted).idempotency_key("spring").await.unwrap();
    assert_eq!(again, shown.publication);
    let other = CreatePublication::of(plan(&hub.page, 1));
    let other = pct.ads().publications().create(&other).idempotency_key("spring").await;
    assert_eq!(refusal(other), (409, "idempotency_key_reused".to_owned()));
    assert_eq!(refusal(pct.ads().publications().cancel(accepted.id).await), (409, "publication_ended".to_owned()));
    assert_eq!(refusal(pct.ads().publications().retry(accepted.id).await), (409, "publication_ended".to_owned()));
    let told = topics(&hub.server).await;
    assert_eq!((told[1].as_str(), told.last().unwrap().as_str()), ("ads.publication_created", "ads.publication_ended"));
}

#[tokio::test]
async fn what_meta_refuses_is_told_ad_by_ad_and_the_rest_is_made() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    let pct = hub.product("pct").await;
    let mut wanted = plan(&hub.page, 3);
    wanted.creatives[1].object.object_story_spec = None;
    wanted.ads.push(Planned::new("long", CreateAd::new("x".repeat(401), "all", "creative-1")));
    let accepted = pct.ads().publications().create(&CreatePublication::of(wanted)).await.unwrap();
    let shown = ended_as(&pct, accepted.id, PublicationState::Partial).await;
    let expected = [
        ("ad-1", ItemState::Created),
        ("ad-2", ItemState::NotTried),
        ("ad-3", ItemState::Created),
        ("long", ItemState::Failed),
    ];
    assert_eq!(states(&shown, PublishedKind::Ad), expected);
    let problem = |key: &str| shown.items.iter().find(|item| item.key == key).unwrap().problem.clone().unwrap();
    let refused = problem("creative-2");
    assert_eq!((refused.code.as_str(), refused.meta.as_ref().unwrap()["code"].as_i64()), ("meta_rejected", Some(100)));
    let needs = problem("ad-2");
    assert!(needs.detail.starts_with("it needs the creative `creative-2`"), "{}", needs.detail);
    assert_eq!((needs.code.as_str(), needs.meta), ("needs_another", refused.meta));
    assert!(problem("long").meta.unwrap()["trace_id"].is_string());
    assert_eq!(hub.of_kind("Ad"), 2);
    // Another try asks for what is missing alone.
    let before = hub.simulator().traffic().len();
    let again = pct.ads().publications().retry(accepted.id).await.unwrap();
    assert_eq!((again.state, again.counts.created, again.counts.waiting), (PublicationState::Waiting, 2, 2));
    ended_as(&pct, accepted.id, PublicationState::Partial).await;
    let asked = hub.simulator().traffic().split_off(before);
    let made = asked.iter().filter(|call| call.method == "POST").filter_map(|call| call.path.rsplit('/').next());
    // A worker that was starved of its lease may have asked once more: what is there is not asked for, nor made twice.
    assert_eq!(made.collect::<BTreeSet<_>>(), BTreeSet::from(["adcreatives", "ads"]), "{asked:#?}");
    assert_eq!(hub.of_kind("Ad"), 2);
}

#[tokio::test]
async fn without_its_campaign_nothing_is_asked_for() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    let pct = hub.product("pct").await;
    let mut wanted = plan(&hub.page, 2);
    wanted.campaign.as_mut().unwrap().daily_budget = Some(acd_meta::MinorUnits(1));
    let accepted = pct.ads().publications().create(&CreatePublication::of(wanted)).await.unwrap();
    let shown = ended_as(&pct, accepted.id, PublicationState::Failed).await;
    assert_eq!(states(&shown, PublishedKind::Campaign), [("campaign", ItemState::Failed)]);
    assert_eq!(states(&shown, PublishedKind::Ad), [("ad-1", ItemState::NotTried), ("ad-2", ItemState::NotTried)]);
    assert_eq!((hub.of_kind("AdSet"), hub.of_kind("Ad")), (0, 0));
}

#[tokio::test]
async fn an_answer_that_is_lost_makes_nothing_twice() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    let pct = hub.product("pct").await;
    for (method, path, effect) in [
        ("POST", "/campaigns", MetaEffect::CutAfter),
        ("POST", "/adsets", MetaEffect::CutBefore),
        ("POST", "/adcreatives", MetaEffect::CutAfter),
        ("POST", "/ads", MetaEffect::Garbage { body: "Service Unavailable".to_owned() }),
        ("POST", "/adlabels", MetaEffect::CutAfter),
    ] {
        hub.simulator().inject(MetaFault::new(effect).method(method).path(path).times(1));
    }
    let accepted = pct.ads().publications().create(&CreatePublication::of(plan(&hub.page, 2))).await.unwrap();
    let shown = ended_as(&pct, accepted.id, PublicationState::Succeeded).await;
    assert_eq!(ids(&shown, PublishedKind::Ad).len(), 2);
    let kinds = ["Campaign", "AdSet", "AdCreative", "Ad"].map(|kind| hub.of_kind(kind));
    assert_eq!(kinds, [1, 1, 2, 2]);
}

#[tokio::test]
async fn a_throttled_publication_says_why_it_waits_and_can_be_called_off() {
    let hub = Hub::start().await;
    let pct = hub.product("pct").await;
    let publications = pct.ads().publications();
    // Nobody has begun: it ends at once.
    let accepted = publications.create(&CreatePublication::of(plan(&hub.page, 2))).await.unwrap();
    let cancelled = publications.cancel(accepted.id).await.unwrap();
    assert_eq!((cancelled.state, cancelled.counts.not_tried), (PublicationState::Cancelled, 2));
    assert_eq!(publications.cancel(accepted.id).await.unwrap(), cancelled);
    let _working = working(&hub.server.app);
    hub.simulator().inject(MetaFault::new(MetaEffect::Throttle).method("POST").path("/ads"));
    let accepted = publications.create(&CreatePublication::of(plan(&hub.page, 2))).await.unwrap();
    let waiting = until("it says why it waits", async || {
        let shown = publications.get(accepted.id).await.unwrap();
        shown.publication.problem.is_some().then_some(shown)
    })
    .await;
    assert_eq!(waiting.publication.problem.unwrap().code, "meta_limit");
    assert_eq!(waiting.publication.state, PublicationState::Running);
    publications.cancel(accepted.id).await.unwrap();
    let shown = ended_as(&pct, accepted.id, PublicationState::Cancelled).await;
    assert_eq!(states(&shown, PublishedKind::Ad), [("ad-1", ItemState::NotTried), ("ad-2", ItemState::NotTried)]);
    assert_eq!(states(&shown, PublishedKind::Campaign), [("campaign", ItemState::Created)], "what is there stays");
    assert!(shown.publication.cancel_requested_at.is_some());
}

#[tokio::test]
async fn ads_are_added_to_what_is_the_products_own_alone() {
    let hub = Hub::start().await;
    let _working = working(&hub.server.app);
    let (pct, everreach) = (hub.product("pct").await, hub.product("everreach").await);
    let accepted = pct.ads().publications().create(&CreatePublication::of(plan(&hub.page, 1))).await.unwrap();
    let shown = ended(&pct, accepted.id).await;
    let (set, made) = (ids(&shown, PublishedKind::AdSet), ids(&shown, PublishedKind::Creative));
    let mut more = plan(&hub.page, 0);
    more.campaign = None;
    more.ad_sets = vec![Planned::new(
        "more",
        acd_meta::ads::ad_sets::CreateAdSet {
            campaign_id: shown.publication.campaign_id.clone().unwrap(),
            ..ad_set("More")
        },
    )];
    more.ads = vec![
        Planned::new("there", CreateAd::new("There", set[0].as_str(), made[0].as_str())),
        Planned::new("new", CreateAd::new("New", "more", made[0].as_str())),
    ];
    let wanted = CreatePublication::of(more);
    assert_eq!(refusal(everreach.ads().publications().create(&wanted).await).0, 404);
    let accepted = pct.ads().publications().create(&wanted).await.unwrap();
    ended_as(&pct, accepted.id, PublicationState::Succeeded).await;
    assert_eq!((hub.of_kind("AdSet"), hub.of_kind("AdCreative"), hub.of_kind("Ad")), (2, 1, 3));
    // Nor does the other product see, call off or go on with it.
    let theirs = everreach.ads().publications();
    assert_eq!(refusal(theirs.get(accepted.id).await).0, 404);
    assert_eq!(refusal(theirs.cancel(accepted.id).await).0, 404);
    assert_eq!(refusal(theirs.retry(accepted.id).await).0, 404);
    assert!(theirs.list(&ListPublications::default()).await.unwrap().data.is_empty());
    let own = pct.ads().publications().list_all(ListPublications { limit: Some(1), ..ListPublications::default() });
    let own: Vec<_> = own.items().collect(9).await.unwrap().into_iter().map(|publication| publication.id).collect();
    assert_eq!(own, [accepted.id, shown.publication.id], "newest first");
    let failed = ListPublications { state: Some(PublicationState::Failed), ..ListPublications::default() };
    assert!(hub.server.admin().ads().publications().list(&failed).await.unwrap().data.is_empty());
}

#[tokio::test]
async fn a_product_whose_account_is_withdrawn_publishes_nothing_more() {
    let hub = Hub::start().await;
    let pct = hub.product("pct").await;
    let accepted = pct.ads().publications().create(&CreatePublication::of(plan(&hub.page, 1))).await.unwrap();
    let uses = hub.server.admin().ads().accounts().list(&Default::default()).await.unwrap().data;
    hub.server.admin().ads().accounts().delete(uses[0].id).await.unwrap();
    let _working = working(&hub.server.app);
    let shown = ended_as(&pct, accepted.id, PublicationState::Failed).await;
    assert!(shown.items.iter().all(|item| item.problem.as_ref().unwrap().code == "account_withdrawn"));
    assert!(hub.simulator().traffic().is_empty());
}

#[tokio::test]
async fn two_replicas_share_the_work_and_make_everything_once() {
    let hub = Hub::start().await;
    let pct = hub.product("pct").await;
    let simulator = hub.simulator();
    let url = simulator.url();
    let settings = acd_server::ads::MetaSettings {
        token: simulator.world().access_token.as_str().into(),
        app_secret: Some(simulator.world().app_secret.as_str().into()),
        version: acd_meta::GraphVersion::default(),
        base_url: Some(url),
        verify_token: None,
        former_app_secrets: Vec::new(),
    };
    let second =
        TestApp::over(hub.server.database.clone(), TestOptions { meta_at: Some(settings), ..TestOptions::default() })
            .await;
    let (_first, _second) = (working(&hub.server.app), working(&second.app));
    let mut accepted = Vec::new();
    for _ in 0..4 {
        accepted.push(pct.ads().publications().create(&CreatePublication::of(plan(&hub.page, 3))).await.unwrap().id);
    }
    for id in accepted {
        ended_as(&pct, id, PublicationState::Succeeded).await;
    }
    assert_eq!(["Campaign", "AdSet", "Ad"].map(|kind| hub.of_kind(kind)), [4, 4, 12]);
}

#[tokio::test]
async fn what_is_no_publication_is_refused_with_its_place() {
    let hub = Hub::start().await;
    hub.product("pct").await;
    let key = hub.server.key("pct", &ADS).await;
    let send = async |body: &Value| hub.server.http().post("/v1/ads/publications").bearer(&key).json(body).send().await;
    let whole = serde_json::to_value(plan(&hub.page, 1)).unwrap();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut plan = whole.clone();
        change(&mut plan);
        json!({ "plan": plan })
    };
    for (body, code, told) in [
        (json!({}), "invalid_body", "plan: give either"),
        (
            json!({ "plan": whole, "template": { "id": format!("tpl_{}", "0".repeat(32)) } }),
            "invalid_body",
            "plan: give either",
        ),
        (json!({ "plan": whole, "name": "" }), "invalid_body", "name: must have"),
        (json!({ "plan": whole, "name": "a\0b" }), "invalid_body", "name: must have"),
        (json!({ "plan": { "ads": [] } }), "invalid_body", "ads: is empty"),
        (json!({ "plan": 7 }), "invalid_body", "plan: "),
        (with(&|plan| plan["adds"] = json!([])), "invalid_body", "plan.adds"),
        (with(&|plan| plan["ads"][0]["object"]["name"] = json!({})), "invalid_body", "plan.ads[0].object"),
        (with(&|plan| plan["ads"][0]["object"]["name"] = json!("a\0")), "invalid_body", "plan: contains a NUL"),
        (with(&|plan| plan["ads"][0]["object"]["adset_id"] = json!("../me")), "invalid_body", "ads[0].object.adset_id"),
        (
            with(&|plan| plan["ads"][0]["object"]["adset_id"] = json!("9".repeat(26))),
            "invalid_body",
            "ads[0].object.adset_id",
        ),
        (with(&|plan| plan["ads"][0]["key"] = json!("' or 1=1")), "invalid_body", "ads[0].key"),
        (with(&|plan| plan["ads"] = json!(vec![plan["ads"][0].clone(); 101])), "invalid_body", "ads: has 101"),
    ] {
        let reply = send(&body).await;
        let problem = reply.problem(422, code);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with(told), "{detail}");
    }
    let reader = hub.server.key("pct", &[Scope::AdsRead]).await;
    let call = hub.server.http().post("/v1/ads/publications").bearer(&reader).json(&json!({ "plan": whole }));
    call.send().await.problem(403, "missing_scope");
    let none: Result<_, Error> = hub
        .server
        .product("velvethold", &ADS)
        .await
        .ads()
        .publications()
        .create(&CreatePublication::of(plan(&hub.page, 1)))
        .await;
    assert_eq!(refusal(none), (422, "no_ad_account".to_owned()));
    assert_eq!(hub.of_kind("Campaign"), 0);
    // What Meta would take for more than it is stays text.
    let mut odd = plan(&hub.page, 1);
    odd.creatives = vec![Planned::new("creative-1", creative(&hub.page, "https://pct.tools/?q=\"';drop table"))];
    odd.ads[0].object.name = "${x} {{ad.id}} \"</script>'; drop table ads_publications; --".to_owned();
    let pct = hub.server.client(&key);
    let _working = working(&hub.server.app);
    let accepted = pct.ads().publications().create(&CreatePublication::of(odd.clone())).await.unwrap();
    let shown = ended_as(&pct, accepted.id, PublicationState::Succeeded).await;
    let ad = pct.ads().ads().get(&ids(&shown, PublishedKind::Ad)[0].as_str().into()).await.unwrap();
    assert_eq!(ad.name, Some(odd.ads[0].object.name.clone()));
}
