use acd_platform::{AssetId, ContentHash, ProductSlug};
use sqlx::{query, query_scalar};
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// What Meta calls the image with these bytes, where the product used it in this account before.
pub(in crate::ads::publishing) async fn image(
    tx: &mut Tx,
    product: &ProductSlug,
    account: &str,
    content: &ContentHash,
) -> Result<Option<String>> {
    let sql = "select image_hash from ads_images where product = $1 and account = $2 and content_hash = $3";
    let query = query_scalar(sql).bind(product.as_str()).bind(account).bind(content.as_bytes().as_slice());
    Ok(query.fetch_optional(tx.conn()).await?)
}

/// Keeps what Meta calls an image.
pub(in crate::ads::publishing) async fn keep_image(
    tx: &mut Tx,
    product: &ProductSlug,
    account: &str,
    content: &ContentHash,
    hash: &str,
) -> Result<()> {
    let sql = "insert into ads_images (product, account, content_hash, image_hash) values ($1, $2, $3, $4)
         on conflict (product, account, content_hash) do update set image_hash = excluded.image_hash";
    query(sql)
        .bind(product.as_str())
        .bind(account)
        .bind(content.as_bytes().as_slice())
        .bind(hash)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Keeps which assets a creative shows.
pub(in crate::ads::publishing) async fn keep_shown(
    tx: &mut Tx,
    product: &ProductSlug,
    creative: &str,
    assets: &[AssetId],
) -> Result<()> {
    let sql = "insert into ads_creative_assets (creative_id, asset_id, product) select $1, unnest($2::uuid[]), $3
         on conflict do nothing";
    let assets: Vec<Uuid> = assets.iter().map(|asset| asset.uuid()).collect();
    query(sql).bind(creative).bind(assets).bind(product.as_str()).execute(tx.conn()).await?;
    Ok(())
}
