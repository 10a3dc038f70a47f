//! What a container may hold.

use serde_json::{Map, Value};

use super::super::error::{GraphError, refusal};
use super::super::fetch::{self, Form};
use super::super::params::Params;
use super::super::shape::{Field, Shape, accept, may};

const CAPTION: usize = 2200;
const HASHTAGS: usize = 30;
const MENTIONS: usize = 20;
const COLLABORATORS: usize = 3;
const TAGS: usize = 20;

/// What a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Post {
    Image,
    Reel,
    Story,
    /// A video within a carousel.
    Video,
    Carousel,
}

/// Where its media come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Image(String),
    Video(String),
    /// Its bytes are sent.
    Upload,
    /// Other containers.
    Children(Vec<String>),
}

const FIELDS: [Field; 17] = [
    may("caption", Shape::Text(usize::MAX)),
    may("image_url", Shape::Text(usize::MAX)),
    may("video_url", Shape::Text(usize::MAX)),
    may("cover_url", Shape::Text(usize::MAX)),
    may("upload_type", Shape::One(&["resumable"])),
    may("alt_text", Shape::Text(1000)),
    may("location_id", Shape::Id),
    may("user_tags", Shape::List),
    may("product_tags", Shape::List),
    may("share_to_feed", Shape::Flag),
    may("thumb_offset", Shape::Integer),
    may("audio_name", Shape::Text(usize::MAX)),
    may("trial_params", Shape::Object),
    may("is_carousel_item", Shape::Flag),
    may("is_ai_generated", Shape::Flag),
    may("is_paid_partnership", Shape::Flag),
    may("branded_content_sponsor_ids", Shape::List),
];

/// Reads the parameters of a container, or says what Instagram does not take.
pub(super) fn read(params: &Params) -> Result<(Post, Source, Map<String, Value>), GraphError> {
    let fields = accept(&FIELDS, params, true)?;
    let post = post(params)?;
    let source = source(post, params)?;
    check_caption(params.text("caption").unwrap_or_default().as_str())?;
    check_tags(post, params)?;
    if params.has("cover_url") {
        fetch::check("cover_url", &params.text("cover_url").unwrap_or_default())?;
    }
    let collaborators = params.texts("collaborators");
    if collaborators.len() > COLLABORATORS {
        return Err(GraphError::invalid("collaborators", format!("must name at most {COLLABORATORS} accounts")));
    }
    if !collaborators.is_empty() && post == Post::Story {
        return Err(GraphError::invalid("collaborators", "cannot be given for a story"));
    }
    Ok((post, source, fields))
}

fn post(params: &Params) -> Result<Post, GraphError> {
    let is_item = params.flag("is_carousel_item");
    match (params.text("media_type").as_deref(), is_item) {
        (None | Some("IMAGE"), _) => Ok(Post::Image),
        (Some("REELS"), false) => Ok(Post::Reel),
        (Some("STORIES"), false) => Ok(Post::Story),
        (Some("CAROUSEL"), false) => Ok(Post::Carousel),
        (Some("VIDEO" | "REELS"), true) => Ok(Post::Video),
        (Some("VIDEO"), false) => {
            let explanation = "A single video is published as a reel: use REELS.";
            Err(GraphError::refused(&refusal::MEDIA_TYPE, explanation).blaming("media_type"))
        }
        (Some(other), _) => {
            let explanation = format!("{other} is no media type, or not one for an item of a carousel.");
            Err(GraphError::refused(&refusal::MEDIA_TYPE, explanation).blaming("media_type"))
        }
    }
}

fn source(post: Post, params: &Params) -> Result<Source, GraphError> {
    if post == Post::Carousel {
        let children = params.texts("children");
        if !(2..=10).contains(&children.len()) {
            let explanation = format!("A carousel has 2 to 10 items, and this one {}.", children.len());
            return Err(GraphError::refused(&refusal::CAROUSEL_COUNT, explanation).blaming("children"));
        }
        return Ok(Source::Children(children));
    }
    let is_resumable = params.text("upload_type").as_deref() == Some("resumable");
    let (image, video) = (params.text("image_url"), params.text("video_url"));
    let takes_image = matches!(post, Post::Image | Post::Story);
    let takes_video = post != Post::Image;
    match (image, video) {
        (None, None) if is_resumable && takes_video => Ok(Source::Upload),
        (Some(url), None) if takes_image && !is_resumable => {
            fetch::check("image_url", &url)?;
            match fetch::form(&url) {
                None | Some(Form::Jpeg) => Ok(Source::Image(url)),
                Some(_) => {
                    let explanation = "The image is no JPEG, which is the only form that Instagram takes.";
                    Err(GraphError::refused(&refusal::NOT_JPEG, explanation).blaming("image_url"))
                }
            }
        }
        (None, Some(url)) if takes_video && !is_resumable => {
            fetch::check("video_url", &url)?;
            Ok(Source::Video(url))
        }
        (Some(_), Some(_)) => Err(GraphError::invalid("video_url", "cannot be given together with image_url")),
        _ => Err(GraphError::missing(if post == Post::Image { "image_url" } else { "video_url" })),
    }
}

