//! A route: an operation of the SDK, who may call it, what it takes and gives, and the handler that does it.

use acd_core::Operation;
use acd_platform::keys::Scope;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use http::{HeaderName, StatusCode};
use schemars::JsonSchema;
use serde_json::{Value, json};

use super::openapi::{Document, SchemaOf, inline_schema_of, schema_of};
use super::principal::{Actor, Principal};
use super::problem::{Problem, Result};
use crate::app::App;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Public,
    /// Any valid credentials.
    Authenticated,
    /// Credentials with this scope.
    Scope(Scope),
    /// Credentials with this scope, or a user for what is their own.
    ScopeOrUser(Scope),
    /// A write key in any of the places Segment's API allows, checked by the handler.
    WriteKey,
}

impl Access {
    /// The OpenAPI security requirement.
    pub fn security(self) -> Value {
        match self {
            Self::Public => json!([]),
            Self::Authenticated | Self::Scope(_) | Self::ScopeOrUser(_) => json!([{ "bearer": [] }]),
            Self::WriteKey => json!([{ "write_key": [] }, { "bearer": [] }]),
        }
    }

    /// Refuses whoever may not pass.
    fn check(self, principal: &Principal) -> Result<()> {
        match self {
            Self::Scope(scope) => principal.require(scope),
            Self::ScopeOrUser(scope) => match principal.actor {
                Actor::User(_) => Ok(()),
                _ => principal.require(scope),
            },
            Self::Public | Self::Authenticated | Self::WriteKey => Ok(()),
        }
    }
}

/// A route under construction.
#[derive(Debug)]
pub struct Route {
    operation: Operation,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    pub(super) access: Access,
    pub(super) path_id: Option<SchemaOf>,
    pub(super) query: Option<SchemaOf>,
    pub(super) body: Option<SchemaOf>,
    pub(super) reply: Option<(&'static str, SchemaOf)>,
    pub(super) reply_status: StatusCode,
    pub(super) reply_description: &'static str,
    pub(super) or_reply: Option<(StatusCode, &'static str)>,
    pub(super) takes_idempotency_key: bool,
    pub(super) revalidates: bool,
}

impl Route {
    /// A route of this operation, with a summary of one line.
    pub fn new(operation: Operation, tag: &'static str, access: Access, summary: &'static str) -> Self {
        Self {
            operation,
            tag,
            summary,
            description: "",
            access,
            path_id: None,
            query: None,
            body: None,
            reply: None,
            reply_status: StatusCode::NO_CONTENT,
            reply_description: "Done.",
            or_reply: None,
            takes_idempotency_key: false,
            revalidates: false,
        }
    }

    /// The operation it serves.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// What else is worth knowing.
    pub fn describe(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// The type of `{id}` in the path.
    pub fn id<T: JsonSchema>(mut self) -> Self {
        self.path_id = Some(schema_of::<T>);
        self
    }

    /// The type of the query.
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(inline_schema_of::<T>);
        self
    }

    /// The type of the JSON body.
    pub fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(schema_of::<T>);
        self
    }

    /// Status and type of the JSON answer.
    pub fn reply<T: JsonSchema>(mut self, status: StatusCode, description: &'static str) -> Self {
        self.reply = Some(("application/json", schema_of::<T>));
        self.reply_status = status;
        self.reply_description = description;
        self
    }

    /// Status of an answer that is plain text.
    pub fn text(mut self, status: StatusCode, description: &'static str) -> Self {
        self.reply = Some(("text/plain", schema_of::<String>));
        self.reply_status = status;
        self.reply_description = description;
        self
    }

    /// Another status that the same JSON answer may have.
    pub fn or(mut self, status: StatusCode, description: &'static str) -> Self {
        self.or_reply = Some((status, description));
        self
    }

    /// Whether it answers 304 to `If-None-Match` with the tag of what it would answer.
    pub fn revalidates(mut self) -> Self {
        self.revalidates = true;
        self
    }

    /// Whether it reads `Idempotency-Key`.
    pub fn idempotency_key(mut self) -> Self {
        self.takes_idempotency_key = true;
        self
    }
}

/// A router and the document that describes it, built together so that neither has what the other lacks.
#[derive(Debug, Default)]
pub struct Api {
    router: axum::Router<App>,
    document: Document,
}

impl Api {
    /// Describes a group of routes.
    #[must_use]
    pub fn tag(mut self, name: &str, description: &str) -> Self {
        self.document.tag(name, description);
        self
    }

    /// Adds a route with its handler.
    #[must_use]
    pub fn route<H, T>(mut self, app: &App, route: Route, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.document.add(&route);
        let filter = MethodFilter::try_from(route.operation.method()).unwrap_or(MethodFilter::GET);
        let mut method_router = on(filter, handler);
        if let Access::Authenticated | Access::Scope(_) | Access::ScopeOrUser(_) = route.access {
            method_router = method_router.route_layer(from_fn_with_state((app.clone(), route.access), admit));
        }
        self.router = self.router.route(route.operation.path(), method_router);
        self
    }

    /// The router and the finished document.
    pub fn finish(self) -> (axum::Router<App>, Value) {
        (self.router, self.document.finish())
    }
}

/// Resolves the credentials and refuses whoever may not pass, before the body is read.
async fn admit(State((app, access)): State<(App, Access)>, request: Request, next: Next) -> Response {
    let (principal, mut request) = match app.auth.admit(request, |principal| access.check(principal)).await {
        Ok(admitted) => admitted,
        Err(problem) => return refusal(&app, problem),
    };
    request.extensions_mut().insert(principal.clone());
    let mut response = next.run(request).await;
    response.extensions_mut().insert(principal);
    response
}

/// A 401 tells services how to sign.
fn refusal(app: &App, problem: Problem) -> Response {
    let unknown = problem.status == StatusCode::UNAUTHORIZED;
    let mut response = problem.into_response();
    if let Some(accepted) = app.auth.signed().accept_signature().filter(|_| unknown) {
        response.headers_mut().insert(HeaderName::from_static("accept-signature"), accepted.clone());
    }
    response
}
