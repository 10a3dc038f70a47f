//! The client as JavaScript holds it.

use acd_analytics::{AnalyticsClient, BuildError};
use js_sys::Function;
use send_wrapper::SendWrapper;
use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::store::{HostStore, JsStore};
use crate::{event, failure, settings};

/// Tells the platform what users do.
#[wasm_bindgen]
pub struct Analytics {
    client: AnalyticsClient,
}

#[wasm_bindgen]
impl Analytics {
    /// A client for the product with this write key. `settings` is JSON, `store` keeps events, `on_failure` is called with
    /// JSON of the events that failed for good.
    ///
    /// # Errors
    /// JSON of a failure: a setting outside its limits, or an address that is not one.
    #[wasm_bindgen(constructor)]
    pub fn new(
        base_url: String,
        write_key: String,
        settings: &str,
        store: Option<JsStore>,
        on_failure: Option<Function>,
    ) -> Result<Analytics, JsValue> {
        let mut builder = settings::apply(settings, AnalyticsClient::builder(write_key, base_url))
            .map_err(|problem| failure::of_settings(&format!("an option cannot be used: {problem}")))?;
        if let Some(store) = store {
            builder = builder.store(HostStore::new(store));
        }
        if let Some(callback) = on_failure {
            let callback = SendWrapper::new(callback);
            builder = builder.on_failure(move |failed| {
                // What the application throws is the application's: it must not end the sending.
                let _ = callback.call1(&JsValue::UNDEFINED, &failure::of_events(&failed));
            });
        }
        builder.build().map(|client| Self { client }).map_err(|error| match error {
            BuildError::Http(error) => failure::of_call(&error),
            other => failure::of_settings(&other.to_string()),
        })
    }

    /// Queues an event, which is JSON, and gives its id.
    ///
    /// # Errors
    /// JSON of a failure, with the code of what was wrong with the event or of why none is taken.
    pub fn enqueue(&self, event: &str) -> Result<String, JsValue> {
        event::enqueue(&self.client, event).map_err(|refusal| failure::of_refusal(&refusal))
    }

    /// Sends everything tracked until now.
    ///
    /// # Errors
    /// JSON of a failure; the events stay queued.
    pub async fn flush(&self) -> Result<(), JsValue> {
        let client = self.client.clone();
        client.flush().await.map_err(|error| failure::of_flush(&error))
    }

    /// Completes once everything tracked until now would outlive the page or process.
    ///
    /// # Errors
    /// JSON of a failure; the events stay in memory.
    pub async fn stored(&self) -> Result<(), JsValue> {
        let client = self.client.clone();
        client.stored().await.map_err(|error| failure::of_store(&error))
    }

    /// Takes no more events, sends what is queued, and says as JSON what is left.
    pub async fn shutdown(&self) -> String {
        let client = self.client.clone();
        let report = client.shutdown().await;
        json!({ "left": report.left, "stored": report.on_disk }).to_string()
    }

    /// Says whether the user agrees to be tracked.
    #[wasm_bindgen(js_name = setConsent)]
    pub fn set_consent(&self, granted: bool) {
        self.client.set_consent(granted);
    }

    /// What the client did so far, as JSON.
    pub fn stats(&self) -> String {
        let stats = self.client.stats();
        json!({
            "tracked": stats.tracked,
            "withoutConsent": stats.without_consent,
            "delivered": stats.delivered,
            "duplicates": stats.duplicates,
            "rejected": stats.rejected,
            "failed": stats.failed,
            "overflowed": stats.overflowed,
            "forgotten": stats.forgotten,
            "requests": stats.requests,
            "retries": stats.retries,
            "held": stats.held,
            "storedBytes": stats.disk_bytes,
            "damagedBytes": stats.damaged_bytes,
            "storeFailures": stats.disk_failures,
        })
        .to_string()
    }
}
