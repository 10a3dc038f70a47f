//! Creatives: what an ad shows.

use acd_core::Operation;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::labels::AdLabelRef;
use super::once::labelled;
use crate::answers::{Created, List};
use crate::limits::{ads_read, ads_write};
use crate::macros::{node_calls, object, open_enum, request};
use crate::{AdAccountId, CreativeId, IgUserId, LeadFormId, MetaCall, MetaClient, PageId, VideoId};

/// `POST /act_{account}/adcreatives`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/adcreatives), read 2026-11)
pub const CREATE: Operation = ads_write("meta.creatives.create", Method::POST, "/{version}/{account}/adcreatives");
/// `GET /act_{account}/adcreatives`
pub const LIST: Operation = ads_read("meta.creatives.list", "/{version}/{account}/adcreatives");
/// `GET /{creative}`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-creative), read 2026-11)
pub const GET: Operation = ads_read("meta.creatives.get", "/{version}/{id}");
/// `POST /{creative}`
pub const UPDATE: Operation = ads_write("meta.creatives.update", Method::POST, "/{version}/{id}").idempotent();
/// `DELETE /{creative}`
pub const DELETE: Operation = ads_write("meta.creatives.delete", Method::DELETE, "/{version}/{id}").idempotent();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, LIST, GET, UPDATE, DELETE];

open_enum! {
    /// Where a creative stands.
    CreativeStatus {
        Active = "ACTIVE",
        InProcess = "IN_PROCESS",
        WithIssues = "WITH_ISSUES",
        Deleted = "DELETED",
    }
}

open_enum! {
    /// What the button says. Meta knows about a hundred; these are the common ones.
    CallToActionType {
        LearnMore = "LEARN_MORE",
        ShopNow = "SHOP_NOW",
        SignUp = "SIGN_UP",
        Subscribe = "SUBSCRIBE",
        Download = "DOWNLOAD",
        InstallMobileApp = "INSTALL_MOBILE_APP",
        UseApp = "USE_APP",
        BookTravel = "BOOK_TRAVEL",
        ContactUs = "CONTACT_US",
        GetOffer = "GET_OFFER",
        GetQuote = "GET_QUOTE",
        ApplyNow = "APPLY_NOW",
        OrderNow = "ORDER_NOW",
        WatchMore = "WATCH_MORE",
        MessagePage = "MESSAGE_PAGE",
        WhatsappMessage = "WHATSAPP_MESSAGE",
        CallNow = "CALL_NOW",
        NoButton = "NO_BUTTON",
    }
}

/// The button.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CallToAction {
    /// What it says.
    #[serde(rename = "type")]
    pub kind: CallToActionType,
    /// Where it leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<CallToActionValue>,
}

/// Where a button leads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CallToActionValue {
    /// A web page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// A place in an app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_link: Option<String>,
    /// A form that asks for leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead_gen_form_id: Option<LeadFormId>,
    /// Further members by their names.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A new post of a page, which the ad shows
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-creative-object-story-spec), read 2026-11).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct ObjectStorySpec {
    /// The page.
    pub page_id: PageId,
    /// The Instagram account that shows it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instagram_user_id: Option<IgUserId>,
    /// What the post is.
    #[serde(flatten)]
    pub content: StoryContent,
}

/// What a post is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StoryContent {
    /// A link with an image, or a carousel.
    LinkData(LinkData),
    /// A video.
    VideoData(VideoData),
    /// An image.
    PhotoData(PhotoData),
    /// Items of a catalog.
    TemplateData(LinkData),
}

/// A link with an image, or a carousel of 2 to 10 cards.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct LinkData {
    /// Where it leads.
    pub link: String,
    /// The text above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The text below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The link as it is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// The image, by the hash that its upload gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_hash: Option<String>,
    /// The image, by its URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// The button.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_to_action: Option<CallToAction>,
    /// The cards of a carousel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub child_attachments: Vec<LinkCard>,
    /// Further members by their names.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A card of a carousel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct LinkCard {
    /// Where it leads.
    pub link: String,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The text below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The image, by the hash that its upload gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_hash: Option<String>,
    /// The video, in the place of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_id: Option<VideoId>,
    /// The button.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_to_action: Option<CallToAction>,
    /// Further members by their names.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// A video, which needs an image for when it does not play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct VideoData {
    /// The video.
    pub video_id: VideoId,
    /// The image, by its URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// The image, by the hash that its upload gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_hash: Option<String>,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The text above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The text below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_description: Option<String>,
    /// The button, which also says where it leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_to_action: Option<CallToAction>,
    /// Further members by their names.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An image.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct PhotoData {
    /// The image, by the hash that its upload gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_hash: Option<String>,
    /// The image, by its URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
}

