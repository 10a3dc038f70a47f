//! Which addresses a host has, and whether one may connect to them.

use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::vec;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use crate::address::is_public_address;
use crate::runtime::BoxFuture;

/// Opens TCP connections to the addresses that the resolver gives.
pub(super) type Tcp = HttpConnector<Resolver>;

/// The system's resolver. The addresses that it gives are those that are connected to: a host that has others the next time
/// gains nothing.
#[derive(Clone)]
pub(super) struct Resolver {
    system: GaiResolver,
    is_public_only: bool,
}

impl Resolver {
    pub(super) fn new(is_public_only: bool) -> Self {
        Self { system: GaiResolver::new(), is_public_only }
    }
}

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Self::Response>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.system.poll_ready(cx)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (lookup, is_public_only) = (self.system.call(name), self.is_public_only);
        Box::pin(async move {
            let found: Vec<SocketAddr> = lookup.await?.collect();
            if is_public_only && !found.iter().all(|address| is_public_address(address.ip())) {
                let problem = "the host has an address that is not public";
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
            }
            Ok(found.into_iter())
        })
    }
}
