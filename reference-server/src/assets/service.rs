//! The rules of assets.

use acd_platform::assets::{Asset, CreateAsset, ListAssets, UpdateAsset};
use acd_platform::{AssetId, Page, ProductSlug, UserId};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::store::{self, Filter};
use crate::identity::Users;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{check, outbox, paging};

/// What JavaScript, and so many a client, can count to.
const MAX_SIZE: u64 = (1 << 53) - 1;
const MAX_METADATA_BYTES: usize = 32 * 1024;
/// Between finding that the content is there and reading it, another request may have deleted it.
const TRIES: usize = 3;

/// Records, finds and deletes assets. Cheap to clone.
#[derive(Clone)]
pub struct Assets {
    db: Db,
}

impl Assets {
    /// Assets in this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Records an asset, or finds the one that the product has with the same content; true when it is new.
    pub async fn create(&self, principal: &Principal, wanted: CreateAsset) -> Result<(Asset, bool)> {
        let product = principal.pick_product(wanted.product.clone())?.ok_or_else(|| {
            Problem::invalid("product_required", "product: name the product that the asset belongs to")
        })?;
        if wanted.size_bytes > MAX_SIZE {
            return Err(check::invalid("size_bytes", "must be at most 9007199254740991"));
        }
        check::url("url", &wanted.url)?;
        check_thumbnail(wanted.thumbnail_url.as_deref())?;
        check_metadata(&wanted.metadata)?;
        let size = i64::try_from(wanted.size_bytes).map_err(Problem::internal)?;
        let mut tx = self.db.scoped(principal).await?;
        check_owner(&mut tx, wanted.owner_id).await?;
        for _ in 0..TRIES {
            if let Some(row) = store::insert(&mut tx, Uuid::now_v7(), &product, size, &wanted).await? {
                let asset = Asset::try_from(row)?;
                announce(&mut tx, principal, "asset.created", &asset).await?;
                tx.commit().await?;
                return Ok((asset, true));
            }
            if let Some(row) = store::by_content(&mut tx, &product, &wanted.content_hash).await? {
                tx.commit().await?;
                return Ok((row.try_into()?, false));
            }
        }
        Err(Problem::unavailable(
            "asset_busy",
            "this content is being recorded and deleted elsewhere; try again shortly",
        ))
    }

    /// Assets, newest first.
    pub async fn list(&self, principal: &Principal, query: ListAssets) -> Result<Page<Asset>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 200)?;
        let filter = Filter {
            product: product.as_ref(),
            kind: query.kind,
            source: query.source,
            owner: query.owner_id,
            content_hash: query.content_hash,
            below: paging::read_cursor(query.cursor.as_deref())?,
        };
        let mut tx = self.db.scoped(principal).await?;
        let rows = store::list(&mut tx, &filter, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, Asset::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    /// An asset.
    pub async fn get(&self, principal: &Principal, id: AssetId) -> Result<Asset> {
        let mut tx = self.db.scoped(principal).await?;
        let row = store::get(&mut tx, id.uuid()).await?;
        tx.commit().await?;
        row.ok_or_else(no_asset)?.try_into()
    }

    /// Those of these assets that are a product's, in the caller's transaction.
    pub async fn owned(tx: &mut Tx, product: &ProductSlug, ids: &[AssetId]) -> Result<Vec<Asset>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        store::owned(tx, product, &ids).await?.into_iter().map(Asset::try_from).collect()
    }

    /// Changes an asset's record.
    pub async fn update(&self, principal: &Principal, id: AssetId, change: &UpdateAsset) -> Result<Asset> {
        if let Some(url) = &change.url {
            check::url("url", url)?;
        }
        check_thumbnail(change.thumbnail_url.as_ref().and_then(Option::as_deref))?;
        if let Some(metadata) = &change.metadata {
            check_metadata(metadata)?;
        }
        if *change == UpdateAsset::default() {
            return self.get(principal, id).await;
        }
        let mut tx = self.db.scoped(principal).await?;
        check_owner(&mut tx, change.owner_id.flatten()).await?;
        let asset: Asset = store::update(&mut tx, id.uuid(), change).await?.ok_or_else(no_asset)?.try_into()?;
        announce(&mut tx, principal, "asset.updated", &asset).await?;
        tx.commit().await?;
        Ok(asset)
    }

    /// Deletes an asset's record.
    pub async fn delete(&self, principal: &Principal, id: AssetId) -> Result<()> {
        let mut tx = self.db.scoped(principal).await?;
        let asset: Asset = store::delete(&mut tx, id.uuid()).await?.ok_or_else(no_asset)?.try_into()?;
        announce(&mut tx, principal, "asset.deleted", &asset).await?;
        tx.commit().await
    }
}

async fn announce(tx: &mut Tx, principal: &Principal, topic: &'static str, asset: &Asset) -> Result<()> {
    let payload = json!({ "id": asset.id, "type": asset.kind, "content_hash": asset.content_hash });
    outbox::push(tx, topic, Some(&asset.product), &payload, &principal.request_id).await
}

fn no_asset() -> Problem {
    Problem::not_found("asset")
}

/// An owner sees the asset, so a product may name only a user it knows.
async fn check_owner(tx: &mut Tx, owner: Option<UserId>) -> Result<()> {
    match owner {
        Some(owner) if !Users::known(tx, owner).await? => Err(Problem::not_found("owner")),
        _ => Ok(()),
    }
}

fn check_thumbnail(url: Option<&str>) -> Result<()> {
    url.map_or(Ok(()), |url| check::url("thumbnail_url", url))
}

fn check_metadata(metadata: &Map<String, Value>) -> Result<()> {
    check::object("metadata", metadata, MAX_METADATA_BYTES)
}
