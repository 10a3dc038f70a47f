//! Events of a server, an app or a shop, sent to Meta: the
//! [Conversions API](https://developers.facebook.com/docs/marketing-api/conversions-api).

mod hashed;
mod key;
mod normalize;
mod user_data;

pub use hashed::Hashed;
pub use key::{PlainKey, UserKey};
pub use normalize::{ValueError, normalize_currency};
pub use user_data::{UserData, click_id};
