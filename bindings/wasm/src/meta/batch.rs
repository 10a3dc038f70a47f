//! Calls that are sent together.

use std::borrow::Cow;

use acd_core::json::Json;
use acd_core::{Error, ErrorKind, ErrorView};
use acd_meta::MetaClient;
use acd_meta::batch::Batch;
use serde::Serialize;

use crate::calls::with_body;
use crate::catalogue;
use crate::parameters::Parameters;

/// What became of one call, as JavaScript gets it.
#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Answered(String),
    Failed(Box<ErrorView>),
}

/// Sends a JSON array of calls, each with its `operation` and, where it has them, `parameters` and `body`, and a `name` or that of the
/// call that it comes `after`. What became of each is JSON: a text is an answer, an object the view of an error.
pub(super) async fn send(
    meta: &MetaClient,
    account: String,
    calls: &[u8],
    parameters: &Parameters<'_>,
) -> Result<String, Error> {
    let mut batch = Batch::of(account.into());
    let calls = Json::read_elements(calls);
    for call in calls.ok_or_else(|| Error::new(ErrorKind::Request, "the batch is no JSON array"))? {
        let text = |name| call.get(name).and_then(Json::text);
        let operation = catalogue::find(&text("operation").unwrap_or_default())?;
        let parameters = Parameters::read(call.get("parameters").map(Json::as_str))?;
        let body = call.get("body").map(|body| body.as_str().to_owned());
        let made = meta.call(operation, parameters.path.iter().map(Cow::as_ref));
        let made = made.http(|call| with_body(parameters.options(call), body));
        match (text("name"), text("after")) {
            (Some(name), _) => batch.add_named(&name, made),
            (None, Some(name)) => batch.add_after(&name, made),
            (None, None) => batch.add(made),
        }?;
    }
    let mut answers = meta.batch_with(&batch, |call| parameters.options(call)).await?;
    let outcome = |place| match answers.take_text(place) {
        Ok(text) => Outcome::Answered(text),
        Err(error) => Outcome::Failed(Box::new(error.view())),
    };
    let outcomes: Vec<_> = (0..batch.len()).map(outcome).collect();
    serde_json::to_string(&outcomes)
        .map_err(|cause| Error::new(ErrorKind::Decode, "the answers cannot be written").with_source(cause))
}
