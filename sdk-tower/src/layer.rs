//! The layer that puts the check in front of a service.

use std::fmt;
use std::sync::Arc;

use acd_core::replay::ReplayGuard;
use acd_core::signing::{KeyResolver, MessageVerifier};
use tower::Layer;

use crate::service::VerifySignature;

/// How much of a body is read unless told otherwise: 1 MiB.
const DEFAULT_LIMIT: usize = 1024 * 1024;

/// Lets only signed requests through to the services behind it. Cheap to clone.
///
/// The body is read into memory, as nothing can be said about it before its last byte, but only after the head was found to
/// be signed by a known key. The handler gets the same bytes, and a [`VerifiedService`](crate::VerifiedService) in the
/// request's extensions. Trailers are not covered by any signature and are dropped.
pub struct VerifySignatureLayer<K, R> {
    verifier: Arc<MessageVerifier<K, R>>,
    limit: usize,
}

impl<K: KeyResolver, R: ReplayGuard> VerifySignatureLayer<K, R> {
    /// A layer with this verifier, for bodies of up to 1 MiB.
    pub fn new(verifier: MessageVerifier<K, R>) -> Self {
        Self { verifier: Arc::new(verifier), limit: DEFAULT_LIMIT }
    }

    /// Sets how many bytes a body may have; a larger one is answered 413. Default 1 MiB.
    #[must_use]
    pub fn max_body_bytes(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

impl<S, K, R> Layer<S> for VerifySignatureLayer<K, R> {
    type Service = VerifySignature<S, K, R>;

    fn layer(&self, inner: S) -> Self::Service {
        VerifySignature::new(inner, Arc::clone(&self.verifier), self.limit)
    }
}

impl<K, R> Clone for VerifySignatureLayer<K, R> {
    fn clone(&self) -> Self {
        Self { verifier: Arc::clone(&self.verifier), limit: self.limit }
    }
}

impl<K, R> fmt::Debug for VerifySignatureLayer<K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifySignatureLayer").field("verifier", &self.verifier).field("limit", &self.limit).finish()
    }
}
