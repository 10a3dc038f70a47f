//! Audiences: people known by hashes or by what they did, people like them, and targetings under a name.

mod hashing;
mod sessions;
mod sharing;
mod upload;
mod users;

use acd_core::Operation;
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use hashing::{DroppedValue, HashedUsers};
pub use sessions::{AudienceSessionState, SessionQuery};
pub use upload::{AudienceUpload, UploadAction, UsersUpload};
pub use users::{AudienceKey, AudienceSession, AudienceUsers, MOST_ROWS, UploadedUsers};

use crate::ads::targeting::{GeoLocations, Targeting};
use crate::answers::{Created, List};
use crate::limits::{CUSTOM_AUDIENCE, WRITE};
use crate::macros::{node_calls, object, open_enum, request};
use crate::page::list_all;
use crate::{AdAccountId, AudienceId, MetaCall, MetaClient, Page, PixelId, SavedAudienceId, Timestamp};

const fn read(name: &'static str, path: &'static str) -> Operation {
    Operation::new(name, Method::GET, path).safe().pool(CUSTOM_AUDIENCE)
}

const fn write(name: &'static str, method: Method, path: &'static str) -> Operation {
    Operation::new(name, method, path).pool(CUSTOM_AUDIENCE).cost(WRITE)
}

/// `POST /act_{account}/customaudiences`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/customaudiences), read 2026-11)
pub const CREATE: Operation = write("meta.audiences.create", Method::POST, "/{version}/{account}/customaudiences");
/// `GET /act_{account}/customaudiences`
pub const LIST: Operation = read("meta.audiences.list", "/{version}/{account}/customaudiences");
/// `GET /{audience}`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/custom-audience), read 2026-11)
pub const GET: Operation = read("meta.audiences.get", "/{version}/{id}");
/// `POST /{audience}`
pub const UPDATE: Operation = write("meta.audiences.update", Method::POST, "/{version}/{id}").idempotent();
/// `DELETE /{audience}`
pub const DELETE: Operation = write("meta.audiences.delete", Method::DELETE, "/{version}/{id}").idempotent();
/// `POST /{audience}/users`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/custom-audience/users), read 2026-11)
pub const ADD_USERS: Operation = write("meta.audiences.add_users", Method::POST, "/{version}/{id}/users").idempotent();
/// `DELETE /{audience}/users`
pub const REMOVE_USERS: Operation =
    write("meta.audiences.remove_users", Method::DELETE, "/{version}/{id}/users").idempotent();
/// `POST /{audience}/usersreplace`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/custom-audience/usersreplace), read 2026-11). The
/// same batch of a session may come twice.
pub const REPLACE_USERS: Operation =
    write("meta.audiences.replace_users", Method::POST, "/{version}/{id}/usersreplace").idempotent();
/// `DELETE /act_{account}/usersofanyaudience`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-account/usersofanyaudience), read 2026-11)
pub const REMOVE_FROM_ALL: Operation =
    write("meta.audiences.remove_from_all", Method::DELETE, "/{version}/{account}/usersofanyaudience").idempotent();
/// `GET /{audience}/sessions`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/custom-audience/sessions), read 2026-11)
pub const SESSIONS: Operation = read("meta.audiences.sessions", "/{version}/{id}/sessions");
/// `POST /{audience}/adaccounts`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/custom-audience/adaccounts), read 2026-11)
pub const SHARE: Operation = write("meta.audiences.share", Method::POST, "/{version}/{id}/adaccounts").idempotent();
/// `DELETE /{audience}/adaccounts`
pub const UNSHARE: Operation =
    write("meta.audiences.unshare", Method::DELETE, "/{version}/{id}/adaccounts").idempotent();
/// `GET /{audience}/adaccounts`
pub const LIST_SHARED: Operation = read("meta.audiences.shared_with", "/{version}/{id}/adaccounts");
/// `GET /act_{account}/saved_audiences`
/// ([page](https://developers.facebook.com/docs/marketing-api/reference/saved-audience), read 2026-11)
pub const LIST_SAVED: Operation = read("meta.saved_audiences.list", "/{version}/{account}/saved_audiences");
/// `GET /{saved audience}`
pub const GET_SAVED: Operation = read("meta.saved_audiences.get", "/{version}/{id}");

