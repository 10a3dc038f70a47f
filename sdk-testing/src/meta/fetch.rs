//! Media that are given by their URL. The simulator fetches nothing: the name's ending says what a file is, and one
//! without an ending is what is wanted.

use std::net::IpAddr;

use super::error::{GraphError, refusal};

/// What a file is by the ending of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Jpeg,
    /// An image of another form.
    Image,
    /// MP4 or MOV.
    Video,
    Other,
}

/// Refuses what Meta could not fetch: no HTTP, or a host that only the caller reaches.
pub(super) fn check(parameter: &str, text: &str) -> Result<(), GraphError> {
    if url::Url::parse(text).is_ok_and(|url| is_public(&url)) {
        return Ok(());
    }
    let explanation = format!("The media could not be fetched from this URI: {text}");
    Err(GraphError::refused(&refusal::NOT_FETCHABLE, explanation).blaming(parameter))
}

fn is_public(url: &url::Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_private = match host.parse() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified(),
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local(),
        Err(_) => !host.contains('.') || host.ends_with(".localhost") || host.ends_with(".local"),
    };
    matches!(url.scheme(), "http" | "https") && !is_private
}

/// The form that the name's ending says; none without an ending.
pub(super) fn form(text: &str) -> Option<Form> {
    let url = url::Url::parse(text).ok()?;
    let (_, ending) = url.path_segments()?.next_back()?.rsplit_once('.')?;
    Some(match ending.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => Form::Jpeg,
        "png" | "gif" | "webp" | "heic" | "bmp" | "tiff" | "avif" => Form::Image,
        "mp4" | "mov" => Form::Video,
        _ => Form::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_everybody_reaches_is_fetched() {
        for (url, is_fine) in [
            ("https://cdn.example.com/a.jpg", true),
            ("http://8.8.8.8/a.jpg", true),
            ("ftp://cdn.example.com/a.jpg", false),
            ("file:///a.jpg", false),
            ("https://localhost/a.jpg", false),
            ("http://127.0.0.1/a.jpg", false),
            ("http://10.1.2.3/a.jpg", false),
            ("http://[::1]/a.jpg", false),
            ("a.jpg", false),
            ("", false),
        ] {
            assert_eq!(check("image_url", url).is_ok(), is_fine, "{url}");
        }
    }

    #[test]
    fn the_ending_tells_the_form() {
        for (url, expected) in [
            ("https://a.example/b.JPG?x=1.png", Some(Form::Jpeg)),
            ("https://a.example/b.png", Some(Form::Image)),
            ("https://a.example/b.mov", Some(Form::Video)),
            ("https://a.example/b.txt", Some(Form::Other)),
            ("https://a.example/b", None),
        ] {
            assert_eq!(form(url), expected, "{url}");
        }
    }
}
