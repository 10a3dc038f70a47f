//! The client of Meta.

use std::borrow::Cow;

use acd_core::{Body, Error, ErrorKind, Response};
use acd_meta::VersionError;
use http::header::CONTENT_TYPE;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use super::batch;
use super::conversions::SendOptions;
use crate::calls::{self, Calls};
use crate::catalogue;
use crate::exchange::HostTransport;
use crate::host::Host;
use crate::parameters::{ClientSettings, Parameters};

/// Calls Meta, with the policies of `acd-meta`.
#[wasm_bindgen]
pub struct MetaClient {
    meta: acd_meta::MetaClient,
    calls: Calls,
}

#[wasm_bindgen]
impl MetaClient {
    /// A client with an access token. What is not given is as `acd-meta` has it; `settings` is JSON.
    ///
    /// # Errors
    /// What `acd-meta` refuses: a blank token or secret, an address or version that is none; and settings that are not known.
    #[wasm_bindgen(constructor)]
    pub fn new(
        host: Host,
        token: String,
        app_secret: Option<String>,
        base_url: Option<String>,
        version: Option<String>,
        settings: Option<String>,
    ) -> Result<MetaClient, JsValue> {
        // What Meta means by an answer is read in its body.
        let transport = HostTransport::new(host.clone(), false);
        let build = || {
            let settings = ClientSettings::read(settings.as_deref())?;
            let mut meta = acd_meta::MetaClient::builder(token).http(move |http| settings.apply(transport, http));
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
        made(build(), host)
    }

    /// The same client with another token, for the app itself, or counting calls for an ad account: `what` is `token`,
    /// `app` or `account`. Limits and retry budgets are shared.
    ///
    /// # Errors
    /// A blank token; an app without its secret.
    pub fn with(&self, what: &str, value: String) -> Result<MetaClient, JsValue> {
        let meta = match what {
            "token" => self.meta.with_token(value),
            "app" => self.meta.as_app(&value.into()),
            _ => Ok(self.meta.for_account(&value.into())),
        };
        made(meta, self.calls.host().clone())
    }

    /// Begins a call. `parameters` and `body` are JSON. Its outcome is told to the host by the `ticket`, a number that no
    /// running call has: the answer's text, or the view of an [`Error`] as JSON. One that `may_be_given_up` can be.
    pub fn call(
        &self,
        ticket: u32,
        operation: &str,
        parameters: Option<String>,
        body: Option<String>,
        may_be_given_up: bool,
    ) {
        self.begin(ticket, operation, parameters, body.map(Body::from), Some("application/json"), may_be_given_up);
    }

    /// Begins a call with a body of bytes, whose type is a header of `parameters`. Otherwise as [`call`](Self::call).
    #[wasm_bindgen(js_name = callWithBytes)]
    pub fn call_with_bytes(
        &self,
        ticket: u32,
        operation: &str,
        parameters: Option<String>,
        body: Vec<u8>,
        may_be_given_up: bool,
    ) {
        self.begin(ticket, operation, parameters, Some(Body::from(body)), None, may_be_given_up);
    }

    /// Sends events to a pixel or dataset. `events`, the `options` of sending and `parameters` are JSON, and so is the
    /// report, by which a request that failed is told of. Otherwise as [`call`](Self::call).
    #[wasm_bindgen(js_name = sendEvents)]
    pub fn send_events(
        &self,
        ticket: u32,
        dataset: String,
        events: String,
        options: Option<String>,
        parameters: Option<String>,
        may_be_given_up: bool,
    ) {
        let meta = self.meta.clone();
        let sending = async move {
            let options = SendOptions::read(options.as_deref())?;
            let parameters = Parameters::read(parameters.as_deref())?;
            let report = options.send(&meta, dataset, events.as_bytes(), &parameters).await?;
            Ok(JsValue::from_str(&report))
        };
        self.calls.begin(ticket, may_be_given_up, Box::pin(sending));
    }

    /// Sends calls together, which count towards the limits of an ad account. `calls` and `parameters` are JSON, and so is what
    /// became of each. Otherwise as [`call`](Self::call).
    #[wasm_bindgen(js_name = sendBatch)]
    pub fn send_batch(
        &self,
        ticket: u32,
        account: String,
        calls: String,
        parameters: Option<String>,
        may_be_given_up: bool,
    ) {
        let meta = self.meta.clone();
        let sending = async move {
            let parameters = Parameters::read(parameters.as_deref())?;
            Ok(JsValue::from_str(&batch::send(&meta, account, calls.as_bytes(), &parameters).await?))
        };
        self.calls.begin(ticket, may_be_given_up, Box::pin(sending));
    }

    /// Gives up the call with this ticket: its request is aborted. One that has ended is left alone.
    #[wasm_bindgen(js_name = giveUp)]
    pub fn give_up(&self, ticket: u32) {
        self.calls.give_up(ticket);
    }
}

impl MetaClient {
    fn begin(
        &self,
        ticket: u32,
        operation: &str,
        parameters: Option<String>,
        body: Option<Body>,
        content_type: Option<&'static str>,
        may_be_given_up: bool,
    ) {
        let (operation, meta) = (catalogue::find(operation), self.meta.clone());
        let call = async move {
            let parameters = Parameters::read(parameters.as_deref())?;
            let call = meta.call(operation?, parameters.path.iter().map(Cow::as_ref));
            let call = call.http(|call| {
                let call = parameters.options(call);
                match (body, content_type) {
                    (Some(body), Some(content_type)) => call.body(body).header(CONTENT_TYPE, content_type),
                    (Some(body), None) => call.body(body),
                    (None, _) => call,
                }
            });
            text(&call.await?)
        };
        self.calls.begin(ticket, may_be_given_up, Box::pin(call));
    }
}

fn made(client: Result<acd_meta::MetaClient, Error>, host: Host) -> Result<MetaClient, JsValue> {
    client.map(|meta| MetaClient { meta, calls: Calls::new(host) }).map_err(calls::thrown)
}

/// The text of an answer, `undefined` when it is empty.
fn text(response: &Response) -> Result<JsValue, Error> {
    let Some(body) = response.body().filter(|body| !body.is_empty()) else { return Ok(JsValue::UNDEFINED) };
    match std::str::from_utf8(body) {
        Ok(text) => Ok(JsValue::from_str(text)),
        Err(cause) => Err(Error::new(ErrorKind::Decode, "the answer is not text").with_source(cause)),
    }
}
