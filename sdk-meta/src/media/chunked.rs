//! A video in chunks whose sizes Meta chooses.

use std::sync::{Arc, Mutex, PoisonError};

use acd_core::upload::{
    Begun, ChunkPlan, ChunkRule, Ending, Layout, Part, PartAnswer, Position, Standing, UploadTarget,
};
use acd_core::{FormPart, Multipart};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{VIDEO_CHUNK, VIDEO_CHUNKED};
use crate::answers::Done;
use crate::error::{ErrorClass, MetaError as _, Result};
use crate::text::TextOrNumber;
use crate::{AdAccountId, MetaCall, MetaClient, VideoId};

const MIB: u64 = 1 << 20;

/// An upload of a video in chunks. Meta says where each one ends.
#[derive(Clone, Debug)]
pub struct ChunkedVideoUpload {
    meta: MetaClient,
    account: AdAccountId,
    title: String,
    /// Where Meta said that it is, when it refused a chunk.
    told: Arc<Mutex<Option<Position>>>,
}

/// What is kept of such an upload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChunkedVideoState {
    session: String,
    video: VideoId,
    /// How large Meta made the first chunk: a video's status, which tells how much Meta has, does not tell how much it
    /// takes next, and a larger chunk is refused once it is sent.
    #[serde(default)]
    chunk: Option<u64>,
}

#[derive(Deserialize)]
struct Started {
    upload_session_id: TextOrNumber,
    video_id: VideoId,
    #[serde(flatten)]
    next: Offsets,
}

/// Where Meta wants to go on; equal at the end.
#[derive(Deserialize)]
struct Offsets {
    start_offset: Value,
    end_offset: Value,
}

impl Offsets {
    fn read(&self) -> Option<(u64, u64)> {
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        Some((number(&self.start_offset)?, number(&self.end_offset)?))
    }

    fn position(&self) -> Option<Position> {
        self.read().map(|(start, end)| Position::at(start).until(end))
    }
}

/// Sends a call of such an upload to the host for videos.
pub(crate) fn at_video_host<'c, T>(call: MetaCall<'c, T>, meta: &MetaClient, account: &AdAccountId) -> MetaCall<'c, T> {
    let url = format!("{}/{}/{account}/advideos", meta.video_url(), meta.version());
    call.http(|call| call.url(url))
}

fn unreadable() -> crate::Error {
    crate::Error::new(crate::ErrorKind::Decode, "the offsets of the upload are no numbers")
}

impl ChunkedVideoUpload {
    pub(super) fn new(meta: MetaClient, account: AdAccountId, title: String) -> Self {
        Self { meta, account, title, told: Arc::default() }
    }

    /// A call to the host for videos.
    fn call<T: serde::de::DeserializeOwned + 'static>(
        &self,
        operation: &'static acd_core::Operation,
    ) -> MetaCall<'_, T> {
        at_video_host(MetaCall::json(&self.meta, operation).account(&self.account), &self.meta, &self.account)
    }
}

impl UploadTarget for ChunkedVideoUpload {
    type State = ChunkedVideoState;
    type Output = VideoId;

