//! What a container is made of, and where it stands.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::IgContainerId;
use crate::error::{Error, ErrorKind, Result};
use crate::macros::open_enum;
use crate::media::VideoStatus;

/// The longest caption, in characters, and what may be in it.
const CAPTION: usize = 2200;
const HASHTAGS: usize = 30;
const MENTIONS: usize = 20;
const ALT_TEXT: usize = 1000;
/// The most accounts that are asked to publish along.
const COLLABORATORS: usize = 3;
/// The largest reel and the largest video of a story, in bytes.
const REEL: u64 = 300_000_000;
const STORY: u64 = 100_000_000;

/// Says that a container's bytes are uploaded.
const RESUMABLE: &str = "resumable";

open_enum! {
    /// What a container holds. An image on the feed has none.
    MediaType {
        Reels = "REELS",
        Stories = "STORIES",
        Carousel = "CAROUSEL",
        /// An item of a carousel.
        Video = "VIDEO",
    }
}

open_enum! {
    /// Where a container stands.
    ContainerStatus {
        InProgress = "IN_PROGRESS",
        /// It may be published.
        Finished = "FINISHED",
        Published = "PUBLISHED",
        Error = "ERROR",
        /// It was not published within a day.
        Expired = "EXPIRED",
    }
}

/// Somebody on an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct UserTag {
    /// The account's name.
    pub username: String,
    /// The place from the left, from 0 to 1; on videos none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
    /// The place from the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<f64>,
}

/// An image on the feed: JPEG, at most 8 MB, 320 to 1440 pixels wide, from 4:5 to 1.91:1.
#[derive(Clone, Debug, PartialEq)]
pub struct ImagePost {
    /// Where Meta fetches it.
    pub url: String,
    /// The text.
    pub caption: Option<String>,
    /// What it shows, for people who cannot see it; at most 1000 characters.
    pub alt_text: Option<String>,
    /// Who is on it.
    pub user_tags: Vec<UserTag>,
    /// A place, by its page.
    pub location_id: Option<String>,
    /// Who is asked to publish it too, by their names; at most 3.
    pub collaborators: Vec<String>,
}

impl ImagePost {
    /// The image at this public URL.
    pub fn new(url: impl Into<String>) -> Self {
        let (caption, alt_text, location_id) = (None, None, None);
        let (user_tags, collaborators) = (Vec::new(), Vec::new());
        Self { url: url.into(), caption, alt_text, user_tags, location_id, collaborators }
    }
}

/// A reel, which every single video is: MP4 or MOV, 3 s to 15 minutes, at most 300 MB, 9:16 by preference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reel {
    /// Where Meta fetches it; none where its bytes are [uploaded](super::InstagramClient::upload).
    pub url: Option<String>,
    /// The text.
    pub caption: Option<String>,
    /// Whether it is on the feed too.
    pub share_to_feed: Option<bool>,
    /// Where Meta fetches its cover.
    pub cover_url: Option<String>,
    /// The frame that is its cover, in milliseconds from its beginning.
    pub thumb_offset: Option<u32>,
    /// The name of its sound.
    pub audio_name: Option<String>,
    /// Who is in it.
    pub user_tags: Vec<UserTag>,
    /// A place, by its page.
    pub location_id: Option<String>,
    /// Who is asked to publish it too, by their names; at most 3.
    pub collaborators: Vec<String>,
}

impl Reel {
    /// The video at this public URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..Self::default() }
    }

    /// A video whose bytes are [uploaded](super::InstagramClient::upload).
    #[must_use]
    pub fn uploaded() -> Self {
        Self::default()
    }
}

/// A story, which is gone after a day.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Story {
    /// An image at this public URL.
    Image(String),
    /// A video at this public URL: 3 to 60 s, at most 100 MB.
    Video(String),
    /// A video whose bytes are [uploaded](super::InstagramClient::upload).
    Upload,
}

/// Two to ten images and videos, cut as the first one is.
#[derive(Clone, Debug, PartialEq)]
pub struct Carousel {
    /// Containers that are finished.
    pub children: Vec<IgContainerId>,
    /// The text.
    pub caption: Option<String>,
    /// Who is asked to publish it too, by their names; at most 3.
    pub collaborators: Vec<String>,
}

impl Carousel {
    /// Of these containers, in this order.
    pub fn new(children: impl IntoIterator<Item = IgContainerId>) -> Self {
        Self { children: children.into_iter().collect(), caption: None, collaborators: Vec::new() }
    }
}

