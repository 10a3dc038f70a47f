//! Secrets as configuration gives them.

use std::sync::Arc;

use super::Scheme;
use super::dialect::Dialect;
use crate::Result;
use crate::error::{Error, ErrorKind};
use crate::secret::Secret;

/// The scheme's dialect and the keys that the secrets are.
pub(super) fn read_all<K>(
    scheme: &Scheme,
    secrets: impl IntoIterator<Item = Secret>,
    read: impl Fn(&dyn Dialect, &str) -> Result<K, &'static str>,
) -> Result<(Arc<dyn Dialect>, Vec<K>)> {
    let unusable = |what: String| Error::new(ErrorKind::Configuration, what);
    let name = scheme.as_str();
    let dialect = scheme.dialect().map_err(|problem| unusable(format!("the webhook scheme `{name}` {problem}")))?;
    let mut keys = Vec::new();
    for (place, secret) in secrets.into_iter().enumerate() {
        let key = check(&secret).and_then(|text| read(&*dialect, text));
        keys.push(key.map_err(|problem| unusable(format!("webhook secret {} of `{name}` {problem}", place + 1)))?);
    }
    if keys.is_empty() {
        return Err(unusable(format!("there is no webhook secret of `{name}`: give at least one")));
    }
    Ok((dialect, keys))
}

fn check(secret: &Secret) -> Result<&str, &'static str> {
    let text = secret.expose();
    if secret.is_blank() {
        // With an empty key, anybody could sign.
        return Err("is blank: set it to the one that the sender shows");
    }
    if text.trim() != text {
        return Err("begins or ends with white space: take care what is copied or read from a file");
    }
    Ok(text)
}
