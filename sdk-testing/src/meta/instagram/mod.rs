//! Instagram: containers, what is published of them, how much may be.
//! See <https://developers.facebook.com/docs/instagram-platform/content-publishing>.

mod container;
mod insights;
mod publish;
mod quota;
mod rules;

use serde_json::Value;

pub(super) use container::{settle, show_upload};
pub(super) use quota::Posts;

use super::call::Call;
use super::error::GraphError;
use super::kind::Kind;
use super::nodes::Node;
use super::state::State;

/// Reads an edge; none when it is not one of these.
pub(super) fn get_edge(state: &State, call: &Call, node: &Node, edge: &str) -> Result<Option<Value>, GraphError> {
    match (node.kind, edge) {
        (Kind::IGUser, "content_publishing_limit") => quota::read(state, call, node).map(Some),
        (_, "insights") => insights::read(call, node).map(Some),
        _ => Ok(None),
    }
}

/// Creates below an account; none when it is not one of these edges.
pub(super) fn post_edge(state: &mut State, call: &Call, user: &Node, edge: &str) -> Result<Option<Value>, GraphError> {
    match edge {
        "media" => container::create(state, call, user).map(Some),
        "media_publish" => publish::publish(state, call, user).map(Some),
        _ => Ok(None),
    }
}
