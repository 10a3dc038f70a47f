//! Campaigns: the objective, and perhaps the budget, of the ad sets in them.

use acd_core::Operation;
use http::Method;
use serde::{Deserialize, Serialize};

use super::labels::AdLabelRef;
use super::once::labelled;
use super::{BidStrategy, EffectiveStatus, ExecutionOption, Issue, PromotedObject, Status, StatusOption};
use crate::answers::{Created, Done, List};
use crate::limits::{ads_read, ads_write};
use crate::macros::{node_calls, object, open_enum, request};
use crate::{AdAccountId, CampaignId, MetaCall, MetaClient, MinorUnits, Timestamp};

/// `POST /act_{account}/campaigns`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/campaigns), read 2026-11)
pub const CREATE: Operation = ads_write("meta.campaigns.create", Method::POST, "/{version}/{account}/campaigns");
/// `GET /act_{account}/campaigns`
pub const LIST: Operation = ads_read("meta.campaigns.list", "/{version}/{account}/campaigns");
/// `GET /{campaign}`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-campaign-group), read 2026-11)
pub const GET: Operation = ads_read("meta.campaigns.get", "/{version}/{id}");
/// `POST /{campaign}`
pub const UPDATE: Operation = ads_write("meta.campaigns.update", Method::POST, "/{version}/{id}").idempotent();
/// `DELETE /{campaign}`
pub const DELETE: Operation = ads_write("meta.campaigns.delete", Method::DELETE, "/{version}/{id}").idempotent();
/// `POST /{campaign}/copies`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-campaign-group/copies), read 2026-11)
pub const COPY: Operation = ads_write("meta.campaigns.copy", Method::POST, "/{version}/{id}/copies");

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[CREATE, LIST, GET, UPDATE, DELETE, COPY];

open_enum! {
    /// What a campaign is for. New campaigns take those that begin with `OUTCOME_`; the others are found on old ones.
    Objective {
        AppPromotion = "OUTCOME_APP_PROMOTION",
        Awareness = "OUTCOME_AWARENESS",
        Engagement = "OUTCOME_ENGAGEMENT",
        Leads = "OUTCOME_LEADS",
        Sales = "OUTCOME_SALES",
        Traffic = "OUTCOME_TRAFFIC",
        LegacyAppInstalls = "APP_INSTALLS",
        LegacyBrandAwareness = "BRAND_AWARENESS",
        LegacyConversions = "CONVERSIONS",
        LegacyEventResponses = "EVENT_RESPONSES",
        LegacyLeadGeneration = "LEAD_GENERATION",
        LegacyLinkClicks = "LINK_CLICKS",
        LegacyLocalAwareness = "LOCAL_AWARENESS",
        LegacyMessages = "MESSAGES",
        LegacyOfferClaims = "OFFER_CLAIMS",
        LegacyPageLikes = "PAGE_LIKES",
        LegacyPostEngagement = "POST_ENGAGEMENT",
        LegacyProductCatalogSales = "PRODUCT_CATALOG_SALES",
        LegacyReach = "REACH",
        LegacyStoreVisits = "STORE_VISITS",
        LegacyVideoViews = "VIDEO_VIEWS",
    }
}

open_enum! {
    /// A subject on which advertising is restricted.
    SpecialAdCategory {
        None = "NONE",
        Housing = "HOUSING",
        Employment = "EMPLOYMENT",
        Credit = "CREDIT",
        FinancialProductsServices = "FINANCIAL_PRODUCTS_SERVICES",
        IssuesElectionsPolitics = "ISSUES_ELECTIONS_POLITICS",
        OnlineGamblingAndGaming = "ONLINE_GAMBLING_AND_GAMING",
    }
}

open_enum! {
    /// How impressions are bought.
    BuyingType {
        /// The default.
        Auction = "AUCTION",
        /// Reach and frequency.
        Reserved = "RESERVED",
    }
}

