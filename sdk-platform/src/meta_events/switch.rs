//! Whether conversions of a product go to Meta, and where to.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ProductSlug;

/// Limited Data Use for events that say nothing of it themselves
/// ([data processing options](https://developers.facebook.com/docs/marketing-apis/data-processing-options)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitedDataUse {
    /// 0 for wherever the IP address is, 1 for the United States.
    #[schemars(range(max = 1))]
    pub country: u16,
    /// 0 for wherever the IP address is, 1000 for California; others are in Meta's list.
    #[schemars(range(max = 9999))]
    pub state: u16,
}

/// A product's switch. Off, and empty, until it is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConversionSwitch {
    /// Whose it is.
    pub product: ProductSlug,
    /// Whether conversions are taken and sent.
    pub enabled: bool,
    /// The pixel or dataset they go to.
    pub pixel_id: Option<String>,
    /// Shows the events under "Test events". They count all the same: not for production.
    pub test_event_code: Option<String>,
    /// How far Meta may use the data, where an event does not say it.
    pub limited_data_use: Option<LimitedDataUse>,
    /// Which events of Meta's may go out; null for all.
    pub allowed_events: Option<Vec<String>>,
    /// When it was set last; null when it never was.
    pub changed_at: Option<DateTime<Utc>>,
}

/// The query of [`SWITCH`](super::SWITCH).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetConversionSwitch {
    /// Whose; for administrators, others ask about their own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// The body of [`PUT_SWITCH`](super::PUT_SWITCH): the whole switch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutConversionSwitch {
    /// Whose. A product's own key may leave it out; only an administrator may name another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// Whether conversions are taken and sent. What is queued when it is switched off is refused.
    pub enabled: bool,
    /// The pixel or dataset they go to: 1 to 20 digits. Required when enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9]{1,20}$"))]
    pub pixel_id: Option<String>,
    /// Shows the events under "Test events": 1 to 40 letters and digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[A-Za-z0-9]{1,40}$"))]
    pub test_event_code: Option<String>,
    /// How far Meta may use the data, where an event does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_data_use: Option<LimitedDataUse>,
    /// Which events of Meta's may go out, at most 100 names of 1 to 100 characters; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub allowed_events: Option<Vec<String>>,
}

/// A change of a switch, as it was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SwitchChange {
    /// The switch from then on.
    pub switch: ConversionSwitch,
    /// Who changed it: `product` or `admin`.
    pub changed_by: String,
    /// The request that did.
    pub request_id: String,
}

/// The query of [`CHANGES`](super::CHANGES). Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSwitchChanges {
    /// Most changes in one page, 1 to 100; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only this product's; a product sees its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}
