//! A server, its replicas, and a simulated Meta on the same moved clock.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use acd_meta::ads::Status;
use acd_meta::ads::ad_sets::{BillingEvent, CreateAdSet, OptimizationGoal};
use acd_meta::ads::ads::CreateAd;
use acd_meta::ads::campaigns::{CreateCampaign, Objective};
use acd_meta::ads::creatives::{CreateCreative, LinkData, ObjectStorySpec, StoryContent};
use acd_meta::ads::targeting::{GeoLocations, Targeting};
use acd_meta::{AdAccountId, AdId, AdSetId, CampaignId, MetaClient, MinorUnits};
use acd_platform::PlatformClient;
use acd_platform::ads::NewObject;
use acd_platform::ads::accounts::CreateAdAccountUse;
use acd_platform::keys::Scope;
use acd_server::ads::performance;
use acd_server::jobs::Workers;
use acd_server::kernel::clock::Clock;
use acd_testing::MetaSimulator;
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use sqlx::query_scalar;
use tokio_util::sync::CancellationToken;

use crate::support::app::{TestApp, TestOptions};
use crate::support::wait::until;

pub(super) const ADS: [Scope; 2] = [Scope::AdsRead, Scope::AdsWrite];
const BUDGET: MinorUnits = MinorUnits(1_000_000);

/// The machine's time, moved ahead.
#[derive(Clone, Default)]
struct Ahead(Arc<Mutex<TimeDelta>>);

impl Ahead {
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + *self.0.lock().unwrap()
    }
}

pub(super) struct World {
    pub(super) server: TestApp,
    pub(super) account: AdAccountId,
    /// Whoever sits in the Ads Manager.
    pub(super) outside: MetaClient,
    pub(super) page: String,
    simulator: Arc<MetaSimulator>,
    ahead: Ahead,
}

/// A campaign of one ad set, running.
pub(super) struct Running {
    pub(super) campaign: CampaignId,
    pub(super) ad_set: AdSetId,
    pub(super) ads: Vec<AdId>,
}

impl World {
    /// It is ten in the morning UTC, so that no test sees midnight.
    pub(super) async fn start() -> Self {
        let simulator = Arc::new(MetaSimulator::start().await.unwrap());
        let world = simulator.world().clone();
        let outside = MetaClient::builder(world.access_token.clone()).base_url(simulator.url()).build().unwrap();
        let ahead = Ahead::default();
        let clock = ahead.clone();
        let server = TestApp::start_with(TestOptions {
            clock: Clock::from_fn(move || clock.now()),
            meta: Some(Arc::clone(&simulator)),
            ..TestOptions::default()
        })
        .await;
        let made = Self {
            server,
            account: AdAccountId::from(world.ad_account.as_str()),
            outside,
            page: world.page,
            simulator,
            ahead,
        };
        let ten = NaiveTime::from_hms_opt(10, 0, 0).unwrap();
        let tomorrow = (Utc::now().date_naive() + Days::new(1)).and_time(ten).and_utc();
        made.pass(tomorrow - Utc::now());
        made
    }

    /// Another server over the same database and the same Meta.
    pub(super) async fn replica(&self) -> TestApp {
        let clock = self.ahead.clone();
        let options = TestOptions {
            clock: Clock::from_fn(move || clock.now()),
            meta: Some(Arc::clone(&self.simulator)),
            ..TestOptions::default()
        };
        TestApp::over(self.server.database.clone(), options).await
    }

    pub(super) fn simulator(&self) -> &MetaSimulator {
        &self.simulator
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.ahead.now()
    }

    pub(super) fn pass(&self, time: TimeDelta) {
        *self.ahead.0.lock().unwrap() += time;
        self.simulator().advance(time.to_std().unwrap());
    }

    /// A product that may use the account.
    pub(super) async fn product(&self, slug: &str) -> PlatformClient {
        let allowed =
            CreateAdAccountUse { account: self.account.clone(), product: slug.parse().unwrap(), weight: None };
        self.server.admin().ads().accounts().create(&allowed).await.unwrap();
        self.server.product(slug, &ADS).await
    }

