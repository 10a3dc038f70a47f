//! Campaigns, ad sets, creatives and ads of products, over real HTTP and a simulated Meta.

use acd_meta::ads::ad_sets::{BillingEvent, CreateAdSet, OptimizationGoal};
use acd_meta::ads::ads::CreateAd;
use acd_meta::ads::campaigns::{CreateCampaign, Objective, UpdateCampaign};
use acd_meta::ads::creatives::{CreateCreative, LinkData, ObjectStorySpec, StoryContent};
use acd_meta::ads::targeting::{GeoLocations, Targeting};
use acd_meta::{AdAccountId, CampaignId, MinorUnits};
use acd_platform::ads::accounts::{CreateAdAccountUse, ListAdAccountUses, UpdateAdAccountUse};
use acd_platform::ads::insights::GetInsights;
use acd_platform::ads::{ListObjects, NewObject};
use acd_platform::keys::Scope;
use acd_platform::{Error, PlatformClient};
use acd_testing::{MetaEffect, MetaFault, MetaSimulator};
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestOptions};
use crate::users::{refusal, topics};

pub(super) const ADS: [Scope; 2] = [Scope::AdsRead, Scope::AdsWrite];

pub(super) struct Hub {
    pub(super) server: TestApp,
    pub(super) account: AdAccountId,
    pub(super) page: String,
}

impl Hub {
    pub(super) async fn start() -> Self {
        Self::start_with(TestOptions::default()).await
    }

    pub(super) async fn start_with(options: TestOptions) -> Self {
        let simulator = MetaSimulator::start().await.unwrap();
        let (account, page) =
            (AdAccountId::from(simulator.world().ad_account.as_str()), simulator.world().page.clone());
        let server = TestApp::start_with(TestOptions { meta: Some(simulator.into()), ..options }).await;
        Self { server, account, page }
    }

    /// A product that may use the account.
    pub(super) async fn product(&self, slug: &str) -> PlatformClient {
        let allowed =
            CreateAdAccountUse { account: self.account.clone(), product: slug.parse().unwrap(), weight: None };
        self.server.admin().ads().accounts().create(&allowed).await.unwrap();
        self.server.product(slug, &ADS).await
    }

    pub(super) fn simulator(&self) -> &MetaSimulator {
        self.server.app.ads.meta().unwrap().simulator().unwrap()
    }

    pub(super) fn of_kind(&self, kind: &str) -> usize {
        let snapshot = self.simulator().snapshot();
        snapshot["nodes"].as_array().unwrap().iter().filter(|node| node["kind"] == kind).count()
    }
}

fn campaign(name: &str) -> NewObject<CreateCampaign> {
    NewObject::new(CreateCampaign {
        is_adset_budget_sharing_enabled: Some(false),
        ..CreateCampaign::new(name, Objective::Traffic, [])
    })
}

async fn make(client: &PlatformClient, name: &str) -> CampaignId {
    client.ads().campaigns().create(&campaign(name)).await.unwrap().id
}

