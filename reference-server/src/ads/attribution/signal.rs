//! What an event says of where its visitor came from.

use url::form_urlencoded;

/// Longest label that is kept, in characters; more is cut off.
const LABEL_CHARS: usize = 255;
/// Longest click id that is kept, in bytes; half of one says nothing, so a longer one is dropped.
const CLICK_BYTES: usize = 512;
/// Parameters of one URL that are looked at.
const PARAMETERS: usize = 200;

/// The places of an event in which it can be said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hints<'a> {
    /// `context.campaign`: source, medium, name, term, content.
    pub(crate) source: Option<&'a str>,
    pub(crate) medium: Option<&'a str>,
    pub(crate) campaign: Option<&'a str>,
    pub(crate) term: Option<&'a str>,
    pub(crate) content: Option<&'a str>,
    /// `context.campaign` too: the ids of campaign, ad set and ad, where a network tells them without a page.
    pub(crate) campaign_id: Option<&'a str>,
    pub(crate) adset_id: Option<&'a str>,
    pub(crate) ad_id: Option<&'a str>,
    /// The page's address with its parameters.
    pub(crate) url: Option<&'a str>,
    /// Meta's cookies `_fbc` and `_fbp`.
    pub(crate) fbc: Option<&'a str>,
    pub(crate) fbp: Option<&'a str>,
}

/// Where a visitor came from: at least a UTM parameter or a click id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signal {
    pub(super) source: Option<String>,
    pub(super) medium: Option<String>,
    pub(super) campaign: Option<String>,
    pub(super) term: Option<String>,
    pub(super) content: Option<String>,
    pub(super) campaign_id: Option<String>,
    pub(super) adset_id: Option<String>,
    pub(super) ad_id: Option<String>,
    pub(super) fbclid: Option<String>,
    pub(super) gclid: Option<String>,
    pub(super) ttclid: Option<String>,
    pub(super) fbc: Option<String>,
    pub(super) fbp: Option<String>,
}

impl Signal {
    /// Reads an event's hints. The context's campaign goes before the URL's parameters. The cookies alone are no signal: they
    /// stay for 90 days after the click, and so do ids of campaigns, which a page about campaigns has in its address too.
    pub(crate) fn read(hints: &Hints<'_>) -> Option<Box<Self>> {
        let mut signal = Self {
            source: hints.source.and_then(label).map(|source| source.to_lowercase()),
            medium: hints.medium.and_then(label).map(|medium| medium.to_lowercase()),
            campaign: hints.campaign.and_then(label),
            term: hints.term.and_then(label),
            content: hints.content.and_then(label),
            campaign_id: hints.campaign_id.and_then(label),
            adset_id: hints.adset_id.and_then(label),
            ad_id: hints.ad_id.and_then(label),
            ..Self::default()
        };
        if let Some(query) = hints.url.and_then(query_of) {
            for (name, value) in form_urlencoded::parse(query.as_bytes()).take(PARAMETERS) {
                signal.take(&name, &value);
            }
        }
        signal.fbc = hints.fbc.and_then(click_id);
        signal.fbp = hints.fbp.and_then(click_id);
        signal.whole()
    }

    /// Reads what [Google Play](https://developer.android.com/google/play/installreferrer) says of the link that led to an
    /// installation: a query by itself.
    pub(crate) fn of_installation(referrer: &str) -> Option<Box<Self>> {
        let mut signal = Self::default();
        let mut is_sealed = false;
        for (name, value) in form_urlencoded::parse(referrer.as_bytes()).take(PARAMETERS) {
            is_sealed |= name == "utm_content" && value.starts_with('{');
            signal.take(&name, &value);
        }
        // Of an ad of Meta's, `utm_content` holds sealed facts, and nothing else in it is to be relied on
        // (https://developers.facebook.com/docs/app-ads/install-referrer).
        if is_sealed {
            let is_instagram = signal.source.is_some_and(|source| source.contains("instagram"));
            let source = if is_instagram { "instagram" } else { "facebook" };
            signal = Self { source: Some(source.to_owned()), medium: Some("cpc".to_owned()), ..Self::default() };
        }
        signal.whole()
    }

    /// The signal with what it implies; none when it says nothing.
    fn whole(mut self) -> Option<Box<Self>> {
        let named = [&self.source, &self.medium, &self.campaign, &self.term, &self.content];
        let clicked = [&self.fbclid, &self.gclid, &self.ttclid];
        if named.into_iter().chain(clicked).all(Option::is_none) || self.is_direct() {
            return None;
        }
        self.infer();
        Some(Box::new(self))
    }