request! {
    /// The body of [`CREATE`]: a new post, one that is there, or assets that Meta combines.
    CreateCreative {
        ..
        /// The name, in the library alone.
        name: String,
        /// A new post.
        object_story_spec: ObjectStorySpec,
        /// A post that is there, as `{page}_{post}`.
        object_story_id: String,
        /// A post of Instagram that is there.
        source_instagram_media_id: String,
        /// Assets that Meta combines; with the page in `object_story_spec`
        /// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-asset-feed-spec), read 2026-11).
        asset_feed_spec: Map<String, Value>,
        /// The set of products that a template shows.
        product_set_id: String,
        /// Added to the query of every link, with macros such as `{{campaign.id}}`.
        url_tags: String,
        /// Which of Meta's improvements are taken.
        degrees_of_freedom_spec: Map<String, Value>,
        /// `NONE`, `POLITICAL` or `POLITICAL_WITH_DIGITALLY_CREATED_MEDIA`.
        authorization_category: String,
        /// Labels; `create_once` adds its own.
        adlabels: Vec<AdLabelRef>,
    }
}

request! {
    /// The body of [`UPDATE`]. What a creative shows cannot change: make another one and give it to the ad.
    UpdateCreative {
        ..
        /// The name.
        name: String,
        /// `ACTIVE` or `DELETED`.
        status: CreativeStatus,
        /// Labels, in the place of those it has.
        adlabels: Vec<AdLabelRef>,
    }
}

object! {
    /// A creative ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-creative), read 2026-11).
    Creative(CreativeId), CreativeFields {
        /// The ad account.
        account_id: AdAccountId,
        /// The name.
        name: String,
        /// Where it stands.
        status: CreativeStatus,
        /// The title that it shows.
        title: String,
        /// The text that it shows.
        body: String,
        /// The new post that it was made of.
        object_story_spec: Map<String, Value>,
        /// The post that was there.
        object_story_id: String,
        /// The post that it shows, new or not.
        effective_object_story_id: String,
        /// The image.
        image_hash: String,
        /// The image.
        image_url: String,
        /// The video.
        video_id: VideoId,
        /// A small image, valid for some days.
        thumbnail_url: String,
        /// Added to the query of every link.
        url_tags: String,
    }
}

/// The query of [`LIST`].
pub type ListCreatives = List<CreativeFields>;

/// Creatives.
#[derive(Clone, Copy, Debug)]
pub struct CreativesClient<'c> {
    meta: &'c MetaClient,
}

node_calls!(CreativesClient { LIST, GET, UPDATE, DELETE } Creative(CreativeId), CreativeFields, ListCreatives, UpdateCreative);

impl<'c> CreativesClient<'c> {
    /// Creates a creative. Not repeated when its outcome is unknown: [`create_once`](Self::create_once) settles that.
    pub fn create(&self, account: &AdAccountId, creative: &CreateCreative) -> MetaCall<'c, Created<CreativeId>> {
        MetaCall::json(self.meta, &CREATE).account(account).body(creative)
    }
}

labelled!(CreativesClient, CreateCreative, CreativeId, create, creatives);

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;
    use serde_json::json;

    use super::*;
    use crate::macros::check_enum;
    use crate::testing::{scripted, sent};

    #[test]
    fn a_lead_ad_is_created_as_metas_page_has_it() {
        let (harness, meta) = scripted([answer(200).body(r#"{"id":"3"}"#)]);
        let value = CallToActionValue { lead_gen_form_id: Some("88".into()), ..CallToActionValue::default() };
        let link = LinkData {
            link: "https://fb.me/".to_owned(),
            message: Some("Join".to_owned()),
            image_hash: Some("abc".to_owned()),
            call_to_action: Some(CallToAction { kind: CallToActionType::SignUp, value: Some(value) }),
            ..LinkData::default()
        };
        let story =
            ObjectStorySpec { page_id: "4".into(), instagram_user_id: None, content: StoryContent::LinkData(link) };
        let creative = CreateCreative { object_story_spec: Some(story), ..CreateCreative::new() };
        harness.run(meta.creatives().create(&"17".into(), &creative).into_future()).unwrap();
        let body = json!({ "object_story_spec": { "page_id": "4", "link_data": {
            "link": "https://fb.me/", "message": "Join", "image_hash": "abc",
            "call_to_action": { "type": "SIGN_UP", "value": { "lead_gen_form_id": "88" } }
        } } });
        assert_eq!(sent(&harness), [("POST /v26.0/act_17/adcreatives".to_owned(), body)]);
    }

    #[test]
    fn values_of_tomorrow_survive() {
        check_enum::<CreativeStatus>();
        check_enum::<CallToActionType>();
    }
}
