//! The client of one server.

use acd_core::{Client, Error, ErrorKind, Response};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::catalogue;
use crate::parameters::{ClientSettings, Parameters};
use crate::tickets::Tickets;

/// Makes calls to one server, with the policies of the crate that the client is of.
#[wasm_bindgen]
pub struct ApiClient {
    http: Client,
    tickets: Tickets,
}

#[wasm_bindgen]
impl ApiClient {
    /// A client of the reference server. `settings` is JSON.
    ///
    /// # Errors
    /// What the client crate refuses: a blank key, an address that is not one; and settings that are not known.
    #[cfg(feature = "platform")]
    pub fn platform(base_url: String, key: String, settings: Option<String>) -> Result<ApiClient, JsValue> {
        let client = ClientSettings::read(settings.as_deref()).and_then(|settings| {
            acd_platform::PlatformClient::builder(key, base_url).http(|http| settings.apply(http)).build()
        });
        client
            .map(|client| Self { http: client.http().clone(), tickets: Tickets::default() })
            .map_err(|error| flat(&error))
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
        let call = self.send(&operation, parameters.as_deref(), body);
        match self.tickets.run(ticket, call).await {
            Some(outcome) => outcome.map_err(|error| flat(&error)),
            None => Err(JsValue::UNDEFINED),
        }
    }

    /// Gives up the call with this ticket: its request is aborted. One that has ended is left alone.
    #[wasm_bindgen(js_name = giveUp)]
    pub fn give_up(&self, ticket: u32) {
        self.tickets.give_up(ticket);
    }
}

impl ApiClient {
    async fn send(
        &self,
        operation: &str,
        parameters: Option<&str>,
        body: Option<String>,
    ) -> Result<Option<String>, Error> {
        let operation = catalogue::find(operation)?;
        let mut call = Parameters::read(parameters)?.apply(operation, self.http.call(operation));
        if let Some(json) = body {
            call = call.body(json).header(http::header::CONTENT_TYPE, "application/json");
        }
        text(call.send().await?)
    }
}

fn text(response: Response) -> Result<Option<String>, Error> {
    let Some(body) = response.body() else { return Ok(None) };
    match std::str::from_utf8(body) {
        Ok(text) => Ok(Some(text.to_owned())),
        Err(cause) => Err(Error::new(ErrorKind::Decode, "the answer is not text").with_source(cause)),
    }
}

/// An error as JavaScript gets it.
fn flat(error: &Error) -> JsValue {
    // A view is made of texts and numbers, which can always be written.
    JsValue::from_str(&serde_json::to_string(&error.view()).unwrap_or_else(|_| error.to_string()))
}
