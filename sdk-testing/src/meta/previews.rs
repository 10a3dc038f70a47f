//! How ads look: <https://developers.facebook.com/docs/marketing-api/generatepreview>.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::ads;
use super::call::Call;
use super::error::GraphError;
use super::kind::Kind;
use super::nodes::Node;
use super::params::as_text;
use super::state::State;

/// Where an ad can be looked at.
const FORMATS: [&str; 76] = [
    "AUDIENCE_NETWORK_INSTREAM_VIDEO",
    "AUDIENCE_NETWORK_INSTREAM_VIDEO_MOBILE",
    "AUDIENCE_NETWORK_OUTSTREAM_VIDEO",
    "AUDIENCE_NETWORK_REWARDED_VIDEO",
    "BIZ_DISCO_FEED_MOBILE",
    "DESKTOP_FEED_STANDARD",
    "FACEBOOK_IFU_REELS_MOBILE",
    "FACEBOOK_PROFILE_FEED_DESKTOP",
    "FACEBOOK_PROFILE_FEED_MOBILE",
    "FACEBOOK_PROFILE_REELS_MOBILE",
    "FACEBOOK_REELS_BANNER",
    "FACEBOOK_REELS_BANNER_DESKTOP",
    "FACEBOOK_REELS_BANNER_FEED_ANDROID",
    "FACEBOOK_REELS_BANNER_FEED_ANDROID_LARGE",
    "FACEBOOK_REELS_BANNER_FULLSCREEN_IOS",
    "FACEBOOK_REELS_BANNER_FULLSCREEN_MOBILE",
    "FACEBOOK_REELS_MOBILE",
    "FACEBOOK_REELS_POSTLOOP",
    "FACEBOOK_REELS_POSTLOOP_FEED",
    "FACEBOOK_REELS_SIMILAR_PRODUCTS_MOBILE",
    "FACEBOOK_REELS_STICKER",
    "FACEBOOK_STORY_MOBILE",
    "FACEBOOK_STORY_STICKER_MOBILE",
    "INSTAGRAM_EXPLORE_CONTEXTUAL",
    "INSTAGRAM_EXPLORE_GRID_HOME",
    "INSTAGRAM_EXPLORE_IMMERSIVE",
    "INSTAGRAM_FEED_WEB",
    "INSTAGRAM_FEED_WEB_M_SITE",
    "INSTAGRAM_LEAD_GEN_MULTI_SUBMIT_ADS",
    "INSTAGRAM_PROFILE_FEED",
    "INSTAGRAM_PROFILE_REELS",
    "INSTAGRAM_REELS",
    "INSTAGRAM_REELS_OVERLAY",
    "INSTAGRAM_REELS_WEB",
    "INSTAGRAM_REELS_WEB_M_SITE",
    "INSTAGRAM_SEARCH_CHAIN",
    "INSTAGRAM_SEARCH_GRID",
    "INSTAGRAM_STANDARD",
    "INSTAGRAM_STORY",
    "INSTAGRAM_STORY_EFFECT_TRAY",
    "INSTAGRAM_STORY_WEB",
    "INSTAGRAM_STORY_WEB_M_SITE",
    "INSTANT_ARTICLE_RECIRCULATION_AD",
    "INSTANT_ARTICLE_STANDARD",
    "INSTREAM_BANNER_DESKTOP",
    "INSTREAM_BANNER_FEED_IOS",
    "INSTREAM_BANNER_FULLSCREEN_IOS",
    "INSTREAM_BANNER_FULLSCREEN_MOBILE",
    "INSTREAM_BANNER_IMMERSIVE_MOBILE",
    "INSTREAM_BANNER_MOBILE",
    "INSTREAM_VIDEO_DESKTOP",
    "INSTREAM_VIDEO_FULLSCREEN_IOS",
    "INSTREAM_VIDEO_FULLSCREEN_MOBILE",
    "INSTREAM_VIDEO_IMAGE",
    "INSTREAM_VIDEO_IMMERSIVE_MOBILE",
    "INSTREAM_VIDEO_MOBILE",
    "JOB_BROWSER_DESKTOP",
    "JOB_BROWSER_MOBILE",
    "MARKETPLACE_MOBILE",
    "MESSENGER_MOBILE_INBOX_MEDIA",
    "MESSENGER_MOBILE_STORY_MEDIA",
    "MOBILE_BANNER",
    "MOBILE_FEED_BASIC",
    "MOBILE_FEED_STANDARD",
    "MOBILE_FULLWIDTH",
    "MOBILE_INTERSTITIAL",
    "MOBILE_MEDIUM_RECTANGLE",
    "MOBILE_NATIVE",
    "RIGHT_COLUMN_STANDARD",
    "SUGGESTED_VIDEO_DESKTOP",
    "SUGGESTED_VIDEO_FULLSCREEN_MOBILE",
    "SUGGESTED_VIDEO_IMMERSIVE_MOBILE",
    "SUGGESTED_VIDEO_MOBILE",
    "WATCH_FEED_HOME",
    "WATCH_FEED_MOBILE",
    "WHATSAPP_STATUS_MEDIA",
];

