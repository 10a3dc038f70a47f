//! What exists when a simulator starts.

use serde::Serialize;
use serde_json::{Map, Value, json};

use chrono::{DateTime, TimeDelta, Utc};

use super::auth::Token;
use super::clock;
use super::kind::Kind;
use super::nodes::Nodes;

/// The ids and credentials of a simulator's first objects. They open nothing but a simulator.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct World {
    /// The app.
    pub app_id: String,
    /// The key of `appsecret_proof` and of webhook signatures.
    pub app_secret: String,
    /// The token of a system user who may do everything.
    pub access_token: String,
    /// The token of a user, which ends after an hour unless it is exchanged.
    pub user_access_token: String,
    /// The token of the page.
    pub page_access_token: String,
    /// The ad account, as paths write it: `act_…`. US dollars, UTC.
    pub ad_account: String,
    /// The page that the ad account may use.
    pub page: String,
    /// The page's Instagram account.
    pub instagram_user: String,
    /// The pixel of the ad account.
    pub pixel: String,
    /// The page's lead form.
    pub lead_form: String,
    /// A saved audience of the ad account. Meta has no call that creates one.
    pub saved_audience: String,
    /// Another ad account, with which audiences can be shared.
    pub other_ad_account: String,
}

impl World {
    /// The token with which the app speaks for itself.
    pub(super) fn app_token(&self) -> String {
        format!("{}|{}", self.app_id, self.app_secret)
    }

    /// Creates it.
    pub(super) fn create(nodes: &mut Nodes, now: DateTime<Utc>) -> (Self, Vec<Token>) {
        let mut make = |kind, owner, fields: Value| {
            let fields: Map<String, Value> = fields.as_object().cloned().unwrap_or_default();
            nodes.create(kind, owner, fields, now).id
        };
        let account = make(
            Kind::AdAccount,
            0,
            json!({
                "name": "Simulated ad account", "account_status": 1, "currency": "USD", "timezone_name": "Etc/UTC",
                "timezone_id": 0, "timezone_offset_hours_utc": 0, "amount_spent": "0", "balance": "0", "spend_cap": "0",
                "min_daily_budget": 100, "disable_reason": 0,
            }),
        );
        let page_access_token = "EAA-simulated-page".to_owned();
        let instagram =
            make(Kind::IGUser, 0, json!({ "username": "simulated", "name": "Simulated", "media_count": 0 }));
        let page = make(
            Kind::Page,
            0,
            json!({
                "name": "Simulated page", "category": "Software", "access_token": page_access_token,
                "instagram_business_account": { "id": instagram.to_string() },
            }),
        );
        let pixel = make(Kind::AdsPixel, account, json!({ "name": "Simulated pixel", "is_unavailable": false }));
        let form = make(
            Kind::LeadgenForm,
            page,
            json!({
                "name": "Simulated form", "status": "ACTIVE", "locale": "en_US", "page_id": page.to_string(),
                "questions": [{ "key": "full_name", "type": "FULL_NAME" }, { "key": "email", "type": "EMAIL" }],
            }),
        );
        let saved = make(
            Kind::SavedAudience,
            account,
            json!({
                "name": "Simulated saved audience", "run_status": "no_data", "time_created": clock::written(now),
                "time_updated": clock::written(now), "targeting": { "geo_locations": { "countries": ["US"] } },
            }),
        );
        let other = make(
            Kind::AdAccount,
            0,
            json!({
                "name": "Another ad account", "account_status": 1, "currency": "EUR", "timezone_name": "Europe/Berlin",
                "amount_spent": "0", "balance": "0", "spend_cap": "0", "min_daily_budget": 100, "disable_reason": 0,
            }),
        );
        let access_token = "EAA-simulated-system-user".to_owned();
        let user_access_token = "EAA-simulated-user".to_owned();
        let user = Token { expires: Some(now + TimeDelta::hours(1)), ..Token::full(&user_access_token) };
        let tokens = vec![Token::full(&access_token), Token::full(&page_access_token), user];
        let world = Self {
            app_id: "100000000000001".to_owned(),
            app_secret: "simulated-app-secret".to_owned(),
            access_token,
            user_access_token,
            page_access_token,
            ad_account: format!("act_{account}"),
            page: page.to_string(),
            instagram_user: instagram.to_string(),
            pixel: pixel.to_string(),
            lead_form: form.to_string(),
            saved_audience: saved.to_string(),
            other_ad_account: format!("act_{other}"),
        };
        (world, tokens)
    }
}
