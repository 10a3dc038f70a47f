//! The client: one way in, a part of it for each kind of object.

use acd_core::{Client, Secret};

use crate::GraphVersion;
use crate::access::Access;
use crate::config::MetaClientBuilder;
use crate::error::Result;
use crate::tokens::TokensClient;

/// Calls Meta's Graph API. Cheap to clone; clones share connections, limits and retry budgets.
#[derive(Clone, Debug)]
pub struct MetaClient {
    http: Client,
    access: Access,
    app_secret: Option<Secret>,
    version: GraphVersion,
}

impl MetaClient {
    /// A client with the access token of a system user, a user or a page.
    ///
    /// # Errors
    /// As [`MetaClientBuilder::build`].
    pub fn new(token: impl Into<Secret>) -> Result<Self> {
        Self::builder(token).build()
    }

    /// Begins a client whose settings differ from the defaults.
    pub fn builder(token: impl Into<Secret>) -> MetaClientBuilder {
        MetaClientBuilder::new(token.into())
    }

    pub(crate) fn over(http: Client, access: Access, app_secret: Option<Secret>, version: GraphVersion) -> Self {
        Self { http, access, app_secret, version }
    }

    /// The same client with another token, such as that of a page, and the proof that belongs to it.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for a blank token, or one that a header cannot carry.
    pub fn with_token(&self, token: impl Into<Secret>) -> Result<Self> {
        let access = Access::new(token.into(), self.app_secret.as_ref())?;
        Ok(Self { access, ..self.clone() })
    }

    /// The same client with another version of the Graph API.
    #[must_use]
    pub fn with_version(&self, version: GraphVersion) -> Self {
        Self { version, ..self.clone() }
    }

    /// The version of the Graph API that calls are made to.
    pub fn version(&self) -> GraphVersion {
        self.version
    }

    /// Access tokens: what they allow and until when.
    pub fn tokens(&self) -> TokensClient<'_> {
        TokensClient::new(self)
    }

    pub(crate) fn http(&self) -> &Client {
        &self.http
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }
}
