//! `/v1/persons`.

use acd_platform::events::Event;
use acd_platform::keys::Scope;
use acd_platform::persons::{self, ListTimeline, LookupPerson, Person};
use acd_platform::{Page, PersonId};
use axum::extract::State;
use http::StatusCode;

use crate::app::App;
use crate::kernel::extract::{PathId, Query};
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

/// Adds the routes of persons.
pub(super) fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "persons";
    const ACCESS: Access = Access::Scope(Scope::PersonsRead);
    api.tag(TAG, "The humans behind the products' ids, and what they did.")
        .route(
            app,
            Route::new(persons::LOOKUP, TAG, ACCESS, "Find a person by an id")
                .query::<LookupPerson>()
                .reply::<Person>(StatusCode::OK, "The person."),
            lookup,
        )
        .route(
            app,
            Route::new(persons::GET, TAG, ACCESS, "Get a person")
                .describe("The id of a person that was merged gives the survivor.")
                .id::<PersonId>()
                .reply::<Person>(StatusCode::OK, "The person."),
            get,
        )
        .route(
            app,
            Route::new(persons::TIMELINE, TAG, ACCESS, "List what a person did")
                .describe("Newest first: a product sees what the person did with it, an administrator everything.")
                .id::<PersonId>()
                .query::<ListTimeline>()
                .reply::<Page<Event>>(StatusCode::OK, "The events, newest first."),
            timeline,
        )
}

async fn lookup(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<LookupPerson>,
) -> Result<axum::Json<Person>> {
    app.persons.lookup(&principal, query).await.map(axum::Json)
}

async fn get(State(app): State<App>, principal: Principal, PathId(id): PathId<PersonId>) -> Result<axum::Json<Person>> {
    app.persons.get(&principal, id).await.map(axum::Json)
}

async fn timeline(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<PersonId>,
    Query(query): Query<ListTimeline>,
) -> Result<axum::Json<Page<Event>>> {
    app.persons.timeline(&principal, id, &query).await.map(axum::Json)
}
