//! The client of one server.

use std::rc::Rc;

use acd_core::{Client, ClientBuilder, Error, ErrorKind, Response};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

use crate::catalogue;
use crate::exchange::{self, HostTransport, LARGEST_ANSWER};
use crate::host::Host;
use crate::parameters::{ClientSettings, Parameters};
use crate::tickets::Tickets;

/// Makes calls to one server, with the policies of the crate that the client is of.
#[wasm_bindgen]
pub struct ApiClient {
    http: Client,
    host: Host,
    tickets: Rc<Tickets>,
}

#[wasm_bindgen]
impl ApiClient {
    /// A client of the reference server. `settings` is JSON.
    ///
    /// # Errors
    /// What the client crate refuses: a blank key, an address that is not one; and settings that are not known.
    #[cfg(feature = "platform")]
    pub fn platform(host: Host, base_url: String, key: String, settings: Option<String>) -> Result<ApiClient, JsValue> {
        let transport = HostTransport::new(host.clone(), true);
        let client = ClientSettings::read(settings.as_deref()).and_then(|settings| {
            let http = |http| settings.apply(over(transport, http));
            acd_platform::PlatformClient::builder(key, base_url).http(http).build()
        });
        client
            .map(|client| Self { http: client.http().clone(), host, tickets: Rc::default() })
            .map_err(|error| JsValue::from_str(&flat(&error)))
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
        let operation = catalogue::find(operation);
        let (http, host, tickets) = (self.http.clone(), self.host.clone(), Rc::clone(&self.tickets));
        spawn_local(async move {
            let call = async move {
                let operation = operation?;
                let mut call = Parameters::read(parameters.as_deref())?.apply(operation, http.call(operation));
                if let Some(json) = body {
                    call = call.body(json).header(http::header::CONTENT_TYPE, "application/json");
                }
                text(&call.send().await?)
            };
            let outcome = if may_be_given_up { tickets.run(ticket, call).await } else { Some(call.await) };
            match outcome {
                Some(Ok(text)) => host.resolve(ticket, &text),
                Some(Err(error)) => host.reject(ticket, Some(&flat(&error))),
                None => host.reject(ticket, None),
            }
        });
    }

    /// Gives up the call with this ticket: its request is aborted. One that has ended is left alone.
    #[wasm_bindgen(js_name = giveUp)]
    pub fn give_up(&self, ticket: u32) {
        self.tickets.give_up(ticket);
    }
}

fn over(transport: HostTransport, http: ClientBuilder) -> ClientBuilder {
    // No call reads more than the transport does.
    http.transport(transport).max_response_bytes(usize::try_from(LARGEST_ANSWER).unwrap_or(usize::MAX))
}

/// The text of an answer, `undefined` when it is empty.
fn text(response: &Response) -> Result<JsValue, Error> {
    let Some(body) = response.body() else { return Ok(JsValue::UNDEFINED) };
    let text = exchange::take(body).filter(|text| !text.is_undefined());
    text.ok_or_else(|| Error::new(ErrorKind::Decode, "the answer is not text"))
}

/// An error as JavaScript gets it.
fn flat(error: &Error) -> String {
    // A view is made of texts and numbers, which can always be written.
    serde_json::to_string(&error.view()).unwrap_or_else(|_| error.to_string())
}
