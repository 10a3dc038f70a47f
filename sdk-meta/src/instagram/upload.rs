//! A video whose bytes are uploaded into a container.

use std::fmt;

use acd_core::upload::{
    Begun, ChunkPlan, ChunkRule, Ending, Layout, Part, PartAnswer, Position, Standing, UploadTarget,
};
use serde::{Deserialize, Serialize};

use super::{BYTES, CREATE, ContainerStatus, CreateContainer};
use crate::error::{Error, ErrorKind, Result};
use crate::{IgContainerId, IgUserId, MetaCall, MetaClient, rupload};

/// An upload of a video's bytes into a container, in one piece that goes on where it broke off
/// ([page](https://developers.facebook.com/docs/instagram-platform/content-publishing/resumable-uploads), read 2026-11).
#[derive(Clone, Debug)]
pub struct ContainerUpload {
    meta: MetaClient,
    user: IgUserId,
    container: CreateContainer,
}

/// What is kept of such an upload.
#[derive(Clone, Serialize, Deserialize)]
pub struct ContainerUploadState {
    container: IgContainerId,
    url: String,
}

/// Without the URL, to which whoever holds it may write.
impl fmt::Debug for ContainerUploadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContainerUploadState").field("container", &self.container).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Started {
    id: IgContainerId,
    uri: String,
}

impl ContainerUpload {
    pub(super) fn new(meta: MetaClient, user: IgUserId, container: CreateContainer) -> Self {
        Self { meta, user, container }
    }
}

impl UploadTarget for ContainerUpload {
    type State = ContainerUploadState;
    type Output = IgContainerId;

