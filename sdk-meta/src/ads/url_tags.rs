//! UTM parameters in the links of a creative.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// What stays as it is in a query: RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// UTM parameters, by which analytics know what a visit came from. Values may hold Meta's macros, such as
/// `{{campaign.id}}` or `{{placement}}`, which Meta fills in when somebody clicks
/// ([page](https://www.facebook.com/business/help/2360940870872492), read 2026-11).
///
/// ```
/// use acd_meta::ads::url_tags::Utm;
///
/// let tags = Utm::new("facebook", "paid_social", "spring & summer").content("{{ad.id}}").url_tags();
/// assert_eq!(tags, "utm_source=facebook&utm_medium=paid_social&utm_campaign=spring%20%26%20summer&utm_content={{ad.id}}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Utm {
    /// `utm_source`: where the visit came from.
    pub source: String,
    /// `utm_medium`: by which kind of advertising.
    pub medium: String,
    /// `utm_campaign`: by which campaign.
    pub campaign: String,
    /// `utm_term`: by which audience or keyword.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
    /// `utm_content`: by which ad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// Meta's own ids: `facebook`, `paid_social`, the ids of campaign, ad set and ad. Names change, and ids do not.
impl Default for Utm {
    fn default() -> Self {
        Self::new("facebook", "paid_social", "{{campaign.id}}").term("{{adset.id}}").content("{{ad.id}}")
    }
}

impl Utm {
    /// The three parameters that analytics expect.
    pub fn new(source: impl Into<String>, medium: impl Into<String>, campaign: impl Into<String>) -> Self {
        Self { source: source.into(), medium: medium.into(), campaign: campaign.into(), term: None, content: None }
    }

    /// Sets `utm_term`.
    #[must_use]
    pub fn term(mut self, term: impl Into<String>) -> Self {
        self.term = Some(term.into());
        self
    }

    /// Sets `utm_content`.
    #[must_use]
    pub fn content(mut self, content: impl Into<String>) -> Self {
        self.content = Some(content.into());
        self
    }

    /// The value of a creative's `url_tags`. Everything is escaped but Meta's macros.
    #[must_use]
    pub fn url_tags(&self) -> String {
        self.added_to("")
    }

    /// The same added to tags that are there. A parameter that is there already stays as it is.
    #[must_use]
    pub fn added_to(&self, tags: &str) -> String {
        let mut tags = tags.trim_start_matches(['?', '&']).trim_end_matches('&').to_owned();
        let pairs = [
            ("utm_source", Some(&self.source)),
            ("utm_medium", Some(&self.medium)),
            ("utm_campaign", Some(&self.campaign)),
            ("utm_term", self.term.as_ref()),
            ("utm_content", self.content.as_ref()),
        ];
        for (name, value) in pairs {
            let Some(value) = value.filter(|_| !has(&tags, name)) else { continue };
            if !tags.is_empty() {
                tags.push('&');
            }
            tags.push_str(name);
            tags.push('=');
            escape(value, &mut tags);
        }
        tags
    }
}

fn has(tags: &str, name: &str) -> bool {
    tags.split('&').any(|pair| pair.split('=').next() == Some(name))
}

/// Escapes all but macros: two braces around a name.
fn escape(value: &str, out: &mut String) {
    let mut rest = value;
    while let Some(start) = rest.find("{{") {
        let (before, from) = rest.split_at(start);
        let end = from.find("}}").map(|end| end + 2);
        let is_name =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'.');
        match end.map(|end| from.split_at(end)) {
            Some((name, after)) if is_name(name.trim_start_matches("{{").trim_end_matches("}}")) => {
                out.extend(utf8_percent_encode(before, ESCAPED));
                out.push_str(name);
                rest = after;
            }
            _ => break,
        }
    }
    out.extend(utf8_percent_encode(rest, ESCAPED));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn macros_stay_and_everything_else_is_escaped() {
        let tags = |campaign: &str| Utm::new("s", "m", campaign).url_tags();
        for (campaign, written) in [
            ("{{campaign.name}}-é", "{{campaign.name}}-%C3%A9"),
            ("a&b=c{{ad.id}}", "a%26b%3Dc{{ad.id}}"),
            ("{{no macro}}", "%7B%7Bno%20macro%7D%7D"),
            ("{{open", "%7B%7Bopen"),
        ] {
            assert_eq!(tags(campaign), format!("utm_source=s&utm_medium=m&utm_campaign={written}"));
        }
    }

    #[test]
    fn what_is_there_stays() {
        let tags = Utm::new("s", "m", "c").added_to("?ref=x&utm_medium=email&");
        assert_eq!(tags, "ref=x&utm_medium=email&utm_source=s&utm_campaign=c");
    }

    proptest! {
        #[test]
        fn no_value_breaks_out_of_its_parameter(source in ".*", campaign in ".*") {
            let tags = Utm::new(source, "m", campaign).url_tags();
            prop_assert_eq!(tags.split('&').count(), 3);
            prop_assert!(tags.bytes().all(|b| b.is_ascii_graphic() && !b"#?<>\"".contains(&b)));
        }
    }
}
