//! Videos that Meta makes of what it fetches.

use serde::{Deserialize, Serialize};

use super::{AdVideosClient, CREATE_VIDEO};
use crate::answers::Created;
use crate::error::{Error, ErrorKind};
use crate::macros::request;
use crate::{AdAccountId, MetaCall, VideoId};

/// How many images a slideshow has.
const SLIDES: std::ops::RangeInclusive<usize> = 3..=7;

/// Images that are shown one after the other as a video
/// ([page](https://developers.facebook.com/docs/marketing-api/guides/slideshow-ads), read 2026-11).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct Slideshow {
    /// Where Meta fetches the images, 3 to 7 of them, all cut to the same size.
    pub images_urls: Vec<String>,
    /// How long each is shown, in milliseconds; Meta's own duration when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u32>,
    /// How long each fades into the next, in milliseconds; Meta's own duration when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transition_ms: Option<u32>,
}

impl Slideshow {
    /// The images at these public URLs.
    pub fn new(images_urls: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let images_urls = images_urls.into_iter().map(Into::into).collect();
        Self { images_urls, duration_ms: None, transition_ms: None }
    }
}

request! {
    /// A video that Meta makes of what it fetches: give either a file or a slideshow
    /// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/advideos), read 2026-11).
    CreateVideo {
        ..
        /// Where Meta fetches the video: a public URL.
        file_url: String,
        /// Images of which Meta makes the video.
        slideshow_spec: Slideshow,
        /// The title.
        title: String,
        /// The text.
        description: String,
    }
}

impl CreateVideo {
    /// The video at this public URL.
    #[must_use]
    pub fn from_url(url: impl Into<String>) -> Self {
        Self { file_url: Some(url.into()), ..Self::new() }
    }

    /// A slideshow.
    #[must_use]
    pub fn slideshow(slideshow: Slideshow) -> Self {
        Self { slideshow_spec: Some(slideshow), ..Self::new() }
    }

    fn check(&self) -> Result<(), String> {
        match (&self.file_url, &self.slideshow_spec) {
            (Some(_), None) => Ok(()),
            (None, Some(slideshow)) if SLIDES.contains(&slideshow.images_urls.len()) => Ok(()),
            (None, Some(slideshow)) => {
                Err(format!("a slideshow has 3 to 7 images, and this one {}", slideshow.images_urls.len()))
            }
            _ => Err("a video is made of either a file or a slideshow: give one of them".to_owned()),
        }
    }
}

impl<'c> AdVideosClient<'c> {
    /// Makes a video of what Meta fetches; [`wait`](Self::wait) says when it can be shown. Not repeated when its outcome
    /// is unknown, as it would be there twice.
    ///
    /// # Errors
    /// [`ErrorKind::Request`] for neither a file nor a slideshow, for both, and for a slideshow of fewer than 3 or more
    /// than 7 images. Nothing is sent then.
    pub fn create(&self, account: &AdAccountId, video: &CreateVideo) -> MetaCall<'c, Created<VideoId>> {
        let call = MetaCall::json(self.meta(), &CREATE_VIDEO).account(account);
        match video.check() {
            Ok(()) => call.body(video),
            Err(problem) => call.refused(Error::new(ErrorKind::Request, problem)),
        }
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;
    use serde_json::json;

    use super::*;
    use crate::testing::{scripted, sent};

    #[test]
    fn a_video_is_made_of_one_thing() {
        let slides = |count| CreateVideo::slideshow(Slideshow::new((0..count).map(|n| format!("https://x.test/{n}"))));
        let both = CreateVideo { file_url: Some("https://x.test/a.mp4".to_owned()), ..slides(3) };
        for video in [CreateVideo::new(), both, slides(2), slides(8)] {
            let (harness, meta) = scripted([]);
            let error = harness.run(meta.ad_videos().create(&"17".into(), &video).into_future()).unwrap_err();
            assert_eq!((error.kind(), harness.requests().len()), (ErrorKind::Request, 0));
        }
        let (harness, meta) = scripted([answer(200).body(r#"{"id":"88"}"#), answer(200).body(r#"{"id":"89"}"#)]);
        let from_url = CreateVideo { title: Some("Clip".to_owned()), ..CreateVideo::from_url("https://x.test/a.mp4") };
        harness.run(meta.ad_videos().create(&"17".into(), &from_url).into_future()).unwrap();
        let timed = Slideshow { duration_ms: Some(1500), ..Slideshow::new(["a", "b", "c"]) };
        let created = harness.run(meta.ad_videos().create(&"17".into(), &CreateVideo::slideshow(timed)).into_future());
        assert_eq!(created.unwrap().id.as_str(), "89");
        let sent = sent(&harness);
        let line = "POST /v26.0/act_17/advideos".to_owned();
        assert_eq!(sent[0], (line.clone(), json!({ "file_url": "https://x.test/a.mp4", "title": "Clip" })));
        let spec = json!({ "images_urls": ["a", "b", "c"], "duration_ms": 1500 });
        assert_eq!(sent[1], (line, json!({ "slideshow_spec": spec })));
    }
}
