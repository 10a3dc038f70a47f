//! Videos: where one stands, and how it is uploaded.

use std::time::Duration;

use acd_core::upload::{Position, Standing};
use serde::{Deserialize, Serialize};

use super::{ChunkedVideoUpload, GET_VIDEO, ResumableVideoUpload};
use crate::error::{Error, ErrorKind, Result};
use crate::macros::{object, open_enum};
use crate::{AdAccountId, MetaCall, MetaClient, Timestamp, VideoId};

/// The first pause between two looks at a video and the longest, and for how long is looked. At a steady pace of seconds the looks of
/// a quarter of an hour would be more than an app may make in an hour.
const FIRST_PAUSE: Duration = Duration::from_secs(3);
const LAST_PAUSE: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(15 * 60);

open_enum! {
    /// Where a video stands.
    VideoStatusCode {
        Ready = "ready",
        Processing = "processing",
        Uploading = "uploading",
        Expired = "expired",
        Error = "error",
    }
}

/// A part of the way to a video that can be shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct VideoPhase {
    /// `not_started`, `in_progress`, `complete` or `error`.
    #[serde(default)]
    pub status: Option<String>,
    /// How many bytes Meta has.
    #[serde(default)]
    pub bytes_transferred: Option<u64>,
    /// What went wrong, in Meta's form.
    #[serde(default)]
    pub errors: Vec<serde_json::Value>,
}

/// Where a video stands, by phases.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct VideoStatus {
    /// In a word.
    #[serde(default)]
    pub video_status: Option<VideoStatusCode>,
    /// How much is processed, in percent.
    #[serde(default)]
    pub processing_progress: Option<u8>,
    /// The upload.
    #[serde(default)]
    pub uploading_phase: Option<VideoPhase>,
    /// The processing.
    #[serde(default)]
    pub processing_phase: Option<VideoPhase>,
}

impl VideoStatus {
    /// How many bytes Meta has.
    pub(crate) fn stored(&self) -> u64 {
        self.uploading_phase.as_ref().and_then(|phase| phase.bytes_transferred).unwrap_or(0)
    }

    /// Whether the upload was ended, and not only all of it sent.
    fn is_ended(&self) -> bool {
        let processing = self.processing_phase.as_ref().and_then(|phase| phase.status.as_deref());
        self.video_status == Some(VideoStatusCode::Ready) || matches!(processing, Some("in_progress" | "complete"))
    }
}

object! {
    /// A video ([page](https://developers.facebook.com/docs/graph-api/reference/video), read 2026-11).
    AdVideo(VideoId), AdVideoFields {
        /// The title.
        title: String,
        /// The text.
        description: String,
        /// In seconds.
        length: f64,
        /// Where it stands.
        status: VideoStatus,
        /// Where it is for now.
        source: String,
        /// A small image.
        picture: String,
        /// When it was created.
        created_time: Timestamp,
    }
}

/// Videos.
#[derive(Clone, Copy, Debug)]
pub struct AdVideosClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> AdVideosClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    pub(super) fn meta(&self) -> &'c MetaClient {
        self.meta
    }

    /// An upload in chunks, whose sizes Meta chooses, for [`Uploader`](acd_core::upload::Uploader): up to 10 GB, resumed
    /// in another process too.
    pub fn chunked(&self, account: &AdAccountId, title: impl Into<String>) -> ChunkedVideoUpload {
        ChunkedVideoUpload::new(self.meta.clone(), account.clone(), title.into())
    }

    /// The newer upload, in one piece that goes on where it broke off, for [`Uploader`](acd_core::upload::Uploader).
    pub fn resumable(&self, account: &AdAccountId) -> ResumableVideoUpload {
        ResumableVideoUpload::new(self.meta.clone(), account.clone())
    }

    /// Reads a video. Safe to repeat.
    pub fn get(&self, id: &VideoId, fields: &AdVideoFields) -> MetaCall<'c, AdVideo> {
        MetaCall::json(self.meta, &GET_VIDEO).path("id", id).param("fields", fields)
    }

    /// Waits until a video can be shown: looks after 3 s and then ever more rarely, every 30 s at the end, for a quarter of
    /// an hour at most.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] when Meta cannot use it, [`ErrorKind::Timeout`] when it is not ready in time, which does it
    /// no harm. Also those of the call.
    pub async fn wait(&self, id: &VideoId) -> Result<()> {
        let runtime = self.meta.http().runtime();
        let started = runtime.now();
        let mut pause = FIRST_PAUSE;
        loop {
            let status = self.status(id).await?;
            match status.video_status {
                Some(VideoStatusCode::Ready) => return Ok(()),
                Some(VideoStatusCode::Error | VideoStatusCode::Expired) => {
                    let errors = status.processing_phase.map(|phase| phase.errors).unwrap_or_default();
                    let why = serde_json::Value::from(errors);
                    return Err(Error::new(ErrorKind::Rejected, format!("Meta cannot use the video: {why}")));
                }
                _ => {}
            }
            if runtime.now().since(started) + pause > PATIENCE {
                let problem = "Meta still works on the video: wait for it again";
                return Err(Error::new(ErrorKind::Timeout, problem).with_may_have_been_sent(true));
            }
            runtime.sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    async fn status(&self, id: &VideoId) -> Result<VideoStatus> {
        let video = self.get(id, &AdVideoFields::new().status()).await?;
        Ok(video.status.unwrap_or_default())
    }

    /// Where the upload of a video stands, and how much is sent next where Meta said so.
    pub(super) async fn standing(&self, id: &VideoId, chunk: Option<u64>) -> Result<Standing<VideoId>> {
        match self.status(id).await {
            Ok(status) if status.is_ended() => Ok(Standing::Done(id.clone())),
            Ok(status) => {
                let position = Position::at(status.stored());
                Ok(Standing::At(chunk.map_or(position, |chunk| position.until(status.stored().saturating_add(chunk)))))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Standing::Gone),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::{Script, answer};
    use serde_json::json;

    use super::*;
    use crate::testing::scripted;

    fn standing(status: &str) -> Script {
        answer(200).body(json!({ "id": "5", "status": { "video_status": status } }).to_string())
    }

    #[test]
    fn a_video_is_looked_at_ever_more_rarely() {
        let (harness, meta) = scripted(["processing", "processing", "processing", "ready"].map(standing));
        harness.run(meta.ad_videos().wait(&"5".into())).unwrap();
        assert_eq!(harness.clock().elapsed(), Duration::from_secs(3 + 6 + 12));
    }

    #[test]
    fn a_video_that_fails_or_takes_too_long_says_so() {
        for (script, kind) in [
            (vec![standing("error")], ErrorKind::Rejected),
            (vec![standing("expired")], ErrorKind::Rejected),
            ((0..40).map(|_| standing("processing")).collect(), ErrorKind::Timeout),
        ] {
            let (harness, meta) = scripted(script);
            let error = harness.run(meta.ad_videos().wait(&"5".into())).unwrap_err();
            assert_eq!(error.kind(), kind);
            assert!(harness.clock().elapsed() <= PATIENCE);
        }
    }
}
