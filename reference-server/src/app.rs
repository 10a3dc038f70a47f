//! The application: every domain's service, and the router over all of them. The only place that knows every domain.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use chrono::Months;
use http::{HeaderValue, StatusCode, header};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::ads::attribution::{self, Attribution, Capture};
use crate::ads::audiences::{self, Audiences};
use crate::ads::conversions::{self, ConversionParts, Conversions};
use crate::ads::leads::{self, Leads};
use crate::ads::notifications::{self, Notifications};
use crate::ads::performance::{self, Performance};
use crate::ads::publishing::{self, Publishing};
use crate::ads::sources::{self, Sources};
use crate::ads::{self, Ads, Meta};
use crate::assets::{self, Assets};
use crate::events::{self, Writer};
use crate::gateway::{self, Authenticator, JwtVerifier, KeyHasher, Keys};
use crate::identity::{self, Entitlements, Persons, Users};
use crate::jobs::{self, Jobs, Wakes};
use crate::kernel::client::TrustedProxies;
use crate::kernel::clock::Clock;
use crate::kernel::db::Db;
use crate::kernel::fetch::Fetcher;
use crate::kernel::group::GroupSettings;
use crate::kernel::observe;
use crate::kernel::outbox;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;
use crate::kernel::route::Api;
use crate::privacy::{self, ConsentService};
use crate::security::{self, ServiceKeys};
use crate::webhooks::{self, Webhooks};

const READY_WITHIN: Duration = Duration::from_secs(2);
const HOUR: Duration = Duration::from_secs(3_600);
const MINUTE: Duration = Duration::from_secs(60);
const RELAY_EVERY: Duration = Duration::from_secs(1);
const SETTLE_EVERY: Duration = Duration::from_secs(10);

/// What the application is made from.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// The hash of API keys.
    pub hasher: KeyHasher,
    /// JWTs, where they are enabled.
    pub jwt: Option<JwtVerifier>,
    /// How events and conversions are stored.
    pub writer: GroupSettings,
    /// The way to Meta; what needs it answers 503 without.
    pub meta: Option<Meta>,
    /// What fetches files that callers name.
    pub fetcher: Fetcher,
    /// Who is believed about where requests come from.
    pub proxies: TrustedProxies,
}

/// Every domain's service behind one pointer: the state of each handler, cloned several times a request.
#[derive(Clone)]
pub struct App(Arc<Services>);

impl Deref for App {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.0
    }
}

/// Every domain's service.
pub struct Services {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Credentials.
    pub auth: Authenticator,
    /// API keys.
    pub keys: Keys,
    /// Keys of signed calls.
    pub service_keys: ServiceKeys,
    /// Persons.
    pub persons: Persons,
    /// Users.
    pub users: Users,
    /// What users may use.
    pub entitlements: Entitlements,
    /// Assets.
    pub assets: Assets,
    /// What people have agreed to.
    pub consents: ConsentService,
    /// Advertising.
    pub ads: Ads,
    /// Publications of ads.
    pub publishing: Publishing,
    /// What ads did.
    pub performance: Performance,
    /// Conversions, and the campaigns they came from.
    pub attribution: Attribution,
    /// What of Meta's is whose.
    pub sources: Sources,
    /// Leads.
    pub leads: Leads,
    /// Audiences.
    pub audiences: Audiences,
    /// What Meta told of.
    pub notifications: Notifications,
    /// What outside services tell of.
    pub webhooks: Webhooks,
    /// Jobs.
    pub jobs: Jobs,
    /// Conversions for Meta.
    pub conversions: Conversions,
    /// Storing events.
    pub writer: Writer,
    /// Who is believed about where requests come from.
    pub proxies: TrustedProxies,
    /// Set when the process is asked to stop: from then on it is not ready.
    pub stopping: CancellationToken,
    metrics: PrometheusHandle,
}

