//! Attribution: touches and conversions taken from events, and reports of which led to which.

mod capture;
mod model;
mod reports;
mod rules;

use acd_core::Secret;
use acd_platform::attribution::{
    AttributionReport, ConversionRule, CreateConversionRule, Credit, Effect, GetReport, MoneySum, Origin,
};
use acd_platform::keys::Scope;
use acd_platform::{PersonId, PlatformClient};
use serde_json::{Value, json};

use crate::support::app::{TestApp, TestOptions};
use crate::support::clock::ManualClock;

const SCOPES: [Scope; 4] = [Scope::EventsWrite, Scope::PersonsRead, Scope::AttributionRead, Scope::AttributionWrite];
const NOON: &str = "2031-05-20T12:00:00Z";

/// A server whose clock stands at [`NOON`], and the products `pct` and `gapradar` there.
struct Two {
    server: TestApp,
    clock: ManualClock,
    pct: Product,
    gapradar: Product,
}

/// A product with a key that may do everything here.
struct Product {
    key: Secret,
    client: PlatformClient,
}

impl Two {
    async fn start() -> Self {
        let clock = ManualClock::at(NOON);
        let server = TestApp::start_with(TestOptions { clock: clock.clock(), ..TestOptions::default() }).await;
        let product = async |name: &str| {
            let key = server.key(name, &SCOPES).await;
            Product { client: server.client(&key), key }
        };
        let (pct, gapradar) = (product("pct").await, product("gapradar").await);
        Self { server, clock, pct, gapradar }
    }

    async fn send(&self, product: &Product, events: Value) {
        let count = events.as_array().unwrap().len();
        let batch = json!({ "batch": events });
        let reply = self.server.http().post("/v1/batch").bearer(&product.key).json(&batch).send().await;
        assert_eq!(reply.json()["accepted"], count, "{}", reply.text());
    }

    async fn person(&self, product: &Product, query: &str) -> PersonId {
        let path = format!("/v1/persons/lookup?{query}");
        let person = self.server.http().get(&path).bearer(&product.key).send().await.json();
        person["id"].as_str().unwrap().parse().unwrap()
    }
}

impl Product {
    /// Counts `Order Completed` and `Order Refunded` as Segment sends them.
    async fn sells(&self) -> [ConversionRule; 2] {
        let make = async |name, event, effect| {
            self.client.attribution().create_rule(&CreateConversionRule::ecommerce(name, event, effect)).await.unwrap()
        };
        [
            make("Sale", "Order Completed", Effect::Conversion).await,
            make("Refund", "Order Refunded", Effect::Refund).await,
        ]
    }

    async fn report(&self, query: GetReport) -> AttributionReport {
        self.client.attribution().report(&query).await.unwrap()
    }
}

fn landing(visitor: &str, at: &str, url: &str) -> Value {
    json!({ "type": "page", "anonymousId": visitor, "timestamp": at, "context": { "page": { "url": url } } })
}

fn sale(user: &str, at: &str, order: &str, revenue: f64) -> Value {
    json!({ "type": "track", "event": "Order Completed", "userId": user, "timestamp": at,
        "properties": { "order_id": order, "revenue": revenue, "currency": "USD" } })
}

fn refund(user: &str, at: &str, order: &str, revenue: f64) -> Value {
    json!({ "type": "track", "event": "Order Refunded", "userId": user, "timestamp": at,
        "properties": { "order_id": order, "revenue": revenue, "currency": "USD" } })
}

fn identify(user: &str, visitor: &str, email: &str) -> Value {
    json!({ "type": "identify", "userId": user, "anonymousId": visitor, "traits": { "email": email } })
}

fn source(name: &str) -> Origin {
    Origin { source: Some(name.to_owned()), ..Origin::default() }
}

fn usd(conversions: u64, refunds: u64, revenue: i64, refunded: i64) -> Credit {
    let money = MoneySum {
        currency: "USD".to_owned(),
        revenue_minor: revenue,
        refunded_minor: refunded,
        net_minor: revenue - refunded,
    };
    Credit { conversions, refunds, values: vec![money] }
}

fn rows(report: AttributionReport) -> Vec<(Origin, Credit)> {
    report.rows.into_iter().map(|row| (row.origin, row.credit)).collect()
}
