//! The signature on a request, found among others and read.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName};

use super::VerifyError;
use crate::signing::components::field;
use crate::signing::profile::{SIGNATURE, SIGNATURE_INPUT, TAG};
use crate::signing::structured::{self, Bare, Dictionary, InnerList, Item, Member};

/// The lengths of a nonce: 12 characters of base64 hold 72 bits, of raw text 96; the rest is the sender's to choose well.
const NONCE_CHARS: std::ops::RangeInclusive<usize> = 12..=256;
const KEY_ID_CHARS: std::ops::RangeInclusive<usize> = 1..=256;

/// One signature and what it says about itself. Nothing of it is verified.
pub(super) struct SignatureInput {
    pub(super) list: InnerList,
    pub(super) signature: Vec<u8>,
    pub(super) created: i64,
    pub(super) expires: i64,
    pub(super) nonce: String,
    pub(super) key_id: String,
    pub(super) algorithm: String,
}

impl SignatureInput {
    /// Finds the one signature with our tag.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, VerifyError> {
        if !headers.contains_key(SIGNATURE_INPUT) {
            return Err(VerifyError::Unsigned);
        }
        let inputs = dictionary(&SIGNATURE_INPUT, headers)?;
        let mut ours = inputs.0.into_iter().filter_map(|(label, member)| match member {
            Member::List(list) if list.parameters.string("tag") == Some(TAG) => Some((label, list)),
            _ => None,
        });
        let (label, list) = ours.next().ok_or(VerifyError::Unsigned)?;
        if ours.next().is_some() {
            return Err(malformed("the request has two signatures with the tag `sdk-internal`"));
        }
        let signature = match dictionary(&SIGNATURE, headers)?.get(&label) {
            Some(Member::Item(Item { bare: Bare::Bytes(bytes), .. })) => bytes.clone(),
            Some(_) => return Err(malformed("the signature is not a byte sequence")),
            None => return Err(malformed("Signature has no member of the label that Signature-Input has")),
        };
        Self::of(list, signature)
    }

    fn of(list: InnerList, signature: Vec<u8>) -> Result<Self, VerifyError> {
        let integer = |name| list.parameters.integer(name).ok_or_else(|| lacks(name));
        let text = |name| list.parameters.string(name).map(str::to_owned).ok_or_else(|| lacks(name));
        let (created, expires) = (integer("created")?, integer("expires")?);
        let (nonce, key_id, algorithm) = (text("nonce")?, text("keyid")?, text("alg")?);
        if !NONCE_CHARS.contains(&nonce.len()) || !KEY_ID_CHARS.contains(&key_id.len()) {
            return Err(malformed("the signature's nonce has 12 to 256 characters and its keyid 1 to 256"));
        }
        Ok(Self { list, signature, created, expires, nonce, key_id, algorithm })
    }
}

fn dictionary(name: &HeaderName, headers: &HeaderMap) -> Result<Dictionary, VerifyError> {
    let text = field(name, headers).map_err(VerifyError::Malformed)?;
    structured::dictionary(&text).map_err(malformed)
}

fn malformed(why: impl Into<Cow<'static, str>>) -> VerifyError {
    VerifyError::Malformed(why.into())
}

fn lacks(parameter: &str) -> VerifyError {
    VerifyError::Incomplete(
        format!("the signature lacks its parameter `{parameter}`, or it is of the wrong kind").into(),
    )
}
