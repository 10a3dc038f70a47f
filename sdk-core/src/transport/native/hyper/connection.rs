//! A connection of whatever layers, in the terms of hyper.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect;

/// TCP, TLS, or TLS within what a proxy passes on.
trait Layers: Read + Write + Send {}

impl<T: Read + Write + Send> Layers for T {}

/// A way to the server. The box is for its layers, of which there are many kinds, and made once for a connection.
pub(super) struct Connection {
    layers: Pin<Box<dyn Layers>>,
    /// Whether a proxy reads the requests and has to be told the whole URL.
    is_forwarded: bool,
}

impl Connection {
    pub(super) fn direct(layers: impl Read + Write + Send + 'static) -> Self {
        Self { layers: Box::pin(layers), is_forwarded: false }
    }

    pub(super) fn forwarded(layers: impl Read + Write + Send + 'static) -> Self {
        Self { layers: Box::pin(layers), is_forwarded: true }
    }
}

impl connect::Connection for Connection {
    /// Without the addresses of both ends, which would be put into every answer at the price of two allocations.
    fn connected(&self) -> connect::Connected {
        connect::Connected::new().proxy(self.is_forwarded)
    }
}

impl Read for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        self.layers.as_mut().poll_read(cx, buffer)
    }
}

impl Write for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.layers.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.layers.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.layers.as_mut().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.layers.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.layers.as_mut().poll_write_vectored(cx, pieces)
    }
}
