//! Instagram publishing: a container is made of media, waited for, and published.

mod container;
mod insights;
mod limit;
mod upload;

use std::time::Duration;

use acd_core::upload::{UploadSource, Uploader};
use acd_core::{Operation, TimeoutClass};
use http::Method;
use serde_json::json;

pub use container::{
    Carousel, Container, ContainerStatus, CreateContainer, ImagePost, MediaType, Reel, Story, UserTag,
};
pub use insights::{
    AccountInsights, AccountMetric, IgInsight, IgInsightValue, InsightsPeriod, MediaMetric, MetricType,
};
pub use limit::{PublishingConfig, PublishingLimit};
pub use upload::{ContainerUpload, ContainerUploadState};

use crate::answers::{Created, Done};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::INSTAGRAM;
use crate::macros::object;
use crate::{IgContainerId, IgMediaId, IgUserId, MetaCall, MetaClient, Page, Timestamp};

/// `POST /{ig user}/media`
/// ([page](https://developers.facebook.com/docs/instagram-platform/content-publishing), read 2026-11). A container that is
/// not published is gone after a day, so that a second one does no harm.
pub const CREATE: Operation =
    Operation::new("meta.instagram.create", Method::POST, "/{version}/{user}/media").idempotent().pool(INSTAGRAM);
/// `GET /{container}`
pub const CONTAINER: Operation =
    Operation::new("meta.instagram.container", Method::GET, "/{version}/{id}").safe().pool(INSTAGRAM);
/// `POST /{ig user}/media_publish`
pub const PUBLISH: Operation =
    Operation::new("meta.instagram.publish", Method::POST, "/{version}/{user}/media_publish").pool(INSTAGRAM);
/// `GET /{ig user}/content_publishing_limit`
/// ([page](https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/content_publishing_limit),
/// read 2026-11)
pub const LIMIT: Operation =
    Operation::new("meta.instagram.limit", Method::GET, "/{version}/{user}/content_publishing_limit")
        .safe()
        .pool(INSTAGRAM);
/// `GET /{media}`
pub const MEDIA: Operation =
    Operation::new("meta.instagram.media", Method::GET, "/{version}/{id}").safe().pool(INSTAGRAM);
/// `DELETE /{media}`
pub const DELETE: Operation =
    Operation::new("meta.instagram.delete", Method::DELETE, "/{version}/{id}").idempotent().pool(INSTAGRAM);

/// `POST {upload URL}`: the bytes of a container's video, from an offset on
/// ([page](https://developers.facebook.com/docs/instagram-platform/content-publishing/resumable-uploads), read 2026-11)
pub const BYTES: Operation = Operation::new("meta.instagram.bytes", Method::POST, "/ig-api-upload/{version}/{id}")
    .timeout(TimeoutClass::Transfer);
/// `GET /{media}/insights`
/// ([page](https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-media/insights), read
/// 2026-11)
pub const MEDIA_INSIGHTS: Operation =
    Operation::new("meta.instagram.media_insights", Method::GET, "/{version}/{id}/insights").safe().pool(INSTAGRAM);
/// `GET /{ig user}/insights`
/// ([page](https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/insights), read
/// 2026-11)
pub const ACCOUNT_INSIGHTS: Operation =
    Operation::new("meta.instagram.account_insights", Method::GET, "/{version}/{user}/insights").safe().pool(INSTAGRAM);

/// All calls of this module.
pub const OPERATIONS: &[Operation] =
    &[CREATE, CONTAINER, PUBLISH, LIMIT, MEDIA, DELETE, BYTES, MEDIA_INSIGHTS, ACCOUNT_INSIGHTS];

/// How long a container is waited for: a reel of a quarter of an hour takes minutes.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// The first pause between two looks at a container, and the last: images are ready at once, and Meta advises a minute.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LAST_PAUSE: Duration = Duration::from_secs(60);

object! {
    /// Media that are published
    /// ([page](https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-media), read 2026-11).
    IgMedia(IgMediaId), IgMediaFields {
        /// The address for people.
        permalink: String,
        /// The text.
        caption: String,
        /// What it is, such as `IMAGE` or `CAROUSEL_ALBUM`.
        media_type: String,
        /// Where it is: `FEED`, `REELS`, `STORY`, `AD`.
        media_product_type: String,
        /// Where the image or the video is for now; albums have none.
        media_url: String,
        /// Where a video's image is for now.
        thumbnail_url: String,
        /// What it shows, for people who cannot see it.
        alt_text: String,
        /// The name of the account that published it.
        username: String,
        /// Whether a reel is on the feed too.
        is_shared_to_feed: bool,
        /// When it was published.
        timestamp: Timestamp,
        /// How many comments it has.
        comments_count: u64,
        /// How many like it.
        like_count: u64,
    }
}

