//! Images and videos of creatives that are the product's assets: uploaded to an ad account the first time they are used there.

mod images;
mod session;
mod source;
mod videos;

use std::collections::BTreeMap;

use acd_meta::{AdAccountId, MetaClient};
use acd_platform::ads::publications::PublishedKind;
use acd_platform::assets::{Asset, AssetType};
use acd_platform::{AssetId, ProductSlug};
use serde_json::Value;

use super::outcome::{Verdict, kept};
use super::service::Publishing;
use crate::assets::Assets;
use crate::kernel::check;
use crate::kernel::db::Tx;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};

/// What is shown in a place of a creative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Medium {
    Image,
    Video,
}

impl Medium {
    /// What a creative names by this: by the hash or id that Meta gave it, in posts and cards and among assets that Meta combines.
    fn named_by(member: &str) -> Option<Self> {
        match member {
            "image_hash" | "hash" | "thumbnail_hash" => Some(Self::Image),
            "video_id" => Some(Self::Video),
            _ => None,
        }
    }

    fn kind(self) -> AssetType {
        match self {
            Self::Image => AssetType::Image,
            Self::Video => AssetType::Video,
        }
    }

    /// The most bytes, and that in words.
    fn largest(self) -> (u64, &'static str) {
        match self {
            Self::Image => (images::LARGEST, "30 MB that Meta takes"),
            Self::Video => (videos::LARGEST, "4 GB that are uploaded"),
        }
    }
}

/// Where a creative is made, and for whom.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) service: &'a Principal,
    pub(super) meta: &'a MetaClient,
    pub(super) product: &'a ProductSlug,
    pub(super) account: &'a AdAccountId,
}

