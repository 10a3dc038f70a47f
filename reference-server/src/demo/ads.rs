//! From an ad to a sale in another product: campaign, lead, conversion, report.

use std::time::Instant;

use acd_analytics::{AnalyticsClient, Identify, Track};
use acd_core::Secret;
use acd_platform::PlatformClient;
use acd_platform::ads::accounts::CreateAdAccountUse;
use acd_platform::ads::leads::{LeadState, ListLeads};
use acd_platform::ads::publications::{CreatePublication, PublicationState};
use acd_platform::ads::sources::{CreateMetaSource, MetaSourceKind};
use acd_platform::attribution::{CreateConversionRule, Effect, GetReport, GroupBy, ListConversionRules};
use acd_platform::consents::{ConsentSource, Purpose, PutConsents};
use acd_platform::meta_events::{
    ConversionState, CreateMetaEventRule, ListConversions, ListMetaEventRules, PutConversionSwitch, RuleMapping,
};
use acd_testing::MetaSimulator;
use serde_json::json;

use super::meta;
use super::traffic::Run;
use super::view::View;

type Error = Box<dyn std::error::Error + Send + Sync>;

const ADS: usize = 10;
/// What the sale brings, in cents.
const SALE: i64 = 4_900;

/// Who takes part.
pub(super) struct Cast<'a> {
    pub(super) simulator: &'a MetaSimulator,
    pub(super) server: &'a str,
    pub(super) admin: PlatformClient,
    /// The product that advertises, and its name.
    pub(super) advertiser: (PlatformClient, &'static str),
    /// The product that sells, its name, and its client for events.
    pub(super) seller: (PlatformClient, &'static str),
    pub(super) sales: &'a AnalyticsClient,
}

impl<'a> Cast<'a> {
    /// Clients for these keys: of the administrator, and of two products with their names.
    pub(super) fn new(
        simulator: &'a MetaSimulator,
        server: &'a str,
        admin: &Secret,
        [advertiser, seller]: [(&Secret, &'static str); 2],
        sales: &'a AnalyticsClient,
    ) -> Result<Self, Error> {
        let client = |key: &Secret| PlatformClient::new(key.clone(), server);
        Ok(Self {
            simulator,
            server,
            admin: client(admin)?,
            advertiser: (client(advertiser.0)?, advertiser.1),
            seller: (client(seller.0)?, seller.1),
            sales,
        })
    }

    /// Tells the story.
    pub(super) async fn play(&self, view: &mut View, run: &Run) -> Result<(), Error> {
        let campaign = self.publish(view, run).await?;
        let email = self.capture(view, run).await?;
        let user = run.user(self.seller.1, usize::MAX);
        let event_id = format!("order-{}", run.0);
        self.sell(view, &user, &email, &event_id).await?;
        self.report(view, &campaign).await
    }

    /// Ten ads as one job. Returns the campaign's id.
    async fn publish(&self, view: &mut View, run: &Run) -> Result<String, Error> {
        let step = view.step("ten ads through the hub");
        let (client, product) = &self.advertiser;
        let account = self.simulator.world().ad_account.as_str().into();
        let wanted = CreateAdAccountUse { account, product: product.parse()?, weight: None };
        self.admin.ads().accounts().create(&wanted).await?;
        let started = Instant::now();
        let plan = meta::campaign(self.simulator, &format!("Demo {}", run.0), ADS);
        let wanted = CreatePublication::of(plan);
        let publication = client.ads().publications().create(&wanted).idempotency_key(run.0.as_str()).await?;
        let ended = meta::until("the campaign", async || {
            let shown = client.ads().publications().get(publication.id).await?.publication;
            step.progress(shown.counts.created.into(), shown.counts.ads.into());
            Ok(shown.finished_at.is_some().then_some(shown))
        })
        .await?;
        step.done(&format!("{product} published a campaign with {ADS} ads, as one job through the shared limits"));
        let (there, calls) = (meta::count(self.simulator, "Ad"), self.simulator.traffic().len());
        view.fact(
            "ads at Meta's simulator",
            format!("{there}, in {:.1} s and {calls} calls", started.elapsed().as_secs_f64()),
            there == ADS && ended.state == PublicationState::Succeeded,
        );
        Ok(ended.campaign_id.ok_or("the campaign has no id")?.to_string())
    }

    /// Somebody whom an ad led to the form fills it in. Returns the address.
    async fn capture(&self, view: &mut View, run: &Run) -> Result<String, Error> {
        let step = view.step("a lead by webhook");
        let (client, product) = &self.advertiser;
        let (kind, object_id) = (MetaSourceKind::Page, self.simulator.world().page.clone());
        self.admin.ads().sources().create(&CreateMetaSource { kind, object_id, product: product.parse()? }).await?;
        meta::subscribe(self.simulator, self.server).await?;
        let email = run.email(usize::MAX);
        let ad = meta::newest(self.simulator, "Ad").ok_or("there is no ad")?;
        let answers =
            json!([{ "name": "full_name", "values": ["Ada Lovelace"] }, { "name": "email", "values": [email] }]);
        let started = Instant::now();
        let lead = self.simulator.submit_lead(&self.simulator.world().lead_form, Some(&ad), &answers)?;
        // Meta repeats what it is not sure of.
        let told = meta::until("the webhook", async || Ok(self.simulator.deliveries().pop())).await?;
        for _ in 0..5 {
            self.simulator.repeat_delivery(told.id);
        }
        let find = async || -> Result<Vec<_>, Error> {
            let leads = client.ads().leads().list(&ListLeads::default()).await?.data;
            Ok(leads.into_iter().filter(|found| found.lead_id.as_str() == lead).collect())
        };
        let found = meta::until("the lead", async || {
            Ok(find().await?.pop().filter(|found| found.state == LeadState::Captured))
        })
        .await?;
        let took = started.elapsed();
        step.done(&format!("a lead came by webhook, six times, and is a person of {product}"));
        let count = find().await?.len();
        view.fact(
            "one lead, told six times",
            format!("{count} lead, {} person, in {:.2} s", u8::from(found.person_id.is_some()), took.as_secs_f64()),
            count == 1 && found.person_id.is_some(),
        );
        Ok(email)
    }

    /// The same person buys in the other product, with the pixel in the browser.
    async fn sell(&self, view: &mut View, user: &str, email: &str, event_id: &str) -> Result<(), Error> {
        let step = view.step("a conversion in another product");
        let (client, product) = &self.seller;
        self.rules().await?;
        let switch = PutConversionSwitch {
            enabled: true,
            pixel_id: Some(self.simulator.world().pixel.clone()),
            ..PutConversionSwitch::default()
        };
        client.meta_events().put_switch(&switch).await?;
        let agreed = [(Purpose::Advertising, true)];
        client.consents().put(&PutConsents::of_user(user, ConsentSource::Banner, agreed)).await?;
        self.sales.identify(Identify::new().user_id(user).traits(json!({ "email": email })))?;
        meta::pixel(self.simulator, "Purchase", event_id).await?;
        let started = Instant::now();
        let bought = json!({
            "revenue": f64::from(i32::try_from(SALE)?) / 100.0, "currency": "USD", "order_id": event_id, "event_id": event_id,
        });
        self.sales.track(Track::new("Order Completed").user_id(user).properties(bought))?;
        self.sales.flush().await?;
        let query = ListConversions { event_id: Some(event_id.to_owned()), ..ListConversions::default() };
        let sent = meta::until("the conversion", async || {
            let found = client.meta_events().list(&query).await?.data.pop();
            Ok(found.filter(|conversion| conversion.state != ConversionState::Pending))
        })
        .await?;
        step.done(&format!("the lead bought in {product}; the conversion went to Meta, whose pixel had it already"));
        let (copies, counted) = meta::events(self.simulator, event_id);
        view.fact(
            "the sale at Meta",
            format!("{}, {copies} copies, {counted} counts, in {:.2} s", sent.state, started.elapsed().as_secs_f64()),
            sent.state == ConversionState::Sent && (copies, counted) == (2, 1),
        );
        Ok(())
    }

    /// What counts in reports, and what goes to Meta. A demo before may have left both.
    async fn rules(&self) -> Result<(), Error> {
        let (client, _) = &self.seller;
        let (name, event) = ("Sale", "Order Completed");
        let there = client.attribution().rules(&ListConversionRules::default()).await?.data;
        if there.iter().all(|rule| rule.name != name) {
            let rule = CreateConversionRule::ecommerce(name, event, Effect::Conversion);
            client.attribution().create_rule(&rule).await?;
        }
        let there = client.meta_events().rules(&ListMetaEventRules::default()).await?.data;
        if there.iter().all(|rule| rule.event != event) {
            let rule = CreateMetaEventRule {
                product: None,
                event: event.to_owned(),
                conditions: Vec::new(),
                meta_event: "Purchase".to_owned(),
                mapping: RuleMapping::default(),
            };
            client.meta_events().create_rule(&rule).await?;
        }
        Ok(())
    }

    /// The seller's report names the advertiser's campaign.
    async fn report(&self, view: &mut View, campaign: &str) -> Result<(), Error> {
        let step = view.step("attribution");
        let query = GetReport { group_by: Some(GroupBy::Ad), ..GetReport::default() };
        let report = self.seller.0.attribution().report(&query).await?;
        let row = report.rows.iter().find(|row| row.origin.campaign_id.as_deref() == Some(campaign));
        let (conversions, revenue) = row.map_or((0, 0), |row| {
            let dollars = row.credit.values.iter().find(|sum| sum.currency == "USD");
            (row.credit.conversions, dollars.map_or(0, |sum| sum.revenue_minor))
        });
        step.done(&format!("{}'s report credits the sale to {}'s ad", self.seller.1, self.advertiser.1));
        view.fact(
            "the sale in the attribution report",
            format!("{conversions} conversion, USD {:.2}, by the ad", revenue as f64 / 100.0),
            (conversions, revenue) == (1, SALE),
        );
        Ok(())
    }
}