    /// One parameter of the URL; the first of a name counts. Meta fills what an ad's `url_tags` ask for, such as
    /// `ad_id={{ad.id}}`; `hsa_…` are HubSpot's names, `gad_campaignid` Google's.
    fn take(&mut self, name: &str, value: &str) {
        let (field, value) = match name {
            "utm_source" => (&mut self.source, label(value).map(|source| source.to_lowercase())),
            "utm_medium" => (&mut self.medium, label(value).map(|medium| medium.to_lowercase())),
            "utm_campaign" => (&mut self.campaign, label(value)),
            "utm_term" => (&mut self.term, label(value)),
            "utm_content" => (&mut self.content, label(value)),
            "campaign_id" | "utm_id" | "hsa_cam" | "gad_campaignid" => (&mut self.campaign_id, label(value)),
            "adset_id" | "adgroup_id" | "hsa_grp" => (&mut self.adset_id, label(value)),
            "ad_id" | "hsa_ad" => (&mut self.ad_id, label(value)),
            "fbclid" => (&mut self.fbclid, click_id(value)),
            "gclid" => (&mut self.gclid, click_id(value)),
            "ttclid" => (&mut self.ttclid, click_id(value)),
            _ => return,
        };
        if field.is_none() {
            *field = value;
        }
    }

    /// Google Analytics' own names of a visit that came from nowhere, and Google Play's of an installation that no link led to.
    fn is_direct(&self) -> bool {
        let is_named_so = match self.source.as_deref() {
            Some("direct" | "(direct)") => matches!(self.medium.as_deref(), None | Some("none" | "(none)")),
            Some("google-play") => self.medium.as_deref() == Some("organic"),
            _ => false,
        };
        is_named_so && self.gclid.is_none() && self.ttclid.is_none() && self.fbclid.is_none()
    }

    /// Names the network that a click id tells of, where the link does not name a source. Google and TikTok put theirs on ads
    /// alone, Facebook on every link that leaves it.
    fn infer(&mut self) {
        if self.source.is_some() {
            return;
        }
        let is_ad = self.ad_id.is_some() || self.adset_id.is_some() || self.campaign_id.is_some();
        let (source, medium) = match (&self.gclid, &self.ttclid, &self.fbclid) {
            (Some(_), _, _) => ("google", "cpc"),
            (None, Some(_), _) => ("tiktok", "cpc"),
            (None, None, Some(_)) if is_ad => ("facebook", "cpc"),
            (None, None, Some(_)) => ("facebook", "referral"),
            (None, None, None) => return,
        };
        self.source = Some(source.to_owned());
        self.medium.get_or_insert_with(|| medium.to_owned());
    }

    /// The fields that say where from, without the click.
    pub(super) fn origin(&self) -> [Option<&str>; 8] {
        let fields = [
            &self.source,
            &self.medium,
            &self.campaign,
            &self.term,
            &self.content,
            &self.campaign_id,
            &self.adset_id,
            &self.ad_id,
        ];
        fields.map(Option::as_deref)
    }

    /// The fields that say which click.
    pub(super) fn click(&self) -> [Option<&str>; 3] {
        [&self.fbclid, &self.gclid, &self.ttclid].map(Option::as_deref)
    }
}

fn query_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once('?')?;
    Some(rest.split_once('#').map_or(rest, |(query, _)| query))
}

/// A label without control characters, cut to length. A macro that the network did not fill in, as in a preview, is none, and so is
/// what Google writes for one.
fn label(text: &str) -> Option<String> {
    let clean: String = text.trim().chars().filter(|c| !c.is_control()).take(LABEL_CHARS).collect();
    let unfilled = clean == "(not set)"
        || clean.contains("{{")
        || (clean.len() > 4 && clean.starts_with("__") && clean.ends_with("__"));
    (!clean.is_empty() && !unfilled).then_some(clean)
}

