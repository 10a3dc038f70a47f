//! What an error answer says about itself.

use http::HeaderMap;

use crate::json::Json;

/// The longest excerpt of a body that an error keeps, in characters.
const EXCERPT: usize = 512;

/// The headers in which the servers we talk to name an exchange.
const REQUEST_ID: [&str; 5] = ["x-request-id", "request-id", "x-fb-trace-id", "x-tt-logid", "x-amzn-requestid"];

/// The server's id for an exchange. One that quotes a secret is none.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    REQUEST_ID.iter().find_map(|name| headers.get(*name).filter(|value| !value.is_sensitive())?.to_str().ok())
}

/// The beginning of a body as text. Redaction comes before the cut, which could otherwise leave the recognisable part of
/// a secret outside.
pub(crate) fn excerpt(body: &[u8], redact: impl Fn(&str) -> String) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let mut text = redact(&String::from_utf8_lossy(body));
    if let Some((cut, _)) = text.char_indices().nth(EXCERPT) {
        text.truncate(cut);
        text.push('…');
    }
    Some(text)
}

/// The parts of an error body that servers agree on: RFC 9457 problem documents, and the `{"error": …}` objects of the
/// outside services.
#[derive(Debug, Default)]
pub(super) struct Problem {
    pub(super) code: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) request_id: Option<String>,
}

impl Problem {
    /// Reads what there is; a body in any other form gives nothing.
    pub(super) fn read(body: &[u8]) -> Self {
        let Some(document) = Json::read(body) else { return Self::default() };
        let error = document.get("error");
        let of_error = |name| error.and_then(|error| error.get(name));
        Self {
            code: first(&[document.get("code"), of_error("code"), of_error("type"), error]),
            detail: first(&[
                document.get("detail"),
                of_error("message"),
                document.get("message"),
                document.get("error_description"),
                document.get("title"),
            ]),
            request_id: first(&[document.get("request_id")]),
        }
    }
}

/// The first that is a number or a text with something in it.
fn first(candidates: &[Option<Json<'_>>]) -> Option<String> {
    candidates.iter().flatten().find_map(|value| match value.text() {
        Some(text) => (!text.is_empty()).then(|| text.into_owned()),
        None => value.number().map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> (Option<String>, Option<String>) {
        let problem = Problem::read(body.as_bytes());
        (problem.code, problem.detail)
    }

    fn some(code: &str, detail: &str) -> (Option<String>, Option<String>) {
        (Some(code.to_owned()), Some(detail.to_owned()))
    }

    #[test]
    fn the_usual_shapes_are_understood() {
        assert_eq!(read(r#"{"title":"t","detail":"d","code":"c"}"#), some("c", "d"));
        assert_eq!(read(r#"{"error":{"message":"d","code":190,"type":"OAuth"}}"#), some("190", "d"));
        assert_eq!(read(r#"{"error":"invalid_grant","error_description":"d"}"#), some("invalid_grant", "d"));
    }

    #[test]
    fn anything_else_gives_nothing() {
        for body in ["", "<html>", "[]", "null", "{\"error\":{}}", "{\"code\":{}}"] {
            assert_eq!(read(body), (None, None), "{body}");
        }
    }

    #[test]
    fn an_excerpt_is_redacted_first_and_cut_then() {
        let body = format!("{}SECRET", "é".repeat(EXCERPT - 3));
        let text = excerpt(body.as_bytes(), |text| text.replace("SECRET", "[redacted]")).unwrap();
        assert!(text.ends_with("[re…") && text.chars().count() == EXCERPT + 1, "{text}");
    }
}
