//! URLs, by the host's own parser: a parser compiled in would bring the tables of internationalised domain names along.

use crate::error::{Error, ErrorKind};

/// An absolute URL, parsed and normalised as the [URL Standard](https://url.spec.whatwg.org/) says.
pub(crate) struct AbsoluteUrl(web_sys::Url);

impl AbsoluteUrl {
    /// Parses it. The error does not repeat the text, which may hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let unusable = |_| Error::new(ErrorKind::Request, "the text is not an absolute URL");
        web_sys::Url::new(text).map(Self).map_err(unusable)
    }

    /// `https`, without the colon.
    pub(crate) fn has_scheme(&self, scheme: &str) -> bool {
        self.0.protocol().strip_suffix(':') == Some(scheme)
    }

    pub(crate) fn has_credentials(&self) -> bool {
        !self.0.username().is_empty() || !self.0.password().is_empty()
    }

    /// Scheme, host and port, `null` where the scheme has none.
    pub(crate) fn origin(&self) -> String {
        self.0.origin()
    }

    pub(crate) fn without_fragment(self) -> String {
        self.0.set_hash("");
        self.0.href()
    }

    pub(crate) fn into_text(self) -> String {
        self.0.href()
    }
}
