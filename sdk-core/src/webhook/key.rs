//! Keys in the form in which they work fastest, and the comparison of signatures.

use ed25519_dalek::{Signature, Signer as _, SigningKey as Ed25519Private, VerifyingKey as Ed25519Public};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretSlice};
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq as _};

use super::candidates::{Candidate, Candidates};
use crate::hex;

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

/// What is signed, in pieces, so that nothing has to be copied together: what comes before the body, and the body.
pub(super) type Content<'a> = [&'a [u8]; 5];

/// A secret that has already gone through the first half of HMAC, which is the same for every message.
#[derive(Clone)]
pub(super) struct MacKey {
    ready: Ready,
    /// For a host that computes HMACs by itself.
    secret: SecretSlice<u8>,
}

#[derive(Clone)]
enum Ready {
    Sha256(Hmac<Sha256>),
    Sha512(Box<Hmac<Sha512>>),
}

impl MacKey {
    pub(super) fn sha256(secret: &[u8]) -> Result<Self, &'static str> {
        let ready = Hmac::new_from_slice(secret).map(Ready::Sha256).map_err(|_| UNUSABLE)?;
        Ok(Self { ready, secret: secret.to_vec().into() })
    }

    pub(super) fn sha512(secret: &[u8]) -> Result<Self, &'static str> {
        let ready = Hmac::new_from_slice(secret).map(Box::new).map(Ready::Sha512).map_err(|_| UNUSABLE)?;
        Ok(Self { ready, secret: secret.to_vec().into() })
    }

    /// Whether any candidate is this key's MAC. All are compared, each in constant time.
    fn accepts(&self, content: &Content<'_>, candidates: &Candidates<'_>) -> bool {
        match &self.ready {
            Ready::Sha256(key) => any_is(&sha256(key, content), candidates),
            Ready::Sha512(key) => any_is(&sha512(key, content), candidates),
        }
    }

    /// Whether any candidate is this MAC in hexadecimal.
    fn is_among(&self, mac: &str, candidates: &Candidates<'_>) -> bool {
        match &self.ready {
            Ready::Sha256(_) => hex::decode::<32>(mac.as_bytes()).is_some_and(|mac| any_is(&mac, candidates)),
            Ready::Sha512(_) => hex::decode::<64>(mac.as_bytes()).is_some_and(|mac| any_is(&mac, candidates)),
        }
    }

    fn hash(&self) -> HmacHash {
        match &self.ready {
            Ready::Sha256(_) => HmacHash::Sha256,
            Ready::Sha512(_) => HmacHash::Sha512,
        }
    }

    fn sign(&self, content: &Content<'_>) -> Vec<u8> {
        match &self.ready {
            Ready::Sha256(key) => sha256(key, content).to_vec(),
            Ready::Sha512(key) => sha512(key, content).to_vec(),
        }
    }
}

/// HMAC takes keys of any length; its type says otherwise.
const UNUSABLE: &str = "cannot be used as a key";

fn sha256(key: &Hmac<Sha256>, content: &Content<'_>) -> [u8; 32] {
    let mut mac = key.clone();
    content.iter().for_each(|piece| mac.update(piece));
    mac.finalize().into_bytes().into()
}

fn sha512(key: &Hmac<Sha512>, content: &Content<'_>) -> [u8; 64] {
    let mut mac = key.clone();
    content.iter().for_each(|piece| mac.update(piece));
    mac.finalize().into_bytes().into()
}

fn any_is<const N: usize>(mac: &[u8; N], candidates: &Candidates<'_>) -> bool {
    let found = candidates.iter().filter_map(Candidate::mac::<N>).fold(Choice::from(0), |found, candidate| {
        // The fold goes through to the end: where a match stands is nobody's business.
        found | candidate.as_slice().ct_eq(mac)
    });
    found.into()
}

/// A key that checks signatures.
pub(super) enum VerifyingKey {
    Mac(MacKey),
    Ed25519(Box<Ed25519Public>),
}

impl VerifyingKey {
    /// The key of 32 bytes. Weak ones, for which anybody can make signatures, are refused.
    pub(super) fn ed25519(bytes: &[u8]) -> Result<Self, &'static str> {
        let bytes = bytes.try_into().map_err(|_| "is not an Ed25519 public key of 32 bytes")?;
        let key = Ed25519Public::from_bytes(bytes).map_err(|_| "is not an Ed25519 public key")?;
        if key.is_weak() { Err("is a weak Ed25519 public key") } else { Ok(Self::Ed25519(Box::new(key))) }
    }

    fn accepts(&self, content: &Content<'_>, candidates: &Candidates<'_>) -> bool {
        match self {
            Self::Mac(key) => key.accepts(content, candidates),
            Self::Ed25519(key) => {
                let mut signatures = candidates.iter().filter_map(Candidate::ed25519).peekable();
                if signatures.peek().is_none() {
                    return false;
                }
                // Ed25519 hashes the content twice over and takes it in one piece.
                let content = content.concat();
                signatures.any(|bytes| key.verify_strict(&content, &Signature::from_bytes(&bytes)).is_ok())
            }
        }
    }
}