    /// A campaign of a product with so many ads, running from now on.
    pub(super) async fn running(&self, product: &PlatformClient, ads: usize) -> Running {
        let campaign = CreateCampaign {
            is_adset_budget_sharing_enabled: Some(false),
            status: Some(Status::Active),
            ..CreateCampaign::new("Spring", Objective::Traffic, [])
        };
        let campaign = product.ads().campaigns().create(&NewObject::new(campaign)).await.unwrap().id;
        let us = GeoLocations { countries: vec!["US".to_owned()], ..GeoLocations::default() };
        let ad_set = CreateAdSet {
            daily_budget: Some(BUDGET),
            status: Some(Status::Active),
            ..CreateAdSet::new(
                "Everybody",
                campaign.clone(),
                OptimizationGoal::LinkClicks,
                BillingEvent::Impressions,
                Targeting { geo_locations: us, ..Targeting::default() },
            )
        };
        let ad_set = product.ads().ad_sets().create(&NewObject::new(ad_set)).await.unwrap().id;
        let link = LinkData { link: "https://pct.tools/".to_owned(), ..LinkData::default() };
        let creative = CreateCreative {
            object_story_spec: Some(ObjectStorySpec {
                page_id: self.page.as_str().into(),
                instagram_user_id: None,
                content: StoryContent::LinkData(link),
            }),
            ..CreateCreative::new()
        };
        let creative = product.ads().creatives().create(&NewObject::new(creative)).await.unwrap().id;
        let mut made = Vec::new();
        for _ in 0..ads {
            let ad =
                CreateAd { status: Some(Status::Active), ..CreateAd::new("Ad", ad_set.clone(), creative.as_str()) };
            made.push(product.ads().ads().create(&NewObject::new(ad)).await.unwrap().id);
        }
        Running { campaign, ad_set, ads: made }
    }

    /// Does what the schedule wants done by now, with workers on these servers.
    pub(super) async fn sync_on(&self, servers: &[&TestApp]) {
        for server in servers {
            server.app.jobs.keep_up().await.unwrap();
        }
        self.work_on(servers).await;
    }

    pub(super) async fn sync(&self) {
        self.sync_on(&[&self.server]).await;
    }

    /// Lets workers on these servers do the jobs of the sync that may start, until there are none.
    pub(super) async fn work_on(&self, servers: &[&TestApp]) {
        let stop = CancellationToken::new();
        let working: Vec<_> = servers
            .iter()
            .map(|server| {
                let workers = Workers::builder(server.app.jobs.clone()).poll(Duration::from_millis(5));
                let workers = performance::handled(workers, &server.app.performance).build();
                let stop = stop.clone();
                tokio::spawn(async move { workers.run(stop).await })
            })
            .collect();
        let pool = self.server.database.pool();
        let sql = "select count(*) from shared_jobs where kind in ('acd.ads.plan_syncs', 'acd.ads.sync_account', 'acd.ads.collect_report')
            and (state in ('pending', 'running') or state = 'scheduled' and run_at <= $1)";
        until("the jobs of the sync are done", async || {
            let left: i64 = query_scalar(sql).bind(self.now()).fetch_one(&pool).await.unwrap();
            (left == 0).then_some(())
        })
        .await;
        stop.cancel();
        for worker in working {
            worker.await.unwrap();
        }
    }

    /// How often Meta was asked for a report, or for its rows.
    pub(super) fn reports(&self) -> usize {
        let is_report = |path: &str, method: &str| method == "GET" && path.ends_with("/insights");
        self.simulator().traffic().iter().filter(|call| is_report(&call.path, &call.method)).count()
    }

    pub(super) async fn count(&self, sql: &'static str) -> i64 {
        query_scalar(sql).fetch_one(&self.server.database.pool()).await.unwrap()
    }
}
