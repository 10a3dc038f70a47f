//! The cases. Each is named after what it expects.

mod answers;
mod endings;
mod failures;
mod guards;
mod repeats;

use acd_core::Operation;
use acd_core::runtime::BoxFuture;
use http::Method;

use crate::failure::Failure;
use crate::stage::Stage;

type Outcome = Result<(), Failure>;
type Start = fn(Stage) -> BoxFuture<'static, Outcome>;

const GET: Operation = Operation::new("thing.get", Method::GET, "/things/{id}").safe();
const CREATE: Operation = Operation::new("thing.create", Method::POST, "/things").keyed();
const ACT: Operation = Operation::new("thing.act", Method::POST, "/acts");

macro_rules! all {
    ($($file:ident::$case:ident),+ $(,)?) => {
        &[$((stringify!($case), |stage| Box::pin($file::$case(stage)))),+]
    };
}

/// Every case with its name.
pub(crate) const ALL: &[(&str, Start)] = all![
    answers::a_call_arrives_as_it_was_made,
    answers::a_body_is_streamed_up,
    answers::an_answer_is_streamed_as_it_comes,
    answers::an_answer_over_the_limit_is_refused,
    answers::a_json_error_names_its_path,
    repeats::a_503_is_retried_until_it_succeeds,
    repeats::retry_after_is_waited_for,
    repeats::an_unsafe_call_is_sent_once,
    repeats::every_attempt_carries_the_same_key_and_body,
    repeats::an_answer_that_breaks_off_is_asked_for_again,
    repeats::two_calls_have_two_keys,
    endings::a_silent_attempt_times_out_and_the_next_succeeds,
    endings::the_deadline_ends_a_call,
    endings::a_stalled_stream_ends_in_a_timeout,
    endings::dropping_a_call_hangs_up,
    guards::a_limit_spreads_calls,
    guards::an_open_breaker_leaves_the_server_alone,
    guards::a_slow_answer_is_overtaken,
    guards::one_refresh_serves_calls_side_by_side,
    guards::a_signed_call_is_verified_as_it_arrived,
    guards::a_webhook_is_verified_by_the_clock_of_the_host,
    failures::a_refusal_tells_its_story,
    failures::what_the_server_quotes_is_redacted,
    failures::a_redirect_is_not_followed,
    failures::a_server_that_is_not_there_is_a_transient_failure,
];