request! {
    /// The body of [`CREATE`].
    CreateCampaign {
        /// At most 400 characters.
        name: String,
        /// What it is for.
        objective: Objective,
        /// Restricted subjects; empty when there are none, which has to be said.
        special_ad_categories: Vec<SpecialAdCategory>,
        ..
        /// `ACTIVE`, which is Meta's default, or `PAUSED`.
        status: Status,
        /// Where the restricted subjects are advertised, as ISO 3166-1 codes of two letters.
        special_ad_category_country: Vec<String>,
        /// How impressions are bought.
        buying_type: BuyingType,
        /// The budget of a day. With one of the budgets here, ad sets have none.
        daily_budget: MinorUnits,
        /// The budget of its whole life.
        lifetime_budget: MinorUnits,
        /// How bids are made, with a budget here.
        bid_strategy: BidStrategy,
        /// Whether ad sets may share up to 20 % of their budgets. Say it when there is no budget here.
        is_adset_budget_sharing_enabled: bool,
        /// The most it may ever cost, at least about 100 USD.
        spend_cap: MinorUnits,
        /// When it begins.
        start_time: Timestamp,
        /// When it ends.
        stop_time: Timestamp,
        /// What is promoted, such as a catalog.
        promoted_object: PromotedObject,
        /// Labels; `create_once` adds its own.
        adlabels: Vec<AdLabelRef>,
        /// The campaign that it is a copy of.
        source_campaign_id: CampaignId,
        /// `validate_only` answers without an id, which is then an error here: use [`CampaignsClient::validate`].
        execution_options: Vec<ExecutionOption>,
    }
}

request! {
    /// The body of [`UPDATE`]: what shall be different.
    UpdateCampaign {
        ..
        /// The name.
        name: String,
        /// Whether it shall run.
        status: Status,
        /// The budget of a day.
        daily_budget: MinorUnits,
        /// The budget of its whole life.
        lifetime_budget: MinorUnits,
        /// How bids are made.
        bid_strategy: BidStrategy,
        /// The most it may ever cost; [`MinorUnits::NO_CAP`] removes it.
        spend_cap: MinorUnits,
        /// Restricted subjects.
        special_ad_categories: Vec<SpecialAdCategory>,
        /// Where they are advertised.
        special_ad_category_country: Vec<String>,
        /// Whether ad sets may share budgets.
        is_adset_budget_sharing_enabled: bool,
        /// When it begins.
        start_time: Timestamp,
        /// When it ends.
        stop_time: Timestamp,
        /// Labels, in the place of those it has.
        adlabels: Vec<AdLabelRef>,
    }
}

request! {
    /// The body of [`COPY`].
    CopyCampaign {
        ..
        /// Whether ad sets and ads are copied too; Meta takes at most 3 objects in this way at once.
        deep_copy: bool,
        /// The status of the copy; paused by default.
        status_option: StatusOption,
        /// When the copy begins.
        start_time: Timestamp,
        /// When the copy ends.
        end_time: Timestamp,
    }
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CopiedCampaign {
    /// The copy.
    pub copied_campaign_id: CampaignId,
}

object! {
    /// A campaign ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-campaign-group), read 2026-11).
    Campaign(CampaignId), CampaignFields {
        /// The ad account.
        account_id: AdAccountId,
        /// The name.
        name: String,
        /// What it is for.
        objective: Objective,
        /// Whether it shall run.
        status: Status,
        /// Whether it shall run, as it was set.
        configured_status: Status,
        /// Whether it runs.
        effective_status: EffectiveStatus,
        /// How impressions are bought.
        buying_type: BuyingType,
        /// How bids are made.
        bid_strategy: BidStrategy,
        /// The budget of a day.
        daily_budget: MinorUnits,
        /// The budget of its whole life.
        lifetime_budget: MinorUnits,
        /// What is left of the budget.
        budget_remaining: MinorUnits,
        /// The most it may ever cost.
        spend_cap: MinorUnits,
        /// Restricted subjects.
        special_ad_categories: Vec<SpecialAdCategory>,
        /// Where they are advertised.
        special_ad_category_country: Vec<String>,
        /// Whether ad sets may share budgets.
        is_adset_budget_sharing_enabled: bool,
        /// What is promoted.
        promoted_object: PromotedObject,
        /// What keeps it from running.
        issues_info: Vec<Issue>,
        /// The campaign that it is a copy of; `0` when it is none.
        source_campaign_id: CampaignId,
        /// When it begins.
        start_time: Timestamp,
        /// When it ends.
        stop_time: Timestamp,
        /// When it was created.
        created_time: Timestamp,
        /// When it last changed.
        updated_time: Timestamp,
    }
}

/// The query of [`LIST`].
pub type ListCampaigns = List<CampaignFields>;

/// Campaigns.
#[derive(Clone, Copy, Debug)]
pub struct CampaignsClient<'c> {
    meta: &'c MetaClient,
}