    fn kind(&self) -> &'static str {
        "meta.videos.chunked"
    }

    fn rule(&self) -> ChunkRule {
        ChunkRule::new(Layout::FromOffset, 4 * MIB).max_size(10 * 1024 * MIB)
    }

    async fn begin(&self, plan: &ChunkPlan) -> Result<Begun<ChunkedVideoState>> {
        let body = json!({ "upload_phase": "start", "file_size": plan.size() });
        let started = self.call::<Started>(&VIDEO_CHUNKED).body(&body).await?;
        let (start, end) = started.next.read().ok_or_else(unreadable)?;
        let (session, chunk) = (started.upload_session_id.0, end.checked_sub(start).filter(|chunk| *chunk > 0));
        let state = ChunkedVideoState { session, video: started.video_id, chunk };
        Ok(Begun { state, position: Position::at(start).until(end) })
    }

    async fn locate(&self, state: &ChunkedVideoState, _: &ChunkPlan) -> Result<Standing<VideoId>> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(position) = told {
            return Ok(Standing::At(position));
        }
        self.meta.ad_videos().standing(&state.video, state.chunk).await
    }

    async fn send(&self, state: &ChunkedVideoState, part: &Part) -> Result<PartAnswer<VideoId>> {
        let chunk =
            FormPart::new("video_file_chunk", part.body()).file_name("chunk").content_type("application/octet-stream");
        let form = Multipart::new()
            .text("upload_phase", "transfer")
            .text("upload_session_id", state.session.clone())
            .text("start_offset", part.offset().to_string())
            .part(chunk);
        let sent = self.call::<Offsets>(&VIDEO_CHUNK).http(|call| call.multipart(form)).await;
        let error = match sent {
            Ok(next) => return next.position().map(PartAnswer::Next).ok_or_else(unreadable),
            Err(error) => error,
        };
        // Meta is elsewhere, and says where.
        let api = error.api().filter(|api| api.class() == ErrorClass::Upload);
        let offsets = api.and_then(|api| Some((api.data_number("start_offset")?, api.data_number("end_offset")?)));
        match offsets {
            Some((start, end)) => {
                let position = Position::at(start).until(end);
                *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(position);
                Ok(PartAnswer::Elsewhere)
            }
            None => Err(error),
        }
    }

    async fn finish(&self, state: &ChunkedVideoState, _: &Ending<'_>) -> Result<VideoId> {
        let body = json!({ "upload_phase": "finish", "upload_session_id": state.session, "title": self.title });
        self.call::<Done>(&VIDEO_CHUNKED).body(&body).await?;
        Ok(state.video.clone())
    }

    async fn abort(&self, state: &ChunkedVideoState) -> Result<()> {
        let body = json!({ "upload_phase": "cancel", "upload_session_id": state.session });
        match self.call::<Value>(&VIDEO_CHUNKED).body(&body).await {
            Err(error) if error.kind() == crate::ErrorKind::NotFound => Ok(()),
            outcome => outcome.map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::{Script, answer};
    use acd_core::upload::Uploader;
    use bytes::Bytes;

    use super::*;
    use crate::testing::scripted;

    fn next(start: u64, end: u64) -> Script {
        answer(200).body(format!(r#"{{"start_offset":"{start}","end_offset":"{end}"}}"#))
    }

    #[test]
    fn after_a_failure_a_chunk_is_as_large_as_metas_first() {
        let started = r#"{"upload_session_id":"77","video_id":"88","start_offset":"0","end_offset":"4"}"#;
        let standing =
            r#"{"id":"88","status":{"video_status":"processing","uploading_phase":{"bytes_transferred":4}}}"#;
        let lost = || Script::fail(|| crate::Error::new(crate::ErrorKind::Interrupted, "cut"));
        let (harness, meta) = scripted([
            answer(200).body(started),
            lost(),
            answer(200).body(standing),
            next(8, 10),
            next(10, 10),
            answer(200).body(r#"{"success":true}"#),
        ]);
        let uploader = Uploader::new(meta.ad_videos().chunked(&"17".into(), "Clip")).runtime(harness.runtime());
        harness.run(uploader.upload(Bytes::from_static(b"0123456789"))).unwrap();
        let body = String::from_utf8_lossy(&harness.requests()[3].body).into_owned();
        assert!(body.contains("\r\n\r\n4567\r\n"), "{body}");
    }

    #[test]
    fn a_video_is_sent_as_meta_asks_and_goes_on_where_meta_is() {
        let started = r#"{"upload_session_id":"77","video_id":"88","start_offset":"0","end_offset":"4"}"#;
        let elsewhere = r#"{"error":{"message":"m","code":6000,"error_subcode":1363037,
            "error_data":"{\"start_offset\":\"2\",\"end_offset\":\"8\"}"}}"#;
        let (harness, meta) = scripted([
            answer(200).body(started),
            next(4, 8),
            answer(400).body(elsewhere),
            next(8, 10),
            next(10, 10),
            answer(200).body(r#"{"success":true}"#),
        ]);
        let target = meta.ad_videos().chunked(&"17".into(), "Clip");
        let uploader = Uploader::new(target).runtime(harness.runtime());
        let id = harness.run(uploader.upload(Bytes::from_static(b"0123456789"))).unwrap();
        assert_eq!(id.as_str(), "88");
        let requests = harness.requests();
        let chunks: Vec<_> = ["0123", "4567", "234567", "89"].iter().zip(&requests[1..5]).collect();
        for (bytes, request) in chunks {
            let body = String::from_utf8_lossy(&request.body);
            assert!(body.contains(&format!("\r\n\r\n{bytes}\r\n")), "{body}");
            assert_eq!(request.headers["authorization"], "Bearer token-example");
        }
        let finish: Value = serde_json::from_slice(&requests[5].body).unwrap();
        assert_eq!(finish, json!({ "upload_phase": "finish", "upload_session_id": "77", "title": "Clip" }));
        assert_eq!(requests[0].uri.host(), Some("graph-video.facebook.com"));
    }
}