/// All calls of this module.
pub const OPERATIONS: &[Operation] = &[
    CREATE,
    LIST,
    GET,
    UPDATE,
    DELETE,
    ADD_USERS,
    REMOVE_USERS,
    REPLACE_USERS,
    REMOVE_FROM_ALL,
    SESSIONS,
    SHARE,
    UNSHARE,
    LIST_SHARED,
    LIST_SAVED,
    GET_SAVED,
];

open_enum! {
    /// Of whom an audience is made. Meta knows about twenty kinds; these are the common ones.
    AudienceSubtype {
        /// People whom the advertiser names by hashes.
        Custom = "CUSTOM",
        /// People who visited a website.
        Website = "WEBSITE",
        App = "APP",
        /// People like those of another audience.
        Lookalike = "LOOKALIKE",
        Engagement = "ENGAGEMENT",
        OfflineConversion = "OFFLINE_CONVERSION",
        Video = "VIDEO",
        Claim = "CLAIM",
        Managed = "MANAGED",
        Partner = "PARTNER",
    }
}

open_enum! {
    /// From whom the people's data come.
    CustomerFileSource {
        UserProvidedOnly = "USER_PROVIDED_ONLY",
        PartnerProvidedOnly = "PARTNER_PROVIDED_ONLY",
        BothUserAndPartnerProvided = "BOTH_USER_AND_PARTNER_PROVIDED",
    }
}

open_enum! {
    /// How alike people shall be.
    LookalikeType {
        /// The 1 % that are most alike.
        Similarity = "similarity",
        /// The 5 % that are most alike.
        Reach = "reach",
    }
}

/// Of which people a lookalike audience is made. The seed needs 100 members in the country; it is filled within 6 hours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct LookalikeSpec {
    /// How alike, by name.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<LookalikeType>,
    /// How alike, as the share of the country's people: 0.01 to 0.20 in steps of 0.01.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Without those who are more alike than this share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starting_ratio: Option<f64>,
    /// The country, as an ISO 3166-1 code of two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Several countries, in the place of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_spec: Option<LookalikeLocations>,
    /// Whether members of the seed from other countries count where too few are from this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_international_seeds: Option<bool>,
    /// Further members by their names.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Where the people of a lookalike audience are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct LookalikeLocations {
    /// There.
    pub geo_locations: GeoLocations,
    /// But not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excluded_geo_locations: Option<GeoLocations>,
}

request! {
    /// The body of [`CREATE`].
    CreateAudience {
        /// The name.
        name: String,
        /// Of whom it is made.
        subtype: AudienceSubtype,
        ..
        /// What it is for.
        description: String,
        /// From whom the data come; needed for `CUSTOM`.
        customer_file_source: CustomerFileSource,
        /// For how many days people stay, 1 to 180; for `WEBSITE`.
        retention_days: u16,
        /// What people did; for `WEBSITE`
        /// ([page](https://developers.facebook.com/docs/marketing-api/audiences/guides/audience-rules), read 2026-11).
        rule: Value,
        /// Whether people who did it before are taken too.
        prefill: bool,
        /// The pixel that saw them.
        pixel_id: PixelId,
        /// The seed; for `LOOKALIKE`.
        origin_audience_id: AudienceId,
        /// Of which people; for `LOOKALIKE`.
        lookalike_spec: LookalikeSpec,
        /// Whether people have a value.
        is_value_based: bool,
    }
}

impl CreateAudience {
    /// People whom the advertiser names by hashes.
    pub fn customer_file(name: impl Into<String>) -> Self {
        let customer_file_source = Some(CustomerFileSource::UserProvidedOnly);
        Self { customer_file_source, ..Self::new(name, AudienceSubtype::Custom) }
    }

