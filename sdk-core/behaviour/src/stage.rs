//! What a case works with: a script for the server, a client that plays it, and the server's account of it.

use std::time::Duration;

use acd_core::{Client, ClientBuilder, Operation, RetryConfig};
use http::Method;

use crate::Equip;
use crate::failure::Failure;
use crate::wire::{Reply, Seen};

const SCRIPT: Operation = Operation::new("stage.script", Method::PUT, "/cases/{case}").idempotent();
const SEEN: Operation = Operation::new("stage.seen", Method::GET, "/cases/{case}/seen").safe();
const GONE: Operation = Operation::new("stage.gone", Method::GET, "/cases/{case}/gone").safe();
const RELEASE: Operation = Operation::new("stage.release", Method::PUT, "/cases/{case}/release").idempotent();

/// One case's share of the server.
pub(crate) struct Stage {
    url: String,
    case: &'static str,
    control: Client,
    equip: Equip,
}

impl Stage {
    pub(crate) fn open(url: &str, case: &'static str, equip: Equip) -> Result<Self, Failure> {
        Ok(Self { url: url.to_owned(), case, control: equip(Client::builder(url)).build()?, equip })
    }

    /// Tells the server what to do with the requests to come, in order.
    pub(crate) async fn script(&self, replies: impl IntoIterator<Item = Reply>) -> Result<(), Failure> {
        let replies: Vec<Reply> = replies.into_iter().collect();
        self.control.call(&SCRIPT).path_param("case", self.case).json(&replies).send().await?;
        Ok(())
    }

    /// A client whose requests are this case's, and whose retries wait no longer than a test can afford.
    pub(crate) fn client(&self) -> ClientBuilder {
        let (first, last) = (Duration::from_millis(1), Duration::from_millis(4));
        let retry = RetryConfig::default().with_backoff(first, last).with_throttled_base(first);
        self.client_of(&self.play("")).retry(retry)
    }

    /// A client of another server.
    pub(crate) fn client_of(&self, url: &str) -> ClientBuilder {
        (self.equip)(Client::builder(url))
    }

    /// Where the server saw a request that came for `target`.
    pub(crate) fn play(&self, target: &str) -> String {
        format!("{}/play/{}{target}", self.url, self.case)
    }

    /// The requests that came, once there are as many.
    pub(crate) async fn seen(&self, at_least: usize) -> Result<Vec<Seen>, Failure> {
        let call = self.control.call(&SEEN).path_param("case", self.case);
        Ok(call.query("at_least", at_least).send_json().await?)
    }

    /// Waits until as many clients have hung up on a silent server.
    pub(crate) async fn gone(&self, at_least: usize) -> Result<(), Failure> {
        self.control.call(&GONE).path_param("case", self.case).query("at_least", at_least).send().await?;
        Ok(())
    }

    /// Lets the second part of an answer go.
    pub(crate) async fn release(&self) -> Result<(), Failure> {
        self.control.call(&RELEASE).path_param("case", self.case).send().await?;
        Ok(())
    }
}
