//! The client of the reference server.

use acd_core::{Client, Error, ErrorKind, Response};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::calls::{self, Calls};
use crate::catalogue;
use crate::exchange::{self, HostTransport};
use crate::host::Host;
use crate::parameters::{ClientSettings, Parameters};

/// Calls the reference server, with the policies of `acd-platform`.
#[wasm_bindgen]
pub struct PlatformClient {
    http: Client,
    calls: Calls,
}

#[wasm_bindgen]
impl PlatformClient {
    /// A client of the server at an address, with an API key or a JWT. `settings` is JSON.
    ///
    /// # Errors
    /// What `acd-platform` refuses: a blank key, an address that is not one; and settings that are not known.
    #[wasm_bindgen(constructor)]
    pub fn new(host: Host, base_url: String, key: String, settings: Option<String>) -> Result<PlatformClient, JsValue> {
        let transport = HostTransport::new(host.clone(), true);
        let client = ClientSettings::read(settings.as_deref()).and_then(|settings| {
            let http = |http| settings.apply(transport, http);
            acd_platform::PlatformClient::builder(key, base_url).http(http).build()
        });
        client.map(|client| Self { http: client.http().clone(), calls: Calls::new(host) }).map_err(calls::thrown)
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
        let (operation, http) = (catalogue::find(operation), self.http.clone());
        let call = async move {
            let operation = operation?;
            let call = Parameters::read(parameters.as_deref())?.apply(operation, http.call(operation));
            text(&calls::with_body(call, body).send().await?)
        };
        self.calls.begin(ticket, may_be_given_up, Box::pin(call));
    }

    /// Gives up the call with this ticket: its request is aborted. One that has ended is left alone.
    #[wasm_bindgen(js_name = giveUp)]
    pub fn give_up(&self, ticket: u32) {
        self.calls.give_up(ticket);
    }
}

/// The text of an answer, `undefined` when it is empty.
fn text(response: &Response) -> Result<JsValue, Error> {
    let Some(body) = response.body() else { return Ok(JsValue::UNDEFINED) };
    let text = exchange::take(body).filter(|text| !text.is_undefined());
    text.ok_or_else(|| Error::new(ErrorKind::Decode, "the answer is not text"))
}
