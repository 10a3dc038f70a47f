//! Extractors whose refusals are precise problems.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::{Problem, Result};

/// A JSON body. Unknown fields are refused where the type says so, and the error names the field.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// Reads a JSON object, naming the path of what does not fit.
pub fn parse_json<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T> {
    // serde would take a list as the fields of a struct in their order.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::invalid("invalid_body", "the body must be a JSON object, not a list"));
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        Problem::bad_request("invalid_utf8", format!("the body is not UTF-8 at byte {}", error.valid_up_to()))
    })?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        let at = if path == "." { String::new() } else { format!("{path}: ") };
        if inner.is_data() {
            Problem::invalid("invalid_body", format!("{at}{inner}"))
        } else if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
            // serde_json calls it a syntax error when a name of an enumeration is null or a number.
            Problem::invalid("invalid_body", format!("{at}the value has another type than expected"))
        } else {
            Problem::bad_request("invalid_json", format!("the body is not JSON: {inner}"))
        }
    })?;
    reader
        .end()
        .map_err(|error| Problem::bad_request("invalid_json", format!("the body is not one JSON value: {error}")))?;
    Ok(value)
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        check_is_json(&request)?;
        let body = read_body(request, state).await?;
        parse_json(&body).map(Self)
    }
}

fn check_is_json(request: &Request) -> Result<()> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Problem::new(
        http::StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "send the body as Content-Type: application/json",
    ))
}

/// A JSON body of at most so many bytes, unread, for routes whose limit is another than the server's.
pub async fn read_json(request: Request, max_bytes: usize) -> Result<Bytes> {
    check_is_json(&request)?;
    axum::body::to_bytes(request.into_body(), max_bytes).await.map_err(|error| {
        let is_limit = error.into_inner().is::<http_body_util::LengthLimitError>();
        if is_limit {
            return Problem::too_large("body_too_large", format!("a request may have {max_bytes} bytes here"));
        }
        Problem::bad_request("body_incomplete", "the body ended early or could not be read")
    })
}

/// The whole body within the route's size limit.
pub async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == http::StatusCode::PAYLOAD_TOO_LARGE {
            Problem::too_large("body_too_large", "the body is over this route's size limit")
        } else {
            Problem::bad_request("body_incomplete", "the body ended early or could not be read")
        }
    })
}

/// The query string as a type that refuses unknown parameters.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded(query)?;
        let reader = serde::de::value::MapDeserializer::<_, serde::de::value::Error>::new(
            pairs.into_iter().map(|(name, value)| (name, QueryValue(value))),
        );
        serde_path_to_error::deserialize(reader).map(Self).map_err(|error| {
            let (parameter, error) = (error.path().to_string(), error.into_inner());
            let detail = match parameter.as_str() {
                "." => format!("the query is not valid: {error}"),
                _ => format!("the query is not valid: {parameter}: {error}"),
            };
            Problem::bad_request("invalid_query", detail)
        })
    }
}

fn form_urlencoded(query: &str) -> Result<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name)?;
        if pairs.iter().any(|(seen, _)| *seen == name) {
            return Err(Problem::bad_request(
                "invalid_query",
                format!("the parameter {name} stands in the query twice"),
            ));
        }
        pairs.push((name, decode(value)?));
    }
    Ok(pairs)
}

fn decode(text: &str) -> Result<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced)
        .decode_utf8()
        .map_err(|_| Problem::bad_request("invalid_query", "the query is not percent-encoded UTF-8"))?;
    if decoded.contains('\0') {
        return Err(Problem::bad_request(
            "invalid_query",
            "the query contains a NUL character, which no stored text has",
        ));
    }
    Ok(decoded.into_owned())
}

/// A parameter's text, read as whatever type its field has.
struct QueryValue(String);

impl<'de> serde::de::IntoDeserializer<'de, serde::de::value::Error> for QueryValue {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident => $visit:ident: $type:ty),*) => {
        $(fn $method<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match self.0.parse::<$type>() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(serde::de::Error::custom(format_args!("`{}` is not a {}", self.0, stringify!($type)))),
            }
        })*
    };
}

impl<'de> serde::Deserializer<'de> for QueryValue {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: serde::de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    parsed!(deserialize_u16 => visit_u16: u16, deserialize_u32 => visit_u32: u32, deserialize_u64 => visit_u64: u64,
        deserialize_i64 => visit_i64: i64, deserialize_bool => visit_bool: bool);

    fn deserialize_newtype_struct<V: serde::de::Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: serde::de::Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(serde::de::value::StringDeserializer::new(self.0))
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// One `{id}` in the path, parsed. A text that is no id of this kind is answered like an id that is not there.
#[derive(Debug)]
pub struct PathId<T>(pub T);

impl<T: std::str::FromStr + Send, S: Send + Sync> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::bad_request("invalid_path", "the path is not percent-encoded UTF-8"))?;
        params
            .iter()
            .find(|(name, _)| *name == "id")
            .and_then(|(_, value)| value.parse().ok())
            .map(Self)
            .ok_or_else(|| Problem::not_found("id"))
    }
}

#[cfg(test)]
mod tests {
    use acd_platform::events::ListEvents;

    use super::*;

    async fn query<T: DeserializeOwned>(query: &str) -> Result<T> {
        let (mut parts, ()) = http::Request::get(format!("/?{query}")).body(()).unwrap().into_parts();
        Query::from_request_parts(&mut parts, &()).await.map(|Query(value)| value)
    }

    #[tokio::test]
    async fn query_reads_numbers_texts_and_dates() {
        let read: ListEvents =
            query("limit=5&event=Order+Completed%21&received_from=2026-01-01T00:00:00Z").await.unwrap();
        assert_eq!((read.limit, read.event.as_deref()), (Some(5), Some("Order Completed!")));
        assert!(read.received_from.is_some());
    }

    #[tokio::test]
    async fn query_refuses_what_it_does_not_know() {
        for (text, part) in [
            ("limti=5", "limti"),
            ("limit=x", "limit: `x` is not a u16"),
            ("limit=70000", "u16"),
            ("limit=1&limit=2", "twice"),
            ("event=%FF", "UTF-8"),
            ("event=%00", "NUL"),
            ("received_from=yesterday", "received_from: "),
        ] {
            let problem = query::<ListEvents>(text).await.unwrap_err();
            assert_eq!(problem.status, http::StatusCode::BAD_REQUEST);
            assert!(problem.detail.contains(part), "{text}: {}", problem.detail);
        }
    }

    #[test]
    fn json_names_the_path() {
        let problem = parse_json::<acd_platform::keys::CreateApiKey>(br#"{"name":"a","scopes":["nope"]}"#).unwrap_err();
        assert!(problem.detail.contains("scopes[0]"), "{}", problem.detail);
        let problem = parse_json::<acd_platform::keys::CreateApiKey>(br#"{"name":"a","scopes":[null]}"#).unwrap_err();
        assert!(problem.code == "invalid_body" && problem.detail.starts_with("scopes[0]: "), "{}", problem.detail);
        assert_eq!(parse_json::<serde_json::Value>(b"{} {}").unwrap_err().code, "invalid_json");
        assert_eq!(parse_json::<serde_json::Value>(b"\xff").unwrap_err().code, "invalid_utf8");
        let problem = parse_json::<acd_platform::keys::CreateApiKey>(br#" ["a", null, ["admin"]]"#).unwrap_err();
        assert!(problem.code == "invalid_body" && problem.detail.contains("object"), "{}", problem.detail);
    }
}
