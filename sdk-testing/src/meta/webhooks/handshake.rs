//! The question that a callback is asked before it is sent anything.

use acd_core::runtime::BoxFuture;
use acd_core::{CallBuilder, Operation, Response};
use http::Method;

use super::super::call::Raw;
use super::super::error::GraphError;
use super::super::server::Simulation;

const VERIFY: Operation = Operation::new("meta_simulator.webhooks.verify", Method::GET, "/").safe();

/// What became of the question; asked beforehand, because nothing waits while the graph is changed.
#[derive(Clone, Debug)]
pub(in super::super) struct Handshake {
    callback_url: String,
    problem: Option<String>,
}

impl Handshake {
    /// Asks the callback that a call names, if it is one that subscribes the app and may.
    pub(in super::super) async fn ask(simulation: &Simulation, raw: &Raw) -> Option<Self> {
        let app_id = simulation.state().world.app_id.clone();
        let may = raw.method == "POST"
            && raw.path.ends_with(&format!("{app_id}/subscriptions"))
            && raw.token().is_some_and(|token| token == simulation.state().world.app_token());
        if !may {
            return None;
        }
        let (callback_url, verify_token) = (raw.params.text("callback_url")?, raw.params.text("verify_token")?);
        let problem = problem(simulation, &callback_url, &verify_token).await;
        Some(Self { callback_url, problem })
    }

    /// Whether the callback gave the challenge back.
    ///
    /// # Errors
    /// Meta's, with what it did instead.
    pub(super) fn check(&self, callback_url: &str) -> Result<(), GraphError> {
        let problem = match &self.problem {
            None if self.callback_url == callback_url => return Ok(()),
            None => "another callback was asked",
            Some(problem) => problem,
        };
        Err(GraphError::new(2200, format!("(#2200) Callback verification failed with the following errors: {problem}")))
    }
}

async fn problem(simulation: &Simulation, callback_url: &str, verify_token: &str) -> Option<String> {
    let mut bytes = [0; 4];
    if let Err(error) = simulation.clock.runtime().fill_random(&mut bytes) {
        return Some(error.to_string());
    }
    let challenge = u32::from_le_bytes(bytes).to_string();
    let call = simulation.sender.call(&VERIFY).url(callback_url);
    let call = call.query("hub.mode", "subscribe").query("hub.challenge", &challenge);
    match sent(call.query("hub.verify_token", verify_token)).await {
        Err(error) => Some(match error.status() {
            Some(status) => format!("HTTP Status Code = {}", status.as_u16()),
            None => error.to_string(),
        }),
        Ok(answer) if answer.body().is_some_and(|body| body.as_ref() == challenge.as_bytes()) => None,
        Ok(_) => Some("the response does not match the challenge".to_owned()),
    }
}

/// Boxed: whether the pipeline's futures can move between threads is asked once here, not for every future around them.
pub(super) fn sent(call: CallBuilder<'_>) -> BoxFuture<'_, acd_core::Result<Response>> {
    Box::pin(call.send())
}