    fn kind(&self) -> &'static str {
        "meta.instagram.upload"
    }

    fn rule(&self) -> ChunkRule {
        let largest = self.container.largest();
        ChunkRule::new(Layout::FromOffset, largest).max_size(largest)
    }

    async fn begin(&self, _: &ChunkPlan) -> Result<Begun<ContainerUploadState>> {
        if !self.container.is_upload() {
            let problem = "the container's media have a URL: make it with `create`, or take the URL away";
            return Err(Error::new(ErrorKind::Request, problem));
        }
        self.container.check().map_err(|problem| Error::new(ErrorKind::Request, problem))?;
        let call = MetaCall::json(&self.meta, &CREATE).path("user", &self.user);
        let started: Started = call.body(&self.container).await?;
        rupload::check(&self.meta, &started.uri)?;
        Ok(Begun::new(ContainerUploadState { container: started.id, url: started.uri }))
    }

    async fn locate(&self, state: &ContainerUploadState, plan: &ChunkPlan) -> Result<Standing<IgContainerId>> {
        let found = match self.meta.instagram().container(&state.container).await {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Standing::Gone),
            Err(error) => return Err(error),
        };
        let stored = found.video_status.as_ref().map_or(0, |status| status.stored());
        Ok(match found.status_code {
            Some(ContainerStatus::Expired) => Standing::Gone,
            Some(ContainerStatus::Error) => return Err(found.failure()),
            Some(ContainerStatus::Finished | ContainerStatus::Published) => Standing::Done(found.id),
            _ if stored >= plan.size() => Standing::Done(found.id),
            _ => Standing::At(Position::at(stored)),
        })
    }

    async fn send(&self, state: &ContainerUploadState, part: &Part) -> Result<PartAnswer<IgContainerId>> {
        rupload::send(&self.meta, &BYTES, &state.url, part).await
    }

    /// The last byte ends it.
    async fn finish(&self, state: &ContainerUploadState, _: &Ending<'_>) -> Result<IgContainerId> {
        Ok(state.container.clone())
    }

    /// Meta has no call for it: a container that is not published expires within a day.
    async fn abort(&self, _: &ContainerUploadState) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::{Script, answer};
    use acd_core::upload::Uploader;
    use bytes::Bytes;
    use serde_json::json;

    use super::super::Reel;
    use super::*;
    use crate::testing::{scripted, sent};

    const VIDEO: Bytes = Bytes::from_static(b"0123456789");

    fn started(url: &str) -> Script {
        answer(200).body(format!(r#"{{"id":"5","uri":"{url}"}}"#))
    }

    fn standing(code: &str, stored: u64) -> Script {
        answer(200).body(format!(
            r#"{{"id":"5","status_code":"{code}","video_status":{{"uploading_phase":{{"status":"in_progress",
            "bytes_transferred":{stored}}},"processing_phase":{{"status":"not_started"}}}}}}"#
        ))
    }

    fn reel() -> CreateContainer {
        CreateContainer::reel(Reel::uploaded())
    }

    #[test]
    fn an_upload_goes_on_where_instagram_is() {
        let wrong = r#"{"debug_info":{"retriable":true,"type":"OffsetInvalidError","message":"m"}}"#;
        let (harness, meta) = scripted([
            started("https://rupload.facebook.com/ig-api-upload/v26.0/5"),
            Script::fail(|| Error::new(ErrorKind::Interrupted, "cut")),
            standing("IN_PROGRESS", 4),
            answer(412).body(wrong),
            standing("IN_PROGRESS", 6),
            answer(200).body(r#"{"success":true,"message":"Upload successful."}"#),
        ]);
        let uploader = Uploader::new(meta.instagram().upload(&"9".into(), &reel())).runtime(harness.runtime());
        assert_eq!(harness.run(uploader.upload(VIDEO)).unwrap().as_str(), "5");
        let requests = harness.requests();
        for (request, (offset, bytes)) in
            [1, 3, 5].into_iter().zip([("0", "0123456789"), ("4", "456789"), ("6", "6789")])
        {
            let request = &requests[request];
            assert_eq!(
                (&request.headers["offset"], &request.headers["file_size"]),
                (&offset.parse().unwrap(), &"10".parse().unwrap())
            );
            assert_eq!(
                (&request.headers["authorization"], &request.body[..]),
                (&"OAuth token-example".parse().unwrap(), bytes.as_bytes())
            );
        }
        let body = json!({ "media_type": "REELS", "upload_type": "resumable" });
        assert_eq!(sent(&harness)[0], ("POST /v26.0/9/media".to_owned(), body));
    }

    #[test]
    fn a_lost_last_answer_is_no_second_upload() {
        for found in [standing("IN_PROGRESS", 10), standing("FINISHED", 10)] {
            let (harness, meta) = scripted([
                started("https://rupload.facebook.com/ig-api-upload/v26.0/5"),
                Script::fail(|| Error::new(ErrorKind::Interrupted, "cut")),
                found,
            ]);
            let uploader = Uploader::new(meta.instagram().upload(&"9".into(), &reel())).runtime(harness.runtime());
            assert_eq!(harness.run(uploader.upload(VIDEO)).unwrap().as_str(), "5");
        }
    }

    #[test]
    fn what_cannot_be_uploaded_is_said_before() {
        let by_url = CreateContainer::reel(Reel::new("https://cdn.example.com/a.mp4"));
        for (container, script, kind, calls) in [
            (by_url, vec![], ErrorKind::Request, 0),
            (reel(), vec![started("https://rupload.facebook.com.example.com/5")], ErrorKind::Rejected, 1),
        ] {
            let (harness, meta) = scripted(script);
            let uploader = Uploader::new(meta.instagram().upload(&"9".into(), &container)).runtime(harness.runtime());
            let error = harness.run(uploader.upload(VIDEO)).unwrap_err();
            assert_eq!((error.kind(), harness.requests().len()), (kind, calls));
        }
        let (harness, meta) = scripted([]);
        let error = harness.run(meta.instagram().create(&"9".into(), &reel()).into_future()).unwrap_err();
        assert_eq!((error.kind(), harness.requests().len()), (ErrorKind::Request, 0));
    }
}
