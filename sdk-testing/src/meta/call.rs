//! One call of the graph, read from HTTP or from an item of a batch.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Multipart};
use chrono::{DateTime, Utc};
use http::request::Parts;
use http::{HeaderMap, Request, header};
use percent_encoding::percent_decode_str;

use super::error::GraphError;
use super::params::Params;
use super::webhooks::Handshake;

/// A call as it came, before anything about it is known to be right.
#[derive(Clone, Debug, Default)]
pub(super) struct Raw {
    pub(super) method: String,
    /// The path without the leading slash.
    pub(super) path: String,
    pub(super) params: Params,
    pub(super) files: Vec<FilePart>,
    /// The token of the header; the parameter `access_token` stands in `params`.
    bearer: Option<String>,
    /// What the callback said that the call names.
    pub(super) handshake: Option<Handshake>,
}

/// A file among the parts of a multipart body.
#[derive(Clone, Debug)]
pub(super) struct FilePart {
    /// The part's name, which is a parameter's.
    pub(super) name: String,
    pub(super) file_name: String,
    pub(super) bytes: Bytes,
}

/// A call with its version and its time.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: String,
    /// The number of `v26.0`.
    pub(super) version: u8,
    /// What follows the version.
    pub(super) path: Vec<String>,
    pub(super) params: Params,
    pub(super) files: Vec<FilePart>,
    /// The token that it is made with; empty where none is needed.
    pub(super) token: String,
    pub(super) handshake: Option<Handshake>,
    pub(super) now: DateTime<Utc>,
    /// Scheme, host and version, for links to other pages.
    pub(super) base: String,
}

/// The versions that answer.
const VERSIONS: std::ops::RangeInclusive<u8> = 22..=26;
/// The version of a call that names none where Meta allows that.
const NEWEST: u8 = 26;
/// What is called without a version.
const UNVERSIONED: [&str; 4] = ["", "me", "debug_token", "oauth"];

impl Raw {
    /// Reads a request whose body is already here.
    pub(super) async fn read(parts: &Parts, body: Bytes) -> Result<Self, GraphError> {
        let (mut params, mut files) = (Params::default(), Vec::new());
        params.add_form(parts.uri.query().unwrap_or_default().as_bytes());
        let content_type = header_text(&parts.headers, header::CONTENT_TYPE).unwrap_or_default();
        if content_type.starts_with("multipart/form-data") {
            read_multipart(parts, body, &mut params, &mut files).await?;
        } else if content_type.starts_with("application/json") {
            params.add_json(&body)?;
        } else {
            params.add_form(&body);
        }
        Ok(Self {
            // As proxies that only pass GET and POST need it.
            method: params.text("method").unwrap_or_else(|| parts.method.to_string()).to_ascii_uppercase(),
            path: parts.uri.path().trim_matches('/').to_owned(),
            params,
            files,
            bearer: bearer(&parts.headers),
            handshake: None,
        })
    }

    /// An item of a batch; it is made with the batch's token unless it has its own.
    pub(super) fn of_batch(&self, method: &str, relative_url: &str, body: &str) -> Self {
        let (path, query) = relative_url.trim_start_matches('/').split_once('?').unwrap_or((relative_url, ""));
        let mut params = Params::default();
        for name in ["access_token", "appsecret_proof"] {
            if let Some(value) = self.params.get(name) {
                params.add(name, value.clone());
            }
        }
        params.add_form(query.as_bytes());
        params.add_form(body.as_bytes());
        let path = path.trim_matches('/');
        let has_version = path.split('/').next().is_some_and(|first| version(first).is_some());
        let version = self.path.split('/').next().filter(|first| !has_version && version(first).is_some());
        let path = version.map_or_else(|| path.to_owned(), |version| format!("{version}/{path}"));
        Self { method: method.to_ascii_uppercase(), path, params, bearer: self.bearer.clone(), ..Self::default() }
    }

    /// The token, from wherever it came.
    pub(super) fn token(&self) -> Option<String> {
        self.params.text("access_token").or_else(|| self.bearer.clone())
    }

    /// Splits the path and checks the version.
    pub(super) fn into_call(self, origin: &str, now: DateTime<Utc>) -> Result<Call, GraphError> {
        let mut path: Vec<String> = self
            .path
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .filter(|segment| !segment.is_empty())
            .collect();
        let named = path.first().and_then(|first| version(first));
        if named.is_some() {
            path.remove(0);
        }
        let first = path.first().map_or("", String::as_str);
        let version = match named {
            Some(version) if VERSIONS.contains(&version) => version,
            None if UNVERSIONED.contains(&first) => NEWEST,
            _ => {
                let message = format!(
                    "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: \
                     v{NEWEST}.0."
                );
                return Err(GraphError::new(2635, message));
            }
        };
        let (base, token) = (format!("{origin}/v{version}.0"), self.token().unwrap_or_default());
        let Self { method, params, files, handshake, .. } = self;
        Ok(Call { method, version, path, params, files, token, handshake, now, base })
    }
}

/// The 26 of `v26.0`.
fn version(segment: &str) -> Option<u8> {
    segment.strip_prefix('v')?.strip_suffix(".0")?.parse().ok()
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = header_text(headers, header::AUTHORIZATION)?;
    ["Bearer ", "OAuth "].into_iter().find_map(|scheme| value.strip_prefix(scheme)).map(str::to_owned)
}

/// Reads the fields and the files of a form with parts.
async fn read_multipart(
    parts: &Parts,
    body: Bytes,
    params: &mut Params,
    files: &mut Vec<FilePart>,
) -> Result<(), GraphError> {
    let broken = || GraphError::new(100, "(#100) The multipart body is broken");
    let request = Request::from_parts(parts.clone(), Body::from(body));
    let mut fields = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
    while let Some(field) = fields.next_field().await.map_err(|_| broken())? {
        let name = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(str::to_owned) {
            None => params.add(&name, field.text().await.map_err(|_| broken())?.into()),
            Some(file_name) => {
                files.push(FilePart { name, file_name, bytes: field.bytes().await.map_err(|_| broken())? });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(path: &str) -> Raw {
        Raw { method: "GET".to_owned(), path: path.to_owned(), ..Raw::default() }
    }

    #[test]
    fn the_version_is_checked_and_taken_off() {
        let call = |path| raw(path).into_call("http://sim", DateTime::<Utc>::MIN_UTC);
        let good = call("v24.0/act_1/ads").unwrap();
        assert_eq!(
            (good.version, good.path.join("/"), good.base.as_str()),
            (24, "act_1/ads".to_owned(), "http://sim/v24.0")
        );
        assert_eq!(call("me").unwrap().version, 26);
        for path in ["v20.0/act_1", "v99.0/me", "act_1"] {
            assert_eq!(call(path).map_err(|error| error.code).err(), Some(2635), "{path}");
        }
    }

    #[test]
    fn an_item_of_a_batch_takes_version_and_token_along() {
        let mut batch = raw("v25.0");
        batch.params.add("access_token", "t".into());
        let item = batch.of_batch("post", "act_1/campaigns?x=1", "name=A%20b");
        assert_eq!((item.path.as_str(), item.method.as_str()), ("v25.0/act_1/campaigns", "POST"));
        assert_eq!((item.params.text("name").as_deref(), item.token().as_deref()), (Some("A b"), Some("t")));
        assert_eq!(batch.of_batch("GET", "v24.0/1", "").path, "v24.0/1");
    }
}
