//! The client: one way in, a part of it for each domain.

use acd_core::{Client, Secret};

use crate::ads::AdsHubClient;
use crate::assets::AssetsClient;
use crate::attribution::AttributionClient;
use crate::config::PlatformClientBuilder;
use crate::consents::ConsentsClient;
use crate::entitlements::EntitlementsClient;
use crate::error::Result;
use crate::events::EventsClient;
use crate::jobs::JobsClient;
use crate::keys::KeysClient;
use crate::meta_events::MetaEventsClient;
use crate::persons::PersonsClient;
use crate::service_keys::ServiceKeysClient;
use crate::users::UsersClient;

/// Calls the ACD reference server. Cheap to clone; clones share connections and retry budgets.
#[derive(Clone, Debug)]
pub struct PlatformClient {
    http: Client,
}

impl PlatformClient {
    /// A client of the server at `base_url`, such as `http://127.0.0.1:4400`, with an API key or a JWT.
    ///
    /// # Errors
    /// As [`PlatformClientBuilder::build`].
    pub fn new(key: impl Into<Secret>, base_url: impl Into<String>) -> Result<Self> {
        Self::builder(key, base_url).build()
    }

    /// Begins a client whose settings differ from the defaults.
    pub fn builder(key: impl Into<Secret>, base_url: impl Into<String>) -> PlatformClientBuilder {
        PlatformClientBuilder::new(&key.into(), base_url.into())
    }

    /// A client over an HTTP client that is set up already, credentials included. A service that signs its calls instead of
    /// sending a key gives one with a [`MessageSigner`](acd_core::signing::MessageSigner); see
    /// [`service_keys`](crate::service_keys).
    pub fn over(http: Client) -> Self {
        Self { http }
    }

    /// The HTTP client beneath, with this client's credentials and limits: for calls put together from their
    /// [`Operation`](acd_core::Operation), as the bindings to other languages make them.
    pub fn http(&self) -> &Client {
        &self.http
    }

    /// API keys: create, list, rotate, revoke.
    pub fn keys(&self) -> KeysClient<'_> {
        KeysClient::new(&self.http)
    }

    /// Keys of signed calls between services: create, list, rotate, revoke.
    pub fn service_keys(&self) -> ServiceKeysClient<'_> {
        ServiceKeysClient::new(&self.http)
    }

    /// Stored events: one, lists, counts.
    pub fn events(&self) -> EventsClient<'_> {
        EventsClient::new(&self.http)
    }

    /// Conversions for Meta: the switch, events, what became of them, rules.
    pub fn meta_events(&self) -> MetaEventsClient<'_> {
        MetaEventsClient::new(&self.http)
    }

    /// Persons and their timelines.
    pub fn persons(&self) -> PersonsClient<'_> {
        PersonsClient::new(&self.http)
    }

    /// Users' profiles, and who the credentials belong to.
    pub fn users(&self) -> UsersClient<'_> {
        UsersClient::new(&self.http)
    }

    /// What users may use in products.
    pub fn entitlements(&self) -> EntitlementsClient<'_> {
        EntitlementsClient::new(&self.http)
    }

    /// What people have agreed to.
    pub fn consents(&self) -> ConsentsClient<'_> {
        ConsentsClient::new(&self.http)
    }

    /// Advertising on Meta, through ad accounts that products share.
    pub fn ads(&self) -> AdsHubClient<'_> {
        AdsHubClient::new(&self.http)
    }

    /// Files that products share.
    pub fn assets(&self) -> AssetsClient<'_> {
        AssetsClient::new(&self.http)
    }

    /// Conversions, and the campaigns they came from.
    pub fn attribution(&self) -> AttributionClient<'_> {
        AttributionClient::new(&self.http)
    }

    /// Jobs: put into the queue, followed, called off, worked on.
    pub fn jobs(&self) -> JobsClient<'_> {
        JobsClient::new(&self.http)
    }
}
