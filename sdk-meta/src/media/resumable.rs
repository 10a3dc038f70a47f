//! A video by an upload URL.

use acd_core::upload::{Begun, ChunkPlan, ChunkRule, Ending, Layout, Part, PartAnswer, Standing, UploadTarget};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{VIDEO_BYTES, VIDEO_RESUMABLE};
use crate::answers::Done;
use crate::error::Result;
use crate::{AdAccountId, MetaCall, MetaClient, VideoId, rupload};

const GIB: u64 = 1 << 30;

/// An upload of a video in one piece, which goes on where it broke off.
#[derive(Clone, Debug)]
pub struct ResumableVideoUpload {
    meta: MetaClient,
    account: AdAccountId,
}

/// What is kept of such an upload.
#[derive(Clone, Serialize, Deserialize)]
pub struct ResumableVideoState {
    video: VideoId,
    url: String,
}

/// Without the URL, to which whoever holds it may write.
impl std::fmt::Debug for ResumableVideoState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResumableVideoState").field("video", &self.video).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Started {
    video_id: VideoId,
    upload_url: String,
}

impl ResumableVideoUpload {
    pub(super) fn new(meta: MetaClient, account: AdAccountId) -> Self {
        Self { meta, account }
    }
}

impl UploadTarget for ResumableVideoUpload {
    type State = ResumableVideoState;
    type Output = VideoId;

    fn kind(&self) -> &'static str {
        "meta.videos.resumable"
    }

    fn rule(&self) -> ChunkRule {
        ChunkRule::new(Layout::FromOffset, 10 * GIB).max_size(10 * GIB)
    }

    async fn begin(&self, _: &ChunkPlan) -> Result<Begun<ResumableVideoState>> {
        let call = MetaCall::json(&self.meta, &VIDEO_RESUMABLE).account(&self.account);
        let started: Started = call.body(&json!({ "upload_phase": "START" })).await?;
        rupload::check(&self.meta, &started.upload_url)?;
        Ok(Begun::new(ResumableVideoState { video: started.video_id, url: started.upload_url }))
    }

    async fn locate(&self, state: &ResumableVideoState, _: &ChunkPlan) -> Result<Standing<VideoId>> {
        self.meta.ad_videos().standing(&state.video, None).await
    }

    async fn send(&self, state: &ResumableVideoState, part: &Part) -> Result<PartAnswer<VideoId>> {
        rupload::send(&self.meta, &VIDEO_BYTES, &state.url, part).await
    }

    async fn finish(&self, state: &ResumableVideoState, _: &Ending<'_>) -> Result<VideoId> {
        let body = json!({ "upload_phase": "FINISH", "video_id": state.video });
        MetaCall::<Done>::json(&self.meta, &VIDEO_RESUMABLE).account(&self.account).body(&body).await?;
        Ok(state.video.clone())
    }

    /// Meta has no call for it: what was not finished expires.
    async fn abort(&self, _: &ResumableVideoState) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::{Script, answer};
    use acd_core::upload::Uploader;
    use bytes::Bytes;

    use crate::error::{Error, ErrorKind};
    use crate::testing::scripted;

    fn started(url: &str) -> Script {
        answer(200).body(format!(r#"{{"video_id":"88","upload_url":"{url}"}}"#))
    }

    #[test]
    fn a_video_goes_on_where_it_broke_off() {
        let done = || answer(200).body(r#"{"success":true}"#);
        let standing = r#"{"id":"88","status":{"video_status":"uploading",
            "uploading_phase":{"status":"in_progress","bytes_transferred":6}}}"#;
        let (harness, meta) = scripted([
            started("https://rupload.facebook.com/video-ads-upload/v26.0/88"),
            Script::fail(|| Error::new(ErrorKind::Interrupted, "cut")),
            answer(200).body(standing),
            done(),
            done(),
        ]);
        let uploader = Uploader::new(meta.ad_videos().resumable(&"17".into())).runtime(harness.runtime());
        assert_eq!(harness.run(uploader.upload(Bytes::from_static(b"0123456789"))).unwrap().as_str(), "88");
        let requests = harness.requests();
        let second = &requests[3];
        assert_eq!(
            (&second.headers["offset"], &second.headers["file_size"]),
            (&"6".parse().unwrap(), &"10".parse().unwrap())
        );
        assert_eq!(second.headers["authorization"], "OAuth token-example");
        assert_eq!(second.body, "6789");
        assert_eq!(requests[4].body, r#"{"upload_phase":"FINISH","video_id":"88"}"#);
    }

    #[test]
    fn the_token_goes_to_meta_alone() {
        for url in ["https://rupload.facebook.com.example.com/x", "https://graph-video.facebook.com.example.com/x"] {
            let (harness, meta) = scripted([started(url)]);
            let uploader = Uploader::new(meta.ad_videos().resumable(&"17".into())).runtime(harness.runtime());
            let error = harness.run(uploader.upload(Bytes::from_static(b"0"))).unwrap_err();
            assert_eq!((error.kind(), harness.requests().len()), (ErrorKind::Rejected, 1));
        }
    }

    #[test]
    fn states_of_tomorrow_survive() {
        crate::macros::check_enum::<super::super::VideoStatusCode>();
    }
}
