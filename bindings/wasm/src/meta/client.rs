//! The client of Meta.

use std::borrow::Cow;

use acd_core::{Error, ErrorKind, Response};
use acd_meta::VersionError;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::conversions::SendOptions;
use super::flat;
use crate::catalogue;
use crate::parameters::{ClientSettings, Parameters};
use crate::tickets::Tickets;

/// Calls Meta, with the policies of `acd-meta`.
#[wasm_bindgen]
pub struct MetaClient {
    meta: acd_meta::MetaClient,
    tickets: Tickets,
}

#[wasm_bindgen]
impl MetaClient {
    /// A client with an access token. What is not given is as `acd-meta` has it; `settings` is JSON.
    ///
    /// # Errors
    /// What `acd-meta` refuses: a blank token or secret, an address or version that is none; and settings that are not known.
    #[wasm_bindgen(constructor)]
    pub fn new(
        token: String,
        app_secret: Option<String>,
        base_url: Option<String>,
        version: Option<String>,
        settings: Option<String>,
    ) -> Result<MetaClient, JsValue> {
        let build = || {
            let settings = ClientSettings::read(settings.as_deref())?.into_owned();
            let mut meta = acd_meta::MetaClient::builder(token).http(move |http| settings.apply(http));
            if let Some(secret) = app_secret {
                meta = meta.app_secret(secret);
            }
            if let Some(url) = base_url {
                meta = meta.base_url(url);
            }
            if let Some(version) = version {
                let unknown = |cause: VersionError| Error::new(ErrorKind::Configuration, cause.to_string());
                meta = meta.version(version.parse().map_err(unknown)?);
            }
            meta.build()
        };
        made(build())
    }

    /// The same client with another token, for the app itself, or counting calls for an ad account: `what` is `token`,
    /// `app` or `account`. Limits and retry budgets are shared.
    ///
    /// # Errors
    /// A blank token; an app without its secret.
    pub fn with(&self, what: &str, value: String) -> Result<MetaClient, JsValue> {
        made(match what {
            "token" => self.meta.with_token(value),
            "app" => self.meta.as_app(&value.into()),
            _ => Ok(self.meta.for_account(&value.into())),
        })
    }

    /// Makes a call. `parameters` and `body` are JSON; the answer is the body as text, `undefined` when there is none.
    /// A `ticket` other than zero is a number by which the call can be given up while it runs.
    ///
    /// # Errors
    /// The view of an [`Error`] as JSON, and `undefined` for a call that was given up.
    pub async fn call(
        &self,
        operation: String,
        parameters: Option<String>,
        body: Option<String>,
        ticket: u32,
    ) -> Result<Option<String>, JsValue> {
        self.run(ticket, self.send(&operation, parameters.as_deref(), body)).await
    }

    /// Sends events to a pixel or dataset. `events` and `parameters` are JSON, and so is the result. Tickets are those of
    /// [`call`](Self::call).
    ///
    /// # Errors
    /// The view of an [`Error`] as JSON: events or options that cannot be read. A request that fails is told of in the
    /// result. `undefined` for a sending that was given up.
    #[wasm_bindgen(js_name = sendEvents)]
    pub async fn send_events(
        &self,
        dataset: String,
        events: String,
        options: SendOptions,
        parameters: Option<String>,
        ticket: u32,
    ) -> Result<Option<String>, JsValue> {
        self.run(ticket, async {
            let parameters = Parameters::read(parameters.as_deref())?;
            options.send(&self.meta, dataset, events.as_bytes(), &parameters).await.map(Some)
        })
        .await
    }

    /// Gives up the call with this ticket: its request is aborted. One that has ended is left alone.
    #[wasm_bindgen(js_name = giveUp)]
    pub fn give_up(&self, ticket: u32) {
        self.tickets.give_up(ticket);
    }
}

impl MetaClient {
    async fn run(
        &self,
        ticket: u32,
        call: impl Future<Output = Result<Option<String>, Error>>,
    ) -> Result<Option<String>, JsValue> {
        let outcome = if ticket == 0 { Some(call.await) } else { self.tickets.run(ticket, call).await };
        match outcome {
            Some(outcome) => outcome.map_err(|error| flat(&error)),
            None => Err(JsValue::UNDEFINED),
        }
    }

    async fn send(
        &self,
        operation: &str,
        parameters: Option<&str>,
        body: Option<String>,
    ) -> Result<Option<String>, Error> {
        let parameters = Parameters::read(parameters)?;
        let call = self.meta.call(catalogue::find(operation)?, parameters.path.iter().map(Cow::as_ref));
        let call = call.http(|call| match body {
            Some(json) => parameters.options(call).body(json).header(http::header::CONTENT_TYPE, "application/json"),
            None => parameters.options(call),
        });
        text(&call.await?)
    }
}

fn made(client: Result<acd_meta::MetaClient, Error>) -> Result<MetaClient, JsValue> {
    client.map(|meta| MetaClient { meta, tickets: Tickets::default() }).map_err(|error| flat(&error))
}

fn text(response: &Response) -> Result<Option<String>, Error> {
    let Some(body) = response.body() else { return Ok(None) };
    match std::str::from_utf8(body) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(cause) => Err(Error::new(ErrorKind::Decode, "the answer is not text").with_source(cause)),
    }
}
