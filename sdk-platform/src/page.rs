use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub data: Vec<T>,
    /// Give it back as `cursor` for the next page; null on the last page. Opaque.
    #[serde(default)]
    pub next_cursor: Option<String>,
}
