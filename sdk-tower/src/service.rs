//! The check itself, around one service.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use acd_core::replay::ReplayGuard;
use acd_core::signing::{KeyResolver, MessageVerifier, VerifyError};
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Either, Full, LengthLimitError, Limited};
use tower::Service;
use tracing::{error, info};

use crate::answer::Refusal;

/// The body of an answer: the service's own, or that of a refusal.
pub type ResponseBody<B> = Either<B, Full<Bytes>>;

/// A service behind [`VerifySignatureLayer`](crate::VerifySignatureLayer).
pub struct VerifySignature<S, K, R> {
    inner: S,
    verifier: Arc<MessageVerifier<K, R>>,
    limit: usize,
}

impl<S, K, R> VerifySignature<S, K, R> {
    pub(crate) fn new(inner: S, verifier: Arc<MessageVerifier<K, R>>, limit: usize) -> Self {
        Self { inner, verifier, limit }
    }
}

impl<S, K, R, B, A> Service<Request<B>> for VerifySignature<S, K, R>
where
    S: Service<Request<Full<Bytes>>, Response = Response<A>> + Clone + Send + 'static,
    S::Future: Send,
    K: KeyResolver,
    R: ReplayGuard + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response<ResponseBody<A>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The clone may not be ready; the one that was asked is.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let (verifier, limit) = (Arc::clone(&self.verifier), self.limit);
        Box::pin(async move {
            match admit(&verifier, limit, request).await {
                Ok(request) => Ok(inner.call(request).await?.map(Either::Left)),
                Err(refusal) => Ok(refusal.answer(&verifier).map(Either::Right)),
            }
        })
    }
}

/// The request with its body read and its sender known.
async fn admit<K, R, B>(
    verifier: &MessageVerifier<K, R>,
    limit: usize,
    request: Request<B>,
) -> Result<Request<Full<Bytes>>, Refusal>
where
    K: KeyResolver,
    R: ReplayGuard,
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let (mut parts, body) = request.into_parts();
    let head = verifier.verify_head(&parts).await.map_err(|error| refusal(&error))?;
    let body = read(body, limit).await?;
    let service = head.confirm(&body).await.map_err(|error| refusal(&error))?;
    parts.extensions.insert(service);
    Ok(Request::from_parts(parts, Full::new(body)))
}

async fn read<B>(body: B, limit: usize) -> Result<Bytes, Refusal>
where
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::TooLarge),
        Err(error) => {
            info!(%error, "the body of a signed request broke off");
            Err(Refusal::Broken)
        }
    }
}

/// The reason is for our log alone.
fn refusal(error: &VerifyError) -> Refusal {
    if error.is_unavailable() {
        let source = error.source().map(tracing::field::display);
        error!(code = error.code(), source, "{error}");
        return Refusal::Unavailable;
    }
    info!(code = error.code(), "a signed request was refused: {error}");
    Refusal::Unverified
}

impl<S: Clone, K, R> Clone for VerifySignature<S, K, R> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), verifier: Arc::clone(&self.verifier), limit: self.limit }
    }
}

impl<S: fmt::Debug, K, R> fmt::Debug for VerifySignature<S, K, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifySignature")
            .field("inner", &self.inner)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
