//! One event.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::app_data::AppData;
use super::attribution::AttributionData;
use super::custom_data::CustomData;
use super::data_processing::DataProcessing;
use super::user_data::UserData;
use crate::macros::open_enum;

open_enum! {
    /// What happened. Any other name is an event of the advertiser's own: `EventName::from("Upgraded")`
    /// ([standard events](https://developers.facebook.com/docs/meta-pixel/reference)).
    EventName {
        /// Payment details were added during checkout.
        AddPaymentInfo = "AddPaymentInfo",
        /// Something was put into the cart.
        AddToCart = "AddToCart",
        /// Something was put on a wish list.
        AddToWishlist = "AddToWishlist",
        /// A registration was completed.
        CompleteRegistration = "CompleteRegistration",
        /// The business was contacted.
        Contact = "Contact",
        /// A product was customised.
        CustomizeProduct = "CustomizeProduct",
        /// A donation was made.
        Donate = "Donate",
        /// A shop was looked for.
        FindLocation = "FindLocation",
        /// A checkout was begun.
        InitiateCheckout = "InitiateCheckout",
        /// Someone became a lead.
        Lead = "Lead",
        /// A page was opened.
        PageView = "PageView",
        /// A purchase was made. Needs a value and a currency.
        Purchase = "Purchase",
        /// A visit was booked.
        Schedule = "Schedule",
        /// Something was searched for.
        Search = "Search",
        /// A free trial was begun.
        StartTrial = "StartTrial",
        /// An application was submitted.
        SubmitApplication = "SubmitApplication",
        /// A paid subscription was begun.
        Subscribe = "Subscribe",
        /// A product or another page of note was viewed.
        ViewContent = "ViewContent",
    }
}

open_enum! {
    /// Where an event happened
    /// ([action source](https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/server-event)).
    ActionSource {
        /// In an e-mail.
        Email = "email",
        /// On a website.
        Website = "website",
        /// In an app.
        App = "app",
        /// On the phone.
        PhoneCall = "phone_call",
        /// In a chat.
        Chat = "chat",
        /// In a shop that one can enter.
        PhysicalStore = "physical_store",
        /// By itself, such as a subscription that renews.
        SystemGenerated = "system_generated",
        /// In Messenger, Instagram or WhatsApp, after an ad that opens a conversation.
        BusinessMessaging = "business_messaging",
        /// Elsewhere.
        Other = "other",
    }
}

open_enum! {
    /// The messenger of an event whose action source is [`BusinessMessaging`](ActionSource::BusinessMessaging).
    MessagingChannel {
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// Messenger.
        Messenger = "messenger",
        /// Instagram.
        Instagram = "instagram",
    }
}

/// The event that a later one belongs to, as a delivery to its order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct OriginalEvent {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_name: Option<EventName>,
    /// When it happened, to the second.
    #[serde(default, with = "chrono::serde::ts_seconds_option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<i64>"))]
    pub event_time: Option<DateTime<Utc>>,
    /// Its order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
    /// Its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
}

/// Something that a person did, as Meta counts it
/// ([server event](https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/server-event)).
///
/// Give every event an [`event_id`](Self::event_id): a second event of the same name and id that reaches the same dataset
/// within 48 hours counts as a repetition, whether it came from the browser or from here. Only then can a call be repeated
/// whose answer was lost.
///
/// `Debug` shows neither the person nor any URL.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Event {
    /// What happened.
    pub event_name: EventName,
    /// When it happened, to the second. At most 7 days ago, in a shop 62; events that are sent within the hour count most.
    #[serde(with = "chrono::serde::ts_seconds")]
    #[cfg_attr(feature = "schemars", schemars(with = "i64"))]
    pub event_time: DateTime<Utc>,
    /// Where it happened.
    pub action_source: ActionSource,
    /// Whose event it is.
    pub user_data: UserData,
    /// The id that the browser gives to the same event as `eventID`; any text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// The page's URL. Required of events of a website; its domain has to be verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_source_url: Option<String>,
    /// The page that led there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer_url: Option<String>,
    /// What it was about and worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<CustomData>,
    /// The app and the device. Required of events of an app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_data: Option<AppData>,
    /// Whether to use it for attribution alone, and not to choose who sees ads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opt_out: Option<bool>,
    /// How far Meta may use the person's data.
    #[serde(flatten)]
    pub data_processing: Option<DataProcessing>,
    /// The messenger. Required of events of business messaging.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messaging_channel: Option<MessagingChannel>,
    /// The event that this one follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_event_data: Option<OriginalEvent>,
    /// What the advertiser's own measurement attributed. For partners.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution_data: Option<AttributionData>,
    /// The table of advanced measurement. For partners.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advanced_measurement_table: Option<String>,
}

impl Event {
    /// An event with what Meta requires of all; the rest is set on its fields.
    pub fn new(name: EventName, time: impl Into<DateTime<Utc>>, source: ActionSource, user: UserData) -> Self {
        Self {
            event_name: name,
            event_time: time.into(),
            action_source: source,
            user_data: user,
            event_id: None,
            event_source_url: None,
            referrer_url: None,
            custom_data: None,
            app_data: None,
            opt_out: None,
            data_processing: None,
            messaging_channel: None,
            original_event_data: None,
            attribution_data: None,
            advanced_measurement_table: None,
        }
    }

    /// An event of a website. `user` has to hold the browser's user agent.
    pub fn website(name: EventName, time: impl Into<DateTime<Utc>>, url: impl Into<String>, user: UserData) -> Self {
        Self { event_source_url: Some(url.into()), ..Self::new(name, time, ActionSource::Website, user) }
    }

    /// The same event with this id.
    #[must_use]
    pub fn id(self, id: impl Into<String>) -> Self {
        Self { event_id: Some(id.into()), ..self }
    }

    /// The same event with what it was about.
    #[must_use]
    pub fn custom_data(self, data: CustomData) -> Self {
        Self { custom_data: Some(data), ..self }
    }

    /// The same event with the app and the device.
    #[must_use]
    pub fn app_data(self, data: AppData) -> Self {
        Self { app_data: Some(data), ..self }
    }

    /// The same event with a word on how far Meta may use the person's data.
    #[must_use]
    pub fn data_processing(self, options: DataProcessing) -> Self {
        Self { data_processing: Some(options), ..self }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("event_name", &self.event_name)
            .field("event_time", &self.event_time)
            .field("action_source", &self.action_source)
            .field("event_id", &self.event_id)
            .field("user_data", &self.user_data)
            .field("custom_data", &self.custom_data)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::macros::check_enum;

    #[test]
    fn values_of_tomorrow_survive() {
        check_enum::<EventName>();
        check_enum::<ActionSource>();
        check_enum::<MessagingChannel>();
    }

    #[test]
    fn printing_shows_neither_person_nor_url() {
        let user = UserData::new().email("mary@example.com").client_user_agent("hunter2");
        let event =
            Event::website(EventName::Lead, DateTime::UNIX_EPOCH, "https://x.test/?email=mary@example.com", user)
                .id("e1")
                .custom_data(CustomData { search_string: Some("mary".to_owned()), ..CustomData::new() });
        let printed = format!("{event:?}");
        assert!(printed.contains("Lead") && printed.contains("e1") && printed.contains("UserData(em"), "{printed}");
        assert!(!printed.contains("mary") && !printed.contains("hunter2") && !printed.contains("x.test"), "{printed}");
    }
}
