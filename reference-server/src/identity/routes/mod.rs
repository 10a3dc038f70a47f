//! The routes of identity.

mod entitlements;
mod persons;
mod users;

use crate::app::App;
use crate::kernel::route::Api;

/// Adds the routes of persons, users and entitlements.
pub fn routes(api: Api, app: &App) -> Api {
    let api = persons::routes(api, app);
    let api = users::routes(api, app);
    entitlements::routes(api, app)
}
