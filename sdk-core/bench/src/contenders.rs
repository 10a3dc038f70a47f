//! The same call by several clients.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use acd_core::limits::{Limits, LocalPool, Quota};
use acd_core::{Bearer, Call, Client, Next, Operation, Policy, ReqwestTransport, Response, Secret, TransportOptions};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime::client::orchestrator::operation::Operation as SmithyOperation;
use aws_smithy_runtime::client::retries::classifiers::HttpStatusCodeClassifier;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt as _;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// A client that makes one call and reads the whole answer.
pub(crate) trait Contender {
    const NAME: &'static str;

    fn new(url: &str) -> Result<Self, BoxError>
    where
        Self: Sized;

    async fn call(&self) -> Result<Bytes, BoxError>;
}

/// reqwest alone: what every other client here adds to.
pub(crate) struct Bare {
    client: reqwest::Client,
    url: String,
}

impl Contender for Bare {
    const NAME: &'static str = "reqwest";

    fn new(url: &str) -> Result<Self, BoxError> {
        Ok(Self { client: reqwest::Client::builder().build()?, url: format!("{url}/v1/keys/key_7") })
    }

    async fn call(&self) -> Result<Bytes, BoxError> {
        Ok(self.client.get(&self.url).bearer_auth("token").send().await?.bytes().await?)
    }
}

const GET_KEY: Operation = Operation::new("bench.keys.get", Method::GET, "/v1/keys/{id}").safe().pool("bench");

/// Everything that acd-core does: deadline, retry, breaker, a limit, credentials, attempt timeout, spans.
pub(crate) struct Core(Client);

impl Core {
    fn builder(url: &str) -> Result<acd_core::ClientBuilder, BoxError> {
        let limits = Limits::new().pool("bench", |_| LocalPool::gcra(Quota::per_second(1_000_000)));
        Ok(Client::builder(url).auth(Bearer::new(&Secret::from("token"))?).limits(limits))
    }
}

impl Contender for Core {
    const NAME: &'static str = "acd-core on hyper, all policies";

    fn new(url: &str) -> Result<Self, BoxError> {
        Ok(Self(Self::builder(url)?.build()?))
    }

    async fn call(&self) -> Result<Bytes, BoxError> {
        Ok(self.0.call(&GET_KEY).path_param("id", "key_7").send().await?.bytes().await?)
    }
}

/// The same over reqwest.
pub(crate) struct CoreOnReqwest(Client);

impl Contender for CoreOnReqwest {
    const NAME: &'static str = "acd-core on reqwest, all policies";

    fn new(url: &str) -> Result<Self, BoxError> {
        let transport = ReqwestTransport::new(&TransportOptions::default())?;
        Ok(Self(Core::builder(url)?.transport(transport).build()?))
    }

    async fn call(&self) -> Result<Bytes, BoxError> {
        Ok(self.0.call(&GET_KEY).path_param("id", "key_7").send().await?.bytes().await?)
    }
}

/// The pipeline on hyper with a user's own policy in each of the two places.
pub(crate) struct CoreWithUserPolicies(Client);

struct PassOn;

impl Policy for PassOn {
    async fn send(&self, call: &mut Call, next: Next<'_>) -> acd_core::Result<Response> {
        next.send(call).await
    }
}

impl Contender for CoreWithUserPolicies {
    const NAME: &'static str = "acd-core on hyper, two of the user's";

    fn new(url: &str) -> Result<Self, BoxError> {
        Ok(Self(Core::builder(url)?.per_call(PassOn).per_attempt(PassOn).build()?))
    }

    async fn call(&self) -> Result<Bytes, BoxError> {
        Ok(self.0.call(&GET_KEY).path_param("id", "key_7").send().await?.bytes().await?)
    }
}

/// The pipeline with a transport that answers at once: what acd-core itself takes of the processor.
pub(crate) struct CoreAlone(Client);

struct AtOnce;

impl acd_core::Transport for AtOnce {
    async fn send(&self, request: acd_core::Request) -> acd_core::Result<Response> {
        std::hint::black_box(request);
        Ok(Response::new(http::StatusCode::OK, http::HeaderMap::new(), "{}"))
    }
}

impl Contender for CoreAlone {
    const NAME: &'static str = "acd-core without a network";

    fn new(url: &str) -> Result<Self, BoxError> {
        Ok(Self(Core::builder(url)?.transport(AtOnce).build()?))
    }

    async fn call(&self) -> Result<Bytes, BoxError> {
        Ok(self.0.call(&GET_KEY).path_param("id", "key_7").send().await?.bytes().await?)
    }
}

/// reqwest-middleware with reqwest-retry: retries alone.
pub(crate) struct Middleware {
    client: ClientWithMiddleware,
    url: String,
}

impl Contender for Middleware {
    const NAME: &'static str = "reqwest-middleware + reqwest-retry";

    fn new(url: &str) -> Result<Self, BoxError> {
        let policy = ExponentialBackoff::builder().build_with_max_retries(2);
        let client = ClientBuilder::new(reqwest::Client::builder().build()?)
            .with(RetryTransientMiddleware::new_with_policy(policy))
            .build();
        Ok(Self { client, url: format!("{url}/v1/keys/key_7") })
    }

    async fn call(&self) -> Result<Bytes, BoxError> {
        Ok(self.client.get(&self.url).bearer_auth("token").send().await?.bytes().await?)
    }
}

/// aws-smithy-runtime, the pipeline of the AWS SDKs, with standard retry and timeouts.
pub(crate) struct Smithy(SmithyOperation<(), Bytes, Infallible>);

impl Contender for Smithy {
    const NAME: &'static str = "aws-smithy-runtime";

    fn new(url: &str) -> Result<Self, BoxError> {
        let timeouts = TimeoutConfig::builder()
            .operation_timeout(Duration::from_secs(60))
            .operation_attempt_timeout(Duration::from_secs(20))
            .build();
        let operation = SmithyOperation::builder()
            .service_name("bench")
            .operation_name("keys.get")
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(url)
            .no_auth()
            .standard_retry(&RetryConfig::standard())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .timeout_config(timeouts)
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .serializer(|(): ()| {
                let mut request = HttpRequest::new(SdkBody::empty());
                request.set_uri("/v1/keys/key_7")?;
                request.headers_mut().insert("authorization", "Bearer token");
                Ok(request)
            })
            .deserializer::<_, Infallible>(|response| {
                Ok(response.body().bytes().map(Bytes::copy_from_slice).unwrap_or_default())
            })
            .build();
        Ok(Self(operation))
    }

    async fn call(&self) -> Result<Bytes, BoxError> {
        self.0.invoke(()).await.map_err(|error| format!("{error:?}").into())
    }
}

/// hyper's pooled client without anything above it: the floor under all of them.
pub(crate) struct Hyper {
    client: hyper_util::client::legacy::Client<
        hyper_util::client::legacy::connect::HttpConnector,
        http_body_util::Empty<Bytes>,
    >,
    url: http::Uri,
}

impl Contender for Hyper {
    const NAME: &'static str = "hyper";

    fn new(url: &str) -> Result<Self, BoxError> {
        let executor = hyper_util::rt::TokioExecutor::new();
        let client = hyper_util::client::legacy::Client::builder(executor).build_http();
        Ok(Self { client, url: format!("{url}/v1/keys/key_7").parse()? })
    }

    async fn call(&self) -> Result<Bytes, BoxError> {
        let request = http::Request::get(self.url.clone())
            .header("authorization", "Bearer token")
            .body(http_body_util::Empty::new())?;
        Ok(self.client.request(request).await?.into_body().collect().await?.to_bytes())
    }
}
