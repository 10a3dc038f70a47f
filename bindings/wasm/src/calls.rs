//! Calls that a client makes for the host.

use std::rc::Rc;

use acd_core::{CallBuilder, Error};
use futures_util::FutureExt as _;
use futures_util::future::{Either, LocalBoxFuture};
use http::header::CONTENT_TYPE;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use crate::host::Host;
use crate::tickets::Tickets;

/// The running calls of one client.
pub(crate) struct Calls {
    host: Host,
    tickets: Rc<Tickets>,
}

impl Calls {
    pub(crate) fn new(host: Host) -> Self {
        Self { host, tickets: Rc::default() }
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    /// Begins a call. Its outcome is told to the host by the `ticket`, a number that no running call has. One that
    /// `may_be_given_up` can be.
    pub(crate) fn begin(
        &self,
        ticket: u32,
        may_be_given_up: bool,
        call: LocalBoxFuture<'static, Result<JsValue, Error>>,
    ) {
        let host = self.host.clone();
        // Before anything runs: JavaScript may give up at once.
        let call = if may_be_given_up {
            Either::Left(Rc::clone(&self.tickets).run(ticket, call))
        } else {
            Either::Right(call.map(Some))
        };
        spawn_local(async move {
            match call.await {
                Some(Ok(text)) => host.resolve(ticket, &text),
                Some(Err(error)) => host.reject(ticket, Some(&flat(&error))),
                None => host.reject(ticket, None),
            }
        });
    }

    /// Gives up the call with this ticket: its request is aborted. One that has ended is left alone.
    pub(crate) fn give_up(&self, ticket: u32) {
        self.tickets.give_up(ticket);
    }
}

/// The call with this JSON, if there is any.
pub(crate) fn with_body<'c>(call: CallBuilder<'c>, json: Option<String>) -> CallBuilder<'c> {
    match json {
        Some(json) => call.body(json).header(CONTENT_TYPE, "application/json"),
        None => call,
    }
}

/// An error as JavaScript gets it: its view as JSON.
pub(crate) fn flat(error: &Error) -> String {
    // A view is made of texts and numbers, which can always be written.
    serde_json::to_string(&error.view()).unwrap_or_else(|_| error.to_string())
}

/// An error as JavaScript is thrown it.
pub(crate) fn thrown(error: Error) -> JsValue {
    JsValue::from_str(&flat(&error))
}
