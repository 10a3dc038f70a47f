//! `/v1/webhooks/meta`.

use acd_platform::webhooks::{self, MetaChallenge};
use axum::extract::{Extension, RawQuery, Request, State};
use http::StatusCode;

use super::service::MOST_BYTES;
use crate::app::App;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;
use crate::kernel::route::{Access, Api, Route};

/// Adds the routes that outside services call.
pub fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "webhooks";
    api.tag(
        TAG,
        "What outside services call to tell of what happened there. A signature takes the place of credentials.",
    )
    .route(
        app,
        Route::new(webhooks::VERIFY_META, TAG, Access::Public, "Answer Meta's question whether webhooks are wanted")
            .describe("Only the verify token that was given to Meta is answered; all else gets 403.")
            .query::<MetaChallenge>()
            .text(StatusCode::OK, "The challenge."),
        verify,
    )
    .route(
        app,
        Route::new(webhooks::RECEIVE_META, TAG, Access::Public, "Take what Meta tells of")
            .describe(
                "At most 4 MiB, signed in X-Hub-Signature-256. The answer comes when it is on disk, and the work on it \
                     follows. The same body again changes nothing.",
            )
            .text(StatusCode::OK, "It is kept, or was before."),
        receive,
    )
}

async fn verify(State(app): State<App>, RawQuery(query): RawQuery) -> Result<String> {
    app.webhooks.answer_meta(query.as_deref().unwrap_or_default())
}

async fn receive(
    State(app): State<App>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Result<&'static str> {
    let (parts, body) = request.into_parts();
    // The limit of other routes is too narrow: a thousand changes with their texts come at once, and what is refused is
    // lost after 36 hours.
    let body = axum::body::to_bytes(body, MOST_BYTES).await.map_err(|_| {
        Problem::too_large("body_too_large", "the body is over 4 MiB, or ended early; Meta sends 1,000 changes at most")
    })?;
    app.webhooks.take_meta(&parts.headers, body, &id).await?;
    Ok("EVENT_RECEIVED")
}
