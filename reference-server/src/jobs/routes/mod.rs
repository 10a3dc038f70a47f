//! `/v1/jobs`.

mod jobs;
mod limits;
mod schedules;
mod work;

use crate::app::App;
use crate::kernel::route::Api;

const TAG: &str = "jobs";

/// Adds the routes of jobs.
pub fn routes(api: Api, app: &App) -> Api {
    let api =
        api.tag(TAG, "Work that is kept until it is done: queues, workers' leases, dead letters, limits, schedules.");
    let api = jobs::routes(api, app);
    let api = work::routes(api, app);
    let api = limits::routes(api, app);
    schedules::routes(api, app)
}
