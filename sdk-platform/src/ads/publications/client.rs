use acd_core::Client;
use acd_meta::CampaignId;

use super::*;
use crate::page::paged;
use crate::{Page, Paged, PlatformCall, PublicationId};

/// Publications.
///
/// ```no_run
/// # async fn launch(acd: acd_platform::PlatformClient, template: acd_platform::AdTemplateId) -> acd_platform::Result<()> {
/// use acd_platform::ads::publications::{CreatePublication, TemplateUse};
///
/// let wanted = TemplateUse::new(template)
///     .value("campaign", "Spring")
///     .row([("headline", "Save an hour a day"), ("image", "ast_0192f0c123457abc8def0123456789ab")])
///     .row([("headline", "Start for free"), ("image", "ast_0192f0c123457abc8def0123456789ac")]);
/// let publications = acd.ads().publications();
/// let launched = publications.create(&CreatePublication::from_template(wanted)).idempotency_key("spring-2027").await?;
/// let now = publications.get(launched.id).await?;
/// println!("{} of {} ads are there", now.publication.counts.created, now.publication.counts.ads);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PublicationsClient<'c> {
    http: &'c Client,
}

impl<'c> PublicationsClient<'c> {
    pub(crate) fn new(http: &'c Client) -> Self {
        Self { http }
    }

    /// Lists publications, newest first. A product sees its own.
    pub fn list(&self, query: &ListPublications) -> PlatformCall<'c, Page<Publication>> {
        PlatformCall::json(self.http, &LIST).query(query)
    }

    /// All of them from the query's cursor on.
    pub fn list_all(&self, query: ListPublications) -> Paged<Publication> {
        let http = self.http.clone();
        paged(query.cursor.clone(), query.limit, move |cursor, limit| {
            let (http, query) = (http.clone(), ListPublications { cursor, limit, ..query.clone() });
            async move { PublicationsClient::new(&http).list(&query).await }
        })
    }

    /// Asks for a publication. With an idempotency key of the caller's own the same intent never makes two.
    pub fn create(&self, publication: &CreatePublication) -> PlatformCall<'c, Publication> {
        PlatformCall::json(self.http, &CREATE).body(publication)
    }

    /// Gets a publication with everything that it makes.
    pub fn get(&self, id: PublicationId) -> PlatformCall<'c, PublicationDetails> {
        PlatformCall::json(self.http, &GET).id(id)
    }

    /// Calls a publication off. What is made stays; what Meta is being asked for is still made.
    pub fn cancel(&self, id: PublicationId) -> PlatformCall<'c, Publication> {
        PlatformCall::json(self.http, &CANCEL).id(id)
    }

    /// Goes on with a publication that ended before everything was made: what is there stays, the rest is tried again.
    pub fn retry(&self, id: PublicationId) -> PlatformCall<'c, Publication> {
        PlatformCall::json(self.http, &RETRY).id(id)
    }

    /// Copies one of the product's campaigns with its ad sets and ads, which show the same creatives.
    pub fn clone_campaign(&self, id: &CampaignId, how: &CloneCampaign) -> PlatformCall<'c, Publication> {
        PlatformCall::json(self.http, &CLONE).id(id).body(how)
    }
}
