//! The last step that touches the request, so that the signature covers every header.

use super::Step;
use crate::Result;
use crate::call::Call;
use crate::response::Response;

pub(super) struct Signing<S>(pub(super) S);

impl<S: Step> Step for Signing<S> {
    async fn run(&self, call: &mut Call) -> Result<Response> {
        if let Some(signer) = call.signer().cloned() {
            let runtime = call.runtime().clone();
            signer.sign(call.request_mut(), &runtime).map_err(|error| error.with_may_have_been_sent(false))?;
        }
        self.0.run(call).await
    }
}