fn click_id(text: &str) -> Option<String> {
    let whole = (1..=CLICK_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    whole.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_url(url: &str) -> Option<Signal> {
        Signal::read(&Hints { url: Some(url), ..Hints::default() }).map(|signal| *signal)
    }

    fn text(value: &str) -> Option<String> {
        Some(value.to_owned())
    }

    #[test]
    fn a_landing_page_from_an_ad_of_meta_tells_all() {
        let url = "https://pct.tools/?utm_source=Facebook&utm_medium=CPC&utm_campaign=Spring+Sale%21&utm_content=a&utm_term=t\
            &campaign_id=120&adset_id=130&ad_id=140&fbclid=IwAR0x_-#utm_source=other";
        let signal = Signal::read(&Hints {
            url: Some(url),
            fbc: Some("fb.1.1700000000000.IwAR0x_-"),
            fbp: Some("fb.1.1700000000000.12345"),
            ..Hints::default()
        });
        let expected = Signal {
            source: text("facebook"),
            medium: text("cpc"),
            campaign: text("Spring Sale!"),
            term: text("t"),
            content: text("a"),
            campaign_id: text("120"),
            adset_id: text("130"),
            ad_id: text("140"),
            fbclid: text("IwAR0x_-"),
            fbc: text("fb.1.1700000000000.IwAR0x_-"),
            fbp: text("fb.1.1700000000000.12345"),
            ..Signal::default()
        };
        assert_eq!(*signal.unwrap(), expected);
    }

    #[test]
    fn the_context_goes_before_the_url() {
        let signal = Signal::read(&Hints {
            source: Some("newsletter"),
            url: Some("https://x.y/?utm_source=meta&utm_medium=email"),
            ..Hints::default()
        })
        .unwrap();
        assert_eq!((signal.source, signal.medium), (text("newsletter"), text("email")));
    }

    #[test]
    fn ids_may_stand_in_the_context() {
        let hints = Hints {
            source: Some("facebook"),
            campaign_id: Some("120"),
            ad_id: Some("140"),
            url: Some("https://x.y/?campaign_id=7&adset_id=130"),
            ..Hints::default()
        };
        let signal = Signal::read(&hints).unwrap();
        assert_eq!((signal.campaign_id, signal.adset_id, signal.ad_id), (text("120"), text("130"), text("140")));
        assert_eq!(Signal::read(&Hints { source: None, url: None, ..hints }), None, "ids alone are no signal");
    }

    #[test]
    fn a_click_id_names_the_network() {
        for (query, source, medium) in [
            ("gclid=a", "google", "cpc"),
            ("ttclid=a", "tiktok", "cpc"),
            ("fbclid=a", "facebook", "referral"),
            ("fbclid=a&ad_id=1", "facebook", "cpc"),
            ("fbclid=a&gclid=b", "google", "cpc"),
            ("fbclid=a&utm_medium=story", "facebook", "story"),
        ] {
            let signal = of_url(&format!("https://x.y/z?{query}")).unwrap();
            assert_eq!((signal.source.as_deref(), signal.medium.as_deref()), (Some(source), Some(medium)), "{query}");
        }
        let named = of_url("https://x.y/?gclid=a&utm_source=bing").unwrap();
        assert_eq!((named.source.as_deref(), named.medium), (Some("bing"), None));
    }

    #[test]
    fn what_says_nothing_is_no_signal() {
        for url in [
            "https://x.y/",
            "https://x.y/campaigns?campaign_id=5&ad_id=6",
            "https://x.y/?utm_source=&utm_medium=%20",
            "https://x.y/?utm_source=direct&utm_medium=none",
            "https://x.y/?utm_source=(direct)",
            "https://x.y/?utm_source={{site_source_name}}",
            "https://x.y/?utm_campaign=__CAMPAIGN_NAME__",
            "https://x.y/?fbclid=",
            "https://x.y/#?utm=1",
            "utm_source=x",
        ] {
            assert_eq!(of_url(url), None, "{url}");
        }
        let cookies = Hints { fbc: Some("fb.1.1.a"), fbp: Some("fb.1.1.2"), ..Hints::default() };
        assert_eq!(Signal::read(&cookies), None);
    }

    #[test]
    fn the_shop_tells_of_the_link_that_led_to_an_installation() {
        let sealed = "utm_source=apps.facebook.com&utm_campaign=fb4a&utm_content=%7B%22app%22%3A0%2C%22t%22%3A1%2C%22source%22%3A%7B%22data\
            %22%3A%22afe56c%22%2C%22nonce%22%3A%22b7203c%22%7D%7D";
        let of = |referrer: &str| Signal::of_installation(referrer).map(|signal| *signal);
        let paid = |source: &str| Some(Signal { source: text(source), medium: text("cpc"), ..Signal::default() });
        assert_eq!(of(sealed), paid("facebook"));
        assert_eq!(of(&sealed.replace("facebook", "instagram")), paid("instagram"));
        let mail = Signal { source: text("newsletter"), campaign: text("Spring"), ..Signal::default() };
        assert_eq!(of("utm_source=Newsletter&utm_campaign=Spring"), Some(mail));
        assert_eq!(of("gclid=AbC").unwrap().source.as_deref(), Some("google"));
        let unknown = "utm_source=(not%20set)&utm_medium=(not%20set)";
        for nothing in ["utm_source=google-play&utm_medium=organic", unknown, "", "organic"] {
            assert_eq!(of(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn hostile_values_are_cut_or_dropped() {
        let long = "é".repeat(5_000);
        let signal = of_url(&format!(
            "?utm_campaign={long}&utm_source=a%00b%0A&fbclid={}&gclid=%00&ttclid=%FF",
            "x".repeat(513)
        ));
        let signal = signal.unwrap();
        assert_eq!(signal.campaign.unwrap().chars().count(), LABEL_CHARS);
        assert_eq!(signal.source.as_deref(), Some("ab"));
        assert_eq!((signal.fbclid, signal.gclid, signal.ttclid), (None, None, None));
        let many = "a=b&".repeat(5_000);
        assert_eq!(of_url(&format!("?{many}utm_source=late")), None);
        assert_eq!(of_url("?utm_source=first&utm_source=second").unwrap().source.as_deref(), Some("first"));
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_keeps_what_can_be_stored(url in ".*", source in ".*", fbc in ".*") {
            let hints = Hints { source: Some(&source), url: Some(&url), fbc: Some(&fbc), ..Hints::default() };
            if let Some(signal) = Signal::read(&hints) {
                for field in signal.origin().into_iter().chain(signal.click()).flatten() {
                    proptest::prop_assert!(!field.is_empty() && field.len() <= 4 * LABEL_CHARS && !field.contains('\0'));
                }
            }
        }
    }
}
