//! The outermost layer: request id, access log, metrics, and error bodies.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use tracing::Instrument;

use super::principal::Principal;
use super::problem::Problem;
use super::request_id::{HEADER, RequestId};

/// Gives the request its id, runs it in a span, and completes, counts and logs the answer.
pub async fn observe(mut request: Request, next: Next) -> Response {
    let id = RequestId::from_headers(request.headers());
    let method = request.method().clone();
    // The template, not the path: ids in it would make a metric series each, and may be personal.
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    request.extensions_mut().insert(id.clone());
    let span = tracing::info_span!("request", request_id = id.as_str(), http.method = %method, http.route = %route);
    let started = Instant::now();

    let mut response = next.run(request).instrument(span.clone()).await;

    let _entered = span.enter();
    let took = started.elapsed();
    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        log_problem(&problem);
        response = render(&problem, &id, response);
    }
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(HEADER, value);
    }
    let status = response.status();
    metrics::histogram!("acd_http_request_seconds", "route" => route, "method" => method.as_str().to_owned(),
        "status" => status.as_str().to_owned())
    .record(took);
    let product = response.extensions().get::<Principal>().and_then(Principal::product).map(tracing::field::display);
    // Ingestion answers by the thousand a second; its successes are counted above and logged only on demand.
    if status.is_success() {
        tracing::debug!(http.status = status.as_u16(), took_us = took.as_micros() as u64, product, "answered");
    } else {
        tracing::info!(http.status = status.as_u16(), took_us = took.as_micros() as u64, product, "answered");
    }
    response
}

fn log_problem(problem: &Problem) {
    let cause = problem.cause_chain();
    if problem.status.is_server_error() {
        tracing::error!(code = problem.code, cause, "{}", problem.detail);
    } else {
        tracing::debug!(code = problem.code, cause, "{}", problem.detail);
    }
}

fn render(problem: &Problem, id: &RequestId, bare: Response) -> Response {
    let mut response = Response::new(Body::from(problem.body(id.as_str()).to_string()));
    *response.status_mut() = problem.status;
    *response.headers_mut() = bare.headers().clone();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if problem.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"acd\""));
    }
    if let Some(seconds) = problem.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Answers for a path that no route has.
pub async fn no_route() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no_route", "no such path; GET /docs lists what there is")
}

/// Answers for a route that exists with other methods; axum adds the `Allow` header.
pub async fn no_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this path has other methods; see the Allow header",
    )
}
