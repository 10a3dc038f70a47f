//! URLs of native targets.

use url::Url;

use crate::error::{Error, ErrorKind};

/// An absolute URL, parsed and normalised as the [URL Standard](https://url.spec.whatwg.org/) says.
pub(crate) struct AbsoluteUrl(Url);

impl AbsoluteUrl {
    /// Parses it. The error does not repeat the text, which may hold a password.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let unusable = |cause| Error::new(ErrorKind::Request, "the text is not an absolute URL").with_source(cause);
        Url::parse(text).map(Self).map_err(unusable)
    }

    /// `https`, without the colon.
    pub(crate) fn has_scheme(&self, scheme: &str) -> bool {
        self.0.scheme() == scheme
    }

    pub(crate) fn has_credentials(&self) -> bool {
        !self.0.username().is_empty() || self.0.password().is_some()
    }

    /// Scheme, host and port, `null` where the scheme has none.
    pub(crate) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    pub(crate) fn without_fragment(mut self) -> String {
        self.0.set_fragment(None);
        self.0.into()
    }

    pub(crate) fn into_text(self) -> String {
        self.0.into()
    }
}
