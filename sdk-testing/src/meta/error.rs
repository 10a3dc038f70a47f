//! Meta's errors: <https://developers.facebook.com/docs/graph-api/guides/error-handling/>.

use serde_json::{Map, Value, json};

/// What a call is refused with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct GraphError {
    pub(super) status: u16,
    pub(super) code: i64,
    pub(super) subcode: Option<i64>,
    message: String,
    user: Option<Box<(&'static str, String)>>,
    is_transient: bool,
    blamed: Vec<String>,
    data: Option<Box<Value>>,
}

/// A refusal that Meta has a subcode for.
#[derive(Debug)]
pub(super) struct Refusal {
    code: i64,
    subcode: i64,
    title: &'static str,
}

/// The refusals that the simulator gives, by what is wrong.
pub(super) mod refusal {
    use super::Refusal;

    const fn invalid(subcode: i64, title: &'static str) -> Refusal {
        Refusal { code: 100, subcode, title }
    }

    pub(crate) const BUDGET_TOO_LOW: Refusal = invalid(1_885_272, "Budget Is Too Low");
    pub(crate) const BUDGET_ON_BOTH_LEVELS: Refusal = invalid(1_885_621, "Budget Set On Both Levels");
    pub(crate) const SPEND_CAP_TOO_LOW: Refusal = invalid(2_446_307, "Spending Limit Too Low");
    pub(crate) const END_IS_PAST: Refusal = invalid(1_487_033, "End Date In The Past");
    pub(crate) const DELETED: Refusal = invalid(1_487_056, "Object Is Deleted Or Archived");
    pub(crate) const BID_NOT_ALLOWED: Refusal = invalid(1_885_204, "Bid Not Allowed");
    pub(crate) const LOCATION_TYPES: Refusal = invalid(1_870_199, "Location Types Must Be Empty");
    pub(crate) const DUPLICATE_ASSET: Refusal = invalid(1_815_629, "Duplicate Asset Values");
    pub(crate) const CALL_TO_ACTION: Refusal = invalid(1_373_054, "Call To Action Invalid");
    pub(crate) const DSA_MISSING: Refusal = invalid(3_858_152, "Beneficiary Or Payer Missing");
    pub(crate) const EVENT_TOO_OLD: Refusal = invalid(2_804_003, "Event Timestamp Too Old");
    pub(crate) const TOO_FEW_CUSTOMER_PARAMETERS: Refusal =
        invalid(2_804_050, "Too Few Customer Information Parameters");
    pub(crate) const AUDIENCE_RULE: Refusal = invalid(1_713_098, "Invalid Audience Rule");
    pub(crate) const AUDIENCE_FLAGGED: Refusal = invalid(1_713_230, "Audience Upload Blocked");
    pub(crate) const FLAGGED_SEED: Refusal = invalid(1_713_232, "Audience Is Flagged");
    pub(crate) const DEAD_AUDIENCE: Refusal = invalid(1_870_065, "Audience Cannot Be Used");
    pub(crate) const TARGETING_GONE: Refusal = invalid(1_487_694, "Targeting Category Not Available");
    pub(crate) const AUDIENCE_TOO_SMALL: Refusal =
        Refusal { code: 200, subcode: 1_870_047, title: "Audience Size Too Low" };
    pub(crate) const AUDIENCE_BUSY: Refusal =
        Refusal { code: 2650, subcode: 1_870_145, title: "Audience Update In Progress" };
    pub(crate) const FIRST_BATCH_MISSING: Refusal =
        Refusal { code: 2650, subcode: 1_870_147, title: "First Batch Missing" };
    pub(crate) const REPLACE_TIMED_OUT: Refusal =
        Refusal { code: 2650, subcode: 1_870_158, title: "Replacement Timed Out" };
    pub(crate) const SESSION_CLOSED: Refusal = Refusal { code: 2650, subcode: 1_870_159, title: "Session Closed" };
    pub(crate) const DUPLICATE_LOOKALIKE: Refusal =
        Refusal { code: 2654, subcode: 1_713_007, title: "Can't Create a Duplicate Lookalike" };
    pub(crate) const LOOKALIKE_COUNTRY: Refusal =
        Refusal { code: 2654, subcode: 1_713_089, title: "Invalid Lookalike Country" };
    pub(crate) const NO_SUCH_OBJECT: Refusal = invalid(33, "Unsupported Request");
    pub(crate) const WRONG_OFFSET: Refusal = Refusal { code: 6000, subcode: 1_363_037, title: "Video Upload Problem" };
    pub(crate) const NOT_FETCHABLE: Refusal = Refusal { code: 9004, subcode: 2_207_052, title: "Media Not Fetchable" };
    pub(crate) const NOT_READY: Refusal = Refusal { code: 9007, subcode: 2_207_027, title: "Media Is Not Ready" };
    pub(crate) const POSTS_USED_UP: Refusal = Refusal { code: 9, subcode: 2_207_042, title: "Maximum Posts Reached" };
    pub(crate) const NO_MEDIA: Refusal = Refusal { code: 24, subcode: 2_207_006, title: "Media Not Found" };
    pub(crate) const EXPIRED: Refusal = Refusal { code: 24, subcode: 2_207_008, title: "Media Builder Expired" };
    pub(crate) const NOT_JPEG: Refusal = Refusal { code: 36_001, subcode: 2_207_005, title: "Image Format" };
    pub(crate) const CAPTION_TOO_LONG: Refusal =
        Refusal { code: 36_004, subcode: 2_207_010, title: "Caption Too Long" };
    pub(crate) const CAROUSEL_COUNT: Refusal = invalid(2_207_028, "Carousel Needs 2 To 10 Items");
    pub(crate) const TOO_MANY_TAGS: Refusal = invalid(2_207_040, "Too Many Tags");
    pub(crate) const MEDIA_TYPE: Refusal = invalid(2_207_023, "Unknown Media Type");
    pub(crate) const BUDGET_CHANGED_TOO_OFTEN: Refusal =
        Refusal { code: 613, subcode: 1_487_632, title: "Budget Changed Too Often" };
    pub(crate) const ACCOUNT_THROTTLED: Refusal =
        Refusal { code: 17, subcode: 2_446_079, title: "Ad Account Has Too Many API Calls" };
}

