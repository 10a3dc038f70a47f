//! What an event was about and worth.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::normalize::normalize_currency;
use crate::macros::open_enum;

open_enum! {
    /// What the ids of [`CustomData::content_ids`] name.
    ContentType {
        /// Single products.
        Product = "product",
        /// Groups of products, as all sizes of a shirt.
        ProductGroup = "product_group",
    }
}

open_enum! {
    /// How goods reach the buyer.
    DeliveryCategory {
        /// The buyer enters the shop.
        InStore = "in_store",
        /// The buyer drives up to the shop.
        Curbside = "curbside",
        /// They are brought to the buyer's home.
        HomeDelivery = "home_delivery",
    }
}

open_enum! {
    /// What kind of customer the person is to the business, a line of it, a product area or a medium.
    CustomerSegmentation {
        /// New to the business.
        NewToBusiness = "new_customer_to_business",
        /// New to the line of business.
        NewToBusinessLine = "new_customer_to_business_line",
        /// New to the product area.
        NewToProductArea = "new_customer_to_product_area",
        /// New to the medium.
        NewToMedium = "new_customer_to_medium",
        /// Known to the business.
        ExistingToBusiness = "existing_customer_to_business",
        /// Known to the line of business.
        ExistingToBusinessLine = "existing_customer_to_business_line",
        /// Known to the product area.
        ExistingToProductArea = "existing_customer_to_product_area",
        /// Known to the medium.
        ExistingToMedium = "existing_customer_to_medium",
        /// In a loyalty programme.
        InLoyaltyProgram = "customer_in_loyalty_program",
    }
}

/// A product in an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Content {
    /// Its id in the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<u64>,
    /// The price of one, in the currency's major unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_price: Option<f64>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Its category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// How it reaches the buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_category: Option<DeliveryCategory>,
}

/// What an event was about and worth
/// ([custom data](https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/custom-data)).
///
/// Nothing here is hashed: personal data do not belong here, and events whose texts are e-mail addresses are refused.
/// `Debug` shows value, currency and the names of what else is there.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CustomData {
    /// What it was worth, in the currency's major unit: 9.99. Required of purchases; 0 is allowed, less is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The currency of `value`, three letters after ISO 4217. Required of purchases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Ids of the products.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content_ids: Vec<String>,
    /// The products in detail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<Content>,
    /// What `content_ids` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<ContentType>,
    /// The name of the page or product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_name: Option<String>,
    /// The category of the page or product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_category: Option<String>,
    /// How many things a checkout holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_items: Option<u64>,
    /// The order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// What was searched for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_string: Option<String>,
    /// How a registration ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// What the customer will be worth in all, as the advertiser foresees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicted_ltv: Option<f64>,
    /// The value less what it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net_revenue: Option<f64>,
    /// How the goods reach the buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_category: Option<DeliveryCategory>,
    /// The number of the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_number: Option<String>,
    /// What kind of customer the person is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_segmentation: Option<CustomerSegmentation>,
    /// Further properties, the advertiser's own or those of travel, automotive and real-estate events.
    #[serde(flatten)]
    pub properties: Map<String, Value>,
}

impl CustomData {
    /// The keys that have a field of their own, and may not be among [`properties`](Self::properties).
    pub const KEYS: &'static [&'static str] = &[
        "value",
        "currency",
        "content_ids",
        "contents",
        "content_type",
        "content_name",
        "content_category",
        "num_items",
        "order_id",
        "search_string",
        "status",
        "predicted_ltv",
        "net_revenue",
        "delivery_category",
        "item_number",
        "customer_segmentation",
    ];

    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What a purchase was worth, in the currency's major unit. The currency is written in capitals: `eur` gives `EUR`; what
    /// has not three letters stays as it is, and is reported before the event is sent.
    pub fn worth(value: f64, currency: &str) -> Self {
        let currency = normalize_currency(currency).unwrap_or_else(|| currency.to_owned());
        Self { value: Some(value), currency: Some(currency), ..Self::default() }
    }

    /// The same with a property of the advertiser's own.
    #[must_use]
    pub fn property(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.properties.insert(name.into(), value.into());
        self
    }
}

impl fmt::Debug for CustomData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomData")
            .field("value", &self.value)
            .field("currency", &self.currency)
            .field("content_ids", &self.content_ids.len())
            .field("contents", &self.contents.len())
            .field("properties", &self.properties.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::macros::check_enum;

    #[test]
    fn values_of_tomorrow_survive() {
        check_enum::<ContentType>();
        check_enum::<DeliveryCategory>();
        check_enum::<CustomerSegmentation>();
    }

    #[test]
    fn properties_stand_beside_the_fields() {
        let data = CustomData::worth(9.5, " eur ").property("plan", "pro").property("seats", 3);
        let written = serde_json::to_value(&data).unwrap();
        assert_eq!(written, json!({"value": 9.5, "currency": "EUR", "plan": "pro", "seats": 3}));
        assert_eq!(serde_json::from_value::<CustomData>(written).unwrap(), data);
    }
}
