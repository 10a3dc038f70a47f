//! Videos: uploaded to an ad account once, waited for until Meta can show them, and with a picture for when they do not play.

use std::time::Duration;

use acd_core::Runtime;
use acd_core::upload::Uploader;
use acd_meta::media::{AdVideoFields, VideoStatus, VideoStatusCode};
use acd_meta::{ErrorKind, VideoId};
use acd_platform::assets::Asset;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::session::Hold;
use super::source::AssetSource;
use super::{Place, harmless, of_file};
use crate::ads::publishing::outcome::{Verdict, kept, verdict};
use crate::ads::publishing::service::Publishing;
use crate::ads::publishing::store::videos::{self, Uploaded, VideoKey};
use crate::kernel::problem::{Problem, Result};

/// The largest video that is uploaded, in bytes. Meta takes 10 GB; meanwhile it is in this machine's folder for temporary files.
pub(super) const LARGEST: u64 = 4_000_000_000;
/// The least and the most time between two looks at a video that Meta works on; a quarter of the time that it took so far.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(60)];
/// A video on which Meta works for longer is given up.
const PATIENCE: TimeDelta = TimeDelta::hours(6);
/// How long one waits for another's upload before it is looked again.
const ANOTHERS: Duration = Duration::from_secs(5);
/// Where a post has its video.
const POST: &str = "/object_story_spec/video_data";

impl Publishing {
    /// A video that Meta has, uploaded now unless it was before.
    pub(super) async fn video(&self, place: Place<'_>, asset: &Asset) -> Result<Result<Uploaded, Verdict>> {
        let key = key(place, asset);
        let db = &self.ads.db;
        let mut tx = db.scoped(place.service).await?;
        let known = videos::uploaded(&mut tx, &key).await?;
        tx.commit().await?;
        if let Some(known) = known {
            return Ok(Ok(known));
        }
        let Some(hold) = Hold::take(db, key).await? else {
            let problem =
                Problem::unavailable("video_uploading", "the video is being uploaded for another publication");
            let problem = kept(problem);
            return Ok(Err(Verdict::Later { problem, wait: ANOTHERS, is_counted: false }));
        };
        let source = AssetSource::new(asset.clone(), self.fetcher.clone());
        let runtime = Runtime::system();
        let target = place.meta.ad_videos().resumable(place.account);
        let uploader = Uploader::new(target).store(hold.clone());
        let ended = tokio::select! {
            ended = uploader.upload(source.clone()) => ended,
            problem = hold.beat(&runtime) => return Ok(Err(Verdict::later(kept(problem)))),
        };
        match ended {
            Ok(video) => {
                let uploaded = Uploaded { video_id: video.to_string(), uploaded_at: self.clock.now() };
                hold.end(&uploaded).await?;
                Ok(Ok(uploaded))
            }
            Err(error) => {
                // An upload that Meta does not know any more, or of other bytes than are wanted, is begun anew.
                hold.release(!matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Integrity)).await?;
                let is_gone = error.kind() == ErrorKind::NotFound;
                Ok(Err(match (source.problem(), harmless(verdict(error))) {
                    (Some(problem), _) => of_file(problem),
                    (None, Verdict::Refused(problem)) if is_gone => Verdict::later(problem),
                    (None, verdict) => verdict,
                }))
            }
        }
    }

    /// What Meta calls a video in this account, once it can be shown.
    pub(super) async fn ready_video(&self, place: Place<'_>, asset: &Asset) -> Result<Result<String, Verdict>> {
        let video = match self.video(place, asset).await? {
            Ok(video) => video,
            Err(verdict) => return Ok(Err(verdict)),
        };
        let id = VideoId::from(video.video_id.as_str());
        let status = match place.meta.ad_videos().get(&id, &AdVideoFields::new().status()).await {
            Ok(shown) => shown.status.unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.forget(place, asset, &id).await?;
                let detail = format!("the video of {} was deleted at Meta and is uploaded anew", asset.id);
                return Ok(Err(Verdict::later(kept(Problem::unavailable("video_gone", detail)))));
            }
            Err(error) => return Ok(Err(harmless(verdict(error)))),
        };
        match status.video_status {
            Some(VideoStatusCode::Ready) => Ok(Ok(video.video_id)),
            Some(VideoStatusCode::Error | VideoStatusCode::Expired) => {
                // Another try uploads it anew: perhaps the asset has another file by then.
                self.forget(place, asset, &id).await?;
                let detail = format!("Meta cannot use the video {}: {}", asset.id, errors(status));
                Ok(Err(Verdict::Refused(kept(Problem::invalid("video_not_usable", detail)))))
            }
            _ => Ok(Err(unready(asset, video.uploaded_at, self.clock.now()))),
        }
    }

    async fn forget(&self, place: Place<'_>, asset: &Asset, video: &VideoId) -> Result<()> {
        let mut tx = self.ads.db.scoped(place.service).await?;
        videos::forget(&mut tx, &key(place, asset), video.as_str()).await?;
        tx.commit().await
    }

    /// A post with a video needs an image for when it does not play. Where none is said and the video is one of these, it is the one
    /// that Meta prefers of those that it made of the video.
    pub(super) async fn with_picture(
        &self,
        place: Place<'_>,
        mut creative: Value,
        uploaded: &[String],
    ) -> Result<Result<Value, Verdict>> {
        let Some(post) = creative.pointer_mut(POST).and_then(Value::as_object_mut) else { return Ok(Ok(creative)) };
        let video =
            post.get("video_id").and_then(Value::as_str).filter(|video| uploaded.iter().any(|own| own == video));
        let Some(video) = video.map(VideoId::from) else { return Ok(Ok(creative)) };
        if ["image_hash", "image_url"].iter().any(|image| post.get(*image).is_some_and(|image| !image.is_null())) {
            return Ok(Ok(creative));
        }
        let made = match place.meta.ad_videos().thumbnails(&video).await {
            Ok(made) => made.data,
            Err(error) => return Ok(Err(harmless(verdict(error)))),
        };
        let preferred = made.iter().find(|thumbnail| thumbnail.is_preferred == Some(true)).or(made.first());
        match preferred.and_then(|thumbnail| thumbnail.uri.as_deref()) {
            Some(picture) => {
                post.insert("image_url".to_owned(), json!(picture));
                Ok(Ok(creative))
            }
            None => {
                let detail = "Meta made no picture of the video: say one as image_hash or image_url";
                Ok(Err(Verdict::Refused(kept(Problem::invalid("video_without_picture", detail)))))
            }
        }
    }
}

