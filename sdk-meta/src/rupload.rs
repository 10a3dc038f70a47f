//! The host that takes the bytes of videos, from any offset on
//! ([page](https://developers.facebook.com/docs/instagram-platform/content-publishing/resumable-uploads), read 2026-11).

use acd_core::upload::{Part, PartAnswer};
use acd_core::{HeaderAuth, Operation, Secret};
use http::StatusCode;

use crate::MetaClient;
use crate::answers::Done;
use crate::error::{Error, ErrorKind, Result};

/// Where Meta takes the bytes of videos.
const HOST: &str = "https://rupload.facebook.com/";

/// Refuses an upload URL to which the token may not go: only to Meta's host for bytes, or to the server that stands for
/// Meta.
pub(crate) fn check(meta: &MetaClient, url: &str) -> Result<()> {
    let own = url.strip_prefix(meta.video_url()).is_some_and(|rest| rest.starts_with('/'));
    if own || url.starts_with(HOST) {
        return Ok(());
    }
    let problem = "the upload URL is not one of Meta's, and the token is not sent there: begin the upload anew";
    Err(Error::new(ErrorKind::Rejected, problem))
}

/// Sends a part, from its offset to the end of the file.
pub(crate) async fn send<O>(
    meta: &MetaClient,
    operation: &'static Operation,
    url: &str,
    part: &Part,
) -> Result<PartAnswer<O>> {
    check(meta, url)?;
    // This host knows the token by another scheme than the rest of Meta.
    let token = Secret::new(format!("OAuth {}", meta.access().token.expose()));
    let auth = HeaderAuth::new(http::header::AUTHORIZATION, &token)?;
    let call = meta.http().call(operation).url(url).auth(auth);
    let call = call.header("offset", part.offset().to_string()).header("file_size", part.total().to_string());
    match call.body(part.body()).send_json::<Done>().await {
        Ok(_) => Ok(PartAnswer::Stored(String::new())),
        Err(error) if error.status() == Some(StatusCode::PRECONDITION_FAILED) => Ok(PartAnswer::Elsewhere),
        Err(error) => Err(error),
    }
}
