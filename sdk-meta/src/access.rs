//! Who calls: the access token, and the proof that the caller also holds the app's secret.

use acd_core::{Bearer, ErrorKind, Secret};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::error::{Error, Result};
use crate::hex;

/// A token, ready to be put on calls.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) token: Secret,
    pub(crate) bearer: Bearer,
    pub(crate) proof: Option<Secret>,
}

impl Access {
    pub(crate) fn new(token: Secret, app_secret: Option<&Secret>) -> Result<Self> {
        let bearer = Bearer::new(&token)?;
        let proof = app_secret.map(|secret| appsecret_proof(secret, &token)).transpose()?;
        Ok(Self { token, bearer, proof })
    }
}

/// HMAC-SHA256 of the token under the app's secret, in hexadecimal
/// ([page](https://developers.facebook.com/docs/graph-api/guides/secure-requests), read 2026-11).
fn appsecret_proof(app_secret: &Secret, token: &Secret) -> Result<Secret> {
    if app_secret.is_blank() {
        return Err(Error::new(ErrorKind::Configuration, "the app secret is blank: set it, or leave it out"));
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.expose().as_bytes())
        .map_err(|cause| Error::new(ErrorKind::Configuration, "the app secret is no key").with_source(cause))?;
    mac.update(token.expose().as_bytes());
    Ok(Secret::new(hex::encode(&mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_that_of_the_published_vector() {
        let proof = appsecret_proof(&Secret::from("app-secret-example"), &Secret::from("token-example")).unwrap();
        assert_eq!(proof.expose(), "fe1f63df731c8415a5b9b41b76cfcb4e3957f9d9d35c2c3f17201599acee008d");
    }

    #[test]
    fn blank_secrets_are_refused() {
        for (token, secret) in [("", "s"), ("t", " ")] {
            let error = Access::new(Secret::from(token), Some(&Secret::from(secret))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration);
        }
    }
}
