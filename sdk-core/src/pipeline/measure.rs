//! The duration of one exchange, around its timeout and nothing that waits before it.

use super::Step;
use crate::Result;
use crate::call::Call;
use crate::response::Response;
use crate::telemetry::RequestWatch;

pub(super) struct Measure<S>(pub(super) S);

impl<S: Step> Step for Measure<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        let Some(watch) = RequestWatch::start(call) else { return self.0.run(call).await };
        let result = self.0.run(call).await;
        watch.stop(&result);
        result
    }
}
