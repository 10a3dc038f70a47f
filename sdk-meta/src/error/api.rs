//! Meta's own account of a failure.

use std::borrow::Cow;
use std::fmt;

use acd_core::json::Json;
use serde_json::Value;

use super::ErrorClass;
use super::table::{self, Row};

/// Meta's own account of a failure
/// ([page](https://developers.facebook.com/docs/graph-api/guides/error-handling), read 2026-11). Every part but code and
/// message may be missing. Texts change without notice: decide on [`class`](Self::class), code and subcode.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ApiError {
    /// The code.
    pub code: i64,
    /// What tells errors of one code apart.
    pub subcode: Option<i64>,
    /// Meta's type, such as `OAuthException`, which it gives to nearly everything.
    pub kind: Option<String>,
    /// The explanation, for developers.
    pub message: String,
    /// Whether Meta itself says that it may pass. That it does not say so means nothing.
    pub is_transient: bool,
    /// A title to show to a person, in the language of the token's user.
    pub user_title: Option<String>,
    /// What to tell a person, in the language of the token's user.
    pub user_message: Option<String>,
    /// The parameters to blame, as paths, such as `["daily_budget"]`.
    pub blame: Vec<Vec<String>>,
    /// The id of the exchange, for Meta's support.
    pub trace_id: Option<String>,
    /// Whatever else Meta says, such as the offsets from which an upload goes on.
    pub data: Option<Value>,
}

impl ApiError {
    /// Reads the body of an answer; `None` when it is not Meta's envelope of an error.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let error = Self::envelope(body)?;
        // An object, or an object that was written as text.
        let data = match error.get("error_data").map(|data| serde_json::from_str(data.as_str())) {
            Some(Ok(Value::String(text))) => Some(serde_json::from_str(&text).unwrap_or(Value::String(text))),
            Some(Ok(Value::Null) | Err(_)) | None => None,
            Some(Ok(data)) => Some(data),
        };
        let blame = data.as_ref().map(blame).unwrap_or_default();
        Some(Self { data, blame, ..Self::head(error)? })
    }

    /// Reads what the pipeline decides by: all but the data, for which every value that JSON can hold would have to be
    /// understood.
    pub(super) fn read_head(body: &[u8]) -> Option<Self> {
        Self::head(Self::envelope(body)?)
    }

    fn envelope(body: &[u8]) -> Option<Json<'_>> {
        Json::read(body)?.get("error")
    }

    fn head(error: Json<'_>) -> Option<Self> {
        let text = |name: &str| error.get(name).and_then(Json::text).map(Cow::into_owned);
        let number = |name: &str| error.get(name)?.number()?.parse().ok();
        Some(Self {
            code: number("code")?,
            subcode: number("error_subcode"),
            kind: text("type"),
            message: text("message").unwrap_or_default(),
            is_transient: error.get("is_transient").and_then(Json::flag).unwrap_or(false),
            user_title: text("error_user_title"),
            user_message: text("error_user_msg"),
            blame: Vec::new(),
            trace_id: text("fbtrace_id"),
            data: None,
        })
    }

    pub(crate) fn new(code: i64, subcode: Option<i64>, message: String) -> Self {
        let (kind, user_title, user_message, trace_id, data) = (None, None, None, None, None);
        let (is_transient, blame) = (false, Vec::new());
        Self { code, subcode, kind, message, is_transient, user_title, user_message, blame, trace_id, data }
    }

    /// With what to show to a person.
    pub(crate) fn for_person(mut self, title: Option<String>, message: Option<String>) -> Self {
        (self.user_title, self.user_message) = (title, message);
        self
    }

    /// Code and subcode, as [`Error::code`](crate::Error::code) gives them: `100/1885272`, or `190` alone.
    #[must_use]
    pub fn full_code(&self) -> String {
        match self.subcode {
            Some(subcode) => format!("{}/{subcode}", self.code),
            None => self.code.to_string(),
        }
    }

    pub(super) fn row(&self) -> Option<&'static Row> {
        table::find(self.code, self.subcode)
    }

    /// What the error calls for, by code and subcode.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        // Only the text tells these two from others of their codes.
        if self.code == 1 && self.message.contains("reduce the amount of data") {
            return ErrorClass::Shrink;
        }
        if self.code == 100 && self.message.contains("appsecret_proof") {
            return ErrorClass::Auth;
        }
        match self.row().map_or(ErrorClass::Unknown, |row| row.class) {
            ErrorClass::Unknown | ErrorClass::Validation if self.is_transient => ErrorClass::Transient,
            class => class,
        }
    }

    /// A number of [`data`](Self::data), which may be written as text.
    pub(crate) fn data_number(&self, name: &str) -> Option<u64> {
        let value = self.data.as_ref()?.get(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }
}

