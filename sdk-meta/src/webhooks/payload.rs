//! What a webhook says.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::Value;

use super::messaging::{MessagingEvent, Person};
use crate::macros::open_enum;
use crate::text::TextOrNumber;
use crate::{AdId, IgMediaId, LeadFormId, LeadId, PageId, Timestamp};

open_enum! {
    /// What a webhook is about.
    WebhookObject {
        Page = "page",
        AdAccount = "ad_account",
        Instagram = "instagram",
        Application = "application",
        User = "user",
        Permissions = "permissions",
        WhatsappBusinessAccount = "whatsapp_business_account",
    }
}

/// The body of a webhook: up to 1000 changes. What is written again means the same: ids become texts, times are written in
/// one form, and of events that are known by name what this version knows of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct WebhookBody {
    /// What it is about.
    pub object: WebhookObject,
    /// What happened, by object.
    pub entry: Vec<Entry>,
}

impl WebhookBody {
    /// Every change, with the entry that it is in.
    pub fn changes(&self) -> impl Iterator<Item = (&Entry, &Change)> {
        self.entry.iter().flat_map(|entry| entry.changes.iter().map(move |change| (entry, change)))
    }
}

/// What happened to one object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Entry {
    /// The page, ad account or Instagram account; `0` in test deliveries.
    #[serde(deserialize_with = "text")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::id"))]
    pub id: String,
    /// When Meta noticed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::maybe_time"))]
    pub time: Option<Timestamp>,
    /// What changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What happened in conversations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messaging: Vec<MessagingEvent>,
    /// What happened in conversations that another app leads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub standby: Vec<MessagingEvent>,
    /// The names of what changed, where the app subscribed without values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_fields: Vec<String>,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The field that was subscribed to, such as `leadgen`.
    pub field: String,
    /// What happened.
    pub event: ChangeEvent,
}

/// What happened. What is not known here, or has another form than Meta documents, comes as [`Other`](Self::Other), so
/// that no delivery is lost.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ChangeEvent {
    /// `leadgen`: somebody filled in a form.
    Leadgen(LeadgenChange),
    /// `feed`: a post, comment or reaction on a page.
    Feed(Box<FeedChange>),
    /// `field_changed`: members of an ad object changed. It says which, not to what: read the object.
    FieldChanged(FieldChanged),
    /// `with_issues_ad_objects`: an ad object has a problem.
    WithIssues(IssueChange),
    /// `in_process_ad_objects`: an ad object has been worked on.
    InProcess(InProcessObject),
    /// `comments`, `mentions` or `live_comments` of Instagram.
    Media(MediaChange),
    /// `story_insights`: what a story of Instagram did.
    StoryInsights(StoryInsights),
    /// A field of messages, as Instagram tells of them beside [`Entry::messaging`].
    Messaging(Box<MessagingEvent>),
    /// Anything else, as it came.
    Other(Value),
}

/// Somebody filled in a form. The answers are read by [`LeadsClient::get`](crate::leads::LeadsClient::get).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct LeadgenChange {
    /// The lead.
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::id"))]
    pub leadgen_id: LeadId,
    /// The page.
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::id"))]
    pub page_id: PageId,
    /// The form.
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::id"))]
    pub form_id: LeadFormId,
    /// The ad; none when no ad led to the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::maybe_id"))]
    pub ad_id: Option<AdId>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::maybe_time"))]
    pub created_time: Option<Timestamp>,
}

/// A post, comment or reaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FeedChange {
    /// What: `post`, `comment`, `reaction`, `photo`, `video`, `share`, `status`.
    pub item: String,
    /// What happened to it: `add`, `edited`, `remove`, `hide`.
    pub verb: String,
    /// The post, as `{page}_{post}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_id: Option<String>,
    /// The comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment_id: Option<String>,
    /// What it is an answer to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Person>,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The reaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaction_type: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::maybe_time"))]
    pub created_time: Option<Timestamp>,
}

/// Members of an ad object that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct FieldChanged {
    /// The object.
    #[serde(deserialize_with = "text")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::id"))]
    pub object_id: String,
    /// What it is, such as `ad`.
    pub object_type: String,
    /// Its members, such as `effective_status`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_fields: Vec<String>,
}

/// A problem of an ad object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct IssueChange {
    /// The object.
    #[serde(deserialize_with = "text")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::id"))]
    pub id: String,
    /// What it is, such as `AD_SET`.
    pub level: String,
    /// The code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<i64>,
    /// The cause in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_summary: Option<String>,
    /// The cause, and what to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

/// An ad object that has been worked on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct InProcessObject {
    /// The object.
    #[serde(deserialize_with = "text")]
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::id"))]
    pub id: String,
    /// What it is: `CAMPAIGN`, `AD_SET`, `AD` or `CREATIVE`.
    pub level: String,
    /// Its status now, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_name: Option<String>,
}