/// The body that makes a container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct CreateContainer {
    /// What it holds; an image on the feed has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<MediaType>,
    /// Where Meta fetches the image: a public URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<String>,
    /// Where Meta fetches the video: a public URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    video_url: Option<String>,
    /// `resumable` for a video whose bytes are uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_type: Option<String>,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    caption: Option<String>,
    /// What an image shows, for people who cannot see it; at most 1000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    alt_text: Option<String>,
    /// Who is on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    user_tags: Vec<UserTag>,
    /// A place, by its page.
    #[serde(skip_serializing_if = "Option::is_none")]
    location_id: Option<String>,
    /// Whether a reel is on the feed too.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_to_feed: Option<bool>,
    /// Where Meta fetches a reel's cover.
    #[serde(skip_serializing_if = "Option::is_none")]
    cover_url: Option<String>,
    /// The frame that is the cover, in milliseconds from the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    thumb_offset: Option<u32>,
    /// The name of a reel's sound.
    #[serde(skip_serializing_if = "Option::is_none")]
    audio_name: Option<String>,
    /// Whether it is an item of a carousel, made of an image or a video without a caption.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_carousel_item: bool,
    /// Of a carousel: containers that are finished, 2 to 10 with commas between them.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "joined_children",
        deserialize_with = "split_children"
    )]
    #[cfg_attr(feature = "schemars", schemars(with = "Option<String>"))]
    children: Option<Vec<IgContainerId>>,
    /// Who is asked to publish it too, by their names with commas between them; at most 3.
    #[serde(default, skip_serializing_if = "Vec::is_empty", serialize_with = "joined", deserialize_with = "split")]
    #[cfg_attr(feature = "schemars", schemars(with = "String"))]
    collaborators: Vec<String>,
}

type Written<S> = std::result::Result<<S as Serializer>::Ok, <S as Serializer>::Error>;

/// A list as this edge takes it: one text with commas.
fn joined<S: Serializer>(names: &[String], serializer: S) -> Written<S> {
    serializer.serialize_str(&names.join(","))
}

fn joined_children<S: Serializer>(children: &Option<Vec<IgContainerId>>, serializer: S) -> Written<S> {
    let children: Vec<&str> = children.iter().flatten().map(IgContainerId::as_str).collect();
    serializer.serialize_str(&children.join(","))
}

fn names<I: From<String>>(text: &str) -> Vec<I> {
    text.split(',').filter(|name| !name.is_empty()).map(|name| I::from(name.to_owned())).collect()
}

fn split<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<String>, D::Error> {
    String::deserialize(deserializer).map(|text| names(&text))
}

type Children = Option<Vec<IgContainerId>>;

fn split_children<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Children, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.map(|text| names(&text)))
}

impl CreateContainer {
    /// An image on the feed.
    #[must_use]
    pub fn image(image: ImagePost) -> Self {
        let ImagePost { url, caption, alt_text, user_tags, location_id, collaborators } = image;
        Self { image_url: Some(url), caption, alt_text, user_tags, location_id, collaborators, ..Self::default() }
    }

    /// A reel.
    #[must_use]
    pub fn reel(reel: Reel) -> Self {
        Self {
            media_type: Some(MediaType::Reels),
            upload_type: reel.url.is_none().then(|| RESUMABLE.to_owned()),
            video_url: reel.url,
            caption: reel.caption,
            share_to_feed: reel.share_to_feed,
            cover_url: reel.cover_url,
            thumb_offset: reel.thumb_offset,
            audio_name: reel.audio_name,
            user_tags: reel.user_tags,
            location_id: reel.location_id,
            collaborators: reel.collaborators,
            ..Self::default()
        }
    }

    /// A story.
    #[must_use]
    pub fn story(story: Story) -> Self {
        let (image_url, video_url, upload_type) = match story {
            Story::Image(url) => (Some(url), None, None),
            Story::Video(url) => (None, Some(url), None),
            Story::Upload => (None, None, Some(RESUMABLE.to_owned())),
        };
        Self { media_type: Some(MediaType::Stories), image_url, video_url, upload_type, ..Self::default() }
    }

    /// A carousel of containers that are finished.
    #[must_use]
    pub fn carousel(carousel: Carousel) -> Self {
        let Carousel { children, caption, collaborators } = carousel;
        let (media_type, children) = (Some(MediaType::Carousel), Some(children));
        Self { media_type, children, caption, collaborators, ..Self::default() }
    }

    /// An item of a carousel, made of an image or a reel. Items have no caption.
    ///
    /// # Errors
    /// [`ErrorKind::Request`] for a story, a carousel, and what has a caption of its own.
    pub fn as_carousel_item(mut self) -> Result<Self> {
        self.media_type = match self.media_type {
            None => None,
            Some(MediaType::Reels | MediaType::Video) => Some(MediaType::Video),
            Some(_) => return Err(Error::new(ErrorKind::Request, "an item of a carousel is an image or a video")),
        };
        if self.caption.is_some() {
            let problem = "an item of a carousel has no caption: give it to the carousel";
            return Err(Error::new(ErrorKind::Request, problem));
        }
        self.is_carousel_item = true;
        Ok(self)
    }