impl App {
    /// Wires the services together. Must run inside a tokio runtime: the event writer starts.
    pub fn new(parts: Parts) -> Self {
        let Parts { db, clock, hasher, jwt, writer, meta, fetcher, proxies } = parts;
        let auth = Authenticator::new(db.clone(), clock.clone(), hasher.clone(), jwt);
        let persons = Persons::new(db.clone());
        let capture = Capture::new(db.clone());
        let consents = ConsentService::new(db.clone(), clock.clone());
        let conversions = Conversions::new(ConversionParts {
            db: db.clone(),
            clock: clock.clone(),
            consents: consents.clone(),
            persons: persons.clone(),
            meta: meta.clone(),
            writer: writer.clone(),
        });
        let writer = Writer::start(db.clone(), persons.clone(), capture.clone(), clock.clone(), writer);
        let ads = Ads::new(db.clone(), clock.clone(), meta);
        let jobs = Jobs::new(db.clone(), clock.clone(), Wakes::default());
        let audiences = Audiences::new(db.clone(), clock.clone(), ads.clone(), consents.clone());
        let leads = Leads::new(db.clone(), clock.clone(), ads.clone(), persons.clone(), writer.clone());
        Self(Arc::new(Services {
            keys: Keys::new(db.clone(), clock.clone(), auth.clone()),
            service_keys: ServiceKeys::new(db.clone(), clock.clone(), hasher, auth.signed().clone()),
            writer,
            attribution: Attribution::new(db.clone(), clock.clone(), persons.clone(), capture),
            persons,
            users: Users::new(db.clone()),
            entitlements: Entitlements::new(db.clone()),
            assets: Assets::new(db.clone()),
            consents,
            performance: Performance::new(ads.clone(), clock.clone()),
            conversions,
            publishing: Publishing::new(ads.clone(), jobs.clone(), clock.clone(), fetcher),
            sources: Sources::new(db.clone(), leads.clone()),
            leads,
            audiences,
            notifications: Notifications::new(db.clone()),
            webhooks: Webhooks::new(db.clone(), clock.clone(), ads.clone()),
            ads,
            jobs,
            auth,
            db,
            clock,
            proxies,
            stopping: CancellationToken::new(),
            metrics: metrics_handle(),
        }))
    }

    /// The router with every route, and the OpenAPI document of them.
    pub fn router(&self) -> (Router, Value) {
        let api = events::track_routes(Api::default(), self);
        let api = events::query_routes(api, self);
        let api = gateway::routes(api, self);
        let api = security::routes(api, self);
        let api = identity::routes(api, self);
        let api = assets::routes(api, self);
        let api = privacy::routes(api, self);
        let api = ads::routes(api, self);
        let api = publishing::routes(api, self);
        let api = performance::routes(api, self);
        let api = sources::routes(api, self);
        let api = audiences::routes(api, self);
        let api = leads::routes(api, self);
        let api = notifications::routes(api, self);
        let api = webhooks::routes(api, self);
        let api = attribution::routes(api, self);
        let api = conversions::routes(api, self);
        let api = jobs::routes(api, self);
        let (router, document) = api.finish();
        let text: Arc<str> = document.to_string().into();
        let router = router
            .route("/health/live", get(|| async { "live\n" }))
            .route("/health/ready", get(ready))
            .route("/metrics", get(show_metrics))
            .route(
                "/openapi.json",
                get(move || async move { ([(header::CONTENT_TYPE, "application/json")], text.to_string()) }),
            )
            .route("/docs", get(docs))
            .fallback(observe::no_route)
            .method_not_allowed_fallback(observe::no_method)
            .layer(events::body_limit())
            .layer(events::cors())
            .layer(axum::middleware::from_fn(observe::observe))
            .with_state(self.clone());
        (router, document)
    }

    /// Keeps the limits that replicas share at hand until the token is cancelled. Requests under way may need them to their
    /// end, so that this goes on when the rest of the maintenance has stopped.
    pub async fn keep_limits(self, until: CancellationToken) {
        if let Ok(meta) = self.ads.meta() {
            meta.pools().clone().keep(until).await;
        }
    }

