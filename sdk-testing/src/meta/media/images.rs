//! <https://developers.facebook.com/docs/marketing-api/reference/ad-image/>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::error::GraphError;
use super::super::kind::Kind;
use super::super::nodes::Node;
use super::super::params::as_text;
use super::super::read;
use super::super::state::State;
use super::picture;
use super::upload::Upload;

/// The largest image.
const LARGEST: usize = 30_000_000;
/// As long as Meta's.
const HASH: usize = 32;

/// Takes images as files, as base64, or from another account.
pub(super) fn create(state: &mut State, call: &Call, account: &Node) -> Result<Value, GraphError> {
    let mut images = Map::new();
    for file in &call.files {
        images.insert(file.file_name.clone(), keep(state, call, account, &file.file_name, &file.bytes)?);
    }
    if let Some(text) = call.params.text("bytes") {
        let bytes = STANDARD.decode(text).map_err(|_| GraphError::invalid("bytes", "must be base64"))?;
        let name = call.params.text("name").unwrap_or_else(|| "bytes".to_owned());
        images.insert("bytes".to_owned(), keep(state, call, account, &name, &bytes)?);
    }
    if let Some(from) = call.params.json("copy_from") {
        let text = |name: &str| from.get(name).map(as_text).unwrap_or_default();
        let found = text("source_account_id").parse().ok().and_then(|from| state.nodes.image(from, &text("hash")));
        let image = found.cloned().ok_or_else(|| GraphError::invalid("copy_from", "names no image"))?;
        let copy = store(state, call, account, image.fields);
        images.insert(text("hash"), copy);
    }
    if images.is_empty() {
        return Err(GraphError::missing("bytes"));
    }
    Ok(json!({ "images": images }))
}

fn keep(state: &mut State, call: &Call, account: &Node, name: &str, bytes: &[u8]) -> Result<Value, GraphError> {
    if bytes.len() > LARGEST {
        return Err(GraphError::invalid("bytes", format!("must be at most {LARGEST} bytes")));
    }
    let (width, height) =
        picture::size(bytes).ok_or_else(|| GraphError::invalid("bytes", "must be a JPEG, PNG or GIF image"))?;
    let mut hash = Upload::whole(bytes).sha256();
    hash.truncate(HASH);
    let fields = json!({
        "hash": hash, "name": name, "status": "ACTIVE", "width": width, "height": height, "original_width": width,
        "original_height": height, "url": format!("{}/images/{hash}", call.base),
        "url_128": format!("{}/images/{hash}?width=128", call.base),
        "permalink_url": format!("{}/images/{hash}", call.base),
    });
    Ok(store(state, call, account, fields.as_object().cloned().unwrap_or_default()))
}

/// The same bytes are the same image, which a second upload brings back when it was deleted.
fn store(state: &mut State, call: &Call, account: &Node, mut fields: Map<String, Value>) -> Value {
    let answer: Map<String, Value> = ["hash", "url", "width", "height", "name"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), fields.get(name)?.clone())))
        .collect();
    let known = fields.get("hash").and_then(Value::as_str).and_then(|hash| state.nodes.image(account.id, hash));
    match known.map(|node| node.id).and_then(|id| state.nodes.get_mut(id)) {
        Some(node) => {
            fields.remove("name");
            node.set(fields, call.now);
        }
        None => {
            state.nodes.create(Kind::AdImage, account.id, fields, call.now);
        }
    }
    Value::Object(answer)
}

/// The images with these hashes.
pub(super) fn by_hash(state: &State, call: &Call, account: &Node) -> Result<Value, GraphError> {
    let wanted = call.params.texts("hashes");
    let mut rows = read::children(&state.nodes, account, Kind::AdImage);
    rows.retain(|node| wanted.iter().any(|hash| hash == node.text("hash")));
    let url = read::edge_url(&call.base, account, "adimages");
    read::list(&state.nodes, rows, &call.params, &read::selection(&call.params)?, &url)
}

/// Deletes an image, unless a creative shows it.
pub(super) fn delete(state: &mut State, call: &Call, account: &Node) -> Result<Value, GraphError> {
    let hash = call.params.text("hash").ok_or_else(|| GraphError::missing("hash"))?;
    let quoted = json!(hash).to_string();
    let is_shown = state.nodes.iter().any(|node| {
        node.kind == Kind::AdCreative
            && !node.is_gone()
            && node.fields.values().any(|value| value.to_string().contains(&quoted))
    });
    if is_shown {
        return Err(GraphError::invalid("hash", "is of an image that a creative shows"));
    }
    let id = state.nodes.image(account.id, &hash).map(|node| node.id);
    match id.and_then(|id| state.nodes.get_mut(id)) {
        Some(node) => {
            node.set(Map::from_iter([("status".to_owned(), json!("DELETED"))]), call.now);
            Ok(json!({ "success": true }))
        }
        None => Err(GraphError::invalid("hash", "is of no image of the ad account")),
    }
}
