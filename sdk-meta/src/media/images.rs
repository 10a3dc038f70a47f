//! Images.

use std::collections::HashMap;

use acd_core::{FormPart, Multipart};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{DELETE_IMAGE, LIST_IMAGES, UPLOAD_IMAGE};
use crate::answers::Done;
use crate::error::{Error, ErrorKind};
use crate::{AdAccountId, MetaCall, MetaClient, Page};

/// An image that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct UploadedImage {
    /// Its hash, by which creatives name it. The same bytes have the same.
    pub hash: String,
    /// Where it is for now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// In pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// In pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
}

/// An image of an account's library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct AdImage {
    /// The account's number and the hash, with a colon between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its hash.
    pub hash: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `ACTIVE`, `INTERNAL` or `DELETED`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Where it is to stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permalink_url: Option<String>,
}

#[derive(Deserialize)]
struct Uploaded {
    images: HashMap<String, UploadedImage>,
}

/// Images.
#[derive(Clone, Copy, Debug)]
pub struct AdImagesClient<'c> {
    meta: &'c MetaClient,
}

impl<'c> AdImagesClient<'c> {
    pub(crate) fn new(meta: &'c MetaClient) -> Self {
        Self { meta }
    }

    /// Uploads an image, JPEG or PNG, of at most 30 MB. Safe to repeat: the same bytes give the same hash.
    pub fn upload(&self, account: &AdAccountId, name: &str, bytes: impl Into<Bytes>) -> MetaCall<'c, UploadedImage> {
        let part = FormPart::new("filename", bytes.into()).file_name(name).content_type("application/octet-stream");
        let call = MetaCall::reading(self.meta, &UPLOAD_IMAGE, |response| {
            Box::pin(async move {
                // Meta names the one image by the part or by the file.
                let image = response.json::<Uploaded>().await?.images.into_values().next();
                image.ok_or_else(|| Error::new(ErrorKind::Decode, "the answer to the upload holds no image"))
            })
        });
        call.account(account).http(|call| call.multipart(Multipart::new().part(part)))
    }

    /// Reads images by their hashes. Safe to repeat.
    pub fn get(&self, account: &AdAccountId, hashes: &[&str]) -> MetaCall<'c, Page<AdImage>> {
        let query = json!({ "hashes": hashes, "fields": "id,hash,name,status,permalink_url" });
        MetaCall::json(self.meta, &LIST_IMAGES).account(account).query(&query)
    }

    /// Deletes an image that no creative shows. Safe to repeat.
    pub fn delete(&self, account: &AdAccountId, hash: &str) -> MetaCall<'c, Done> {
        MetaCall::json(self.meta, &DELETE_IMAGE).account(account).param("hash", hash)
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;

    use crate::testing::scripted;

    #[test]
    fn an_image_is_sent_as_a_file_and_known_by_its_hash() {
        let body = r#"{"images":{"a.png":{"hash":"abc","url":"https://x.test/","width":2,"height":1}}}"#;
        let (harness, meta) = scripted([answer(200).body(body)]);
        let call = meta.ad_images().upload(&"17".into(), "a.png", &b"\x89PNG"[..]);
        let image = harness.run(call.into_future()).unwrap();
        assert_eq!((image.hash.as_str(), image.width), ("abc", Some(2)));
        let request = &harness.requests()[0];
        let body = String::from_utf8_lossy(&request.body);
        assert!(body.contains(r#"name="filename"; filename="a.png""#), "{body}");
        assert_eq!(request.uri.path(), "/v26.0/act_17/adimages");
    }
}
