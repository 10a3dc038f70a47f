//! Images.

use acd_meta::{AdAccountId, MetaClient};
use acd_platform::assets::Asset;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::{Place, changed, harmless, of_file};
use crate::ads::publishing::outcome::{Verdict, kept, verdict};
use crate::ads::publishing::service::Publishing;
use crate::ads::publishing::store::media;
use crate::kernel::problem::Result;

/// The largest image that Meta takes, in bytes.
pub(super) const LARGEST: u64 = 30_000_000;

impl Publishing {
    /// What Meta calls an image in this account. The same bytes are the same image there, so that a second upload does no harm.
    pub(super) async fn image(&self, place: Place<'_>, asset: &Asset) -> Result<Result<String, Verdict>> {
        let Place { service, meta, account, .. } = place;
        let text = account.to_string();
        let mut tx = self.ads.db.scoped(service).await?;
        let known = media::image(&mut tx, &asset.product, &text, &asset.content_hash).await?;
        tx.commit().await?;
        if let Some(hash) = known {
            return Ok(Ok(hash));
        }
        let most = usize::try_from(LARGEST).unwrap_or(usize::MAX);
        let bytes = match self.fetcher.fetch(&asset.url, most).await {
            Ok(bytes) => bytes,
            Err(problem) => return Ok(Err(of_file(problem))),
        };
        if Sha256::digest(&bytes)[..] != asset.content_hash.as_bytes()[..] {
            return Ok(Err(Verdict::Refused(kept(changed(asset)))));
        }
        let hash = match upload(meta, account, asset, bytes).await {
            Ok(hash) => hash,
            Err(verdict) => return Ok(Err(verdict)),
        };
        let mut tx = self.ads.db.scoped(service).await?;
        media::keep_image(&mut tx, &asset.product, &text, &asset.content_hash, &hash).await?;
        tx.commit().await?;
        Ok(Ok(hash))
    }
}

async fn upload(
    meta: &MetaClient,
    account: &AdAccountId,
    asset: &Asset,
    bytes: Bytes,
) -> std::result::Result<String, Verdict> {
    let uploaded = meta.ad_images().upload(account, &asset.content_hash.to_string(), bytes).await;
    uploaded.map(|uploaded| uploaded.hash).map_err(|error| harmless(verdict(error)))
}
