//! `/v1/ads/leads`.

use acd_platform::ads::leads::{self, HubLead, ListLeads};
use acd_platform::keys::Scope;
use acd_platform::{HubLeadId, Page};
use axum::extract::State;
use http::StatusCode;

use crate::app::App;
use crate::kernel::extract::{PathId, Query};
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

/// Adds the routes of leads.
pub fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "ads";
    const READ: Access = Access::Scope(Scope::LeadsRead);
    api.route(
        app,
        Route::new(leads::LIST, TAG, READ, "List leads")
            .describe("With what people answered. A product sees the leads of its forms and pages.")
            .query::<ListLeads>()
            .reply::<Page<HubLead>>(StatusCode::OK, "The leads, newest first."),
        list,
    )
    .route(
        app,
        Route::new(leads::GET, TAG, READ, "Get a lead").id::<HubLeadId>().reply::<HubLead>(StatusCode::OK, "The lead."),
        get,
    )
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListLeads>,
) -> Result<axum::Json<Page<HubLead>>> {
    app.leads.list(&principal, query).await.map(axum::Json)
}

async fn get(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<HubLeadId>,
) -> Result<axum::Json<HubLead>> {
    app.leads.get(&principal, id).await.map(axum::Json)
}
