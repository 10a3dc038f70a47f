//! What there is to do in each product, so that its events look like its own.

/// A product as the seed knows it. The rows of `products` come with the migrations.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) slug: &'static str,
    pub(super) name: &'static str,
    pub(super) domain: &'static str,
    /// How many of a hundred sign-ups begin here.
    pub(super) weight: usize,
    /// Events of its daily use, in the order in which they follow each other.
    pub(super) actions: [&'static str; 4],
    /// The kind of file it makes, if it makes any.
    pub(super) asset: Option<&'static str>,
}

macro_rules! products {
    ($($slug:literal $name:literal $domain:literal $weight:literal $actions:expr, $asset:expr;)*) => {
        [$(Product { slug: $slug, name: $name, domain: $domain, weight: $weight, actions: $actions, asset: $asset }),*]
    };
}

pub(super) static PRODUCTS: [Product; 15] = products! {
    "portal28" "Portal28" "portal28.academy" 12
        ["Course Opened", "Lesson Started", "Lesson Completed", "Certificate Earned"], Some("document");
    "remotion" "Remotion" "render.portal28.academy" 4
        ["Template Opened", "Render Started", "Render Completed", "Video Downloaded"], Some("video");
    "waitlistlab" "WaitlistLab" "waitlistlab.com" 10
        ["Campaign Created", "Ad Launched", "Lead Captured", "Report Viewed"], Some("image");
    "mediaposter" "MediaPoster" "mediaposter.io" 9
        ["Account Connected", "Post Drafted", "Post Scheduled", "Post Published"], Some("video");
    "content_factory" "Content Factory" "contentfactory.app" 8
        ["Brief Created", "Script Generated", "Variant Approved", "Content Exported"], Some("video");
    "pct" "PCT" "pct.tools" 5
        ["Test Created", "Variants Generated", "Test Launched", "Winner Chosen"], Some("image");
    "softwarehub" "SoftwareHub" "softwarehub.store" 6
        ["Product Viewed", "Product Added", "License Activated", "Download Started"], None;
    "gapradar" "GapRadar" "gapradar.io" 5
        ["Market Searched", "Gap Viewed", "Report Generated", "Alert Created"], Some("document");
    "blogcanvas" "BlogCanvas" "blogcanvas.app" 8
        ["Outline Generated", "Draft Saved", "Article Scored", "Article Published"], Some("image");
    "canvascast" "CanvasCast" "canvascast.app" 6
        ["Project Created", "Voice Generated", "Scene Edited", "Video Rendered"], Some("voice");
    "shortslinker" "ShortsLinker" "shortslinker.com" 7
        ["Link Created", "Link Shared", "Link Clicked", "Stats Viewed"], None;
    "vellopad" "VelloPad" "vellopad.com" 5
        ["Book Created", "Chapter Written", "Cover Generated", "Book Exported"], Some("document");
    "velvethold" "VelvetHold" "velvethold.com" 4
        ["Profile Completed", "Hold Requested", "Hold Confirmed", "Review Left"], Some("image");
    "steadyletters" "SteadyLetters" "steadyletters.com" 5
        ["Letter Written", "Handwriting Chosen", "Letter Mailed", "Recipient Added"], Some("font");
    "everreach" "EverReach" "everreach.app" 6
        ["Contact Imported", "Contact Warmed", "Message Sent", "Reminder Completed"], Some("audio");
};

/// Pages that every product has: path and title.
pub(super) const PAGES: [(&str, &str); 6] = [
    ("/", "Home"),
    ("/features", "Features"),
    ("/pricing", "Pricing"),
    ("/blog", "Blog"),
    ("/docs", "Documentation"),
    ("/customers", "Customers"),
];
/// Pages of somebody who is signed in.
pub(super) const APP_PAGES: [(&str, &str); 4] =
    [("/app", "Dashboard"), ("/app/projects", "Projects"), ("/app/settings", "Settings"), ("/app/billing", "Billing")];

/// Where a visitor comes from.
#[derive(Debug)]
pub(super) struct Origin {
    /// The address of the page that led here.
    pub(super) referrer: &'static str,
    /// `utm_source`, `utm_medium`, `utm_campaign`, `utm_term`, `utm_content`; empty when there is none.
    pub(super) utm: [&'static str; 5],
}

const fn origin(referrer: &'static str, utm: [&'static str; 5]) -> Origin {
    Origin { referrer, utm }
}

/// One is as likely as another; those that come often stand here several times.
pub(super) static ORIGINS: [Origin; 14] = [
    origin("", ["", "", "", "", ""]),
    origin("", ["", "", "", "", ""]),
    origin("https://www.google.com/", ["", "", "", "", ""]),
    origin("https://www.google.com/", ["", "", "", "", ""]),
    origin("https://www.google.com/", ["google", "cpc", "brand_search", "brand", ""]),
    origin("https://www.google.com/", ["google", "cpc", "competitor_search", "alternative", "text_b"]),
    origin("https://www.facebook.com/", ["meta", "paid_social", "always_on", "", "video_hook_1"]),
    origin("https://www.instagram.com/", ["meta", "paid_social", "launch_week", "", "carousel_2"]),
    origin("https://www.tiktok.com/", ["tiktok", "paid_social", "spark_ads", "", "creator_cut_3"]),
    origin("https://www.youtube.com/", ["youtube", "video", "tutorials", "", "description_link"]),
    origin("", ["newsletter", "email", "weekly_digest", "", "top_button"]),
    origin("https://portal28.academy/", ["portal28", "referral", "family_bundle", "", "sidebar"]),
    origin("https://news.ycombinator.com/", ["", "", "", "", ""]),
    origin("https://www.linkedin.com/", ["linkedin", "social", "founder_posts", "", ""]),
];

pub(super) const FIRST_NAMES: [&str; 24] = [
    "Amara", "Ben", "Camila", "Daniel", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Keiko", "Liam", "Mina",
    "Noah", "Olga", "Priya", "Quinn", "Rosa", "Samuel", "Tara", "Umar", "Vera", "Wei", "Zoe",
];
pub(super) const LAST_NAMES: [&str; 24] = [
    "Adams", "Bauer", "Costa", "Diaz", "Evans", "Fischer", "Garcia", "Haddad", "Ivanova", "Jensen", "Kim", "Larsen",
    "Moreau", "Nguyen", "Okafor", "Patel", "Quist", "Rossi", "Sato", "Turner", "Ueda", "Vogel", "Walker", "Yilmaz",
];
/// Locale, time zone and an address of a range that is kept for documentation (RFC 5737).
pub(super) const PLACES: [(&str, &str, &str); 8] = [
    ("en-US", "America/New_York", "198.51.100"),
    ("en-US", "America/Los_Angeles", "198.51.100"),
    ("en-GB", "Europe/London", "203.0.113"),
    ("de-DE", "Europe/Berlin", "203.0.113"),
    ("fr-FR", "Europe/Paris", "203.0.113"),
    ("es-ES", "Europe/Madrid", "203.0.113"),
    ("pt-BR", "America/Sao_Paulo", "192.0.2"),
    ("ja-JP", "Asia/Tokyo", "192.0.2"),
];
pub(super) const BROWSERS: [&str; 4] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
];
/// Addresses under these names reach nobody (RFC 2606).
pub(super) const MAIL_DOMAINS: [&str; 3] = ["example.com", "example.org", "example.net"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_are_parts_of_a_hundred() {
        assert_eq!(PRODUCTS.iter().map(|product| product.weight).sum::<usize>(), 100);
    }
}