fn key(place: Place<'_>, asset: &Asset) -> VideoKey {
    VideoKey { product: asset.product.clone(), account: place.account.to_string(), content: asset.content_hash }
}

/// What went wrong with it, in Meta's words.
fn errors(status: VideoStatus) -> Value {
    let phases = [status.processing_phase, status.uploading_phase].into_iter().flatten();
    let errors: Vec<Value> = phases.flat_map(|phase| phase.errors).collect();
    if errors.is_empty() { json!(status.video_status) } else { errors.into() }
}

/// Meta still works on it.
fn unready(asset: &Asset, since: DateTime<Utc>, now: DateTime<Utc>) -> Verdict {
    let took = now - since;
    if took > PATIENCE {
        let detail =
            format!("Meta has worked on the video {} for {} hours; try again later", asset.id, PATIENCE.num_hours());
        return Verdict::Refused(kept(Problem::invalid("video_not_ready", detail)));
    }
    let wait = (took.to_std().unwrap_or_default() / 4).clamp(LOOK_AGAIN[0], LOOK_AGAIN[1]);
    let detail = format!("Meta works on the video {}", asset.id);
    let problem = kept(Problem::unavailable("video_processing", detail));
    Verdict::Later { problem, wait, is_counted: false }
}

#[cfg(test)]
mod tests {
    use acd_platform::assets::{AssetSource, AssetType};
    use acd_platform::{AssetId, ContentHash};

    use super::*;

    #[test]
    fn a_video_is_looked_at_ever_more_rarely_and_then_given_up() {
        let now = DateTime::UNIX_EPOCH;
        let asset = Asset {
            id: AssetId::from(uuid::Uuid::nil()),
            product: "pct".parse().unwrap(),
            owner_id: None,
            kind: AssetType::Video,
            source: AssetSource::Render,
            content_hash: ContentHash::from([0; 32]),
            size_bytes: 1,
            url: "https://files.example/a.mp4".to_owned(),
            thumbnail_url: None,
            metadata: serde_json::Map::new(),
            created_at: now,
            updated_at: now,
        };
        let waits =
            [0, 20, 100, 3_600, 6 * 3_600].map(|took| match unready(&asset, now, now + TimeDelta::seconds(took)) {
                Verdict::Later { wait, is_counted: false, .. } => wait.as_secs(),
                other => panic!("{other:?}"),
            });
        assert_eq!(waits, [3, 5, 25, 60, 60]);
        let over = unready(&asset, now, now + PATIENCE + TimeDelta::seconds(1));
        assert!(matches!(over, Verdict::Refused(problem) if problem.code == "video_not_ready"));
    }

    #[test]
    fn what_meta_says_of_a_video_is_told_in_its_words() {
        let status = |status: Value| errors(serde_json::from_value(status).unwrap());
        let phases = json!({ "video_status": "error", "processing_phase": { "errors": [{ "code": 7 }] },
            "uploading_phase": { "errors": [{ "code": 8 }] } });
        assert_eq!(status(phases), json!([{ "code": 7 }, { "code": 8 }]));
        assert_eq!(status(json!({ "video_status": "expired" })), "expired");
    }
}