/// `GET /act_{account}/generatepreviews`: of a creative that is described, or that is there.
pub(super) fn generate(state: &State, call: &Call, account: &Node) -> Result<Value, GraphError> {
    let creative = call.params.json("creative").filter(Value::is_object);
    let creative = creative.ok_or_else(|| GraphError::missing("creative"))?;
    match creative.get("creative_id").or_else(|| creative.get("id")).map(as_text) {
        Some(id) => {
            let found = id.parse().ok().and_then(|id| state.nodes.of_kind(id, Kind::AdCreative));
            let found = found.filter(|node| node.owner == account.id);
            let found = found.ok_or_else(|| GraphError::invalid("creative", "must be of this ad account"))?;
            show(call, &found.fields)
        }
        None => show(call, &ads::checked_creative(&creative)?),
    }
}

/// `GET /{creative}/previews` and `GET /{ad}/previews`.
pub(super) fn of_node(state: &State, call: &Call, node: &Node) -> Result<Value, GraphError> {
    let creative = match node.kind {
        Kind::Ad => {
            let id = node.fields.get("creative").and_then(|creative| creative.get("id")).map(as_text);
            id.and_then(|id| id.parse().ok()).and_then(|id| state.nodes.of_kind(id, Kind::AdCreative))
        }
        _ => Some(node),
    };
    match creative {
        Some(creative) => show(call, &creative.fields),
        None => Err(GraphError::new(2606, "(#2606) Unable to display a preview of this ad")),
    }
}

fn show(call: &Call, creative: &Map<String, Value>) -> Result<Value, GraphError> {
    let format = call.params.text("ad_format").ok_or_else(|| GraphError::missing("ad_format"))?;
    if !FORMATS.contains(&format.as_str()) {
        let problem = format!("must be one of {{{}}} - got \"{format}\".", FORMATS.join(", "));
        return Err(GraphError::invalid("ad_format", problem));
    }
    let number =
        |name: &str, default: u32| call.params.text(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (width, height) = (number("width", 540), number("height", 690));
    // The page is in the address, so that it shows without anything from outside.
    let page = STANDARD.encode(page(&format, creative));
    let frame = format!(
        "<iframe src=\"data:text/html;charset=utf-8;base64,{page}\" width=\"{width}\" height=\"{height}\" \
         scrolling=\"yes\" style=\"border: none;\"></iframe>"
    );
    Ok(json!({ "data": [{ "body": frame }] }))
}

/// What the ad says, as a page of text.
fn page(format: &str, creative: &Map<String, Value>) -> String {
    let mut texts = Vec::new();
    for name in ["object_story_spec", "asset_feed_spec", "object_story_id", "name"] {
        said(name, creative.get(name).unwrap_or(&Value::Null), &mut texts);
    }
    let lines: String = texts.iter().map(|text| format!("<p>{}</p>", escaped(text))).collect();
    format!("<!doctype html><title>{format}</title>{lines}")
}

/// The texts that a person reads.
fn said(name: &str, value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) if matches!(name, "message" | "name" | "title" | "description" | "caption" | "text") => {
            texts.push(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| said(name, item, texts)),
        Value::Object(members) => members.iter().for_each(|(name, member)| said(name, member, texts)),
        _ => {}
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_what_the_ad_says_and_nothing_that_runs() {
        let link = json!({ "link": "https://a.example", "message": "<script>1 & 2</script>", "name": "Shoes" });
        let creative = Map::from_iter([("object_story_spec".to_owned(), json!({ "page_id": "1", "link_data": link }))]);
        let page = page("MOBILE_FEED_STANDARD", &creative);
        assert!(page.contains("&lt;script&gt;1 &amp; 2&lt;/script&gt;") && page.contains("<p>Shoes</p>"), "{page}");
        assert!(!page.contains("a.example"));
    }
}
