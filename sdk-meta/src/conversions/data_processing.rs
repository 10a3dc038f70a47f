//! How far Meta may use a person's data.

use serde::{Deserialize, Serialize};

const LIMITED: &str = "LDU";

/// Whether Limited Data Use holds for a person, and where the person is
/// ([data processing options](https://developers.facebook.com/docs/marketing-apis/data-processing-options)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct DataProcessing {
    data_processing_options: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_processing_options_country: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_processing_options_state: Option<u32>,
}

impl DataProcessing {
    /// Says that no limit holds.
    pub fn unrestricted() -> Self {
        Self {
            data_processing_options: Vec::new(),
            data_processing_options_country: None,
            data_processing_options_state: None,
        }
    }

    /// Limits the use if the person is where the law asks for it, which Meta finds out by the IP address.
    pub fn limited_by_location() -> Self {
        Self::limited(0, 0)
    }

    /// Limits the use as for a person in California.
    pub fn limited_in_california() -> Self {
        Self::limited(1, 1000)
    }

    /// Limits the use for a person in this country (0 for wherever the IP address is, 1 for the United States) and state (0
    /// likewise, 1000 for California; others are in Meta's list).
    pub fn limited(country: u32, state: u32) -> Self {
        Self {
            data_processing_options: vec![LIMITED.to_owned()],
            data_processing_options_country: Some(country),
            data_processing_options_state: Some(state),
        }
    }

    pub(super) fn of(options: Vec<String>, country: Option<u32>, state: Option<u32>) -> Self {
        Self {
            data_processing_options: options,
            data_processing_options_country: country,
            data_processing_options_state: state,
        }
    }

    /// Whether the use is limited.
    pub fn is_limited(&self) -> bool {
        self.data_processing_options.iter().any(|option| option == LIMITED)
    }

    /// Whether Meta has to find the person by the IP address.
    pub(super) fn needs_location(&self) -> bool {
        let given = |place: Option<u32>| place.is_some_and(|place| place != 0);
        self.is_limited() && !(given(self.data_processing_options_country) && given(self.data_processing_options_state))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_are_written_as_meta_reads_them() {
        let written = |options| serde_json::to_value(options).unwrap();
        assert_eq!(written(DataProcessing::unrestricted()), json!({"data_processing_options": []}));
        let california = json!({
            "data_processing_options": ["LDU"],
            "data_processing_options_country": 1,
            "data_processing_options_state": 1000,
        });
        assert_eq!(written(DataProcessing::limited_in_california()), california);
    }

    #[test]
    fn only_a_named_place_needs_no_address() {
        assert!(!DataProcessing::unrestricted().needs_location());
        assert!(DataProcessing::limited_by_location().needs_location());
        assert!(DataProcessing::limited(1, 0).needs_location());
        assert!(!DataProcessing::limited_in_california().needs_location());
    }
}
