//! Assets: files that products share. The platform keeps where a file is and what it is; the bytes lie elsewhere.

use acd_core::{Client, Operation};
use chrono::{DateTime, Utc};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::named::named;
use crate::page::paged;
use crate::patch::present;
use crate::whole::whole;
use crate::{AssetId, ContentHash, Page, Paged, PlatformCall, ProductSlug, UserId};

/// `GET /v1/assets`
pub const LIST: Operation = Operation::new("platform.assets.list", Method::GET, "/v1/assets").safe();
/// `POST /v1/assets`. The content hash makes a repeat harmless.
pub const CREATE: Operation = Operation::new("platform.assets.create", Method::POST, "/v1/assets").idempotent();
/// `GET /v1/assets/{id}`
pub const GET: Operation = Operation::new("platform.assets.get", Method::GET, "/v1/assets/{id}").safe();
/// `PATCH /v1/assets/{id}`
pub const UPDATE: Operation = Operation::new("platform.assets.update", Method::PATCH, "/v1/assets/{id}").idempotent();
/// `DELETE /v1/assets/{id}`
pub const DELETE: Operation = Operation::new("platform.assets.delete", Method::DELETE, "/v1/assets/{id}").idempotent();

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, DELETE, GET, LIST, UPDATE];

named! {
    /// What a file holds.
    AssetType {
        /// A picture.
        Image = "image",
        /// A moving picture.
        Video = "video",
        /// Sound.
        Audio = "audio",
        /// A sample of a voice.
        Voice = "voice",
        /// A typeface.
        Font = "font",
        /// Something to be filled in.
        Template = "template",
        /// Text to be read.
        Document = "document",
    }
}

named! {
    /// Where a file comes from.
    AssetSource {
        /// Someone uploaded it.
        Upload = "upload",
        /// It was rendered.
        Render = "render",
        /// A model made it.
        Generated = "generated",
        /// Taken over from another system.
        Import = "import",
    }
}

/// A file of a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Asset {
    /// Its id.
    pub id: AssetId,
    /// The product it belongs to.
    pub product: ProductSlug,
    /// The user it belongs to, who may see it.
    pub owner_id: Option<UserId>,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: AssetType,
    /// Where it comes from.
    pub source: AssetSource,
    /// The SHA-256 of its bytes, unique in the product.
    pub content_hash: ContentHash,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// Where the bytes are.
    pub url: String,
    /// Where a small picture of it is.
    pub thumbnail_url: Option<String>,
    /// Further facts, such as width and height.
    pub metadata: Map<String, Value>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When the record last changed.
    pub updated_at: DateTime<Utc>,
}

/// The body of [`CREATE`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAsset {
    /// The product it belongs to. A product's own key may leave it out; only an administrator may name another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
    /// The user it belongs to, one whom the product knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<UserId>,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: AssetType,
    /// Where it comes from.
    pub source: AssetSource,
    /// The SHA-256 of its bytes.
    pub content_hash: ContentHash,
    /// How many bytes it has, at most 2^53 - 1.
    #[serde(deserialize_with = "whole")]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub size_bytes: u64,
    /// Where the bytes are: an http or https URL of at most 2,048 characters.
    #[schemars(length(max = 2048), url, regex(pattern = "^https?://"))]
    pub url: String,
    /// Where a small picture of it is: an http or https URL of at most 2,048 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), url, regex(pattern = "^https?://"))]
    pub thumbnail_url: Option<String>,
    /// Further facts, at most 32 KiB of JSON; none when left out.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

/// The body of [`UPDATE`]: what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateAsset {
    /// The new owner, one whom the product knows; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Option<UserId>")]
    pub owner_id: Option<Option<UserId>>,
    /// Where the bytes are now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), url, regex(pattern = "^https?://"))]
    pub url: Option<String>,
    /// Where a small picture of it is now; null for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schemars(with = "Option<String>", length(max = 2048), url, regex(pattern = "^https?://"))]
    pub thumbnail_url: Option<Option<String>>,
    /// The new further facts, in the place of the old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

/// The query of [`LIST`]. Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAssets {
    /// Most assets in one page, 1 to 200; 50 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u16>,
    /// From the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = crate::page::CURSOR))]
    pub cursor: Option<String>,
    /// Only what holds this.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<AssetType>,
    /// Only what comes from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<AssetSource>,
    /// Only this user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<UserId>,
    /// Only the file with these bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<ContentHash>,
    /// Only this product's; a product sees its own alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductSlug>,
}

/// Files that products share.
#[derive(Clone, Copy, Debug)]
pub struct AssetsClient<'c> {
    http: &'c Client,
}

impl<'c> AssetsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Lists assets, newest first. A product sees its own, a user their own, an administrator all.
    pub fn list(&self, query: &ListAssets) -> PlatformCall<'c, Page<Asset>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// Every asset from the query's cursor on.
    pub fn list_all(&self, query: ListAssets) -> Paged<Asset> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListAssets { cursor, limit, ..query.clone() });
            async move { AssetsClient::new(&http).list(&query).await }
        })
    }

    /// Records a file. When the product has one with the same bytes already, that one is returned unchanged.
    pub fn create(&self, asset: &CreateAsset) -> PlatformCall<'c, Asset> {
        PlatformCall::json(self.http, &CREATE).body(asset)
    }

    /// Gets an asset.
    pub fn get(&self, id: AssetId) -> PlatformCall<'c, Asset> {
        PlatformCall::json(self.http, &GET).id(id)
    }

    /// Changes the record of a file.
    pub fn update(&self, id: AssetId, change: &UpdateAsset) -> PlatformCall<'c, Asset> {
        PlatformCall::json(self.http, &UPDATE).id(id).body(change)
    }

    /// Deletes the record of a file, not its bytes.
    pub fn delete(&self, id: AssetId) -> PlatformCall<'c, ()> {
        PlatformCall::empty(self.http, &DELETE).id(id)
    }
}