/// A comment or mention on Instagram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct MediaChange {
    /// The comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Person>,
    /// On what: `id` and more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Value>,
    /// On what, for mentions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_id: Option<String>,
    /// In which comment, for mentions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment_id: Option<String>,
}

/// What a story did until it ended. Meta leaves out what too few people did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct StoryInsights {
    /// The story.
    #[cfg_attr(feature = "schemars", schemars(schema_with = "super::schema::id"))]
    pub media_id: IgMediaId,
    /// How often it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impressions: Option<i64>,
    /// How many people saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<i64>,
    /// How often somebody went on to the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taps_forward: Option<i64>,
    /// How often somebody went back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taps_back: Option<i64>,
    /// How often somebody left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exits: Option<i64>,
    /// How often somebody replied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replies: Option<i64>,
}

impl ChangeEvent {
    fn read(field: &str, value: Value) -> Self {
        fn typed<T: DeserializeOwned>(value: Value, event: impl FnOnce(T) -> ChangeEvent) -> ChangeEvent {
            match T::deserialize(&value) {
                Ok(change) => event(change),
                Err(_) => ChangeEvent::Other(value),
            }
        }
        match field {
            "leadgen" => typed(value, Self::Leadgen),
            "feed" => typed(value, |change| Self::Feed(Box::new(change))),
            "field_changed" => typed(value, Self::FieldChanged),
            "with_issues_ad_objects" => typed(value, Self::WithIssues),
            "in_process_ad_objects" => typed(value, Self::InProcess),
            "comments" | "mentions" | "live_comments" => typed(value, Self::Media),
            "story_insights" => typed(value, Self::StoryInsights),
            "messages" | "message_reactions" | "messaging_postbacks" | "messaging_referral" | "messaging_seen" => {
                typed(value, |event| Self::Messaging(Box::new(event)))
            }
            _ => Self::Other(value),
        }
    }
}

/// One change. Its `value` is by the field: a [`LeadgenChange`] for `leadgen`, a [`FeedChange`] for `feed`, a [`FieldChanged`] for
/// `field_changed`, an [`IssueChange`] for `with_issues_ad_objects`, an [`InProcessObject`] for `in_process_ad_objects`, a
/// [`MediaChange`] for `comments`, `mentions` and `live_comments`, [`StoryInsights`] for `story_insights`, and a [`MessagingEvent`] for
/// what Instagram tells of conversations.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub(super) struct WireChange {
    /// The field that was subscribed to.
    #[cfg_attr(feature = "schemars", schemars(with = "super::WebhookField"))]
    field: String,
    /// What happened, in the form that the field has.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    value: Value,
}

impl<'de> Deserialize<'de> for Change {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let WireChange { field, value } = WireChange::deserialize(deserializer)?;
        let event = ChangeEvent::read(&field, value);
        Ok(Self { field, event })
    }
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = serde_json::to_value(&self.event).map_err(ser::Error::custom)?;
        WireChange { field: self.field.clone(), value }.serialize(serializer)
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    TextOrNumber::deserialize(deserializer).map(|text| text.0)
}

#[cfg(test)]
mod tests {
    use acd_core::Secret;
    use acd_core::webhook::{Scheme, Verifier};
    use http::HeaderMap;
    use serde_json::json;

    use super::super::messaging::MessagingContent;
    use super::*;

    fn events(body: &Value) -> Vec<ChangeEvent> {
        let body: WebhookBody = serde_json::from_value(body.clone()).unwrap();
        body.changes().map(|(_, change)| change.event.clone()).collect()
    }

    fn one(object: &str, field: &str, value: &Value) -> ChangeEvent {
        let changes = json!([{ "field": field, "value": value }]);
        events(&json!({ "object": object, "entry": [{ "id": "1", "time": 1_438_292_065, "changes": changes }] }))
            .remove(0)
    }

