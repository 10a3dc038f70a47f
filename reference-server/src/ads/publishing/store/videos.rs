use std::time::Duration;

use acd_core::upload::UploadSession;
use acd_platform::{ContentHash, ProductSlug};
use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{FromRow, query, query_as, query_scalar};
use uuid::Uuid;

use crate::kernel::db::Tx;
use crate::kernel::problem::Result;

/// Which video: these bytes, as one product's, in one account.
#[derive(Clone, Debug)]
pub(in crate::ads::publishing) struct VideoKey {
    pub(in crate::ads::publishing) product: ProductSlug,
    pub(in crate::ads::publishing) account: String,
    pub(in crate::ads::publishing) content: ContentHash,
}

/// A video that is at Meta.
#[derive(Clone, Debug, FromRow)]
pub(in crate::ads::publishing) struct Uploaded {
    pub(in crate::ads::publishing) video_id: String,
    pub(in crate::ads::publishing) uploaded_at: DateTime<Utc>,
}

/// The video, once its upload has ended.
pub(in crate::ads::publishing) async fn uploaded(tx: &mut Tx, key: &VideoKey) -> Result<Option<Uploaded>> {
    let sql = "select video_id, uploaded_at from shared.ads_videos
         where product = $1 and account = $2 and content_hash = $3 and video_id is not null";
    Ok(query_as(sql)
        .bind(key.product.as_str())
        .bind(&key.account)
        .bind(key.content.as_bytes().as_slice())
        .fetch_optional(tx.conn())
        .await?)
}

/// Becomes the one who uploads it, for so long; false while another does, or when its upload has ended.
pub(in crate::ads::publishing) async fn hold(
    tx: &mut Tx,
    key: &VideoKey,
    holder: Uuid,
    lease: Duration,
) -> Result<bool> {
    let sql = "insert into shared.ads_videos as v (product, account, content_hash, holder, held_until)
         values ($1, $2, $3, $4, now() + make_interval(secs => $5))
         on conflict (product, account, content_hash) do update set holder = $4, held_until = excluded.held_until
            where v.video_id is null and v.held_until <= now()";
    let done = query(sql)
        .bind(key.product.as_str())
        .bind(&key.account)
        .bind(key.content.as_bytes().as_slice())
        .bind(holder)
        .bind(lease.as_secs_f64())
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// How far the upload came; nothing when it has not begun, or when another holds it by now.
pub(in crate::ads::publishing) async fn session(
    tx: &mut Tx,
    key: &VideoKey,
    holder: Uuid,
) -> Result<Option<UploadSession>> {
    let sql = "select session from shared.ads_videos
         where product = $1 and account = $2 and content_hash = $3 and holder = $4 and session is not null";
    let session: Option<Json<UploadSession>> = query_scalar(sql)
        .bind(key.product.as_str())
        .bind(&key.account)
        .bind(key.content.as_bytes().as_slice())
        .bind(holder)
        .fetch_optional(tx.conn())
        .await?;
    Ok(session.map(|session| session.0))
}

/// Goes on holding it for so long, with this to go on with where it is given; false when another holds it by now.
pub(in crate::ads::publishing) async fn keep(
    tx: &mut Tx,
    key: &VideoKey,
    holder: Uuid,
    lease: Duration,
    session: Option<&UploadSession>,
) -> Result<bool> {
    let sql = "update shared.ads_videos
         set held_until = now() + make_interval(secs => $5), session = coalesce($6, session)
         where product = $1 and account = $2 and content_hash = $3 and holder = $4 and video_id is null";
    let done = query(sql)
        .bind(key.product.as_str())
        .bind(&key.account)
        .bind(key.content.as_bytes().as_slice())
        .bind(holder)
        .bind(lease.as_secs_f64())
        .bind(session.map(Json))
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Lets go of it, and of what its upload would go on with unless that is kept.
pub(in crate::ads::publishing) async fn release(
    tx: &mut Tx,
    key: &VideoKey,
    holder: Uuid,
    keeps_session: bool,
) -> Result<()> {
    let sql = "update shared.ads_videos set held_until = now(), session = case when $5 then session end
         where product = $1 and account = $2 and content_hash = $3 and holder = $4 and video_id is null";
    query(sql)
        .bind(key.product.as_str())
        .bind(&key.account)
        .bind(key.content.as_bytes().as_slice())
        .bind(holder)
        .bind(keeps_session)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Its upload has ended; false when another holds it by now.
pub(in crate::ads::publishing) async fn end(
    tx: &mut Tx,
    key: &VideoKey,
    holder: Uuid,
    uploaded: &Uploaded,
) -> Result<bool> {
    let sql = "update shared.ads_videos
         set video_id = $5, uploaded_at = $6, session = null, holder = null, held_until = now()
         where product = $1 and account = $2 and content_hash = $3 and holder = $4";
    let done = query(sql)
        .bind(key.product.as_str())
        .bind(&key.account)
        .bind(key.content.as_bytes().as_slice())
        .bind(holder)
        .bind(&uploaded.video_id)
        .bind(uploaded.uploaded_at)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Forgets a video that is of no use any more.
pub(in crate::ads::publishing) async fn forget(tx: &mut Tx, key: &VideoKey, video: &str) -> Result<()> {
    let sql = "delete from shared.ads_videos
         where product = $1 and account = $2 and content_hash = $3 and video_id = $4";
    query(sql)
        .bind(key.product.as_str())
        .bind(&key.account)
        .bind(key.content.as_bytes().as_slice())
        .bind(video)
        .execute(tx.conn())
        .await?;
    Ok(())
}
