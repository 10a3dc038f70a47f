//! The client: one way in, a part of it for each kind of object.

use std::sync::Arc;

use acd_core::limits::Priority;
use acd_core::{Client, ErrorKind, Secret};

use crate::access::Access;
use crate::accounts::{AccountsClient, PagesClient, PixelsClient};
use crate::ads::ad_sets::AdSetsClient;
use crate::ads::ads::AdsClient;
use crate::ads::budget_schedules::BudgetSchedulesClient;
use crate::ads::campaigns::CampaignsClient;
use crate::ads::creatives::CreativesClient;
use crate::ads::labels::AdLabelsClient;
use crate::ads::request_sets::AdRequestSetsClient;
use crate::audiences::AudiencesClient;
use crate::config::MetaClientBuilder;
use crate::conversions::ConversionsClient;
use crate::error::{Error, Result};
use crate::estimates::EstimatesClient;
use crate::insights::InsightsClient;
use crate::instagram::InstagramClient;
use crate::leads::LeadsClient;
use crate::media::{AdImagesClient, AdVideosClient};
use crate::targeting_search::TargetingSearchClient;
use crate::tokens::TokensClient;
use crate::webhooks::WebhooksClient;
use crate::{AdAccountId, AppId, GraphVersion};

/// Calls Meta's Graph API. Cheap to clone; clones share connections, limits and retry budgets.
#[derive(Clone, Debug)]
pub struct MetaClient {
    http: Client,
    origin: Origin,
    account: Option<AdAccountId>,
    caller: Option<Arc<str>>,
    priority: Priority,
}