    #[test]
    fn a_signed_delivery_is_read() {
        let verifier = Verifier::new(Scheme::Meta, [Secret::from("app-secret-example")]).unwrap();
        let mut headers = HeaderMap::new();
        let signature = "sha256=0da71fcbdeb7a0dea178102b688d1a9cb15cf69f7b418cb29ad1e895cdd8367d";
        headers.insert("x-hub-signature-256", signature.parse().unwrap());
        let delivery =
            verifier.verify(&headers, r#"{"object":"page","entry":[]}"#).unwrap().json::<WebhookBody>().unwrap();
        assert_eq!(delivery.event().object, WebhookObject::Page);
    }

    #[test]
    fn ids_are_read_as_numbers_and_as_text_and_organic_leads_have_no_ad() {
        let value = json!({ "leadgen_id": 123, "page_id": "9", "form_id": 8, "created_time": 1_440_120_384 });
        let ChangeEvent::Leadgen(lead) = one("page", "leadgen", &value) else { panic!("no lead") };
        assert_eq!((lead.leadgen_id.as_str(), lead.form_id.as_str(), lead.ad_id), ("123", "8", None));
        let entry = json!({ "object": "ad_account", "entry": [{ "id": 0, "time": 1, "changes": [] }] });
        let body: WebhookBody = serde_json::from_value(entry).unwrap();
        assert_eq!(body.entry[0].id, "0");
    }

    #[test]
    fn every_documented_change_has_its_type() {
        let issue = json!({ "id": 7, "level": "AD", "error_code": 1, "error_summary": "s", "error_message": "m" });
        assert!(matches!(one("ad_account", "with_issues_ad_objects", &issue), ChangeEvent::WithIssues(_)));
        let done = json!({ "id": "7", "level": "CREATIVE", "status_name": "Paused" });
        assert!(matches!(one("ad_account", "in_process_ad_objects", &done), ChangeEvent::InProcess(_)));
        let changed = json!({ "object_id": "7", "object_type": "ad", "changed_fields": ["effective_status"] });
        assert!(matches!(one("ad_account", "field_changed", &changed), ChangeEvent::FieldChanged(_)));
        let post = json!({ "item": "comment", "verb": "add", "post_id": "9_1", "from": { "id": "2" }, "published": 1 });
        assert!(matches!(one("page", "feed", &post), ChangeEvent::Feed(_)));
        let comment =
            json!({ "id": "5", "text": "hi", "from": { "id": "2", "username": "u" }, "media": { "id": "3" } });
        assert!(matches!(one("instagram", "comments", &comment), ChangeEvent::Media(_)));
        let story = json!({ "media_id": "3", "impressions": 444, "reach": 44, "replies": -1 });
        assert!(matches!(one("instagram", "story_insights", &story), ChangeEvent::StoryInsights(_)));
        let message = json!({ "sender": { "id": "2" }, "timestamp": "5", "message": { "mid": "m", "text": "hi" } });
        let ChangeEvent::Messaging(event) = one("instagram", "messages", &message) else { panic!("no message") };
        assert!(matches!(event.content, MessagingContent::Message(_)) && event.timestamp == Some(5));
    }

    #[test]
    fn conversations_and_names_of_what_changed_are_read() {
        let event = json!({ "sender": { "id": "2" }, "message": { "mid": "m", "text": "hi" } });
        let entry = json!({ "id": "9", "time": 1, "messaging": [event, { "optin": {} }], "changed_fields": ["name"] });
        let body: WebhookBody = serde_json::from_value(json!({ "object": "page", "entry": [entry] })).unwrap();
        assert!(matches!(body.entry[0].messaging[0].content, MessagingContent::Message(_)));
        assert!(matches!(body.entry[0].messaging[1].content, MessagingContent::Other(_)));
        assert_eq!(body.entry[0].changed_fields, ["name"]);
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let messaging = json!([
            { "sender": { "id": "2" }, "recipient": { "id": "9" }, "timestamp": 5, "message": { "mid": "m", "is_echo": true } },
            { "postback": { "payload": "GO", "referral": { "ref": "r", "type": "OPEN_THREAD" } } },
            { "delivery": { "mids": ["m"], "watermark": 5 } },
            { "read": { "mid": "m" } },
            { "reaction": { "mid": "m", "action": "react" } },
            { "referral": { "source": "ADS", "ad_id": "6" } },
            { "sender": { "id": "2", "new": 1 }, "optin": {} },
        ]);
        let changes = json!([
            { "field": "leadgen", "value": { "leadgen_id": "1", "page_id": "9", "form_id": "8" } },
            { "field": "comments", "value": { "id": "5", "media": { "id": "3" } } },
            { "field": "messages", "value": { "message": { "mid": "m" } } },
            { "field": "a_field_of_tomorrow", "value": [1] },
            { "field": "without_a_value" },
        ]);
        let entry =
            json!({ "id": "9", "time": "2026-01-05T10:00:00+0000", "messaging": messaging, "changes": changes });
        let body = json!({ "object": "page", "entry": [entry] });
        let read: WebhookBody = serde_json::from_value(body.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), body);
    }

    #[test]
    fn what_is_unknown_or_has_another_form_is_kept_as_it_came() {
        let value = json!({ "odd": true });
        for field in ["a_field_of_tomorrow", "leadgen", "feed", "field_changed"] {
            assert_eq!(one("page", field, &value), ChangeEvent::Other(value.clone()), "{field}");
        }
        crate::macros::check_enum::<WebhookObject>();
    }

    #[test]
    fn a_thousand_changes_are_read() {
        let value = json!({ "leadgen_id": "1", "page_id": "9", "form_id": "8" });
        let changes: Vec<_> = (0..1000).map(|_| json!({ "field": "leadgen", "value": value })).collect();
        let body = json!({ "object": "page", "entry": [{ "id": "9", "time": 1, "changes": changes }] });
        assert_eq!(events(&body).len(), 1000);
    }
}
