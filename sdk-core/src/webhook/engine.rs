//! HMAC by the host.

/// The hash below an HMAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HmacHash {
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512, of Remotion Lambda.
    Sha512,
}

impl HmacHash {
    /// Its name where cryptography is a library's, such as OpenSSL's.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }
}

/// Computes HMACs in this crate's place, where the host does it faster: as Node does for a WebAssembly module.
pub trait HmacEngine: Send + Sync + 'static {
    /// The MAC of the pieces, one after the other; `None` where this crate may do it as well. What is not as long as the
    /// hash counts as `None`.
    fn hmac(&self, hash: HmacHash, secret: &[u8], content: &[&[u8]]) -> Option<Vec<u8>>;
}
