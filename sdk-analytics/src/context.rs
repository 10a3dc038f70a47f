use serde::Serialize;
use serde_json::{Map, Value};

/// Where events happen. The client sends its own once per batch; the server lays it under each event's own.
///
/// The names are those of [Segment's context](https://segment.com/docs/connections/spec/common/#context) (read 2026-11-22).
/// Whatever has no field here goes into [`Context::other`].
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Context {
    /// The application that tracks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<App>,
    /// The library that sends: this crate, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub library: Option<Named>,
    /// The operating system: the one this runs on, unless set or unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<Named>,
    /// Language and region, for example `de-DE`: from the environment (`LC_ALL`, `LC_MESSAGES`, `LANG`), unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// IANA time zone, for example `Europe/Berlin`: the system's, unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Everything else, by its name on the wire: `campaign`, `device`, `ip`, `page`, `screen`, `userAgent` and so on.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// An application and its release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct App {
    /// Its name.
    pub name: String,
    /// Its version, as it numbers itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its build number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// Its package or bundle, for example `com.example.shop`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// Something with a name and perhaps a version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Context {
    /// Sets the application's name and version.
    #[must_use]
    pub fn app(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.app = Some(App { name: name.into(), version: Some(version.into()), ..App::default() });
        self
    }

    /// Sets language and region, for example `de-DE`.
    #[must_use]
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// Sets the IANA time zone, for example `Europe/Berlin`.
    #[must_use]
    pub fn timezone(mut self, timezone: impl Into<String>) -> Self {
        self.timezone = Some(timezone.into());
        self
    }

    /// Sets anything else by its name on the wire, for example `("campaign", json!({ "source": "mail" }))`.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.other.insert(name.into(), value.into());
        self
    }

    /// Fills what is unset with what the system says of itself.
    pub(crate) fn captured(mut self) -> Self {
        self.library.get_or_insert_with(|| Named {
            name: env!("CARGO_PKG_NAME").into(),
            version: Some(env!("CARGO_PKG_VERSION").into()),
        });
        if self.os.is_none() && !matches!(std::env::consts::OS, "" | "unknown") {
            self.os = Some(Named { name: std::env::consts::OS.into(), version: None });
        }
        if self.locale.is_none() {
            self.locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
                .iter()
                .filter_map(|name| std::env::var(name).ok())
                .find(|value| !value.is_empty())
                .and_then(|value| bcp47(&value));
        }
        if self.timezone.is_none() {
            self.timezone = iana_time_zone::get_timezone().ok();
        }
        self
    }
}

/// Turns a POSIX locale (`de_DE.UTF-8@euro`) into a language tag. `C` and `POSIX` say nothing about the user.
fn bcp47(posix: &str) -> Option<String> {
    let name = posix.split(['.', '@']).next().unwrap_or(posix);
    (!matches!(name, "" | "C" | "POSIX")).then(|| name.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn posix_locales_become_language_tags() {
        let cases = [("de_DE.UTF-8@euro", Some("de-DE")), ("en", Some("en")), ("C.UTF-8", None), ("POSIX", None)];
        for (posix, tag) in cases {
            assert_eq!(bcp47(posix).as_deref(), tag, "{posix}");
        }
    }

    #[test]
    fn what_is_given_wins_over_what_is_captured() {
        let given =
            Context::default().app("shop", "1.2").locale("fr-FR").timezone("Europe/Paris").with("ip", "0.0.0.0");
        let value = serde_json::to_value(given.captured()).unwrap();
        assert_eq!(value["library"], json!({ "name": "acd-analytics", "version": env!("CARGO_PKG_VERSION") }));
        assert_eq!(value["app"], json!({ "name": "shop", "version": "1.2" }));
        assert_eq!(value["os"]["name"], std::env::consts::OS);
        assert_eq!((&value["locale"], &value["timezone"]), (&json!("fr-FR"), &json!("Europe/Paris")));
        assert_eq!(value["ip"], "0.0.0.0");
    }
}