impl GraphError {
    /// A refusal with this code alone.
    pub(super) fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            status: if matches!(code, 1 | 2) { 500 } else { 400 },
            code,
            subcode: None,
            message: message.into(),
            user: None,
            is_transient: false,
            blamed: Vec::new(),
            data: None,
        }
    }

    /// Something wrong with one parameter.
    pub(super) fn invalid(parameter: &str, problem: impl std::fmt::Display) -> Self {
        let error = Self::new(100, format!("(#100) Param {parameter} {problem}"));
        Self { blamed: vec![parameter.to_owned()], ..error }
    }

    /// A required parameter that is missing.
    pub(super) fn missing(parameter: &str) -> Self {
        let error = Self::new(100, format!("(#100) The parameter {parameter} is required"));
        Self { blamed: vec![parameter.to_owned()], ..error }
    }

    /// A node that is not there or that the token may not see: Meta does not say which.
    pub(super) fn no_such_object(method: &str, id: &str) -> Self {
        let method = method.to_ascii_lowercase();
        let message = format!(
            "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
             permissions, or does not support this operation"
        );
        let error = Self::refused(&refusal::NO_SUCH_OBJECT, message);
        Self { user: None, ..error }
    }

    /// A refusal with a subcode, explained for a person.
    pub(super) fn refused(refusal: &Refusal, explanation: impl Into<String>) -> Self {
        let explanation = explanation.into();
        let message = match refusal.subcode {
            33 => explanation.clone(),
            _ => "Invalid parameter".to_owned(),
        };
        let error = Self::new(refusal.code, message);
        Self { subcode: Some(refusal.subcode), user: Some(Box::new((refusal.title, explanation))), ..error }
    }

    #[must_use]
    pub(super) fn subcode(mut self, subcode: Option<i64>) -> Self {
        self.subcode = subcode;
        self
    }

    #[must_use]
    pub(super) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    #[must_use]
    pub(super) fn transient(mut self, is_transient: bool) -> Self {
        self.is_transient = is_transient;
        self
    }

    #[must_use]
    pub(super) fn blaming(mut self, parameter: &str) -> Self {
        self.blamed.push(parameter.to_owned());
        self
    }

    /// What a program needs to go on, given as an object.
    #[must_use]
    pub(super) fn with_data(mut self, data: Value) -> Self {
        self.data = Some(Box::new(data));
        self
    }

    /// The message, for who is no client of the graph.
    pub(super) fn message(&self) -> &str {
        self.user.as_ref().map_or(&self.message, |user| &user.1)
    }

    /// The body that Meta answers with.
    pub(super) fn body(&self, fbtrace_id: &str) -> Value {
        let mut error = Map::new();
        error.insert("message".into(), json!(self.message));
        error.insert("type".into(), json!("OAuthException"));
        error.insert("code".into(), json!(self.code));
        if let Some(subcode) = self.subcode {
            error.insert("error_subcode".into(), json!(subcode));
        }
        if self.is_transient || self.user.is_some() {
            error.insert("is_transient".into(), json!(self.is_transient));
        }
        if let Some((title, explanation)) = self.user.as_deref() {
            error.insert("error_user_title".into(), json!(title));
            error.insert("error_user_msg".into(), json!(explanation));
        }
        if let Some(data) = self.data.as_deref() {
            error.insert("error_data".into(), data.clone());
        } else if !self.blamed.is_empty() {
            // Meta gives this one as JSON text.
            let data = json!({ "blame_field_specs": [self.blamed] }).to_string();
            error.insert("error_data".into(), json!(data));
        }
        error.insert("fbtrace_id".into(), json!(fbtrace_id));
        json!({ "error": error })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_holds_what_is_known_and_no_more() {
        let error = GraphError::refused(&refusal::BUDGET_TOO_LOW, "At least 1.00").blaming("daily_budget");
        let expected = json!({"error": {
            "message": "Invalid parameter", "type": "OAuthException", "code": 100, "error_subcode": 1_885_272,
            "is_transient": false, "error_user_title": "Budget Is Too Low", "error_user_msg": "At least 1.00",
            "error_data": "{\"blame_field_specs\":[[\"daily_budget\"]]}", "fbtrace_id": "A1",
        }});
        assert_eq!(error.body("A1"), expected);
        let bare = GraphError::new(190, "Invalid OAuth access token.").body("A2");
        assert_eq!(bare["error"].as_object().map(Map::len), Some(4));
    }
}