#[tokio::test]
async fn a_product_builds_a_campaign_down_to_its_ad_and_reads_its_report() {
    let hub = Hub::start().await;
    let pct = hub.product("pct").await;
    let campaign = make(&pct, "Spring").await;
    let us = GeoLocations { countries: vec!["US".to_owned()], ..GeoLocations::default() };
    let targeting = Targeting { geo_locations: us, ..Targeting::default() };
    let ad_set = CreateAdSet {
        daily_budget: Some(MinorUnits(1_000)),
        ..CreateAdSet::new(
            "Everybody",
            campaign.clone(),
            OptimizationGoal::LinkClicks,
            BillingEvent::Impressions,
            targeting,
        )
    };
    let ad_set = pct.ads().ad_sets().create(&NewObject::new(ad_set)).await.unwrap().id;
    let link = LinkData { link: "https://pct.tools/".to_owned(), ..LinkData::default() };
    let creative = CreateCreative {
        object_story_spec: Some(ObjectStorySpec {
            page_id: hub.page.as_str().into(),
            instagram_user_id: None,
            content: StoryContent::LinkData(link),
        }),
        url_tags: Some("utm_source=newsletter".to_owned()),
        ..CreateCreative::new()
    };
    let creative = pct.ads().creatives().create(&NewObject::new(creative)).await.unwrap().id;
    let ad = CreateAd::new("Ad", ad_set.clone(), creative.as_str());
    let ad = pct.ads().ads().create(&NewObject::new(ad)).await.unwrap().id;

    let shown = pct.ads().creatives().get(&creative).await.unwrap();
    let tags = "utm_source=newsletter&utm_medium=paid_social&utm_campaign={{campaign.id}}&utm_term={{adset.id}}&utm_content={{ad.id}}";
    assert_eq!(shown.url_tags.as_deref(), Some(tags));
    assert_eq!(pct.ads().ads().get(&ad).await.unwrap().name.as_deref(), Some("Ad"));
    let change = UpdateCampaign { name: Some("Summer".to_owned()), ..UpdateCampaign::new() };
    assert!(pct.ads().campaigns().update(&campaign, &change).await.unwrap().success);
    assert_eq!(pct.ads().campaigns().get(&campaign).await.unwrap().name.as_deref(), Some("Summer"));
    pct.ads().insights().get(&GetInsights::of(campaign.as_str())).await.unwrap();
    pct.ads().ads().delete(&ad).await.unwrap();
    assert_eq!(refusal(pct.ads().ads().get(&ad).await).0, 404);
    let wanted = [
        "ads.account_allowed",
        "ads.campaign_created",
        "ads.ad_set_created",
        "ads.creative_created",
        "ads.ad_created",
        "ads.campaign_updated",
        "ads.ad_deleted",
    ];
    assert_eq!(topics(&hub.server).await, wanted);
}

#[tokio::test]
async fn another_products_campaigns_are_not_there() {
    let hub = Hub::start().await;
    let (pct, everreach) = (hub.product("pct").await, hub.product("everreach").await);
    let (ours, theirs) = (make(&pct, "ours").await, make(&everreach, "theirs").await);
    let seen = pct.ads().campaigns().list_all(ListObjects::default()).items().collect(99).await.unwrap();
    assert_eq!(seen.into_iter().map(|campaign| campaign.id).collect::<Vec<_>>(), std::slice::from_ref(&ours));
    let change = UpdateCampaign { name: Some("stolen".to_owned()), ..UpdateCampaign::new() };
    assert_eq!(refusal(pct.ads().campaigns().get(&theirs).await).0, 404);
    assert_eq!(refusal(pct.ads().campaigns().update(&theirs, &change).await).0, 404);
    assert_eq!(refusal(pct.ads().campaigns().delete(&theirs).await).0, 404);
    assert_eq!(refusal(pct.ads().insights().get(&GetInsights::of(theirs.as_str())).await).0, 404);
    assert_eq!(refusal(pct.ads().ad_sets().get(&ours.as_str().into()).await).0, 404, "it is no ad set");
    assert_eq!(refusal(pct.ads().campaigns().get(&"../me".into()).await).0, 404);
    // Who may not use an account any more reaches nothing in it.
    let uses = hub.server.admin().ads().accounts().list(&ListAdAccountUses::default()).await.unwrap().data;
    hub.server.admin().ads().accounts().delete(uses[0].id).await.unwrap();
    assert_eq!(refusal(pct.ads().campaigns().get(&ours).await).0, 404);
    assert_eq!(refusal(pct.ads().campaigns().create(&campaign("c")).await), (422, "no_ad_account".to_owned()));
}

#[tokio::test]
async fn the_same_key_makes_one_campaign_also_when_metas_answer_is_lost() {
    let hub = Hub::start().await;
    let pct = hub.product("pct").await;
    hub.simulator().inject(MetaFault::new(MetaEffect::CutAfter).method("POST").path("/campaigns").times(1));
    let first = pct.ads().campaigns().create(&campaign("once")).idempotency_key("intent-1").await.unwrap().id;
    let again = pct.ads().campaigns().create(&campaign("once")).idempotency_key("intent-1").await.unwrap().id;
    assert_eq!((first, hub.of_kind("Campaign")), (again, 1));
    let other = pct.ads().campaigns().create(&campaign("other")).idempotency_key("intent-1").await;
    assert_eq!(refusal(other), (409, "idempotency_key_reused".to_owned()));
}