fn check_caption(caption: &str) -> Result<(), GraphError> {
    let words = |mark| caption.split_whitespace().filter(|word| word.len() > 1 && word.starts_with(mark)).count();
    if caption.chars().count() > CAPTION || words('#') > HASHTAGS {
        let explanation = format!("A caption has at most {CAPTION} characters and {HASHTAGS} hashtags.");
        return Err(GraphError::refused(&refusal::CAPTION_TOO_LONG, explanation).blaming("caption"));
    }
    if words('@') > MENTIONS {
        let explanation = format!("A caption has at most {MENTIONS} mentions.");
        return Err(GraphError::refused(&refusal::TOO_MANY_TAGS, explanation).blaming("caption"));
    }
    Ok(())
}

/// On an image a tag has a place, from 0 to 1 on both axes.
fn check_tags(post: Post, params: &Params) -> Result<(), GraphError> {
    let wrong = |problem: &str| GraphError::invalid("user_tags", problem);
    let tags = params.json("user_tags").and_then(|tags| tags.as_array().cloned()).unwrap_or_default();
    if tags.len() > TAGS {
        let explanation = format!("At most {TAGS} accounts are tagged.");
        return Err(GraphError::refused(&refusal::TOO_MANY_TAGS, explanation).blaming("user_tags"));
    }
    for tag in &tags {
        if tag.get("username").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(wrong("must hold a username in each entry"));
        }
        let is_place = |axis: &str| tag.get(axis).and_then(Value::as_f64).is_some_and(|at| (0.0..=1.0).contains(&at));
        if post == Post::Image && !(is_place("x") && is_place("y")) {
            return Err(wrong("must hold x and y between 0.0 and 1.0 in each entry"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(json: &str) -> Option<(i64, Option<i64>)> {
        let mut params = Params::default();
        params.add_json(json.as_bytes()).unwrap();
        read(&params).err().map(|error| (error.code, error.subcode))
    }

    #[test]
    fn each_kind_takes_its_own_media() {
        for (json, expected) in [
            (r#"{"image_url":"https://a.example/b.jpg"}"#, None),
            (r#"{"image_url":"https://a.example/b.png"}"#, Some((36_001, Some(2_207_005)))),
            (r#"{"image_url":"https://localhost/b.jpg"}"#, Some((9004, Some(2_207_052)))),
            ("{}", Some((100, None))),
            (r#"{"media_type":"REELS","image_url":"https://a.example/b.jpg"}"#, Some((100, None))),
            (r#"{"media_type":"REELS","video_url":"https://a.example/b.mp4"}"#, None),
            (r#"{"media_type":"REELS","upload_type":"resumable"}"#, None),
            (r#"{"upload_type":"resumable"}"#, Some((100, None))),
            (r#"{"media_type":"VIDEO","video_url":"https://a.example/b.mp4"}"#, Some((100, Some(2_207_023)))),
            (r#"{"media_type":"VIDEO","video_url":"https://a.example/b.mp4","is_carousel_item":true}"#, None),
            (r#"{"media_type":"STORIES","image_url":"https://a.example/b.jpg"}"#, None),
            (
                r#"{"media_type":"STORIES","image_url":"https://a.example/b.jpg","collaborators":"ada"}"#,
                Some((100, None)),
            ),
            (r#"{"media_type":"CAROUSEL","children":"1"}"#, Some((100, Some(2_207_028)))),
            (r#"{"media_type":"CAROUSEL","children":["1","2"]}"#, None),
            (r#"{"media_type":"ALBUM"}"#, Some((100, Some(2_207_023)))),
        ] {
            assert_eq!(refused(json), expected, "{json}");
        }
    }

    #[test]
    fn captions_and_tags_have_their_limits() {
        let image = |more: &str| refused(&format!(r#"{{"image_url":"https://a.example/b.jpg",{more}}}"#));
        assert_eq!(image(&format!(r#""caption":"{}""#, "é".repeat(2200))), None);
        assert_eq!(image(&format!(r#""caption":"{}""#, "é".repeat(2201))), Some((36_004, Some(2_207_010))));
        assert_eq!(image(&format!(r#""caption":"{}""#, "#a ".repeat(31))), Some((36_004, Some(2_207_010))));
        assert_eq!(image(&format!(r#""caption":"{}""#, "@a ".repeat(21))), Some((100, Some(2_207_040))));
        assert_eq!(image(r#""user_tags":[{"username":"ada","x":0.5,"y":1.0}]"#), None);
        assert_eq!(image(r#""user_tags":[{"username":"ada"}]"#), Some((100, None)));
        assert_eq!(image(r#""collaborators":"a,b,c""#), None);
        assert_eq!(image(r#""collaborators":"a,b,c,d""#), Some((100, None)));
    }
}
