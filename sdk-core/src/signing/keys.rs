//! The keys of message signatures.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ed25519_dalek::Signer as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// The least bytes of an HMAC secret: fewer than the hash has weaken it (RFC 2104, section 3).
const LEAST_HMAC_BYTES: usize = 32;

/// What stands before the 32 bytes of an Ed25519 key in DER, RFC 8410: the same bytes in every such key.
const PKCS8_LEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const SPKI_LEAD: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The algorithms of the profile, as the
/// [registry](https://www.iana.org/assignments/http-message-signature/http-message-signature.xhtml) names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// `hmac-sha256`: both sides hold the same secret, so either can sign.
    HmacSha256,
    /// `ed25519`: the verifier holds the public half alone.
    Ed25519,
}

impl Algorithm {
    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// A key that signs. Not for browsers or phones, which cannot keep one.
#[derive(Clone)]
pub struct SigningKey(Signing);

#[derive(Clone)]
enum Signing {
    HmacSha256(Hmac<Sha256>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

impl SigningKey {
    /// A shared secret of at least 32 bytes, in base64 or base64url: `openssl rand -base64 32` makes one.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it is blank, too short or not base64.
    pub fn hmac_sha256(secret: &Secret) -> Result<Self> {
        hmac(secret).map(Signing::HmacSha256).map(Self)
    }

    /// A private key: PKCS#8 in PEM or base64 as `openssl genpkey -algorithm ed25519` makes it, or the 32 bytes of the seed
    /// in base64 or base64url, as in the `d` of a JWK.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it is none of these.
    pub fn ed25519(private: &Secret) -> Result<Self> {
        let bytes = decode(private.expose())?;
        let seed = Zeroizing::new(thirty_two(&bytes, &PKCS8_LEAD)?);
        Ok(Self(Signing::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed)))))
    }

    /// The algorithm it signs with.
    pub const fn algorithm(&self) -> Algorithm {
        match self.0 {
            Signing::HmacSha256(_) => Algorithm::HmacSha256,
            Signing::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The key that checks its signatures; of an HMAC secret that is the secret itself.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(match &self.0 {
            Signing::HmacSha256(mac) => Verifying::HmacSha256(mac.clone()),
            Signing::Ed25519(key) => Verifying::Ed25519(Box::new(key.verifying_key())),
        })
    }

    /// The public half in base64, to be registered where signatures are checked; `None` for a shared secret.
    pub fn public_key(&self) -> Option<String> {
        match &self.0 {
            Signing::HmacSha256(_) => None,
            Signing::Ed25519(key) => Some(STANDARD.encode(key.verifying_key().as_bytes())),
        }
    }

    pub(super) fn sign(&self, base: &str) -> Vec<u8> {
        match &self.0 {
            Signing::HmacSha256(mac) => {
                let mut mac = mac.clone();
                mac.update(base.as_bytes());
                mac.finalize().into_bytes().to_vec()
            }
            Signing::Ed25519(key) => key.sign(base.as_bytes()).to_bytes().to_vec(),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, [redacted])", self.algorithm().as_str())
    }
}

/// A key that checks signatures.
#[derive(Clone)]
pub struct VerifyingKey(Verifying);

#[derive(Clone)]
enum Verifying {
    HmacSha256(Hmac<Sha256>),
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
}

impl VerifyingKey {
    /// The shared secret, as [`SigningKey::hmac_sha256`] takes it.
    ///
    /// # Errors
    /// As there.
    pub fn hmac_sha256(secret: &Secret) -> Result<Self> {
        hmac(secret).map(Verifying::HmacSha256).map(Self)
    }

    /// A public key: SPKI in PEM or base64 as `openssl pkey -pubout` writes it, or its 32 bytes in base64 or base64url, as
    /// in the `x` of a JWK.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`] when it is none of these, or one of the few points under which anybody can sign.
    pub fn ed25519(public: &str) -> Result<Self> {
        let bytes = decode(public)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&thirty_two(&bytes, &SPKI_LEAD)?)
            .map_err(|_| unusable("is not a public key of Ed25519"))?;
        if key.is_weak() {
            return Err(unusable("is a public key that every signature fits: make a new pair"));
        }
        Ok(Self(Verifying::Ed25519(Box::new(key))))
    }

