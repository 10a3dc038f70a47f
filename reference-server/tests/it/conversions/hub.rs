//! A server whose way to Meta ends at the simulator.

use std::sync::Arc;

use acd_core::Secret;
use acd_platform::PlatformClient;
use acd_platform::consents::{ConsentSource, Purpose, PutConsents};
use acd_platform::keys::Scope;
use acd_platform::meta_events::{Conversion, ListConversions, MetaEvent, PutConversionSwitch};
use acd_testing::MetaSimulator;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use crate::support::app::{TestApp, TestOptions};
use crate::support::clock::ManualClock;

pub(super) const ALL: [Scope; 8] = [
    Scope::ConversionsSend,
    Scope::ConversionsRead,
    Scope::ConversionsManage,
    Scope::ConsentsWrite,
    Scope::ConsentsRead,
    Scope::EventsWrite,
    Scope::EventsRead,
    Scope::PersonsRead,
];

/// A server, Meta, and a product that may do everything with conversions.
pub(super) struct Hub {
    pub(super) server: TestApp,
    pub(super) meta: Arc<MetaSimulator>,
    pub(super) clock: ManualClock,
    pub(super) key: Secret,
    pub(super) pct: PlatformClient,
}

impl Hub {
    /// With the switch off, and nobody's consent.
    pub(super) async fn closed() -> Self {
        let meta = Arc::new(MetaSimulator::start().await.unwrap());
        let clock = ManualClock::at(&Utc::now().to_rfc3339());
        let server = TestApp::start_with(options(&meta, &clock)).await;
        // Later than the migrations, from which on the rules look.
        clock.set(&Utc::now().to_rfc3339());
        let key = server.key("pct", &ALL).await;
        let pct = server.client(&key);
        Self { server, meta, clock, key, pct }
    }

    /// With the switch on, and the consent of the user `ann`.
    pub(super) async fn open() -> Self {
        let hub = Self::closed().await;
        hub.pct.meta_events().put_switch(&hub.on()).await.unwrap();
        hub.consent("ann", true).await;
        hub
    }

    /// The switch, on.
    pub(super) fn on(&self) -> PutConversionSwitch {
        let pixel_id = Some(self.meta.world().pixel.clone());
        PutConversionSwitch { enabled: true, pixel_id, ..PutConversionSwitch::default() }
    }

    /// Another server over the same database and the same Meta.
    pub(super) async fn replica(&self) -> TestApp {
        TestApp::over(self.server.database.clone(), options(&self.meta, &self.clock)).await
    }

    pub(super) async fn consent(&self, user: &str, granted: bool) {
        let decision = PutConsents::of_user(user, ConsentSource::Banner, [(Purpose::Advertising, granted)]);
        self.pct.consents().put(&decision).await.unwrap();
    }

    /// A lead of Ann, an hour old.
    pub(super) fn lead(&self, id: &str) -> MetaEvent {
        MetaEvent::new(lead(id, self.clock.now() - TimeDelta::hours(1))).user("ann")
    }

    /// Sends what is due, in this server.
    pub(super) async fn send_due(&self) {
        self.server.app.conversions.sender().unwrap().send_due().await.unwrap();
    }

    /// The conversions, oldest first.
    pub(super) async fn conversions(&self) -> Vec<Conversion> {
        let mut all =
            self.pct.meta_events().list_all(ListConversions::default()).items().collect(10_000).await.unwrap();
        all.reverse();
        all
    }

    /// State and attempts of each conversion, oldest first.
    pub(super) async fn states(&self) -> Vec<String> {
        self.conversions().await.iter().map(|one| one.state.to_string()).collect()
    }

    /// The events at Meta: their ids, and whether each counts, oldest first.
    pub(super) fn at_meta(&self) -> Vec<(String, bool)> {
        let state = self.meta.snapshot();
        let events = state["events"].as_array().unwrap().iter().rev();
        let id = |event: &Value| event["event_id"].as_str().unwrap_or_default().to_owned();
        events.map(|event| (id(event), event["counts"] == true)).collect()
    }

    /// How many requests with events reached Meta.
    pub(super) fn requests(&self) -> usize {
        self.meta.traffic().iter().filter(|call| call.path.ends_with("/events")).count()
    }
}

fn options(meta: &Arc<MetaSimulator>, clock: &ManualClock) -> TestOptions {
    TestOptions { meta: Some(Arc::clone(meta)), clock: clock.clock(), ..TestOptions::default() }
}

/// Meta's server event, its person in the clear.
pub(super) fn lead(id: &str, at: DateTime<Utc>) -> Map<String, Value> {
    let event = json!({
        "event_name": "Lead", "event_time": at.timestamp(), "action_source": "email", "event_id": id,
        "user_data": { "em": "Ann@Example.com", "ph": "+1 650 555 1212" },
    });
    event.as_object().unwrap().clone()
}