/// Publishing for Instagram professional accounts.
#[derive(Clone, Copy, Debug)]
pub struct InstagramClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> InstagramClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Makes a container; 400 a day. Meta fetches the media from their URL, which has to be public. Safe to repeat.
    ///
    /// # Errors
    /// [`ErrorKind::Request`] for what Meta would refuse: a caption over 2200 characters or with over 30 hashtags or 20
    /// mentions, over 3 collaborators, a carousel of fewer than 2 or more than 10; and for a video whose bytes are
    /// uploaded, which [`upload`](Self::upload) makes. Nothing is sent then.
    pub fn create(&self, user: &IgUserId, container: &CreateContainer) -> MetaCall<'c, Created<IgContainerId>> {
        let call = MetaCall::json(self.meta, &CREATE).path("user", user);
        match container.check() {
            Ok(()) if container.is_upload() => {
                let problem = "the bytes of this container are uploaded: make it with `upload` or `post_video`";
                call.refused(Error::new(ErrorKind::Request, problem))
            }
            Ok(()) => call.body(container),
            Err(problem) => call.refused(Error::new(ErrorKind::Request, problem)),
        }
    }

    /// Reads where a container stands. Safe to repeat.
    pub fn container(&self, id: &IgContainerId) -> MetaCall<'c, Container> {
        MetaCall::json(self.meta, &CONTAINER).path("id", id).param("fields", "status_code,status,video_status")
    }

    /// Waits until a container may be published: looks after 2 s and then ever more rarely, every minute at the end, for
    /// a quarter of an hour at most.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] when Instagram cannot use the media, with its reason; [`ErrorKind::NotFound`] when the
    /// container expired; [`ErrorKind::Timeout`] when it is not ready in time, which does it no harm. Also those of the
    /// call.
    pub async fn wait(&self, id: &IgContainerId) -> Result<()> {
        let runtime = self.meta.http().runtime();
        let started = runtime.now();
        let mut pause = FIRST_PAUSE;
        loop {
            let container = self.container(id).await?;
            match container.status_code {
                Some(ContainerStatus::Finished | ContainerStatus::Published) => return Ok(()),
                Some(ContainerStatus::Error) => return Err(container.failure()),
                Some(ContainerStatus::Expired) => {
                    let problem = "the container was not published within a day and has expired: make another one";
                    return Err(Error::new(ErrorKind::NotFound, problem));
                }
                _ => {}
            }
            if runtime.now().since(started) + pause > PATIENCE {
                let problem = "Instagram still works on the media: wait for the container again";
                return Err(Error::new(ErrorKind::Timeout, problem).with_may_have_been_sent(true));
            }
            runtime.sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Publishes a container that is ready. Not repeated when its outcome is unknown:
    /// [`publish_once`](Self::publish_once) settles that.
    pub fn publish(&self, user: &IgUserId, container: &IgContainerId) -> MetaCall<'c, Created<IgMediaId>> {
        let call = MetaCall::json(self.meta, &PUBLISH).path("user", user);
        call.body(&json!({ "creation_id": container }))
    }

    /// Publishes a container that is ready, once: when the outcome is unknown, the container itself says whether it was
    /// published. Then the media's id was in the answer that was lost, and `None` is given: it is the newest of the
    /// account's media.
    ///
    /// # Errors
    /// Those of the calls. The same call may be made again.
    pub async fn publish_once(&self, user: &IgUserId, container: &IgContainerId) -> Result<Option<IgMediaId>> {
        if self.container(container).await?.status_code == Some(ContainerStatus::Published) {
            return Ok(None);
        }
        let error = match self.publish(user, container).await {
            Ok(published) => return Ok(Some(published.id)),
            Err(error) => error,
        };
        if !error.may_have_been_sent() {
            return Err(error);
        }
        self.meta.http().runtime().sleep(FIRST_PAUSE).await;
        match self.container(container).await?.status_code {
            Some(ContainerStatus::Published) => Ok(None),
            _ if error.is_retryable() => self.publish(user, container).await.map(|published| Some(published.id)),
            _ => Err(error),
        }
    }

    /// How many posts the account has left. Safe to repeat.
    pub fn limit(&self, user: &IgUserId) -> MetaCall<'c, PublishingLimit> {
        let call = MetaCall::reading(self.meta, &LIMIT, |response| {
            Box::pin(async move {
                let page = response.json::<Page<PublishingLimit>>().await?;
                let missing = || Error::new(ErrorKind::Decode, "the publishing limit's list is empty");
                page.data.into_iter().next().ok_or_else(missing)
            })
        });
        call.path("user", user).param("fields", "config,quota_usage")
    }

    /// Makes a container, waits for it and publishes it, if the account may still post today: one call from the media to
    /// the post.
    ///
    /// # Errors
    /// [`ErrorKind::RateLimited`] before anything is done when the account's posts of the last 24 hours are used up. Also
    /// those of [`create`](Self::create), [`wait`](Self::wait) and [`publish_once`](Self::publish_once).
    pub async fn post(&self, user: &IgUserId, container: &CreateContainer) -> Result<Option<IgMediaId>> {
        self.may_post(user).await?;
        let created = self.create(user, container).await?;
        self.wait(&created.id).await?;
        self.publish_once(user, &created.id).await
    }

    /// An upload of a video's bytes into a new container, for [`Uploader`]: resumed where it broke off, in another process
    /// too, within the 24 hours that a container lives. Then [`wait`](Self::wait) and
    /// [`publish_once`](Self::publish_once), or name it in a [`Carousel`].
    pub fn upload(&self, user: &IgUserId, container: &CreateContainer) -> ContainerUpload {
        ContainerUpload::new(self.meta.clone(), user.clone(), container.clone())
    }

    /// As [`post`](Self::post), for a reel or a story whose bytes are uploaded.
    ///
    /// # Errors
    /// As [`post`](Self::post), and those of [`Uploader::upload`]. To go on with an upload that failed for good, use
    /// [`upload`](Self::upload) with a store for its session.
    pub async fn post_video(
        &self,
        user: &IgUserId,
        container: &CreateContainer,
        video: impl UploadSource,
    ) -> Result<Option<IgMediaId>> {
        self.may_post(user).await?;
        let uploader = Uploader::new(self.upload(user, container)).runtime(self.meta.http().runtime().clone());
        let created = uploader.upload(video).await?;
        self.wait(&created).await?;
        self.publish_once(user, &created).await
    }

    /// The same as [`post`](Self::post) for a carousel: its items first, then what holds them.
    ///
    /// # Errors
    /// As [`post`](Self::post).
    pub async fn post_carousel(
        &self,
        user: &IgUserId,
        items: &[CreateContainer],
        caption: Option<String>,
    ) -> Result<Option<IgMediaId>> {
        self.may_post(user).await?;
        let mut children = Vec::with_capacity(items.len());
        for item in items {
            children.push(self.create(user, &item.clone().as_carousel_item()?).await?.id);
        }
        for child in &children {
            self.wait(child).await?;
        }
        let created =
            self.create(user, &CreateContainer::carousel(Carousel { caption, ..Carousel::new(children) })).await?;
        self.wait(&created.id).await?;
        self.publish_once(user, &created.id).await
    }

    async fn may_post(&self, user: &IgUserId) -> Result<()> {
        let limit = self.limit(user).await?;
        if limit.left() > 0 {
            return Ok(());
        }
        let problem = format!("the account has posted {} times in 24 hours, which is all it may", limit.quota_usage);
        Err(Error::new(ErrorKind::RateLimited, problem))
    }

    /// Reads media that are published. Safe to repeat.
    pub fn media(&self, id: &IgMediaId, fields: &IgMediaFields) -> MetaCall<'c, IgMedia> {
        MetaCall::json(self.meta, &MEDIA).path("id", id).param("fields", fields)
    }

    /// Deletes media that are published. Safe to repeat.
    pub fn delete(&self, id: &IgMediaId) -> MetaCall<'c, Done> {
        MetaCall::json(self.meta, &DELETE).path("id", id)
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::{Script, answer};

    use super::*;
    use crate::testing::{scripted, sent};

    fn ok(body: &str) -> Script {
        answer(200).body(body.to_owned())
    }

    fn status(code: &str) -> Script {
        ok(&format!(r#"{{"id":"5","status_code":"{code}","status":"Error: 2207026 bad video"}}"#))
    }

    fn quota(used: u32) -> Script {
        ok(&format!(r#"{{"data":[{{"quota_usage":{used},"config":{{"quota_total":50,"quota_duration":86400}}}}]}}"#))
    }

    fn reel() -> CreateContainer {
        CreateContainer::reel(Reel { caption: Some("Hi".to_owned()), ..Reel::new("https://cdn.example.com/a.mp4") })
    }

    #[test]
    fn a_reel_is_made_waited_for_and_published() {
        let (harness, meta) = scripted([
            quota(2),
            ok(r#"{"id":"5"}"#),
            status("IN_PROGRESS"),
            status("FINISHED"),
            status("FINISHED"),
            ok(r#"{"id":"6"}"#),
        ]);
        let media = harness.run(meta.instagram().post(&"9".into(), &reel())).unwrap();
        assert_eq!(media, Some(IgMediaId::from("6")));
        assert_eq!(harness.clock().elapsed(), FIRST_PAUSE);
        let sent = sent(&harness);
        assert_eq!(sent[0].0, "GET /v26.0/9/content_publishing_limit?fields=config%2Cquota_usage");
        let body = json!({ "media_type": "REELS", "video_url": "https://cdn.example.com/a.mp4", "caption": "Hi" });
        assert_eq!(sent[1], ("POST /v26.0/9/media".to_owned(), body));
        assert_eq!(sent[5], ("POST /v26.0/9/media_publish".to_owned(), json!({ "creation_id": "5" })));
    }

    #[test]
    fn a_lost_publication_is_not_repeated() {
        let lost = || Script::fail(|| Error::new(ErrorKind::Interrupted, "cut"));
        for (found, extra, expected) in
            [("PUBLISHED", None, None), ("FINISHED", Some(ok(r#"{"id":"6"}"#)), Some(IgMediaId::from("6")))]
        {
            let script = [status("FINISHED"), lost(), status(found)].into_iter().chain(extra);
            let (harness, meta) = scripted(script);
            assert_eq!(harness.run(meta.instagram().publish_once(&"9".into(), &"5".into())).unwrap(), expected);
        }
    }

    #[test]
    fn a_quota_that_is_used_up_is_respected() {
        let (harness, meta) = scripted([quota(50)]);
        let error = harness.run(meta.instagram().post(&"9".into(), &reel())).unwrap_err();
        assert_eq!((error.kind(), harness.requests().len()), (ErrorKind::RateLimited, 1));
    }

    #[test]
    fn a_container_that_fails_or_takes_too_long_says_so() {
        for (script, kind) in [
            (vec![status("ERROR")], ErrorKind::Rejected),
            (vec![status("EXPIRED")], ErrorKind::NotFound),
            ((0..40).map(|_| status("IN_PROGRESS")).collect(), ErrorKind::Timeout),
        ] {
            let (harness, meta) = scripted(script);
            let error = harness.run(meta.instagram().wait(&"5".into())).unwrap_err();
            assert_eq!(error.kind(), kind);
            assert!(harness.clock().elapsed() <= PATIENCE);
        }
    }

    #[test]
    fn a_carousel_is_made_of_its_items() {
        let image = |name: &str| CreateContainer::image(ImagePost::new(format!("https://cdn.example.com/{name}.jpg")));
        let (harness, meta) = scripted([
            quota(0),
            ok(r#"{"id":"1"}"#),
            ok(r#"{"id":"2"}"#),
            status("FINISHED"),
            status("FINISHED"),
            ok(r#"{"id":"3"}"#),
            status("FINISHED"),
            status("FINISHED"),
            ok(r#"{"id":"4"}"#),
        ]);
        let instagram = meta.instagram();
        harness.run(instagram.post_carousel(&"9".into(), &[image("a"), image("b")], Some("Two".to_owned()))).unwrap();
        let sent = sent(&harness);
        assert_eq!(sent[1].1, json!({ "image_url": "https://cdn.example.com/a.jpg", "is_carousel_item": true }));
        assert_eq!(sent[5].1, json!({ "media_type": "CAROUSEL", "children": "1,2", "caption": "Two" }));
    }
}
