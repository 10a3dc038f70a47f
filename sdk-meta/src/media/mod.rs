//! Images and videos of an ad account.

mod chunked;
mod create_video;
mod images;
mod resumable;
mod thumbnails;
mod video;

use acd_core::{Operation, TimeoutClass};
use http::Method;

pub(crate) use chunked::at_video_host;
pub use chunked::{ChunkedVideoState, ChunkedVideoUpload};
pub use create_video::{CreateVideo, Slideshow};
pub use images::{AdImage, AdImagesClient, UploadedImage};
pub use resumable::{ResumableVideoState, ResumableVideoUpload};
pub use thumbnails::VideoThumbnail;
pub use video::{AdVideo, AdVideoFields, AdVideosClient, VideoPhase, VideoStatus, VideoStatusCode};

use crate::limits::{ads_read, ads_write};

/// `POST /act_{account}/adimages`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-image), read 2026-11). The same bytes give the
/// same hash.
pub const UPLOAD_IMAGE: Operation = ads_write("meta.images.upload", Method::POST, "/{version}/{account}/adimages")
    .idempotent()
    .timeout(TimeoutClass::Transfer);
/// `GET /act_{account}/adimages`
pub const LIST_IMAGES: Operation = ads_read("meta.images.list", "/{version}/{account}/adimages");
/// `DELETE /act_{account}/adimages`
pub const DELETE_IMAGE: Operation =
    ads_write("meta.images.delete", Method::DELETE, "/{version}/{account}/adimages").idempotent();
/// `POST /act_{account}/advideos`: the phases of an upload in chunks
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/advideos), read 2026-11)
pub const VIDEO_CHUNKED: Operation = ads_write("meta.videos.chunked", Method::POST, "/{version}/{account}/advideos");
/// `POST /act_{account}/advideos` with `upload_phase=transfer`: one chunk.
pub const VIDEO_CHUNK: Operation =
    ads_write("meta.videos.chunk", Method::POST, "/{version}/{account}/advideos").timeout(TimeoutClass::Transfer);
/// `POST /act_{account}/advideos` with a URL or a slideshow
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/advideos), read 2026-11)
pub const CREATE_VIDEO: Operation = ads_write("meta.videos.create", Method::POST, "/{version}/{account}/advideos");
/// `POST /act_{account}/video_ads`: the phases of an upload by URL
/// ([page](https://developers.facebook.com/docs/video-api/guides/publishing), read 2026-11)
pub const VIDEO_RESUMABLE: Operation =
    ads_write("meta.videos.resumable", Method::POST, "/{version}/{account}/video_ads");
/// `POST {upload URL}`: the bytes of a video, from an offset on.
pub const VIDEO_BYTES: Operation =
    Operation::new("meta.videos.bytes", Method::POST, "/video-ads-upload/{version}/{id}")
        .timeout(TimeoutClass::Transfer);
/// `GET /{video}`
/// ([page](https://developers.facebook.com/docs/graph-api/reference/video), read 2026-11)
pub const GET_VIDEO: Operation = ads_read("meta.videos.get", "/{version}/{id}");

/// `GET /{video}/thumbnails`
/// ([page](https://developers.facebook.com/docs/graph-api/reference/video/thumbnails), read 2026-11)
pub const LIST_THUMBNAILS: Operation = ads_read("meta.videos.thumbnails", "/{version}/{id}/thumbnails");
/// `POST /{video}/thumbnails`
pub const ADD_THUMBNAIL: Operation =
    ads_write("meta.videos.add_thumbnail", Method::POST, "/{version}/{id}/thumbnails").timeout(TimeoutClass::Transfer);

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[
    UPLOAD_IMAGE,
    LIST_IMAGES,
    DELETE_IMAGE,
    VIDEO_CHUNKED,
    VIDEO_CHUNK,
    CREATE_VIDEO,
    VIDEO_RESUMABLE,
    VIDEO_BYTES,
    GET_VIDEO,
    LIST_THUMBNAILS,
    ADD_THUMBNAIL,
];
