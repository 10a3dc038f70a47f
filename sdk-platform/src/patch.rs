//! Fields of a change that can be left out, emptied or set.

use serde::{Deserialize, Deserializer};

/// Reads a field that is there: `null` empties it, while a field left out keeps the default, `None`.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}
