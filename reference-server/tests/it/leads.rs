//! What Meta tells of by webhooks: leads that become persons, and changes; against a simulated Meta.

mod capture;
mod door;
mod notifications;

use std::time::SystemTime;

use acd_core::Secret;
use acd_core::webhook::{Scheme, WebhookSigner};
use acd_meta::ads::ad_sets::{BillingEvent, CreateAdSet, OptimizationGoal};
use acd_meta::ads::ads::CreateAd;
use acd_meta::ads::campaigns::{CreateCampaign, Objective};
use acd_meta::ads::creatives::{CreateCreative, LinkData, ObjectStorySpec, StoryContent};
use acd_meta::ads::targeting::{GeoLocations, Targeting};
use acd_meta::{AdAccountId, MinorUnits};
use acd_platform::PlatformClient;
use acd_platform::ads::NewObject;
use acd_platform::ads::accounts::CreateAdAccountUse;
use acd_platform::ads::leads::{HubLead, LeadState, ListLeads};
use acd_platform::ads::sources::{CreateMetaSource, MetaSourceKind};
use acd_platform::keys::Scope;
use acd_server::kernel::clock::Clock;
use acd_testing::{MetaSimulator, MetaWorld};
use serde_json::{Value, json};
use sqlx::query_scalar;

use crate::support::app::{TestApp, TestOptions};
use crate::support::http::Reply;
use crate::support::wait::until;

const SCOPES: [Scope; 8] = [
    Scope::LeadsRead,
    Scope::AdsRead,
    Scope::AdsWrite,
    Scope::PersonsRead,
    Scope::EventsRead,
    Scope::EventsWrite,
    Scope::AttributionRead,
    Scope::AttributionWrite,
];

/// A server that is told by a simulated Meta, and does its jobs.
struct Hub {
    server: TestApp,
    pct: PlatformClient,
}

impl Hub {
    async fn start() -> Self {
        Self::at(Clock::system()).await
    }

    async fn at(clock: Clock) -> Self {
        let meta = Some(MetaSimulator::start().await.unwrap().into());
        let server = TestApp::start_with(TestOptions { meta, clock, ..TestOptions::default() }).await;
        server.app.webhooks.hear_simulator(&server.url).await.unwrap();
        server.work();
        let pct = server.product("pct", &SCOPES).await;
        Self { server, pct }
    }

    fn simulator(&self) -> &MetaSimulator {
        self.server.app.ads.meta().unwrap().simulator().unwrap()
    }

    fn world(&self) -> &MetaWorld {
        self.simulator().world()
    }

    /// Makes something of Meta's a product's.
    async fn own(&self, kind: MetaSourceKind, object_id: &str, product: &str) {
        self.server.admin().ads().sources().create(&source(kind, object_id, product)).await.unwrap();
    }

    /// Makes the simulator's page `pct`'s.
    async fn own_page(&self) {
        self.own(MetaSourceKind::Page, &self.world().page, "pct").await;
    }

    /// Fills in the simulator's form.
    fn fill_in(&self, ad: Option<&str>, name: &str, email: &str) -> String {
        let answers = json!([{ "name": "full_name", "values": [name] }, { "name": "email", "values": [email] }]);
        self.simulator().submit_lead(&self.world().lead_form, ad, &answers).unwrap()
    }

    async fn leads(&self, client: &PlatformClient) -> Vec<HubLead> {
        client.ads().leads().list_all(ListLeads::default()).items().collect(9_999).await.unwrap()
    }

    /// So many leads, newest first, as soon as all are captured.
    async fn captured(&self, count: usize) -> Vec<HubLead> {
        until("the leads are captured", async || {
            let leads = self.leads(&self.server.admin()).await;
            let is_done = leads.len() == count && leads.iter().all(|lead| lead.state == LeadState::Captured);
            is_done.then_some(leads)
        })
        .await
    }

    /// Sends a body as Meta does.
    async fn tell(&self, body: &str) -> Reply {
        self.tell_signed(&self.world().app_secret, body).await
    }

    async fn tell_signed(&self, secret: &str, body: &str) -> Reply {
        let signer = WebhookSigner::new(Scheme::Meta, [Secret::from(secret)]).unwrap();
        let headers = signer.sign("", SystemTime::UNIX_EPOCH, body.as_bytes()).unwrap();
        let mut call = self.server.http().post("/v1/webhooks/meta").header("content-type", "application/json");
        for (name, value) in &headers {
            call = call.header(name.as_str(), value.to_str().unwrap());
        }
        call.body(body.to_owned()).send().await
    }

    async fn count(&self, sql: &'static str) -> i64 {
        query_scalar(sql).fetch_one(&self.server.database.pool()).await.unwrap()
    }

    /// Waits until every webhook that was kept is read.
    async fn all_read(&self) {
        until("every webhook is read", async || {
            let waiting = self.count("select count(*) from shared.meta_webhook where processed_at is null").await;
            (waiting == 0).then_some(())
        })
        .await;
    }

    /// Lets `pct` advertise, and gives the ids of a campaign, an ad set and an ad that it makes.
    async fn advertise(&self) -> [String; 3] {
        let account = AdAccountId::from(self.world().ad_account.as_str());
        let allowed = CreateAdAccountUse { account, product: "pct".parse().unwrap(), weight: None };
        self.server.admin().ads().accounts().create(&allowed).await.unwrap();
        let campaign = CreateCampaign {
            is_adset_budget_sharing_enabled: Some(false),
            ..CreateCampaign::new("Spring", Objective::Traffic, [])
        };
        let campaign = self.pct.ads().campaigns().create(&NewObject::new(campaign)).await.unwrap().id;
        let geo_locations = GeoLocations { countries: vec!["US".to_owned()], ..GeoLocations::default() };
        let targeting = Targeting { geo_locations, ..Targeting::default() };
        let (goal, billed) = (OptimizationGoal::LinkClicks, BillingEvent::Impressions);
        let ad_set = CreateAdSet {
            daily_budget: Some(MinorUnits(1_000)),
            ..CreateAdSet::new("All", campaign.clone(), goal, billed, targeting)
        };
        let ad_set = self.pct.ads().ad_sets().create(&NewObject::new(ad_set)).await.unwrap().id;
        let link = LinkData { link: "https://pct.tools/".to_owned(), ..LinkData::default() };
        let story = ObjectStorySpec {
            page_id: self.world().page.as_str().into(),
            instagram_user_id: None,
            content: StoryContent::LinkData(link),
        };
        let creative = CreateCreative { object_story_spec: Some(story), ..CreateCreative::new() };
        let creative = self.pct.ads().creatives().create(&NewObject::new(creative)).await.unwrap().id;
        let ad = CreateAd::new("Ad", ad_set.clone(), creative.as_str());
        let ad = self.pct.ads().ads().create(&NewObject::new(ad)).await.unwrap().id;
        [campaign.to_string(), ad_set.to_string(), ad.to_string()]
    }
}

fn source(kind: MetaSourceKind, object_id: &str, product: &str) -> CreateMetaSource {
    CreateMetaSource { kind, object_id: object_id.to_owned(), product: product.parse().unwrap() }
}

/// The body of a webhook about one page with these changes.
fn body(page: &str, changes: &[Value]) -> String {
    json!({ "object": "page", "entry": [{ "id": page, "time": 1_767_607_200, "changes": changes }] }).to_string()
}
