//! Videos: where one stands, and how it is uploaded.

use std::time::Duration;

use acd_core::upload::{Position, Standing};
use serde::{Deserialize, Serialize};

use super::{ChunkedVideoUpload, GET_VIDEO, ResumableVideoUpload};
use crate::error::{Error, ErrorKind, Result};
use crate::macros::{object, open_enum};
use crate::{AdAccountId, MetaCall, MetaClient, Timestamp, VideoId};

/// The pause between two looks at a video, and for how long is looked.
const PAUSE: Duration = Duration::from_secs(3);
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

    /// Waits until a video can be shown, a quarter of an hour at most.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] when Meta cannot use it, [`ErrorKind::Timeout`] when it is not ready in time, which does it
    /// no harm. Also those of the call.
    pub async fn wait(&self, id: &VideoId) -> Result<()> {
        let runtime = self.meta.http().runtime();
        let started = runtime.now();
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
            if runtime.now().since(started) + PAUSE > PATIENCE {
                let problem = "Meta still works on the video: wait for it again";
                return Err(Error::new(ErrorKind::Timeout, problem).with_may_have_been_sent(true));
            }
            runtime.sleep(PAUSE).await;
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
