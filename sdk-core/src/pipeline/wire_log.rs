//! What went over the wire, without what must not be seen.

use tracing::{Level, debug, enabled};

use super::Step;
use crate::Result;
use crate::call::Call;
use crate::response::Response;

/// The target to switch on: `RUST_LOG=acd_core::wire=debug`.
const TARGET: &str = "acd_core::wire";

/// Logs each exchange: header and query values by allow-list, bodies by their size alone.
pub(super) struct WireLog<S>(pub(super) S);

impl<S: Step> Step for WireLog<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        if !enabled!(target: TARGET, Level::DEBUG) {
            return self.0.run(call).await;
        }
        let (request, list) = (call.request(), call.allow_list());
        debug!(
            target: TARGET,
            method = request.method().as_str(),
            url = %list.uri(request.uri()),
            headers = ?list.headers(request.headers()),
            body_bytes = request.body().length(),
            "request"
        );
        let result = self.0.run(call).await;
        let list = call.allow_list();
        match &result {
            Ok(response) => debug!(
                target: TARGET,
                status = response.status().as_u16(),
                headers = ?list.headers(response.headers()),
                body_bytes = response.body().map(bytes::Bytes::len),
                "response"
            ),
            Err(error) => debug!(
                target: TARGET,
                status = error.status().map(|status| status.as_u16()),
                headers = ?list.headers(error.headers()),
                %error,
                "no success"
            ),
        }
        result
    }
}
