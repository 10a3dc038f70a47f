//! `/v1/users` and `/v1/me`.

use acd_platform::keys::Scope;
use acd_platform::users::{self, CreateUser, ListUsers, Me, UpdateUser, User};
use acd_platform::{Page, UserId};
use axum::extract::State;
use http::{HeaderMap, StatusCode};

use crate::app::App;
use crate::kernel::extract::{Json, PathId, Query};
use crate::kernel::idempotency;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::route::{Access, Api, Route};

pub(super) fn routes(api: Api, app: &App) -> Api {
    const TAG: &str = "users";
    api.tag(TAG, "One profile a person for all products, and who the caller is.")
        .route(
            app,
            Route::new(users::LIST, TAG, Access::Scope(Scope::UsersRead), "List users")
                .describe("A product sees who signed up with it or is entitled to it, an administrator all.")
                .query::<ListUsers>()
                .reply::<Page<User>>(StatusCode::OK, "The users, oldest first."),
            list,
        )
        .route(
            app,
            Route::new(users::CREATE, TAG, Access::Scope(Scope::UsersWrite), "Create a user")
                .describe(
                    "The user signs up with the caller's product. An address that anyone has, in whichever product, \
                     is answered with the code email_taken and nothing about that user.",
                )
                .body::<CreateUser>()
                .idempotency_key()
                .reply::<User>(StatusCode::CREATED, "The user."),
            create,
        )
        .route(
            app,
            Route::new(users::GET, TAG, Access::ScopeOrUser(Scope::UsersRead), "Get a user")
                .id::<UserId>()
                .reply::<User>(StatusCode::OK, "The user."),
            get,
        )
        .route(
            app,
            Route::new(users::UPDATE, TAG, Access::ScopeOrUser(Scope::UsersWrite), "Change a user's profile")
                .describe("The product where the user signed up may, and the user. What is left out stays as it is.")
                .id::<UserId>()
                .body::<UpdateUser>()
                .reply::<User>(StatusCode::OK, "The user after the change."),
            update,
        )
        .route(
            app,
            Route::new(users::ME, TAG, Access::Authenticated, "Say who the caller is")
                .reply::<Me>(StatusCode::OK, "Whom the credentials belong to, and what they allow."),
            me,
        )
}

async fn list(
    State(app): State<App>,
    principal: Principal,
    Query(query): Query<ListUsers>,
) -> Result<axum::Json<Page<User>>> {
    app.users.list(&principal, &query).await.map(axum::Json)
}

async fn create(
    State(app): State<App>,
    principal: Principal,
    headers: HeaderMap,
    Json(wanted): Json<CreateUser>,
) -> Result<(StatusCode, axum::Json<User>)> {
    let user = app.users.create(&principal, wanted, idempotency::key(&headers)?).await?;
    Ok((StatusCode::CREATED, axum::Json(user)))
}

async fn get(State(app): State<App>, principal: Principal, PathId(id): PathId<UserId>) -> Result<axum::Json<User>> {
    app.users.get(&principal, id).await.map(axum::Json)
}

async fn update(
    State(app): State<App>,
    principal: Principal,
    PathId(id): PathId<UserId>,
    Json(change): Json<UpdateUser>,
) -> Result<axum::Json<User>> {
    app.users.update(&principal, id, &change).await.map(axum::Json)
}

async fn me(State(app): State<App>, principal: Principal) -> Result<axum::Json<Me>> {
    app.users.me(&principal).await.map(axum::Json)
}