/// Finds the assets in the place of what Meta calls media, and replaces them where `with` knows what by.
fn visit(value: &mut Value, with: &mut impl FnMut(Medium, AssetId) -> Option<String>) {
    match value {
        Value::Array(entries) => entries.iter_mut().for_each(|entry| visit(entry, with)),
        Value::Object(members) => {
            for (name, member) in members {
                let named =
                    Medium::named_by(name).and_then(|medium| Some((medium, member.as_str()?.parse::<AssetId>().ok()?)));
                match named.map(|(medium, asset)| with(medium, asset)) {
                    Some(Some(name)) => *member = name.into(),
                    Some(None) => {}
                    None => visit(member, with),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The assets that a creative shows, each once.
fn named(creative: &Value) -> Vec<(Medium, AssetId)> {
    let mut assets = Vec::new();
    visit(&mut creative.clone(), &mut |medium, asset| {
        assets.push((medium, asset));
        None
    });
    assets.sort_unstable();
    assets.dedup();
    assets
}

/// The assets that a thing shows, each once.
pub(super) fn shown(kind: PublishedKind, object: &Value) -> Vec<AssetId> {
    if kind != PublishedKind::Creative {
        return Vec::new();
    }
    let mut assets: Vec<AssetId> = named(object).into_iter().map(|(_, asset)| asset).collect();
    assets.sort_unstable();
    assets.dedup();
    assets
}

/// Whether a creative shows a video that is an asset.
pub(super) fn shows_video(creative: &Value) -> bool {
    named(creative).iter().any(|(medium, _)| *medium == Medium::Video)
}

/// Refuses creatives with assets that are no images or videos of the product's where Meta wants one.
pub(super) async fn check(tx: &mut Tx, product: &ProductSlug, creatives: &[(&str, &Value)]) -> Result<()> {
    let shown =
        creatives.iter().flat_map(|(key, creative)| named(creative).into_iter().map(move |named| (*key, named)));
    let shown: Vec<(&str, (Medium, AssetId))> = shown.collect();
    if shown.is_empty() {
        return Ok(());
    }
    let ids: Vec<AssetId> = shown.iter().map(|(_, (_, asset))| *asset).collect();
    let found = Assets::owned(tx, product, &ids).await?;
    for (key, (medium, id)) in shown {
        let Some(asset) = found.iter().find(|asset| asset.id == id) else {
            return Err(Problem::not_found("asset"));
        };
        let place = format!("creatives.{key}");
        if asset.kind != medium.kind() {
            return Err(check::invalid(
                &place,
                &format!("{id} is no {} but of the type {}", medium.kind(), asset.kind),
            ));
        }
        let (largest, told) = medium.largest();
        if asset.size_bytes > largest {
            return Err(check::invalid(&place, &format!("{id} is larger than the {told}")));
        }
    }
    Ok(())
}

impl Publishing {
    /// Uploads the videos that a creative shows, unless that was done before, so that Meta works on all of them while one is waited
    /// for.
    pub(super) async fn upload_videos(&self, place: Place<'_>, creative: &Value) -> Result<Result<(), Verdict>> {
        let mut shown = named(creative);
        shown.retain(|(medium, _)| *medium == Medium::Video);
        let assets = match self.assets(place, &shown).await? {
            Ok(assets) => assets,
            Err(verdict) => return Ok(Err(verdict)),
        };
        for (_, asset) in &assets {
            if let Err(verdict) = self.video(place, asset).await? {
                return Ok(Err(verdict));
            }
        }
        Ok(Ok(()))
    }

    /// The creative with Meta's hashes and ids in the place of assets, each of which is uploaded unless it was before and can be
    /// shown by now.
    pub(super) async fn with_media(&self, place: Place<'_>, mut creative: Value) -> Result<Result<Value, Verdict>> {
        let assets = match self.assets(place, &named(&creative)).await? {
            Ok(assets) => assets,
            Err(verdict) => return Ok(Err(verdict)),
        };
        let mut names = BTreeMap::new();
        for (medium, asset) in &assets {
            let name = match medium {
                Medium::Image => self.image(place, asset).await?,
                Medium::Video => self.ready_video(place, asset).await?,
            };
            match name {
                Ok(name) => names.insert((*medium, asset.id), name),
                Err(verdict) => return Ok(Err(verdict)),
            };
        }
        visit(&mut creative, &mut |medium, asset| names.get(&(medium, asset)).cloned());
        let uploaded = names.into_iter().filter(|((medium, _), _)| *medium == Medium::Video).map(|(_, name)| name);
        self.with_picture(place, creative, &uploaded.collect::<Vec<_>>()).await
    }

    async fn assets(
        &self,
        place: Place<'_>,
        named: &[(Medium, AssetId)],
    ) -> Result<Result<Vec<(Medium, Asset)>, Verdict>> {
        if named.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let ids: Vec<AssetId> = named.iter().map(|(_, id)| *id).collect();
        let mut tx = self.ads.db.scoped(place.service).await?;
        let found = Assets::owned(&mut tx, place.product, &ids).await?;
        tx.commit().await?;
        let of = |(medium, id): &(Medium, AssetId)| {
            let asset = found.iter().find(|asset| asset.id == *id).cloned();
            asset.map(|asset| (*medium, asset))
        };
        let assets: Option<Vec<_>> = named.iter().map(of).collect();
        Ok(assets.ok_or_else(|| Verdict::Refused(kept(Problem::not_found("asset")))))
    }
}

/// What a file that cannot be had means for its creative.
fn of_file(problem: Problem) -> Verdict {
    match problem.retry_after {
        Some(_) => Verdict::later(kept(problem)),
        None => Verdict::Refused(kept(problem)),
    }
}

fn changed(asset: &Asset) -> Problem {
    let detail = format!("the file at the URL of {} is not the one that was recorded: its SHA-256 differs", asset.id);
    Problem::invalid("asset_changed", detail)
}

/// Whether a file is there need not be known: it is looked for or uploaded again.
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
    fn assets_are_found_where_hashes_and_ids_of_media_are_and_nowhere_else() {
        let asset = |n: u128| AssetId::from(uuid::Uuid::from_u128(n));
        let mut creative = json!({
            "name": asset(9),
            "object_story_spec": { "page_id": "4", "link_data": {
                "image_hash": asset(1), "message": asset(8),
                "child_attachments": [{ "image_hash": asset(2) }, { "image_hash": "0123abcd" }, { "video_id": asset(5) }],
            } },
            "asset_feed_spec": {
                "images": [{ "hash": asset(3) }, { "hash": asset(1) }], "hash": { "image_hash": asset(4) },
                "videos": [{ "video_id": asset(5), "thumbnail_hash": asset(6) }, { "video_id": "17" }],
            },
        });
        let images = [1, 2, 3, 4, 6].map(|n| (Medium::Image, asset(n)));
        let shown: Vec<_> = images.into_iter().chain([(Medium::Video, asset(5))]).collect();
        assert_eq!(named(&creative), shown);
        visit(&mut creative, &mut |medium, id| match (medium, id) {
            (Medium::Image, id) if id == asset(2) => Some("feed".to_owned()),
            (Medium::Video, _) => Some("88".to_owned()),
            _ => None,
        });
        let cards = &creative["object_story_spec"]["link_data"]["child_attachments"];
        assert_eq!((&cards[0]["image_hash"], &cards[1]["image_hash"]), (&json!("feed"), &json!("0123abcd")));
        assert_eq!((&cards[2]["video_id"], &creative["name"]), (&json!("88"), &json!(asset(9))));
        assert_eq!(creative["asset_feed_spec"]["videos"][0]["video_id"], "88");
    }
}