node_calls!(CampaignsClient { LIST, GET, UPDATE, DELETE } Campaign(CampaignId), CampaignFields, ListCampaigns, UpdateCampaign);

impl<'c> CampaignsClient<'c> {
    /// Creates a campaign. Not repeated when its outcome is unknown: [`create_once`](Self::create_once) settles that.
    pub fn create(&self, account: &AdAccountId, campaign: &CreateCampaign) -> MetaCall<'c, Created<CampaignId>> {
        MetaCall::json(self.meta, &CREATE).account(account).body(campaign)
    }

    /// Has Meta check a campaign without creating it. Takes the place of a creation in the limits.
    pub fn validate(&self, account: &AdAccountId, campaign: &CreateCampaign) -> MetaCall<'c, Done> {
        let execution_options = Some(vec![ExecutionOption::ValidateOnly]);
        let campaign = CreateCampaign { execution_options, ..campaign.clone() };
        MetaCall::json(self.meta, &CREATE).account(account).body(&campaign)
    }

    /// Copies a campaign. Not repeated when its outcome is unknown: look for campaigns with this one as their source.
    pub fn copy(&self, id: &CampaignId, options: &CopyCampaign) -> MetaCall<'c, CopiedCampaign> {
        MetaCall::json(self.meta, &COPY).path("id", id).body(options)
    }
}

labelled!(CampaignsClient, CreateCampaign, CampaignId, create, campaigns);

#[cfg(test)]
mod tests {
    use acd_core::testing::{Script, answer};
    use acd_core::{Error, ErrorKind};
    use serde_json::json;

    use super::*;
    use crate::macros::check_enum;
    use crate::testing::{scripted, sent};

    fn wanted() -> CreateCampaign {
        CreateCampaign {
            status: Some(Status::Paused),
            daily_budget: Some(MinorUnits(1000)),
            ..CreateCampaign::new("Spring", Objective::Sales, [])
        }
    }

    #[test]
    fn a_campaign_is_created_as_metas_page_has_it() {
        let (harness, meta) = scripted([answer(200).body(r#"{"id":"120200000000000001"}"#)]);
        let created = harness.run(meta.campaigns().create(&"17".into(), &wanted()).into_future()).unwrap();
        assert_eq!(created.id.as_str(), "120200000000000001");
        let body = json!({
            "name": "Spring", "objective": "OUTCOME_SALES", "special_ad_categories": [], "status": "PAUSED",
            "daily_budget": 1000
        });
        assert_eq!(sent(&harness), [("POST /v26.0/act_17/campaigns".to_owned(), body)]);
    }

    #[test]
    fn fields_and_filters_are_asked_for_and_read() {
        let body = r#"{"data":[{"id":"1","name":"A","daily_budget":"1000","status":"ODD","special_ad_categories":[],
            "created_time":"2026-01-05T10:00:00+0000","ads":{"data":[]},"spend_cap":null}],
            "paging":{"cursors":{"before":"b","after":"a"}}}"#;
        let (harness, meta) = scripted([answer(200).body(body)]);
        let fields = CampaignFields::new().name().daily_budget().named("pacing_type").edge("ads.limit(1)", &"id");
        let query = ListCampaigns {
            effective_status: vec![EffectiveStatus::Active, EffectiveStatus::Paused],
            ..ListCampaigns::of(fields).limit(5)
        };
        let page = harness.run(meta.campaigns().list(&"act_17".into(), &query).into_future()).unwrap();
        let campaign = &page.data[0];
        assert_eq!(campaign.daily_budget, Some(MinorUnits(1000)));
        assert_eq!(campaign.status, Some(Status::Unknown("ODD".to_owned())));
        assert!(campaign.spend_cap.is_none() && campaign.other.contains_key("ads"));
        let line = &sent(&harness)[0].0;
        assert!(line.contains("effective_status=%5B%22ACTIVE%22%2C%22PAUSED%22%5D"), "{line}");
        assert!(line.contains("fields=id%2Cname%2Cdaily_budget%2Cpacing_type%2Cads.limit%281%29%7Bid%7D"), "{line}");
    }

