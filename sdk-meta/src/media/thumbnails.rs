//! Thumbnails of videos.

use acd_core::{FormPart, Multipart};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{ADD_THUMBNAIL, AdVideosClient, LIST_THUMBNAILS};
use crate::answers::Done;
use crate::{MetaCall, Page, VideoId};

/// An image that stands for a video
/// ([page](https://developers.facebook.com/docs/graph-api/reference/video-thumbnail), read 2026-11).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct VideoThumbnail {
    /// Its id.
    pub id: String,
    /// Where it is, which is what a creative takes as the video's image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// In pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// In pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// Whether it is the one that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_preferred: Option<bool>,
}

impl<'c> AdVideosClient<'c> {
    /// Reads a video's thumbnails: some that Meta makes once the video is ready, and those that were added. Safe to
    /// repeat.
    pub fn thumbnails(&self, id: &VideoId) -> MetaCall<'c, Page<VideoThumbnail>> {
        MetaCall::json(self.meta(), &LIST_THUMBNAILS).path("id", id).param("fields", "id,uri,width,height,is_preferred")
    }

    /// Adds a thumbnail, JPEG or PNG, which the video shows from then on when it is preferred. A second one of the same
    /// bytes is another thumbnail.
    pub fn add_thumbnail(
        &self,
        id: &VideoId,
        name: &str,
        image: impl Into<Bytes>,
        is_preferred: bool,
    ) -> MetaCall<'c, Done> {
        let image = FormPart::new("source", image.into()).file_name(name).content_type("application/octet-stream");
        let form = Multipart::new().text("is_preferred", is_preferred.to_string()).part(image);
        MetaCall::json(self.meta(), &ADD_THUMBNAIL).path("id", id).http(|call| call.multipart(form))
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;

    use crate::testing::scripted;

    #[test]
    fn a_thumbnail_is_sent_as_a_file_and_listed() {
        let list = r#"{"data":[{"id":"3","uri":"https://x.test/","width":2,"height":1,"is_preferred":true}]}"#;
        let (harness, meta) = scripted([answer(200).body(r#"{"success":true}"#), answer(200).body(list)]);
        let videos = meta.ad_videos();
        harness.run(videos.add_thumbnail(&"88".into(), "a.png", &b"\x89PNG"[..], true).into_future()).unwrap();
        let page = harness.run(videos.thumbnails(&"88".into()).into_future()).unwrap();
        assert_eq!((page.data[0].id.as_str(), page.data[0].is_preferred), ("3", Some(true)));
        let request = &harness.requests()[0];
        let body = String::from_utf8_lossy(&request.body);
        assert!(body.contains(r#"name="source"; filename="a.png""#) && body.contains("\r\n\r\ntrue\r\n"), "{body}");
        assert_eq!(request.uri.path(), "/v26.0/88/thumbnails");
    }
}
