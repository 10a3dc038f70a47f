//! The client as JavaScript holds it.

use acd_analytics::AnalyticsClient;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::event::{Given, Kind};
use crate::host::Host;
use crate::sender::HostSender;
use crate::store::{HostStore, JsStore};
use crate::{event, failure, settings};

/// Tells the platform what users do.
#[wasm_bindgen]
pub struct Analytics {
    client: AnalyticsClient,
    host: Host,
}

#[wasm_bindgen]
impl Analytics {
    /// A client that sends by `host`. `context` is the JSON of an object, `numbers` are settings in their order, NaN where one is
    /// left out, and `store` keeps events.
    ///
    /// # Errors
    /// What the host makes of a setting outside its limits.
    #[wasm_bindgen(constructor)]
    pub fn new(host: Host, context: String, numbers: &[f64], store: Option<JsStore>) -> Result<Analytics, JsValue> {
        let mut builder = AnalyticsClient::builder_over(HostSender::new(host.clone())).context_json(context);
        builder = settings::apply(numbers, builder);
        if let Some(store) = store {
            builder = builder.store(HostStore::new(store));
        }
        let told = SendWrapper::new(host.clone());
        builder = builder.on_failure(move |failed| failure::tell(&told, &failed));
        match builder.build_over() {
            Ok(client) => Ok(Self { client, host }),
            Err(error) => Err(failure::of_building(&host, &error)),
        }
    }

    /// Queues an event and gives its id; `undefined` while consent is withheld. `name` is the one text that the kind needs or has,
    /// and what is free-form is JSON.
    ///
    /// # Errors
    /// What the host makes of what was wrong with the event, or of why none is taken.
    #[allow(clippy::too_many_arguments, reason = "each would cost more as a field of an object")]
    pub fn enqueue(
        &self,
        kind: Kind,
        timestamp: Option<f64>,
        message_id: Option<String>,
        user_id: Option<String>,
        anonymous_id: Option<String>,
        name: Option<String>,
        category: Option<String>,
        facts: Option<String>,
        context: Option<String>,
        integrations: Option<String>,
    ) -> Result<Option<String>, JsValue> {
        let given =
            Given { kind, timestamp, message_id, user_id, anonymous_id, name, category, facts, context, integrations };
        event::enqueue(&self.client, &given).map_err(|error| failure::of_event(&self.host, &error))
    }

    /// Sends everything tracked until now.
    ///
    /// # Errors
    /// What the last request failed with; the events stay queued.
    pub async fn flush(&self) -> Result<(), JsValue> {
        let (client, host) = (self.client.clone(), self.host.clone());
        client.flush().await.map_err(|error| failure::of_flush(&host, &error))
    }

    /// Completes once everything tracked until now would outlive the page or process.
    ///
    /// # Errors
    /// What the host makes of the store's refusal; the events stay in memory.
    pub async fn stored(&self) -> Result<(), JsValue> {
        let (client, host) = (self.client.clone(), self.host.clone());
        client.stored().await.map_err(|error| failure::of_store(&host, &error))
    }

    /// Takes no more events, sends what is queued, and says what is left, and how much of it is kept.
    pub async fn shutdown(&self) -> Vec<f64> {
        let client = self.client.clone();
        let report = client.shutdown().await;
        vec![report.left as f64, report.on_disk as f64]
    }

    /// Says whether the user agrees to be tracked.
    #[wasm_bindgen(js_name = setConsent)]
    pub fn set_consent(&self, granted: bool) {
        self.client.set_consent(granted);
    }

    /// What the client did so far.
    pub fn stats(&self) -> Vec<f64> {
        let stats = self.client.stats();
        let numbers = [
            stats.tracked,
            stats.without_consent,
            stats.delivered,
            stats.duplicates,
            stats.rejected,
            stats.failed,
            stats.overflowed,
            stats.forgotten,
            stats.requests,
            stats.retries,
            stats.held,
            stats.disk_bytes,
            stats.damaged_bytes,
            stats.disk_failures,
        ];
        numbers.map(|number| number as f64).into()
    }
}