    /// Whether its bytes are to be uploaded.
    pub(super) const fn is_upload(&self) -> bool {
        self.upload_type.is_some()
    }

    /// The largest video that Instagram takes for it, in bytes.
    pub(super) fn largest(&self) -> u64 {
        if self.media_type == Some(MediaType::Stories) { STORY } else { REEL }
    }

    /// What Meta would refuse, found before it is sent.
    pub(super) fn check(&self) -> std::result::Result<(), String> {
        if let Some(caption) = &self.caption {
            let words =
                |mark: char| caption.split_whitespace().filter(|word| word.len() > 1 && word.starts_with(mark)).count();
            for (what, count, most) in [
                ("characters", caption.chars().count(), CAPTION),
                ("hashtags", words('#'), HASHTAGS),
                ("mentions", words('@'), MENTIONS),
            ] {
                if count > most {
                    return Err(format!("the caption has {count} {what}, and Instagram takes {most}: shorten it"));
                }
            }
        }
        if self.alt_text.as_ref().is_some_and(|text| text.chars().count() > ALT_TEXT) {
            return Err(format!("the alternative text is longer than {ALT_TEXT} characters: shorten it"));
        }
        if self.collaborators.len() > COLLABORATORS {
            let count = self.collaborators.len();
            return Err(format!("{count} collaborators are named, and Instagram takes {COLLABORATORS}: name fewer"));
        }
        match &self.children {
            Some(children) if !(2..=10).contains(&children.len()) => {
                Err(format!("a carousel has 2 to 10 items, and this one {}", children.len()))
            }
            _ => Ok(()),
        }
    }
}

/// Where a container stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Container {
    /// Its id.
    pub id: IgContainerId,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<ContainerStatus>,
    /// The same in words; after a failure with its reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How far the upload of its bytes is, if they are uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video_status: Option<VideoStatus>,
}

impl Container {
    pub(super) fn failure(&self) -> Error {
        let status = self.status.as_deref().unwrap_or("it does not say why");
        Error::new(ErrorKind::Rejected, format!("Instagram cannot use the media: {status}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::macros::check_enum;

    #[test]
    fn each_kind_is_written_as_metas_page_has_it() {
        for (container, expected) in [
            (
                CreateContainer::story(Story::Video("u".to_owned())),
                json!({ "media_type": "STORIES", "video_url": "u" }),
            ),
            (
                CreateContainer::story(Story::Image("u".to_owned())),
                json!({ "media_type": "STORIES", "image_url": "u" }),
            ),
            (
                CreateContainer::reel(Reel::new("u")).as_carousel_item().unwrap(),
                json!({ "media_type": "VIDEO", "video_url": "u", "is_carousel_item": true }),
            ),
            (
                CreateContainer::reel(Reel {
                    collaborators: vec!["ada".to_owned(), "bob".to_owned()],
                    ..Reel::uploaded()
                }),
                json!({ "media_type": "REELS", "upload_type": "resumable", "collaborators": "ada,bob" }),
            ),
            (CreateContainer::story(Story::Upload), json!({ "media_type": "STORIES", "upload_type": "resumable" })),
            (
                CreateContainer::image(ImagePost {
                    user_tags: vec![UserTag { username: "ada".to_owned(), x: Some(0.5), y: Some(0.25) }],
                    ..ImagePost::new("u")
                }),
                json!({ "image_url": "u", "user_tags": [{ "username": "ada", "x": 0.5, "y": 0.25 }] }),
            ),
        ] {
            assert_eq!(serde_json::to_value(container).unwrap(), expected);
        }
    }

    #[test]
    fn what_instagram_would_refuse_is_found_before() {
        let caption = |text: String| CreateContainer::image(ImagePost { caption: Some(text), ..ImagePost::new("u") });
        let carousel = |count: usize| {
            let children = (0..count).map(|n| n.to_string().into());
            CreateContainer::carousel(Carousel::new(children))
        };
        for (container, is_fine) in [
            (caption("é".repeat(2200)), true),
            (caption("é".repeat(2201)), false),
            (caption("#a ".repeat(30)), true),
            (caption("#a ".repeat(31)), false),
            (caption("@a ".repeat(21)), false),
            (caption("# ".repeat(31)), true),
            (CreateContainer::image(ImagePost { collaborators: vec![String::new(); 4], ..ImagePost::new("u") }), false),
            (carousel(1), false),
            (carousel(2), true),
            (carousel(10), true),
            (carousel(11), false),
        ] {
            assert_eq!(container.check().is_ok(), is_fine, "{container:?}");
        }
        assert!(caption("x".to_owned()).as_carousel_item().is_err());
        assert!(CreateContainer::story(Story::Image("u".to_owned())).as_carousel_item().is_err());
        check_enum::<MediaType>();
        check_enum::<ContainerStatus>();
    }
}