    /// Keeps partitions ahead, the outbox moving, new rules applied and ended nonces few until the token is cancelled.
    pub async fn maintain(self, until: CancellationToken) {
        let mut hourly = tokio::time::interval(HOUR);
        let mut minutely = tokio::time::interval(MINUTE);
        let mut relay = tokio::time::interval(RELAY_EVERY);
        let mut settle = tokio::time::interval(SETTLE_EVERY);
        loop {
            tokio::select! {
                () = until.cancelled() => return,
                _ = hourly.tick() => {
                    if let Err(problem) = self.ensure_partitions().await {
                        tracing::error!(cause = problem.cause_chain(), "the partitions ahead could not be made");
                    }
                }
                _ = minutely.tick() => {
                    if let Err(problem) = self.auth.signed().purge().await {
                        tracing::warn!(cause = problem.cause_chain(), "ended nonces could not be deleted");
                    }
                }
                _ = settle.tick() => {
                    if let Err(problem) = self.attribution.settle().await {
                        tracing::warn!(cause = problem.cause_chain(), "new conversion rules could not be applied to the past");
                    }
                }
                _ = relay.tick() => {
                    self.db.record_metrics();
                    if let Err(problem) = outbox::relay(&self.db).await {
                        tracing::warn!(cause = problem.cause_chain(), "the outbox could not be relayed");
                    }
                }
            }
        }
    }

    /// Makes the partitions of this month and the three after it.
    pub async fn ensure_partitions(&self) -> Result<()> {
        let today = self.clock.now().date_naive();
        let ahead = today.checked_add_months(Months::new(3)).unwrap_or(today);
        let mut tx = self.db.scoped(&Principal::service(RequestId::new())).await?;
        events::ensure_partitions(&mut tx, today, ahead).await?;
        tx.commit().await
    }
}

/// One recorder a process: tests run many applications in one.
fn metrics_handle() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let seconds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
            let rows = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0];
            let builder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &seconds)
                .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_rows".into()), &rows))
                .unwrap_or_default();
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another metrics recorder is installed; /metrics stays empty");
            }
            handle
        })
        .clone()
}

async fn ready(State(app): State<App>) -> Response {
    if app.stopping.is_cancelled() {
        return Problem::unavailable("stopping", "the server is stopping").into_response();
    }
    let probe = sqlx::raw_sql("select 1").execute(app.db.pool());
    match tokio::time::timeout(READY_WITHIN, probe).await {
        Ok(Ok(_)) => "ready\n".into_response(),
        Ok(Err(error)) => Problem::unavailable("database_unavailable", "the database cannot be reached")
            .with_cause(error)
            .into_response(),
        Err(_) => Problem::unavailable("database_busy", "the database did not answer within 2 s").into_response(),
    }
}

async fn show_metrics(
    State(app): State<App>,
    headers: http::HeaderMap,
    request: axum::extract::Request,
) -> Result<Response> {
    let principal = app.auth.authenticate(&headers, request.extensions()).await?;
    principal.require(acd_platform::keys::Scope::Admin)?;
    app.db.record_metrics();
    let jobs = app.jobs.metrics(&principal).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render() + &jobs).into_response())
}

async fn docs() -> Response {
    // The page reads /openapi.json and loads nothing from elsewhere.
    let policy = "default-src 'none'; script-src 'sha256-{script}'; style-src 'unsafe-inline'; connect-src 'self'";
    let script = docs_script_hash();
    let mut response = (StatusCode::OK, Html(include_str!("docs.html"))).into_response();
    if let Ok(value) = HeaderValue::from_str(&policy.replace("{script}", &script)) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, value);
    }
    response
}

fn docs_script_hash() -> String {
    use base64::Engine;
    use sha2::Digest;
    let page = include_str!("docs.html");
    let script =
        page.split_once("<script>").and_then(|(_, rest)| rest.split_once("</script>")).map_or("", |(script, _)| script);
    base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(script.as_bytes()))
}
