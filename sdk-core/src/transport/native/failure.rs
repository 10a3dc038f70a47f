//! Tells failures before sending from those after which the server may have acted. Every native transport stands on
//! hyper, whose error lies somewhere among the causes of its own.

use std::error::Error as StdError;
use std::io;
use std::iter;

use crate::error::{Error, ErrorKind};

/// No connection came about.
pub(super) fn of_connecting(cause: impl StdError + Send + Sync + 'static, timed_out: bool) -> Error {
    let message = if timed_out {
        "the server did not accept a connection in time"
    } else {
        "no connection to the server: check its address, that it runs, and the certificate"
    };
    Error::new(ErrorKind::Connect, message).with_source(cause)
}

/// The connection broke before the head of an answer was there.
pub(super) fn of_the_exchange(cause: impl StdError + Send + Sync + 'static) -> Error {
    let error = if never_written(&cause) {
        Error::new(ErrorKind::Interrupted, "the connection closed before the request was written")
            .with_may_have_been_sent(false)
            .with_stale_connection()
    } else if closed_without_answer(&cause) {
        Error::new(ErrorKind::Interrupted, "the connection closed before an answer began").with_stale_connection()
    } else {
        Error::new(ErrorKind::Interrupted, "the exchange broke off")
    };
    error.with_source(cause)
}

/// The connection broke within the answer's body.
pub(super) fn of_the_answer(cause: impl StdError + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Interrupted, "the answer broke off").with_source(cause)
}

fn never_written(error: &(dyn StdError + 'static)) -> bool {
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_canceled)
}

fn closed_without_answer(error: &(dyn StdError + 'static)) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message)
        || find::<io::Error>(error)
            .is_some_and(|cause| matches!(cause.kind(), BrokenPipe | ConnectionAborted | ConnectionReset))
}

/// The first of the causes that is an `E`.
pub(super) fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    iter::successors(Some(error), |cause| (*cause).source()).find_map(|cause| cause.downcast_ref())
}