    /// The only algorithm that a signature under this key may have, whatever the sender claims.
    pub const fn algorithm(&self) -> Algorithm {
        match self.0 {
            Verifying::HmacSha256(_) => Algorithm::HmacSha256,
            Verifying::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// The bytes of a public key, for whoever stores it; `None` for a shared secret.
    pub fn public_key_bytes(&self) -> Option<[u8; 32]> {
        match &self.0 {
            Verifying::HmacSha256(_) => None,
            Verifying::Ed25519(key) => Some(key.to_bytes()),
        }
    }

    /// Takes the same time wherever an HMAC differs. Ed25519 is checked strictly: one message, one key, one signature.
    pub(super) fn verifies(&self, base: &str, signature: &[u8]) -> bool {
        match &self.0 {
            Verifying::HmacSha256(mac) => {
                let mut mac = mac.clone();
                mac.update(base.as_bytes());
                mac.verify_slice(signature).is_ok()
            }
            Verifying::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(base.as_bytes(), &signature).is_ok()),
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({}, [redacted])", self.algorithm().as_str())
    }
}

fn hmac(secret: &Secret) -> Result<Hmac<Sha256>> {
    let bytes = decode(secret.expose())?;
    if bytes.len() < LEAST_HMAC_BYTES {
        return Err(unusable("is shorter than 32 bytes: make one with `openssl rand -base64 32`"));
    }
    Hmac::new_from_slice(&bytes).map_err(|_| unusable("cannot be used as an HMAC secret"))
}

/// Base64 in either alphabet, with or without padding, line breaks and the frame lines of PEM.
fn decode(text: &str) -> Result<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("-----")) {
        plain.extend(line.chars().map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        }));
    }
    let bytes = Zeroizing::new(BASE64.decode(plain.as_bytes()).map_err(|_| unusable("is not base64 or PEM"))?);
    if bytes.is_empty() { Err(unusable("is blank")) } else { Ok(bytes) }
}

fn thirty_two(bytes: &[u8], lead: &[u8]) -> Result<[u8; 32]> {
    let key = if bytes.len() == 32 { Some(bytes) } else { bytes.strip_prefix(lead) };
    key.and_then(|key| key.try_into().ok())
        .ok_or_else(|| unusable("is no Ed25519 key: 32 bytes, or what `openssl genpkey -algorithm ed25519` writes"))
}

/// The text itself is not repeated, nor what the decoder says about it.
fn unusable(why: &str) -> Error {
    Error::new(ErrorKind::Configuration, format!("the key {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &str = "n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU";
    const PKCS8: &str = "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF";
    const PUBLIC: &str = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
    const SPKI: &str = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";

    #[test]
    fn a_private_key_is_taken_in_every_usual_form() {
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{PKCS8}\n-----END PRIVATE KEY-----\n");
        for form in [SEED, PKCS8, pem.as_str()] {
            let key = SigningKey::ed25519(&Secret::from(form)).unwrap();
            assert_eq!(key.public_key().as_deref(), Some(PUBLIC));
        }
    }

    #[test]
    fn a_public_key_is_taken_in_every_usual_form() {
        let signature = SigningKey::ed25519(&Secret::from(SEED)).unwrap().sign("base");
        let pem = format!("-----BEGIN PUBLIC KEY-----\r\n{SPKI}\r\n-----END PUBLIC KEY-----");
        for form in [PUBLIC, SPKI, pem.as_str()] {
            let key = VerifyingKey::ed25519(form).unwrap();
            assert!(key.verifies("base", &signature), "{form}");
            assert_eq!(key.public_key_bytes().map(|bytes| STANDARD.encode(bytes)).as_deref(), Some(PUBLIC));
        }
    }

    #[test]
    fn unusable_keys_are_refused_without_being_shown() {
        let short = STANDARD.encode([7; 31]);
        for bad in ["", " ", "hunter2 is not base64", short.as_str(), "AAAA"] {
            for error in [
                SigningKey::hmac_sha256(&Secret::from(bad)).unwrap_err(),
                SigningKey::ed25519(&Secret::from(bad)).unwrap_err(),
                VerifyingKey::ed25519(bad).unwrap_err(),
            ] {
                assert_eq!(error.kind(), ErrorKind::Configuration);
                assert!(!format!("{error} {error:?}").contains("hunter2"));
            }
        }
        let identity = STANDARD.encode([1_u8].into_iter().chain([0; 31]).collect::<Vec<_>>());
        assert!(VerifyingKey::ed25519(&identity).is_err(), "the neutral element verifies anything");
        assert!(VerifyingKey::ed25519(PKCS8).is_err(), "a private key is not a public one");
    }

    #[test]
    fn printing_shows_the_algorithm_alone() {
        let key = SigningKey::ed25519(&Secret::from(SEED)).unwrap();
        assert_eq!(
            format!("{key:?} {:?}", key.verifying_key()),
            "SigningKey(ed25519, [redacted]) VerifyingKey(ed25519, [redacted])"
        );
    }

    #[test]
    fn a_signature_of_another_length_verifies_nothing() {
        let hmac = SigningKey::hmac_sha256(&Secret::new(STANDARD.encode([7; 32]))).unwrap();
        let ed25519 = SigningKey::ed25519(&Secret::from(SEED)).unwrap();
        for key in [hmac, ed25519] {
            let signature = key.sign("base");
            assert!(key.verifying_key().verifies("base", &signature));
            for cut in [0, 1, signature.len() - 1] {
                assert!(!key.verifying_key().verifies("base", &signature[..cut]));
            }
        }
    }
}