    /// The people of one country who are most like those of the seed.
    pub fn lookalike(name: impl Into<String>, seed: AudienceId, country: impl Into<String>, ratio: f64) -> Self {
        let spec = LookalikeSpec { ratio: Some(ratio), country: Some(country.into()), ..LookalikeSpec::default() };
        let (origin_audience_id, lookalike_spec) = (Some(seed), Some(spec));
        Self { origin_audience_id, lookalike_spec, ..Self::new(name, AudienceSubtype::Lookalike) }
    }
}

request! {
    /// The body of [`UPDATE`]: what shall be different.
    UpdateAudience {
        ..
        /// The name.
        name: String,
        /// What it is for.
        description: String,
        /// For how many days people stay.
        retention_days: u16,
        /// What people did.
        rule: Value,
    }
}

/// A state in a number and in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CodedStatus {
    /// 200 when all is well.
    pub code: i64,
    /// In words.
    #[serde(default)]
    pub description: Option<String>,
}

object! {
    /// An audience ([page](https://developers.facebook.com/docs/marketing-api/reference/custom-audience), read 2026-11).
    Audience(AudienceId), AudienceFields {
        /// The name.
        name: String,
        /// Of whom it is made.
        subtype: AudienceSubtype,
        /// What it is for.
        description: String,
        /// At least so many people; -1 while Meta does not know.
        approximate_count_lower_bound: i64,
        /// At most so many people; -1 while Meta does not know.
        approximate_count_upper_bound: i64,
        /// Whether ads can be shown to it: 200, or 300 when it is too small.
        delivery_status: CodedStatus,
        /// What goes on: 200, or what keeps people from being added.
        operation_status: CodedStatus,
        /// For how many days people stay.
        retention_days: u16,
        /// Of which people; for lookalikes.
        lookalike_spec: LookalikeSpec,
        /// When its people last changed.
        time_content_updated: Timestamp,
        /// When it was created.
        time_created: Timestamp,
    }
}

object! {
    /// A targeting under a name
    /// ([page](https://developers.facebook.com/docs/marketing-api/reference/saved-audience), read 2026-11). People make it in
    /// Meta's own tools: no call creates or changes one.
    SavedAudience(SavedAudienceId), SavedAudienceFields {
        /// The name.
        name: String,
        /// Who shall see an ad.
        targeting: Targeting,
        /// Whether ads run with it.
        run_status: String,
        /// When it was created.
        time_created: Timestamp,
        /// When it last changed.
        time_updated: Timestamp,
    }
}

/// The query of [`LIST`]. Meta advises about 20 a page.
pub type ListAudiences = List<AudienceFields>;
/// The query of [`LIST_SAVED`].
pub type ListSavedAudiences = List<SavedAudienceFields>;

/// Audiences.
#[derive(Clone, Copy, Debug)]
pub struct AudiencesClient<'c> {
    meta: &'c MetaClient,
}

node_calls!(AudiencesClient { LIST, GET, UPDATE, DELETE } Audience(AudienceId), AudienceFields, ListAudiences, UpdateAudience);

