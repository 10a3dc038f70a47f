//! Ids of Meta's objects.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::macros::id;
use crate::text::TextOrNumber;

/// An ad account. Written `act_17` in paths; Meta's fields hold the bare number, and both are read.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AdAccountId(String);

impl AdAccountId {
    /// The account of this number, with or without `act_` before it.
    pub fn new(id: impl AsRef<str>) -> Self {
        let id = id.as_ref();
        Self(id.strip_prefix("act_").unwrap_or(id).to_owned())
    }

    /// The bare number.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.0
    }
}

impl From<&str> for AdAccountId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<String> for AdAccountId {
    fn from(id: String) -> Self {
        Self::new(id)
    }
}

/// With `act_`.
impl fmt::Display for AdAccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "act_{}", self.0)
    }
}

impl fmt::Debug for AdAccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for AdAccountId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AdAccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TextOrNumber::deserialize(deserializer).map(|text| Self::new(text.0))
    }
}

id!(
    /// A campaign.
    CampaignId
);
id!(
    /// An ad set.
    AdSetId
);
id!(
    /// An ad creative.
    CreativeId
);
id!(
    /// An ad.
    AdId
);
id!(
    /// A label on campaigns, ad sets, creatives and ads.
    AdLabelId
);
id!(
    /// A request of an asynchronous set.
    AdRequestId
);
id!(
    /// An asynchronous set of requests for ads.
    AdRequestSetId
);
id!(
    /// A call of a batch that Meta works off while nobody waits.
    AsyncSessionId
);
id!(
    /// A stretch of time with a larger budget.
    HighDemandPeriodId
);
id!(
    /// A run of an insights report.
    ReportRunId
);
id!(
    /// A custom, lookalike or website audience.
    AudienceId
);
id!(
    /// A saved audience: a targeting under a name.
    SavedAudienceId
);
id!(
    /// A video.
    VideoId
);
id!(
    /// A Facebook page.
    PageId
);
id!(
    /// A form that asks for leads.
    LeadFormId
);
id!(
    /// A lead: one person's answers to a form.
    LeadId
);
id!(
    /// A pixel or dataset.
    PixelId
);
id!(
    /// An Instagram professional account.
    IgUserId
);
id!(
    /// A container: Instagram media before they are published.
    IgContainerId
);
id!(
    /// Published Instagram media.
    IgMediaId
);
id!(
    /// An app.
    AppId
);
id!(
    /// A business portfolio.
    BusinessId
);

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for AdAccountId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AdAccountId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "examples": ["act_17"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_text_and_numbers_without_losing_digits() {
        for json in [r#""23850000000000123""#, "23850000000000123"] {
            assert_eq!(serde_json::from_str::<CampaignId>(json).unwrap().as_str(), "23850000000000123");
        }
        assert!(serde_json::from_str::<CampaignId>("1.5").is_err());
        assert_eq!(serde_json::to_string(&CampaignId::from("7")).unwrap(), r#""7""#);
    }

    #[test]
    fn an_account_is_the_same_with_and_without_its_prefix() {
        for json in [r#""act_17""#, r#""17""#, "17"] {
            let id: AdAccountId = serde_json::from_str(json).unwrap();
            assert_eq!((id.number(), id.to_string()), ("17", "act_17".to_owned()));
        }
    }
}
