//! The text of a key, and its keyed hash.

use acd_core::Secret;
use acd_platform::ServiceKeyId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::kernel::problem::{Problem, Result};

/// What every key begins with.
pub(super) const LEAD: &str = "acd_";
const PREFIX_CHARS: usize = 8;
const SECRET_CHARS: usize = 40;
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Hashes keys with a secret that is not in the database, so that a stolen database opens nothing.
#[derive(Clone)]
pub struct KeyHasher(Hmac<Sha256>);

impl std::fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyHasher([redacted])")
    }
}

impl KeyHasher {
    /// A hasher with this secret of at least 32 bytes in base64.
    ///
    /// # Errors
    /// Says what is wrong with the secret, without showing it.
    pub fn new(secret: &Secret) -> std::result::Result<Self, &'static str> {
        let bytes = Zeroizing::new(
            STANDARD
                .decode(secret.expose().trim())
                .map_err(|_| "is not base64; make one with `openssl rand -base64 32`")?,
        );
        if bytes.len() < 32 {
            return Err("is shorter than 32 bytes; make one with `openssl rand -base64 32`");
        }
        Hmac::new_from_slice(&bytes).map(Self).map_err(|_| "cannot be used as a key")
    }

    /// A hasher with a secret that nobody knows, for an application that serves no request.
    pub fn throwaway() -> Self {
        Self(Hmac::new(&[0; 64].into()))
    }

    /// The secret of a service key for HMAC-SHA256, 32 bytes in base64. It is made from the id anew each time, so that none
    /// is stored; no API key begins with what is hashed here.
    pub fn service_secret(&self, id: ServiceKeyId) -> Secret {
        Secret::new(STANDARD.encode(self.hash(&format!("service-key/1:{id}"))))
    }

    pub(super) fn hash(&self, key: &str) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(key.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// A key just made.
pub(super) struct FreshKey {
    pub(super) secret: Zeroizing<String>,
    pub(super) prefix: String,
    pub(super) hash: [u8; 32],
}

/// Makes a key of 40 random characters, 238 bits.
pub(super) fn generate(hasher: &KeyHasher) -> Result<FreshKey> {
    let mut text = Zeroizing::new(String::from(LEAD));
    push_random(&mut text, PREFIX_CHARS)?;
    let prefix = text.as_str().to_owned();
    text.push('_');
    push_random(&mut text, SECRET_CHARS)?;
    let hash = hasher.hash(&text);
    Ok(FreshKey { secret: text, prefix, hash })
}

fn push_random(text: &mut String, chars: usize) -> Result<()> {
    let wanted = text.len() + chars;
    let mut bytes = Zeroizing::new([0_u8; 64]);
    while text.len() < wanted {
        getrandom::fill(bytes.as_mut()).map_err(Problem::internal)?;
        // 248 is the largest multiple of 62 in a byte; taking more would favour the first characters.
        let even = bytes.iter().filter(|byte| **byte < 248).map(|byte| char::from(ALPHABET[usize::from(*byte) % 62]));
        text.extend(even.take(wanted - text.len()));
    }
    Ok(())
}