/// The place of the first key that accepts a candidate. Every key is tried, whichever matches.
pub(super) fn matching(keys: &[VerifyingKey], content: &Content<'_>, candidates: &Candidates<'_>) -> Option<usize> {
    first(keys.iter().map(|key| key.accepts(content, candidates)))
}

/// The same by the MAC of each key.
pub(super) fn matching_macs<'t>(
    keys: &[VerifyingKey],
    macs: impl IntoIterator<Item = &'t str>,
    candidates: &Candidates<'_>,
) -> Option<usize> {
    first(keys.iter().zip(macs).map(|(key, mac)| match key {
        VerifyingKey::Mac(key) => key.is_among(mac, candidates),
        VerifyingKey::Ed25519(_) => false,
    }))
}

fn first(accepts: impl Iterator<Item = bool>) -> Option<usize> {
    accepts.enumerate().fold(None, |found, (place, accepts)| found.or(accepts.then_some(place)))
}

/// The hash of the MACs and the secret of each, unless one is none.
pub(super) fn hmac_keys(keys: &[VerifyingKey]) -> Option<(HmacHash, Vec<&[u8]>)> {
    let secrets = keys.iter().map(|key| match key {
        VerifyingKey::Mac(key) => Some((key.hash(), key.secret.expose_secret())),
        VerifyingKey::Ed25519(_) => None,
    });
    let secrets = secrets.collect::<Option<Vec<_>>>()?;
    // A scheme has one hash.
    let (hash, _) = secrets.first()?;
    Some((*hash, secrets.iter().map(|(_, secret)| *secret).collect()))
}

/// A key that makes signatures.
pub(super) enum SigningKey {
    Mac(MacKey),
    Ed25519(Box<Ed25519Private>),
}

/// A signature before it is written into a header.
pub(super) enum RawSignature {
    Mac(Vec<u8>),
    Ed25519([u8; 64]),
}

impl SigningKey {
    /// The key of a seed of 32 bytes, or of a seed and its public key, 64 bytes.
    pub(super) fn ed25519(bytes: &[u8]) -> Result<Self, &'static str> {
        let key = match bytes.len() {
            64 => bytes.try_into().ok().and_then(|pair| Ed25519Private::from_keypair_bytes(pair).ok()),
            _ => bytes.try_into().ok().map(Ed25519Private::from_bytes),
        };
        let key =
            key.ok_or("is not an Ed25519 secret key of 32 bytes, or of 64 with the public key that belongs to it")?;
        Ok(Self::Ed25519(Box::new(key)))
    }

    pub(super) fn sign(&self, content: &Content<'_>) -> RawSignature {
        match self {
            Self::Mac(key) => RawSignature::Mac(key.sign(content)),
            Self::Ed25519(key) => RawSignature::Ed25519(key.sign(&content.concat()).to_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2, with its text in pieces.
    const CONTENT: Content<'static> = [b"what do ", b"", b"ya want ", b"for ", b"nothing?"];
    const SHA256: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    const SHA512: &str = "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdc\
        aeab1a34d4a6b4b636e070a38bce737";

    fn key(secret: &[u8]) -> VerifyingKey {
        MacKey::sha256(secret).map(VerifyingKey::Mac).unwrap()
    }

    #[test]
    fn macs_are_those_of_rfc_4231() {
        assert_eq!(hex::encode(&MacKey::sha256(b"Jefe").unwrap().sign(&CONTENT)), SHA256);
        assert_eq!(hex::encode(&MacKey::sha512(b"Jefe").unwrap().sign(&CONTENT)), SHA512);
    }

    #[test]
    fn the_matching_key_is_told_wherever_key_and_candidate_stand() {
        let keys = [key(b"other"), key(b"Jefe"), key(b"Jefe")];
        let mut candidates = Candidates::default();
        for text in ["", SHA512, SHA256] {
            candidates.push(Candidate::HexMac(text)).unwrap();
        }
        assert_eq!(matching(&keys, &CONTENT, &candidates), Some(1));
        assert_eq!(matching(&keys[..1], &CONTENT, &candidates), None);
        assert_eq!(matching(&keys, &CONTENT, &Candidates::default()), None);
    }

    #[test]
    fn weak_and_wrong_ed25519_keys_are_refused() {
        assert!(VerifyingKey::ed25519(&[0; 31]).is_err());
        // The identity: every message has a signature by it.
        let mut identity = [0; 32];
        identity[0] = 1;
        assert!(VerifyingKey::ed25519(&identity).is_err());
        assert!(SigningKey::ed25519(&[7; 33]).is_err());
        assert!(SigningKey::ed25519(&[7; 64]).is_err(), "seed and public key do not belong together");
        assert!(SigningKey::ed25519(&[7; 32]).is_ok());
    }
}