/// What every call of a client begins with.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) access: Access,
    pub(crate) app_secret: Option<Secret>,
    pub(crate) version: GraphVersion,
    /// Where videos are sent in chunks.
    pub(crate) video_url: String,
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

    pub(crate) fn over(http: Client, origin: Origin) -> Self {
        Self { http, origin, account: None, caller: None, priority: Priority::default() }
    }

    /// The same client with another token, such as that of a page, and the proof that belongs to it.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) for a blank token, or one that a header cannot carry.
    pub fn with_token(&self, token: impl Into<Secret>) -> Result<Self> {
        let access = Access::new(token.into(), self.origin.app_secret.as_ref())?;
        Ok(Self { origin: Origin { access, ..self.origin.clone() }, ..self.clone() })
    }

    /// The same client speaking for the app itself, as webhook subscriptions and the inspection of tokens want it.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) without
    /// [`app_secret`](crate::MetaClientBuilder::app_secret).
    pub fn as_app(&self, app: &AppId) -> Result<Self> {
        self.with_token(format!("{app}|{}", self.app_secret()?.expose()))
    }

    /// The same client with another version of the Graph API.
    #[must_use]
    pub fn with_version(&self, version: GraphVersion) -> Self {
        Self { origin: Origin { version, ..self.origin.clone() }, ..self.clone() }
    }

    /// The same client, whose calls by an object's id count towards the limits of this ad account: such a call does not
    /// say whose the object is, and Meta counts by account.
    #[must_use]
    pub fn for_account(&self, account: &AdAccountId) -> Self {
        Self { account: Some(account.clone()), ..self.clone() }
    }

    /// The same client, whose calls are made for this caller: a product, a tenant. Callers that wait for the same limit
    /// are served in turns.
    #[must_use]
    pub fn for_caller(&self, caller: impl Into<Arc<str>>) -> Self {
        Self { caller: Some(caller.into()), ..self.clone() }
    }

    /// The same client, whose calls are so urgent among those of their caller that wait for a limit. Pools of one process
    /// treat all alike; a [shared one](acd_core::limits::Pool) may not.
    #[must_use]
    pub fn with_priority(&self, priority: Priority) -> Self {
        Self { priority, ..self.clone() }
    }

    /// The version of the Graph API that calls are made to.
    pub fn version(&self) -> GraphVersion {
        self.origin.version
    }

    /// Campaigns: the objective, and perhaps the budget, of ad sets.
    pub fn campaigns(&self) -> CampaignsClient<'_> {
        CampaignsClient::new(self)
    }

    /// Ad sets: budget, schedule, bid and audience of ads.
    pub fn ad_sets(&self) -> AdSetsClient<'_> {
        AdSetsClient::new(self)
    }

    /// Creatives: what ads show.
    pub fn creatives(&self) -> CreativesClient<'_> {
        CreativesClient::new(self)
    }

    /// Ads: a creative in an ad set.
    pub fn ads(&self) -> AdsClient<'_> {
        AdsClient::new(self)
    }

    /// Labels on campaigns, ad sets, creatives and ads.
    pub fn ad_labels(&self) -> AdLabelsClient<'_> {
        AdLabelsClient::new(self)
    }

    /// Budget schedules: times in which campaigns and ad sets may spend more.
    pub fn budget_schedules(&self) -> BudgetSchedulesClient<'_> {
        BudgetSchedulesClient::new(self)
    }

    /// Asynchronous request sets: ads that Meta creates while nobody waits.
    pub fn ad_request_sets(&self) -> AdRequestSetsClient<'_> {
        AdRequestSetsClient::new(self)
    }

    /// Reports on what ads did.
    pub fn insights(&self) -> InsightsClient<'_> {
        InsightsClient::new(self)
    }

    /// Leads, and the forms that ask for them.
    pub fn leads(&self) -> LeadsClient<'_> {
        LeadsClient::new(self)
    }

    /// Ad accounts that the token reaches.
    pub fn accounts(&self) -> AccountsClient<'_> {
        AccountsClient::new(self)
    }

    /// Pages that the token reaches.
    pub fn pages(&self) -> PagesClient<'_> {
        PagesClient::new(self)
    }

    /// Pixels and datasets.
    pub fn pixels(&self) -> PixelsClient<'_> {
        PixelsClient::new(self)
    }

    /// What an ad would reach, and how it would look.
    pub fn estimates(&self) -> EstimatesClient<'_> {
        EstimatesClient::new(self)
    }

    /// Searching for the ids of interests, places and languages.
    pub fn targeting_search(&self) -> TargetingSearchClient<'_> {
        TargetingSearchClient::new(self)
    }

    /// Events of websites, apps and shops: the Conversions API.
    pub fn conversions(&self) -> ConversionsClient<'_> {
        ConversionsClient::new(self)
    }

    /// Audiences, people like them, and saved targetings.
    pub fn audiences(&self) -> AudiencesClient<'_> {
        AudiencesClient::new(self)
    }

    /// Publishing on Instagram.
    pub fn instagram(&self) -> InstagramClient<'_> {
        InstagramClient::new(self)
    }

    /// Images for ads.
    pub fn ad_images(&self) -> AdImagesClient<'_> {
        AdImagesClient::new(self)
    }

    /// Videos for ads.
    pub fn ad_videos(&self) -> AdVideosClient<'_> {
        AdVideosClient::new(self)
    }

    /// Access tokens: what they allow and until when.
    pub fn tokens(&self) -> TokensClient<'_> {
        TokensClient::new(self)
    }

    /// Webhook subscriptions.
    pub fn webhooks(&self) -> WebhooksClient<'_> {
        WebhooksClient::new(self)
    }

    pub(crate) fn http(&self) -> &Client {
        &self.http
    }

    pub(crate) fn access(&self) -> &Access {
        &self.origin.access
    }

    pub(crate) fn app_secret(&self) -> Result<&Secret> {
        let missing = || Error::new(ErrorKind::Configuration, "this needs the app's secret: give it to the builder");
        self.origin.app_secret.as_ref().ok_or_else(missing)
    }

    pub(crate) fn video_url(&self) -> &str {
        &self.origin.video_url
    }

    pub(crate) fn caller(&self) -> Option<&Arc<str>> {
        self.caller.as_ref()
    }

    pub(crate) fn priority(&self) -> Priority {
        self.priority
    }

    pub(crate) fn account(&self) -> Option<&AdAccountId> {
        self.account.as_ref()
    }
}