#[tokio::test]
async fn what_meta_refuses_is_told_in_metas_words_and_leaves_the_key_free() {
    let hub = Hub::start().await;
    hub.product("pct").await;
    let key = hub.server.key("pct", &ADS).await;
    let low = json!({ "object": { "name": "c", "objective": "OUTCOME_TRAFFIC", "special_ad_categories": [], "daily_budget": 1 } });
    let send = async |body: &Value| {
        hub.server.http().post("/v1/ads/campaigns").bearer(&key).header("idempotency-key", "k").json(body).send().await
    };
    let problem = send(&low).await.problem(422, "meta_rejected");
    assert_eq!((problem["meta"]["code"].as_i64(), problem["meta"]["class"].as_str()), (Some(100), Some("validation")));
    assert!(problem["meta"]["trace_id"].is_string() && problem["meta"]["subcode"].is_number(), "{problem}");
    let right = json!({ "object": { "name": "c", "objective": "OUTCOME_TRAFFIC", "special_ad_categories": [], "daily_budget": 1_000 } });
    assert_eq!(send(&right).await.status, 201);
}

#[tokio::test]
async fn limits_are_shown_to_a_product_with_its_own_part_alone() {
    let hub = Hub::start().await;
    let (pct, everreach) = (hub.product("pct").await, hub.product("everreach").await);
    make(&pct, "ours").await;
    make(&everreach, "theirs").await;
    let seen = async |client: &PlatformClient| {
        let limits = client.ads().limits().list().await.unwrap().data;
        limits.into_iter().find(|limit| limit.pool == "meta.ad_account").unwrap()
    };
    let all = seen(&hub.server.admin()).await;
    assert_eq!(
        (all.account.as_str(), all.limit, all.window_seconds),
        (hub.account.to_string().as_str(), Some(9_000), 300)
    );
    assert_eq!(all.products.len(), 2);
    assert!(all.told_percent.is_some() && all.blocked_until.is_none() && all.used > 0);
    let own = seen(&pct).await;
    assert_eq!(own.products.len(), 1);
    assert_eq!(own.products[0].product.as_ref().unwrap().as_str(), "pct");
    assert_eq!(own.products[0].guaranteed, Some(4_500));
    assert!(hub.server.product("velvethold", &ADS).await.ads().limits().list().await.unwrap().data.is_empty());
}

#[tokio::test]
async fn administrators_alone_say_who_may_use_an_account() {
    let hub = Hub::start().await;
    let pct = hub.product("pct").await;
    let allowed = |account: &str, product: &str, weight| CreateAdAccountUse {
        account: account.into(),
        product: product.parse().unwrap(),
        weight,
    };
    assert_eq!(refusal(pct.ads().accounts().create(&allowed("act_9", "pct", None)).await).0, 403);
    let accounts = hub.server.admin();
    let accounts = accounts.ads().accounts();
    let uses = accounts.list(&ListAdAccountUses::default()).await.unwrap().data;
    assert_eq!(pct.ads().accounts().list(&ListAdAccountUses::default()).await.unwrap().data, uses);
    let weighed = accounts.update(uses[0].id, &UpdateAdAccountUse { weight: 300 }).await.unwrap();
    assert_eq!(accounts.create(&allowed(&hub.account.to_string(), "pct", Some(7))).await.unwrap(), weighed);
    accounts.create(&allowed("act_9", "pct", None)).await.unwrap();
    assert_eq!(refusal(pct.ads().campaigns().create(&campaign("c")).await), (422, "account_required".to_owned()));
    let foreign = campaign("c").account("act_10");
    assert_eq!(refusal(pct.ads().campaigns().create(&foreign).await).0, 404);
    let named = campaign("c").account(hub.account.clone());
    pct.ads().campaigns().create(&named).await.unwrap();
    let refused: [Result<_, Error>; 3] = [
        accounts.create(&allowed("act_x", "pct", None)).await,
        accounts.create(&allowed("act_1", "no_such", None)).await,
        accounts.create(&allowed("act_1", "pct", Some(0))).await,
    ];
    assert!(refused.into_iter().all(|refused| refusal(refused).0 == 422));
}

#[tokio::test]
async fn a_server_without_a_way_to_meta_says_so() {
    let server = TestApp::start().await;
    assert_eq!(refusal(server.admin().ads().limits().list().await), (503, "meta_not_connected".to_owned()));
}