impl<'c> AudiencesClient<'c> {
    /// Creates an audience. Not repeated when its outcome is unknown: look for its name in the list.
    pub fn create(&self, account: &AdAccountId, audience: &CreateAudience) -> MetaCall<'c, Created<AudienceId>> {
        MetaCall::json(self.meta, &CREATE).account(account).body(audience)
    }

    /// Adds people, at most 10 000. They count within a day. Safe to repeat. Rows that are bad are counted, not refused.
    pub fn add_users(
        &self,
        id: &AudienceId,
        users: &AudienceUsers,
        session: Option<&AudienceSession>,
    ) -> MetaCall<'c, UploadedUsers> {
        self.send_users(MetaCall::json(self.meta, &ADD_USERS).path("id", id), users, session)
    }

    /// Removes people, at most 10 000. Safe to repeat.
    pub fn remove_users(
        &self,
        id: &AudienceId,
        users: &AudienceUsers,
        session: Option<&AudienceSession>,
    ) -> MetaCall<'c, UploadedUsers> {
        self.send_users(MetaCall::json(self.meta, &REMOVE_USERS).path("id", id), users, session)
    }

    /// Sends one batch of a session that replaces everybody. The first opens it and has to arrive first; the session ends
    /// by itself 90 minutes later. Safe to repeat.
    pub fn replace_users(
        &self,
        id: &AudienceId,
        users: &AudienceUsers,
        session: &AudienceSession,
    ) -> MetaCall<'c, UploadedUsers> {
        self.send_users(MetaCall::json(self.meta, &REPLACE_USERS).path("id", id), users, Some(session))
    }

    /// Removes people, at most 10 000, from every audience of the account, as their wish to be forgotten asks for. Safe to
    /// repeat.
    pub fn remove_from_all(
        &self,
        account: &AdAccountId,
        users: &AudienceUsers,
        session: Option<&AudienceSession>,
    ) -> MetaCall<'c, UploadedUsers> {
        self.send_users(MetaCall::json(self.meta, &REMOVE_FROM_ALL).account(account), users, session)
    }

    fn send_users(
        &self,
        call: MetaCall<'c, UploadedUsers>,
        users: &AudienceUsers,
        session: Option<&AudienceSession>,
    ) -> MetaCall<'c, UploadedUsers> {
        #[derive(Serialize)]
        struct Body<'b> {
            #[serde(skip_serializing_if = "Option::is_none")]
            customer_consent: Option<bool>,
            #[serde(skip_serializing_if = "Option::is_none")]
            session: Option<&'b AudienceSession>,
            payload: &'b AudienceUsers,
        }
        let customer_consent = users.has_consent().then_some(true);
        match users.check() {
            Ok(()) => call.body(&Body { customer_consent, session, payload: users }),
            Err(problem) => call.refused(problem),
        }
    }

    /// Lists the account's saved audiences. Safe to repeat.
    pub fn saved(&self, account: &AdAccountId, query: &ListSavedAudiences) -> MetaCall<'c, Page<SavedAudience>> {
        MetaCall::json(self.meta, &LIST_SAVED).account(account).query(query)
    }

    list_all! {
        /// Every saved audience of the account.
        AudiencesClient: all_saved, saved(account: AdAccountId), ListSavedAudiences => SavedAudience
    }

    /// Reads a saved audience. Safe to repeat.
    pub fn get_saved(&self, id: &SavedAudienceId, fields: &SavedAudienceFields) -> MetaCall<'c, SavedAudience> {
        MetaCall::json(self.meta, &GET_SAVED).path("id", id).param("fields", fields)
    }
}

#[cfg(test)]
mod tests {
    use acd_core::testing::answer;
    use serde_json::json;

    use super::*;
    use crate::macros::check_enum;
    use crate::testing::{scripted, sent};

    #[test]
    fn audiences_are_created_as_metas_pages_have_it() {
        let (harness, meta) = scripted([answer(200).body(r#"{"id":"1"}"#), answer(200).body(r#"{"id":"2"}"#)]);
        let (audiences, account) = (meta.audiences(), "17".into());
        harness.run(audiences.create(&account, &CreateAudience::customer_file("Buyers")).into_future()).unwrap();
        let alike = CreateAudience::lookalike("Like them", "1".into(), "US", 0.01);
        harness.run(audiences.create(&account, &alike).into_future()).unwrap();
        let bodies: Vec<_> = sent(&harness).into_iter().map(|(_, body)| body).collect();
        assert_eq!(
            bodies,
            [
                json!({ "name": "Buyers", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY" }),
                json!({ "name": "Like them", "subtype": "LOOKALIKE", "origin_audience_id": "1",
                    "lookalike_spec": { "ratio": 0.01, "country": "US" } }),
            ]
        );
    }

    #[test]
    fn values_of_tomorrow_survive() {
        check_enum::<AudienceSubtype>();
        check_enum::<CustomerFileSource>();
        check_enum::<LookalikeType>();
    }
}
