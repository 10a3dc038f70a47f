//! Reports on what a product's ads did.

use acd_meta::TimeRange;
use acd_meta::insights::{InsightsOf, InsightsQuery, InsightsRow};
use acd_meta::{AdId, AdSetId, CampaignId};
use acd_platform::Page;
use acd_platform::ads::insights::GetInsights;

use super::problem;
use super::service::Ads;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{check, paging};

impl Ads {
    /// One page of a report on a campaign, ad set or ad of the caller's.
    pub(super) async fn report(&self, principal: &Principal, query: GetInsights) -> Result<Page<InsightsRow>> {
        let limit = paging::limit(query.limit, 50, 500)?;
        let time_range = match (query.since, query.until) {
            (Some(since), Some(until)) if since <= until => Some(TimeRange { since, until }),
            (None, None) => None,
            _ => return Err(check::invalid("since", "goes together with until, which is not before it")),
        };
        let place = self.place(principal, &query.id, None).await?;
        let of = match place.kind.as_str() {
            "campaign" => InsightsOf::from(CampaignId::from(query.id)),
            "ad_set" => InsightsOf::from(AdSetId::from(query.id)),
            "ad" => InsightsOf::from(AdId::from(query.id)),
            _ => return Err(check::invalid("id", "must be a campaign, ad set or ad: a creative has no report")),
        };
        let asked = InsightsQuery {
            level: query.level,
            date_preset: query.date_preset,
            time_range,
            limit: Some(u32::try_from(limit).map_err(Problem::internal)?),
            after: query.cursor,
            ..InsightsQuery::default()
        };
        let page = place.meta.insights().get(&of, &asked).await.map_err(problem::of)?;
        let next_cursor = page.next_cursor().map(std::borrow::Cow::into_owned);
        Ok(Page { data: page.data, next_cursor })
    }
}
