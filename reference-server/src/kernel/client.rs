//! Where a request came from, past the proxies in front of this server.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::HeaderMap;
use http::request::Parts;

/// Each proxy appends the address that it was called from.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address at the other end of the connection; none where the router is called without one.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub Option<IpAddr>);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())))
    }
}

/// Networks whose machines are believed when they say on whose behalf they call. Anybody can write the header.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[Network]>);

impl TrustedProxies {
    /// Who called: the last address on the way here that is no trusted proxy's. None where that is not said, or is not an address
    /// of the internet: what a private network calls somebody says nothing outside of it.
    pub fn caller(&self, peer: Peer, headers: &HeaderMap) -> Option<IpAddr> {
        let mut caller = peer.0?.to_canonical();
        let values = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut before = values.flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
        while self.trusts(caller) {
            caller = address(before.next()?)?;
        }
        acd_core::is_public_address(caller).then_some(caller)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

/// A list of addresses and networks, such as `10.0.0.0/8, 2001:db8::1`.
impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(list: &str) -> Result<Self, String> {
        list.split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Some proxies append the port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    text.parse().ok().or_else(with_port).or_else(bare).map(|address: IpAddr| address.to_canonical())
}

/// A network, as the first bits that its addresses share. Those of IPv4 lie among those of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    first: u128,
    bits: u32,
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        // All bits of two numbers that share none may differ.
        (self.first ^ number(address)).checked_shr(128 - self.bits).is_none_or(|differing| differing == 0)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no address and no network such as 10.0.0.0/8");
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits: u32 = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits > most {
            return Err(wrong());
        }
        Ok(Self { first: number(address), bits: 128 - most + bits })
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(trusted: &str, peer: &str, forwarded: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        let proxies: TrustedProxies = trusted.parse().unwrap();
        proxies.caller(Peer(Some(peer.parse().unwrap())), &headers).map(|address| address.to_string())
    }

    #[test]
    fn a_header_counts_where_a_trusted_proxy_wrote_it() {
        let ours = "10.0.0.0/8, 2600:1f18::/32";
        for (trusted, peer, forwarded, expected) in [
            ("", "8.8.8.8", &[][..], Some("8.8.8.8")),
            ("", "8.8.8.8", &["1.1.1.1"], Some("8.8.8.8")),
            ("", "::ffff:8.8.8.8", &[], Some("8.8.8.8")),
            (ours, "8.8.8.8", &["1.1.1.1"], Some("8.8.8.8")),
            (ours, "10.0.0.1", &["1.1.1.1"], Some("1.1.1.1")),
            (ours, "10.0.0.1", &["9.9.9.9, 1.1.1.1, 10.2.0.1"], Some("1.1.1.1")),
            (ours, "10.0.0.1", &["9.9.9.9", "1.1.1.1", "10.2.0.1"], Some("1.1.1.1")),
            (ours, "::ffff:10.0.0.1", &["1.1.1.1:4711"], Some("1.1.1.1")),
            (ours, "2600:1f18::7", &["[2606:4700::1111]:80"], Some("2606:4700::1111")),
            (ours, "2600:1f18::7", &["[2606:4700::1111]"], Some("2606:4700::1111")),
            (ours, "10.0.0.1", &[], None),
            (ours, "10.0.0.1", &["unknown"], None),
            (ours, "10.0.0.1", &["1.1.1.1, "], None),
            (ours, "10.0.0.1", &["192.168.1.5"], None),
            (ours, "127.0.0.1", &["1.1.1.1"], None),
            ("0.0.0.0/0", "8.8.8.8", &["::1"], None),
            ("8.8.8.8", "8.8.8.8", &["1.1.1.1"], Some("1.1.1.1")),
            ("8.8.8.8/31", "8.8.8.10", &["1.1.1.1"], Some("8.8.8.10")),
        ] {
            assert_eq!(caller(trusted, peer, forwarded).as_deref(), expected, "{trusted} {peer} {forwarded:?}");
        }
        assert_eq!(TrustedProxies::default().caller(Peer(None), &HeaderMap::new()), None);
    }

    #[test]
    fn what_is_no_network_is_named() {
        for wrong in ["proxy.local", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "10.0.0.0/8/8", "/8"] {
            let said = format!("127.0.0.1, {wrong}").parse::<TrustedProxies>().unwrap_err();
            assert!(said.starts_with(&format!("`{wrong}`")), "{said}");
        }
        assert!("".parse::<TrustedProxies>().is_ok() && "::/0, 0.0.0.0/0,".parse::<TrustedProxies>().is_ok());
    }

    proptest::proptest! {
        #[test]
        fn no_header_panics_and_only_public_addresses_come_out(value in "[0-9a-f:., \\[\\]]{0,60}", trusted in 0_u32..=32) {
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_FOR, value.parse().unwrap());
            let proxies: TrustedProxies = format!("10.0.0.0/{trusted}").parse().unwrap();
            let caller = proxies.caller(Peer(Some([10, 0, 0, 0].into())), &headers);
            proptest::prop_assert!(caller.is_none_or(acd_core::is_public_address));
        }
    }
}