    fn labels(id: &str) -> Script {
        answer(200).body(format!(r#"{{"data":[{{"id":"{id}","name":"intent-1"}}]}}"#))
    }

    fn found(ids: &[&str]) -> Script {
        let data: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
        answer(200).body(json!({ "data": data }).to_string())
    }

    fn lost() -> Script {
        Script::fail(|| Error::new(ErrorKind::Interrupted, "cut"))
    }

    #[test]
    fn a_lost_answer_leads_to_one_campaign() {
        let (harness, meta) = scripted([labels("9"), found(&[]), lost(), found(&["5"])]);
        let campaigns = meta.campaigns();
        let id = harness.run(campaigns.create_once(&"17".into(), "intent-1", &wanted())).unwrap();
        assert_eq!(id.as_str(), "5");
        let sent = sent(&harness);
        assert_eq!(sent[2].1["adlabels"], json!([{ "id": "9" }]));
        assert!(
            sent[3].0.starts_with("GET /v26.0/act_17/campaignsbylabels?ad_label_ids=%5B%229%22%5D"),
            "{}",
            sent[3].0
        );
    }

    #[test]
    fn what_meta_did_not_do_is_done_again_and_what_it_refused_is_not() {
        let created = answer(200).body(r#"{"id":"6"}"#);
        let (harness, meta) = scripted([labels("9"), found(&[]), lost(), found(&[]), created]);
        let campaigns = meta.campaigns();
        assert_eq!(harness.run(campaigns.create_once(&"17".into(), "intent-1", &wanted())).unwrap().as_str(), "6");
        let refusal = answer(400).body(r#"{"error":{"message":"low","code":100,"error_subcode":1885272}}"#);
        let (harness, meta) = scripted([labels("9"), found(&[]), refusal]);
        let error = harness.run(meta.campaigns().create_once(&"17".into(), "intent-1", &wanted())).unwrap_err();
        assert_eq!((error.kind(), harness.requests().len()), (ErrorKind::Rejected, 3));
    }

    #[test]
    fn one_that_is_there_is_not_created_again() {
        let (harness, meta) = scripted([labels("9"), found(&["5"])]);
        let id = harness.run(meta.campaigns().create_once(&"17".into(), "intent-1", &wanted())).unwrap();
        assert_eq!(id.as_str(), "5");
    }

    #[test]
    fn all_pages_are_read_and_a_heavy_one_is_halved() {
        let heavy =
            answer(500).body(r#"{"error":{"message":"Please reduce the amount of data you're asking for","code":1}}"#);
        let first = r#"{"data":[{"id":"1"},{"id":"2"}],"paging":{"cursors":{"after":"c"},"next":"https://x.test/"}}"#;
        let (harness, meta) = scripted([heavy, answer(200).body(first), found(&["3"])]);
        let query = ListCampaigns::of(CampaignFields::new()).limit(4);
        let all = harness.run(meta.campaigns().list_all(&"17".into(), query).items().collect(9)).unwrap();
        assert_eq!(all.len(), 3);
        let limits: Vec<_> =
            sent(&harness).iter().map(|(line, _)| line.split("limit=").nth(1).unwrap().to_owned()).collect();
        assert_eq!(limits, ["4", "2", "2"]);
    }

    #[test]
    fn values_of_tomorrow_survive() {
        check_enum::<Objective>();
        check_enum::<SpecialAdCategory>();
        check_enum::<BuyingType>();
    }
}
