//! The schemes by which webhooks are signed.

mod acd_v0;
mod meta;
mod remotion;
mod standard;
mod stripe;
mod tiktok;
mod tiktok_shop;

use std::sync::Arc;

use super::dialect::Dialect;
use super::key::RawSignature;
use crate::hex;

/// A way of signing webhooks.
///
/// | scheme | header | signed besides the body | secret |
/// |---|---|---|---|
/// | [`Stripe`](Self::Stripe) | `Stripe-Signature` | time | the whole `whsec_…` text |
/// | [`Meta`](Self::Meta) | `X-Hub-Signature-256` | | the app secret |
/// | [`TikTok`](Self::TikTok) | `TikTok-Signature` | time | the client secret |
/// | [`TikTokShop`](Self::TikTokShop) | `Authorization` | app key | the app secret |
/// | [`RemotionLambda`](Self::RemotionLambda) | `X-Remotion-Signature` | | any text |
/// | [`AcdV0`](Self::AcdV0) | `X-Remotion-Signature` | | any text |
/// | [`StandardWebhooks`](Self::StandardWebhooks) | `webhook-signature` | id and time | `whsec_` and base64; `whpk_` to verify and `whsk_` to sign with Ed25519 |
/// | [`Svix`](Self::Svix), [`Resend`](Self::Resend) | `svix-signature` | id and time | as Standard Webhooks |
///
/// Where no time is signed, a message that was captured stays valid for ever: only a
/// [`ReplayGuard`](crate::replay::ReplayGuard) keeps it from being taken twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// [Stripe](https://docs.stripe.com/webhooks#verify-manually): HMAC-SHA256 over `{t}.{body}`. The events' `id` is the
    /// message id.
    Stripe,
    /// [Meta](https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads): HMAC-SHA256
    /// over the body. There is no time and no message id; the body's hash stands for it.
    Meta,
    /// [TikTok for developers and Business](https://developers.tiktok.com/doc/webhooks-verification): HMAC-SHA256 over
    /// `{t}.{body}`. There is no message id; the body's hash stands for it.
    TikTok,
    /// [TikTok Shop](https://partner.tiktokshop.com/docv2/page/tts-webhooks-overview): HMAC-SHA256 over
    /// `{app key}{body}`. `tts_notification_id` is the message id.
    ///
    /// The only time is the `timestamp` in the body. It tells when the event was written, and deliveries are repeated for
    /// some 16 hours, so it may be 24 hours old by default.
    TikTokShop {
        /// The key of the app that the shop authorised.
        app_key: String,
    },
    /// Remotion Lambda's [own webhooks](https://www.remotion.dev/docs/lambda/webhooks): HMAC-SHA512 over the body. There
    /// is no time; `renderId` and `type` together are the message id. A message that says `NO_SECRET_PROVIDED` is
    /// refused.
    RemotionLambda,
    /// The older form of the platform's render webhooks, which endpoints with `compat: "acd_v0"` get: HMAC-SHA256 over
    /// the body. There is no time; the body's `id` is the message id. All other endpoints of the platform get
    /// [`StandardWebhooks`](Self::StandardWebhooks).
    AcdV0,
    /// [Standard Webhooks 1.0.0](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md):
    /// HMAC-SHA256 (`v1`) or Ed25519 (`v1a`) over `{id}.{time}.{body}`.
    StandardWebhooks,
    /// [Svix](https://docs.svix.com/receiving/verifying-payloads/how-manual): Standard Webhooks under the headers
    /// `svix-id`, `svix-timestamp` and `svix-signature`. The standard's own names are read as well.
    Svix,
    /// [Resend](https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests), which sends through Svix.
    Resend,
}

impl Scheme {
    /// The name in snake case, stable: a label for logs, counters and replay keys.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Meta => "meta",
            Self::TikTok => "tiktok",
            Self::TikTokShop { .. } => "tiktok_shop",
            Self::RemotionLambda => "remotion_lambda",
            Self::AcdV0 => "acd_v0",
            Self::StandardWebhooks => "standard_webhooks",
            Self::Svix => "svix",
            Self::Resend => "resend",
        }
    }

    /// What the scheme does; the error completes "the scheme …".
    pub(super) fn dialect(&self) -> Result<Arc<dyn Dialect>, &'static str> {
        Ok(match self {
            Self::Stripe => Arc::new(stripe::Stripe),
            Self::Meta => Arc::new(meta::Meta),
            Self::TikTok => Arc::new(tiktok::TikTok),
            Self::TikTokShop { app_key } => Arc::new(tiktok_shop::TikTokShop::new(app_key)?),
            Self::RemotionLambda => Arc::new(remotion::RemotionLambda),
            Self::AcdV0 => Arc::new(acd_v0::AcdV0),
            Self::StandardWebhooks => Arc::new(standard::STANDARD_WEBHOOKS),
            Self::Svix | Self::Resend => Arc::new(standard::SVIX),
        })
    }
}

/// The MACs among the signatures, in hexadecimal. The schemes that ask make no others.
fn hex_macs(signatures: &[RawSignature]) -> impl Iterator<Item = String> {
    signatures.iter().filter_map(|signature| match signature {
        RawSignature::Mac(mac) => Some(hex::encode(mac)),
        RawSignature::Ed25519(_) => None,
    })
}
