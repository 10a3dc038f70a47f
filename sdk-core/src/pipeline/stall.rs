//! The watch over a streamed answer: once the head has come, the attempt's timeout no longer runs.

use std::task::Poll;
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::request::ByteStream;
use crate::runtime::Runtime;

/// `stream`, ended by an error after a silence of `idle` or when `remaining`, counted from now, has passed. A silence is
/// counted only while the reader waits for bytes, not while it is busy with those it has.
pub(super) fn guard(
    mut stream: ByteStream,
    runtime: Runtime,
    idle: Duration,
    remaining: Option<Duration>,
) -> ByteStream {
    let deadline = remaining.map(|remaining| runtime.now() + remaining);
    let mut timer = None;
    ByteStream::from_poll_fn(move |cx| {
        if let Poll::Ready(chunk) = stream.poll_chunk(cx) {
            timer = None;
            return Poll::Ready(chunk);
        }
        let left = || deadline.map_or(idle, |deadline| deadline.since(runtime.now()).min(idle));
        let timer = timer.get_or_insert_with(|| runtime.sleep(left()));
        timer.as_mut().poll(cx).map(|()| {
            let silence = format!("the answer stalled: nothing came for {idle:?}, or the deadline passed");
            Some(Err(Error::new(ErrorKind::Timeout, silence)))
        })
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::testing::ManualClock;

    fn silent_after(chunks: &'static [&'static str]) -> ByteStream {
        let mut chunks = chunks.iter();
        ByteStream::from_poll_fn(move |_| match chunks.next() {
            Some(chunk) => Poll::Ready(Some(Ok(Bytes::from_static(chunk.as_bytes())))),
            None => Poll::Pending,
        })
    }

    #[test]
    fn a_stalled_answer_ends_in_a_timeout() {
        let clock = ManualClock::new();
        let mut stream = guard(silent_after(&["a", "b"]), clock.runtime(), Duration::from_secs(5), None);
        assert_eq!(clock.run(stream.chunk()).unwrap().unwrap(), "a");
        assert_eq!(clock.run(stream.chunk()).unwrap().unwrap(), "b");
        assert_eq!(clock.run(stream.chunk()).unwrap_err().kind(), ErrorKind::Timeout);
        assert_eq!(clock.elapsed(), Duration::from_secs(5));
    }

    #[test]
    fn the_deadline_holds_for_the_body_too() {
        let clock = ManualClock::new();
        let deadline = Some(Duration::from_secs(2));
        let mut stream = guard(silent_after(&[]), clock.runtime(), Duration::from_secs(5), deadline);
        assert!(clock.run(stream.chunk()).is_err());
        assert_eq!(clock.elapsed(), Duration::from_secs(2));
    }
}
