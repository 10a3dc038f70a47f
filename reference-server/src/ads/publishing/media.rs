//! Images of creatives that are the product's assets: uploaded to an ad account the first time they are used there.

use std::collections::BTreeMap;

use acd_meta::{AdAccountId, MetaClient};
use acd_platform::assets::{Asset, AssetType};
use acd_platform::{AssetId, ProductSlug};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::outcome::{Verdict, kept, verdict};
use super::service::Publishing;
use super::store::media;
use crate::assets::Assets;
use crate::kernel::check;
use crate::kernel::db::Tx;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};

/// The largest image that Meta takes.
const LARGEST: u64 = 30_000_000;
/// Where a creative names an image by the hash that Meta gave it: in posts and cards, and among assets that Meta combines.
const NAMES: [&str; 2] = ["image_hash", "hash"];

/// Finds the assets in the place of image hashes, and replaces them where `with` knows what by.
fn visit(value: &mut Value, with: &mut impl FnMut(AssetId) -> Option<String>) {
    match value {
        Value::Array(entries) => entries.iter_mut().for_each(|entry| visit(entry, with)),
        Value::Object(members) => {
            for (name, member) in members {
                let asset =
                    member.as_str().filter(|_| NAMES.contains(&name.as_str())).and_then(|text| text.parse().ok());
                match asset.map(&mut *with) {
                    Some(Some(hash)) => *member = hash.into(),
                    Some(None) => {}
                    None => visit(member, with),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The assets that a creative shows.
fn named(creative: &Value) -> Vec<AssetId> {
    let mut assets = Vec::new();
    visit(&mut creative.clone(), &mut |asset| {
        assets.push(asset);
        None
    });
    assets
}

/// Refuses creatives with assets that are no images of the product's.
pub(super) async fn check(tx: &mut Tx, product: &ProductSlug, creatives: &[(&str, &Value)]) -> Result<()> {
    let shown =
        creatives.iter().flat_map(|(key, creative)| named(creative).into_iter().map(move |asset| (*key, asset)));
    let shown: Vec<(&str, AssetId)> = shown.collect();
    if shown.is_empty() {
        return Ok(());
    }
    let ids: Vec<AssetId> = shown.iter().map(|(_, asset)| *asset).collect();
    let found = Assets::owned(tx, product, &ids).await?;
    for (key, id) in shown {
        let Some(asset) = found.iter().find(|asset| asset.id == id) else {
            return Err(Problem::not_found("asset"));
        };
        let place = format!("creatives.{key}");
        if asset.kind != AssetType::Image {
            return Err(check::invalid(&place, &format!("{id} is no image but of the type {}", asset.kind)));
        }
        if asset.size_bytes > LARGEST {
            return Err(check::invalid(&place, &format!("{id} is larger than the 30 MB that Meta takes")));
        }
    }
    Ok(())
}

impl Publishing {
    /// The creative with Meta's hashes in the place of assets, each of which is uploaded unless it was before.
    pub(super) async fn with_images(
        &self,
        service: &Principal,
        meta: &MetaClient,
        product: &ProductSlug,
        account: &AdAccountId,
        mut creative: Value,
    ) -> Result<Result<Value, Verdict>> {
        let ids = named(&creative);
        if ids.is_empty() {
            return Ok(Ok(creative));
        }
        let mut tx = self.ads.db.scoped(service).await?;
        let assets = Assets::owned(&mut tx, product, &ids).await?;
        tx.commit().await?;
        let mut hashes = BTreeMap::new();
        for id in ids {
            let Some(asset) = assets.iter().find(|asset| asset.id == id) else {
                return Ok(Err(Verdict::Refused(kept(Problem::not_found("asset")))));
            };
            match self.image(service, meta, account, asset).await? {
                Ok(hash) => hashes.insert(id, hash),
                Err(verdict) => return Ok(Err(verdict)),
            };
        }
        visit(&mut creative, &mut |asset| hashes.get(&asset).cloned());
        Ok(Ok(creative))
    }

    /// What Meta calls an image in this account. The same bytes are the same image there, so that a second upload does no harm.
    async fn image(
        &self,
        service: &Principal,
        meta: &MetaClient,
        account: &AdAccountId,
        asset: &Asset,
    ) -> Result<Result<String, Verdict>> {
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
            let detail =
                format!("the file at the URL of {} is not the one that was recorded: its SHA-256 differs", asset.id);
            return Ok(Err(Verdict::Refused(kept(Problem::invalid("asset_changed", detail)))));
        }
        let uploaded = match meta.ad_images().upload(account, &asset.content_hash.to_string(), bytes).await {
            Ok(uploaded) => uploaded,
            Err(error) => return Ok(Err(harmless(verdict(error)))),
        };
        let mut tx = self.ads.db.scoped(service).await?;
        media::keep_image(&mut tx, &asset.product, &text, &asset.content_hash, &uploaded.hash).await?;
        tx.commit().await?;
        Ok(Ok(uploaded.hash))
    }
}

fn of_file(problem: Problem) -> Verdict {
    match problem.retry_after {
        Some(_) => Verdict::later(kept(problem)),
        None => Verdict::Refused(kept(problem)),
    }
}

/// Whether an image is there need not be known: it is uploaded again.
fn harmless(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Unknown(problem) => Verdict::later(problem),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn assets_are_found_where_hashes_are_and_nowhere_else() {
        let asset = |n: u128| AssetId::from(uuid::Uuid::from_u128(n));
        let mut creative = json!({
            "name": asset(9),
            "object_story_spec": { "page_id": "4", "link_data": {
                "image_hash": asset(1), "message": asset(8),
                "child_attachments": [{ "image_hash": asset(2) }, { "image_hash": "0123abcd" }],
            } },
            "asset_feed_spec": { "images": [{ "hash": asset(3) }], "hash": { "image_hash": asset(4) } },
        });
        let mut found = named(&creative);
        found.sort_unstable();
        assert_eq!(found, [1, 2, 3, 4].map(asset));
        visit(&mut creative, &mut |id| (id == asset(2)).then(|| "feed".to_owned()));
        let cards = &creative["object_story_spec"]["link_data"]["child_attachments"];
        assert_eq!((&cards[0]["image_hash"], &cards[1]["image_hash"]), (&json!("feed"), &json!("0123abcd")));
        assert_eq!(creative["name"], json!(asset(9)));
    }
}