/// Paths of parameters; a flat list is one path.
fn blame(data: &Value) -> Vec<Vec<String>> {
    let Some(Value::Array(specs)) = data.get("blame_field_specs") else { return Vec::new() };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let path = |spec: &Value| match spec {
        Value::Array(path) => path.iter().map(text).collect(),
        single => vec![text(single)],
    };
    specs.iter().map(path).collect()
}

/// One line: code, subcode and the explanation.
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}): {}",
            self.full_code(),
            self.class().as_str(),
            self.user_message.as_deref().unwrap_or(&self.message)
        )
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> ApiError {
        ApiError::read(json.as_bytes()).unwrap()
    }

    #[test]
    fn every_part_is_read_from_either_form_of_its_data() {
        for data in [r#"{"blame_field_specs":[["daily_budget"]]}"#, r#""{\"blame_field_specs\":[[\"daily_budget\"]]}""#]
        {
            let error = read(&format!(
                r#"{{"error":{{"message":"(#100) low","type":"OAuthException","code":100,"error_subcode":1885272,
                "is_transient":false,"error_user_title":"Low","error_user_msg":"Too low","error_data":{data},
                "fbtrace_id":"A1b2"}}}}"#
            ));
            assert_eq!((error.code, error.subcode, error.class()), (100, Some(1_885_272), ErrorClass::Validation));
            assert_eq!(error.blame, [["daily_budget"]]);
            assert_eq!(error.trace_id.as_deref(), Some("A1b2"));
            assert_eq!(error.to_string(), "100/1885272 (validation): Too low");
        }
    }

    #[test]
    fn a_bare_error_is_read_too_and_anything_else_is_none() {
        assert_eq!(read(r#"{"error":{"message":"m","code":424242}}"#).class(), ErrorClass::Unknown);
        for body in ["", "Service Unavailable", "{}", r#"{"error":"no"}"#, r#"{"data":[]}"#] {
            assert!(ApiError::read(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn the_text_decides_only_where_nothing_else_can() {
        let with =
            |code: i64, message: &str| read(&format!(r#"{{"error":{{"code":{code},"message":"{message}"}}}}"#)).class();
        assert_eq!(with(1, "Please reduce the amount of data you're asking for"), ErrorClass::Shrink);
        assert_eq!(with(1, "An unknown error occurred"), ErrorClass::Transient);
        assert_eq!(with(100, "Invalid appsecret_proof provided in the API argument"), ErrorClass::Auth);
        assert_eq!(with(2, "please reduce the amount of data"), ErrorClass::Transient);
    }

    #[test]
    fn metas_word_that_it_passes_counts_unless_more_is_known() {
        let with = |code: i64| read(&format!(r#"{{"error":{{"code":{code},"is_transient":true}}}}"#)).class();
        assert_eq!((with(424_242), with(100)), (ErrorClass::Transient, ErrorClass::Transient));
        assert_eq!((with(17), with(190)), (ErrorClass::Throttle, ErrorClass::Auth));
    }
}
