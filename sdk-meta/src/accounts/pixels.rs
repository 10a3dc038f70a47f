//! Pixels and datasets, and how many events they took.

use acd_core::Operation;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answers::{Created, Done, List};
use crate::limits::{ads_read, ads_write};
use crate::macros::{object, open_enum, request};
use crate::page::list_all;
use crate::text::TextOrNumber;
use crate::{AdAccountId, MetaCall, MetaClient, Page, PixelId, Timestamp};

/// `POST /act_{account}/adspixels`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/adspixels), read 2026-11)
pub const PIXELS_CREATE: Operation = ads_write("meta.pixels.create", Method::POST, "/{version}/{account}/adspixels");
/// `GET /act_{account}/adspixels`
pub const PIXELS_LIST: Operation = ads_read("meta.pixels.list", "/{version}/{account}/adspixels");
/// `GET /{pixel}`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ads-pixel), read 2026-11)
pub const PIXELS_GET: Operation = ads_read("meta.pixels.get", "/{version}/{id}");
/// `POST /{pixel}`
pub const PIXELS_UPDATE: Operation = ads_write("meta.pixels.update", Method::POST, "/{version}/{id}").idempotent();
/// `GET /{pixel}/stats`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ads-pixel/stats), read 2026-11)
pub const PIXELS_STATS: Operation = ads_read("meta.pixels.stats", "/{version}/{id}/stats");

object! {
    /// A pixel or dataset ([page](https://developers.facebook.com/docs/marketing-api/reference/ads-pixel), read 2026-11).
    Pixel(PixelId), PixelFields {
        /// The name.
        name: String,
        /// The code to put on a website.
        code: String,
        /// When it last fired.
        last_fired_time: Timestamp,
        /// Whether it is gone.
        is_unavailable: bool,
        /// For what its data are used.
        data_use_setting: DataUseSetting,
        /// Whether it looks for contact data by itself.
        enable_automatic_matching: bool,
    }
}

open_enum! {
    /// For what a pixel's data are used.
    DataUseSetting {
        Empty = "EMPTY",
        AdvertisingAndAnalytics = "ADVERTISING_AND_ANALYTICS",
        AnalyticsOnly = "ANALYTICS_ONLY",
    }
}

request! {
    /// The body of [`PIXELS_UPDATE`]: what shall be different.
    UpdatePixel {
        ..
        /// The name.
        name: String,
        /// For what its data are used.
        data_use_setting: DataUseSetting,
        /// Whether it looks for contact data by itself.
        enable_automatic_matching: bool,
        /// For which contact data it looks, such as `em`.
        automatic_matching_fields: Vec<String>,
    }
}

open_enum! {
    /// By what events are summed up. Meta knows about sixteen ways; these are the common ones.
    PixelAggregation {
        Event = "event",
        EventSource = "event_source",
        EventTotalCounts = "event_total_counts",
        MatchKeys = "match_keys",
        HadPii = "had_pii",
        DeviceType = "device_type",
        Url = "url",
        Host = "host",
    }
}

request! {
    /// The query of [`PIXELS_STATS`].
    PixelStats {
        /// By what events are summed up.
        aggregation: PixelAggregation,
        ..
        /// From then on.
        start_time: Timestamp,
        /// Until then.
        end_time: Timestamp,
        /// Events of this name alone.
        event: String,
    }
}

/// The events of one hour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PixelHour {
    /// When the hour begins.
    pub start_time: Timestamp,
    /// By what they are summed up.
    pub aggregation: PixelAggregation,
    /// The sums.
    #[serde(default)]
    pub data: Vec<PixelCount>,
}

/// How many events had a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PixelCount {
    /// The value, such as `Purchase`.
    #[cfg_attr(feature = "schemars", schemars(schema_with = "crate::text::schema::id"))]
    pub value: String,
    /// How many events had it.
    #[cfg_attr(feature = "schemars", schemars(schema_with = "crate::text::schema::count"))]
    pub count: u64,
}

// Meta writes either now as text, now as a number.
impl<'de> Deserialize<'de> for PixelCount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            value: TextOrNumber,
            count: TextOrNumber,
        }
        let wire = Wire::deserialize(deserializer)?;
        let count = wire.count.0.parse().map_err(|_| serde::de::Error::custom("expected a number of events"))?;
        Ok(Self { value: wire.value.0, count })
    }
}

/// The query of [`PIXELS_LIST`].
pub type ListPixels = List<PixelFields>;

/// Pixels.
#[derive(Clone, Copy, Debug)]
pub struct PixelsClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> PixelsClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Creates a pixel. Not repeated when its outcome is unknown: look for its name in the list.
    pub fn create(&self, account: &AdAccountId, name: &str) -> MetaCall<'c, Created<PixelId>> {
        MetaCall::json(self.meta, &PIXELS_CREATE).account(account).body(&json!({ "name": name }))
    }

    /// Lists the account's pixels. Safe to repeat.
    pub fn list(&self, account: &AdAccountId, query: &ListPixels) -> MetaCall<'c, Page<Pixel>> {
        MetaCall::json(self.meta, &PIXELS_LIST).account(account).query(query)
    }

    list_all! {
        /// Every pixel of the account.
        PixelsClient: list_all, list(account: AdAccountId), ListPixels => Pixel
    }

    /// Reads a pixel. Safe to repeat.
    pub fn get(&self, id: &PixelId, fields: &PixelFields) -> MetaCall<'c, Pixel> {
        MetaCall::json(self.meta, &PIXELS_GET).path("id", id).param("fields", fields)
    }

    /// Changes a pixel. Safe to repeat.
    pub fn update(&self, id: &PixelId, change: &UpdatePixel) -> MetaCall<'c, Done> {
        MetaCall::json(self.meta, &PIXELS_UPDATE).path("id", id).body(change)
    }

    /// How many events came in, hour by hour. Safe to repeat.
    pub fn stats(&self, id: &PixelId, query: &PixelStats) -> MetaCall<'c, Page<PixelHour>> {
        MetaCall::json(self.meta, &PIXELS_STATS).path("id", id).query(query)
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;

    use super::*;
    use crate::macros::check_enum;
    use crate::testing::{scripted, sent};

    #[test]
    fn events_are_counted_by_the_hour() {
        let hour = r#"{"start_time":"2026-01-05T10:00:00+0000","aggregation":"event",
            "data":[{"value":"Purchase","count":2},{"value":"Lead","count":"1"}]}"#;
        let (harness, meta) = scripted([answer(200).body(format!(r#"{{"data":[{hour}]}}"#))]);
        let query = PixelStats { event: Some("Purchase".to_owned()), ..PixelStats::new(PixelAggregation::Event) };
        let stats = harness.run(meta.pixels().stats(&"9".into(), &query).into_future()).unwrap();
        let counts: Vec<_> = stats.data[0].data.iter().map(|count| (count.value.as_str(), count.count)).collect();
        assert_eq!(counts, [("Purchase", 2), ("Lead", 1)]);
        assert_eq!(sent(&harness)[0].0, "GET /v26.0/9/stats?aggregation=event&event=Purchase");
    }

    #[test]
    fn values_of_tomorrow_survive() {
        check_enum::<DataUseSetting>();
        check_enum::<PixelAggregation>();
    }
}
