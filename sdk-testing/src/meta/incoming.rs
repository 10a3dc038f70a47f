//! Bodies as they come, and connections that end meanwhile.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes};
use hyper::body::Body as _;

/// The largest body that is held in memory.
const LARGEST: usize = 64 * 1024 * 1024;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    TooLarge,
    /// The peer ended the connection, or it is to end here.
    Cut,
}

/// A body in pieces, of which so many bytes come at most.
pub(super) struct Pieces {
    body: Body,
    left: Option<u64>,
}

impl Pieces {
    /// All of it, or what comes before the connection is to end.
    pub(super) const fn new(body: Body, cut_at: Option<u64>) -> Self {
        Self { body, left: cut_at }
    }

    /// The next piece; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Unread> {
        loop {
            if self.left == Some(0) {
                return Err(Unread::Cut);
            }
            let frame = match poll_fn(|cx| Pin::new(&mut self.body).poll_frame(cx)).await {
                Some(Ok(frame)) => frame,
                // A connection that is to end within a longer body ends behind this one.
                None if self.left.is_none() => return Ok(None),
                Some(Err(_)) | None => return Err(Unread::Cut),
            };
            let Ok(mut piece) = frame.into_data() else { continue };
            if let Some(left) = &mut self.left {
                piece.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= piece.len() as u64;
            }
            return Ok(Some(piece));
        }
    }
}

/// Reads a body whole.
pub(super) async fn read(body: Body, cut_at: Option<u64>) -> Result<Bytes, Unread> {
    let (mut pieces, mut whole) = (Pieces::new(body, cut_at), Vec::new());
    while let Some(piece) = pieces.next().await? {
        if whole.len() + piece.len() > LARGEST {
            return Err(Unread::TooLarge);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_comes_whole_or_up_to_the_cut() {
        assert_eq!(read(Body::from("abcdef"), None).await, Ok(Bytes::from_static(b"abcdef")));
        for cut_at in [0, 3, 6, 9] {
            assert_eq!(read(Body::from("abcdef"), Some(cut_at)).await, Err(Unread::Cut));
        }
        let mut pieces = Pieces::new(Body::from("abcdef"), Some(4));
        assert_eq!(pieces.next().await, Ok(Some(Bytes::from_static(b"abcd"))));
        assert_eq!(pieces.next().await, Err(Unread::Cut));
    }
}
