//! The calls that `tests/vectors/calls.json` has with their requests. The methods that `@acd/sdk` has of them send the same.

use acd_core::testing::answer;
use acd_core::{Request, Secret};
use http::{Method, Uri};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::accounts::{AdAccountFields, ManagedPageFields, PageFields, PixelFields};
use crate::ads::ad_sets::AdSetFields;
use crate::ads::ads::AdFields;
use crate::ads::budget_schedules::{BudgetOf, HighDemandPeriodFields, ListBudgetSchedules};
use crate::ads::campaigns::CampaignFields;
use crate::ads::creatives::CreativeFields;
use crate::ads::labels::AdLabelFields;
use crate::ads::request_sets::{AdRequestFields, AdRequestSetFields, ListAdRequests};
use crate::audiences::{AudienceFields, AudienceKey, AudienceUsers, SavedAudienceFields};
use crate::insights::{InsightsFields, InsightsOf, InsightsQuery};
use crate::instagram::IgMediaFields;
use crate::leads::{LeadFields, LeadFormFields};
use crate::media::AdVideoFields;
use crate::testing::scripted;
use crate::{CampaignId, List, MetaClient, PageId, Result};

#[derive(Deserialize)]
struct Vector {
    call: String,
    arguments: Arguments,
    request: Value,
}

/// What a method is given; what is left out at the end is null.
#[derive(Deserialize)]
struct Arguments(Vec<Value>);

impl Arguments {
    fn json(&self, place: usize) -> Value {
        self.0.get(place).cloned().unwrap_or_default()
    }

    fn at<T: DeserializeOwned>(&self, place: usize) -> T {
        read(self.json(place))
    }

    fn text(&self, place: usize) -> String {
        self.at(place)
    }
}

fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn or_default<T: DeserializeOwned + Default>(value: &Value) -> T {
    if value.is_null() { T::default() } else { read(value.clone()) }
}

/// A selection of these fields, or that of all when none is named.
macro_rules! fields {
    ($of:ident, $names:expr) => {
        or_default::<Option<Vec<String>>>($names)
            .map_or_else($of::default, |names| names.iter().fold($of::new(), |fields, name| fields.named(name)))
    };
}

macro_rules! list {
    ($of:ident, $query:expr) => {{
        let query = $query;
        List {
            effective_status: or_default(&query["effective_status"]),
            filtering: or_default(&query["filtering"]),
            limit: or_default(&query["limit"]),
            after: or_default(&query["after"]),
            ..List::of(fields!($of, &query["fields"]))
        }
    }};
}

macro_rules! node {
    ($client:expr, $method:expr, $arguments:expr, $of:ident) => {
        match $method {
            "list" => $client.list(&$arguments.at(0), &list!($of, $arguments.json(1))).build(),
            "get" => $client.get(&$arguments.at(0), &fields!($of, &$arguments.json(1))).build(),
            "update" => $client.update(&$arguments.at(0), &$arguments.at(1)).build(),
            "delete" => $client.delete(&$arguments.at(0)).build(),
            "create" => $client.create(&$arguments.at(0), &$arguments.at(1)).build(),
            other => panic!("there is no call {other}"),
        }
    };
}

fn insights(query: &Value) -> InsightsQuery {
    let fields = fields!(InsightsFields, &query["fields"]);
    let mut others = query.clone();
    if let Some(others) = others.as_object_mut() {
        others.remove("fields");
    }
    InsightsQuery { fields, ..read(others) }
}

fn of(id: &str) -> InsightsOf {
    if id.starts_with("act_") { InsightsOf::Account(id.into()) } else { InsightsOf::Campaign(id.into()) }
}

fn users(json: &Value) -> AudienceUsers {
    let (schema, rows): (Vec<AudienceKey>, Vec<Vec<Value>>) =
        (read(json["schema"].clone()), read(json["data"].clone()));
    let users = AudienceUsers::new(schema, rows).page_ids(or_default::<Vec<PageId>>(&json["page_ids"]));
    if json["customer_consent"] == true { users.with_consent() } else { users }
}

fn ads(meta: &MetaClient, group: &str, method: &str, a: &Arguments) -> Result<Request> {
    match (group, method) {
        ("campaigns", "validate") => meta.campaigns().validate(&a.at(0), &a.at(1)).build(),
        ("campaigns", "copy") => meta.campaigns().copy(&a.at(0), &a.at(1)).build(),
        ("campaigns", other) => node!(meta.campaigns(), other, a, CampaignFields),
        ("ad_sets", "validate") => meta.ad_sets().validate(&a.at(0), &a.at(1)).build(),
        ("ad_sets", "copy") => meta.ad_sets().copy(&a.at(0), &a.at(1)).build(),
        ("ad_sets", other) => node!(meta.ad_sets(), other, a, AdSetFields),
        ("creatives", other) => node!(meta.creatives(), other, a, CreativeFields),
        ("ads", "validate") => meta.ads().validate(&a.at(0), &a.at(1)).build(),
        ("ads", "copy") => meta.ads().copy(&a.at(0), &a.at(1)).build(),
        ("ads", other) => node!(meta.ads(), other, a, AdFields),
        ("ad_labels", "create") => meta.ad_labels().create(&a.at(0), &a.text(1)).build(),
        ("ad_labels", "list") => meta.ad_labels().list(&a.at(0), &list!(AdLabelFields, a.json(1))).build(),
        ("ad_labels", "campaigns") => meta.ad_labels().campaigns(&a.at(0), &a.at(1)).build(),
        ("ad_labels", "ad_sets") => meta.ad_labels().ad_sets(&a.at(0), &a.at(1)).build(),
        ("ad_labels", "creatives") => meta.ad_labels().creatives(&a.at(0), &a.at(1)).build(),
        ("ad_labels", "ads") => meta.ad_labels().ads(&a.at(0), &a.at(1)).build(),
        ("budget_schedules", "create") => {
            meta.budget_schedules().create(&BudgetOf::Campaign(a.at(0)), &a.at(1)).build()
        }
        ("budget_schedules", "list") => {
            let query = a.json(1);
            let query = ListBudgetSchedules {
                fields: fields!(HighDemandPeriodFields, &query["fields"]),
                time_start: or_default(&query["time_start"]),
                time_stop: or_default(&query["time_stop"]),
                limit: or_default(&query["limit"]),
                after: or_default(&query["after"]),
            };
            meta.budget_schedules().list(&BudgetOf::from(a.at::<CampaignId>(0)), &query).build()
        }
        ("budget_schedules", "get") => {
            meta.budget_schedules().get(&a.at(0), &fields!(HighDemandPeriodFields, &a.json(1))).build()
        }
        ("budget_schedules", "update") => meta.budget_schedules().update(&a.at(0), &a.at(1)).build(),
        ("budget_schedules", "delete") => meta.budget_schedules().delete(&a.at(0)).build(),
        ("ad_request_sets", "create") => meta.ad_request_sets().create(&a.at(0), &a.at(1)).build(),
        ("ad_request_sets", "list") => {
            meta.ad_request_sets().list(&a.at(0), &list!(AdRequestSetFields, a.json(1))).build()
        }
        ("ad_request_sets", "get") => {
            meta.ad_request_sets().get(&a.at(0), &fields!(AdRequestSetFields, &a.json(1))).build()
        }
        ("ad_request_sets", "requests") => {
            let query = a.json(1);
            let query = ListAdRequests {
                fields: fields!(AdRequestFields, &query["fields"]),
                statuses: or_default(&query["statuses"]),
                limit: or_default(&query["limit"]),
                after: or_default(&query["after"]),
            };
            meta.ad_request_sets().requests(&a.at(0), &query).build()
        }
        ("ad_request_sets", "delete") => meta.ad_request_sets().delete(&a.at(0)).build(),
        ("insights", "get") => meta.insights().get(&of(&a.text(0)), &insights(&a.json(1))).build(),
        ("insights", "start") => meta.insights().start(&of(&a.text(0)), &insights(&a.json(1))).build(),
        ("insights", "run") => meta.insights().run(&a.at(0)).build(),
        _ => audiences(meta, group, method, a),
    }
}

fn audiences(meta: &MetaClient, group: &str, method: &str, a: &Arguments) -> Result<Request> {
    let (audiences, estimates, targeting) = (meta.audiences(), meta.estimates(), meta.targeting_search());
    match (group, method) {
        ("audiences", "add_users") => audiences.add_users(&a.at(0), &users(&a.json(1)), session(a).as_ref()).build(),
        ("audiences", "remove_users") => {
            audiences.remove_users(&a.at(0), &users(&a.json(1)), session(a).as_ref()).build()
        }
        ("audiences", "replace_users") => audiences.replace_users(&a.at(0), &users(&a.json(1)), &a.at(2)).build(),
        ("audiences", "remove_from_all") => {
            audiences.remove_from_all(&a.at(0), &users(&a.json(1)), session(a).as_ref()).build()
        }
        ("audiences", "sessions") => audiences.sessions(&a.at(0), &a.at(1)).build(),
        ("audiences", "share") => audiences.share(&a.at(0), &a.at::<Vec<_>>(1)).build(),
        ("audiences", "unshare") => audiences.unshare(&a.at(0), &a.at::<Vec<_>>(1)).build(),
        ("audiences", "shared_with") => audiences.shared_with(&a.at(0), &list!(AdAccountFields, a.json(1))).build(),
        ("audiences", "saved") => audiences.saved(&a.at(0), &list!(SavedAudienceFields, a.json(1))).build(),
        ("audiences", "get_saved") => audiences.get_saved(&a.at(0), &fields!(SavedAudienceFields, &a.json(1))).build(),
        ("audiences", other) => node!(audiences, other, a, AudienceFields),
        ("targeting_search", "interests") => targeting.interests(&a.text(0), a.at(1)).build(),
        ("targeting_search", "related_interests") => targeting.related_interests(&texts(&a.at::<Vec<_>>(0))).build(),
        ("targeting_search", "check_interests") => targeting.check_interests(&texts(&a.at::<Vec<_>>(0))).build(),
        ("targeting_search", "category") => targeting.category(&a.at(0), a.at(1)).build(),
        ("targeting_search", "places") => targeting.places(&a.at(0)).build(),
        ("targeting_search", "locales") => targeting.locales(&a.text(0)).build(),
        ("targeting_search", "detailed") => targeting.detailed(&a.at(0), &a.at(1)).build(),
        ("targeting_search", "browse") => targeting.browse(&a.at(0), a.at(1)).build(),
        ("targeting_search", "suggest") => targeting.suggest(&a.at(0), &a.at::<Vec<_>>(1)).build(),
        ("targeting_search", "validate") => targeting.validate(&a.at(0), &a.at::<Vec<_>>(1)).build(),
        ("estimates", "delivery") => {
            estimates.delivery(&a.at(0), &a.at(1), &a.at(2), a.at::<Option<_>>(3).as_ref()).build()
        }
        ("estimates", "delivery_of") => estimates.delivery_of(&a.at(0)).build(),
        ("estimates", "reach") => estimates.reach(&a.at(0), &a.at(1)).build(),
        ("estimates", "preview_new") => estimates.preview_new(&a.at(0), &a.at(1), &a.at(2)).build(),
        ("estimates", "preview_ad") => estimates.preview_ad(&a.at(0), &a.at(1)).build(),
        ("estimates", "preview_creative") => estimates.preview_creative(&a.at(0), &a.at(1)).build(),
        ("leads", "get") => meta.leads().get(&a.at(0), &fields!(LeadFields, &a.json(1))).build(),
        ("leads", "of_form") => meta.leads().of_form(&a.at(0), &list!(LeadFields, a.json(1))).build(),
        ("leads", "of_ad") => meta.leads().of_ad(&a.at(0), &list!(LeadFields, a.json(1))).build(),
        ("leads", "create_test") => meta.leads().create_test(&a.at(0), &a.at::<Vec<_>>(1)).build(),
        ("leads", "forms") => meta.leads().forms(&a.at(0), &list!(LeadFormFields, a.json(1))).build(),
        _ => assets(meta, group, method, a),
    }
}

fn session(a: &Arguments) -> Option<crate::audiences::AudienceSession> {
    a.at(2)
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn assets(meta: &MetaClient, group: &str, method: &str, a: &Arguments) -> Result<Request> {
    let (instagram, webhooks) = (meta.instagram(), meta.webhooks());
    match (group, method) {
        ("accounts", "get") => meta.accounts().get(&a.at(0), &fields!(AdAccountFields, &a.json(1))).build(),
        ("accounts", "list") => meta.accounts().list(&list!(AdAccountFields, a.json(0))).build(),
        ("pages", "list") => meta.pages().list(&list!(ManagedPageFields, a.json(0))).build(),
        ("pages", "get") => meta.pages().get(&a.at(0), &fields!(PageFields, &a.json(1))).build(),
        ("pages", "token") => meta.pages().token(&a.at(0)).build(),
        ("pixels", "create") => meta.pixels().create(&a.at(0), &a.text(1)).build(),
        ("pixels", "list") => meta.pixels().list(&a.at(0), &list!(PixelFields, a.json(1))).build(),
        ("pixels", "get") => meta.pixels().get(&a.at(0), &fields!(PixelFields, &a.json(1))).build(),
        ("pixels", "update") => meta.pixels().update(&a.at(0), &a.at(1)).build(),
        ("pixels", "stats") => meta.pixels().stats(&a.at(0), &a.at(1)).build(),
        ("ad_images", "get") => meta.ad_images().get(&a.at(0), &texts(&a.at::<Vec<_>>(1))).build(),
        ("ad_images", "delete") => meta.ad_images().delete(&a.at(0), &a.text(1)).build(),
        ("ad_videos", "create") => meta.ad_videos().create(&a.at(0), &a.at(1)).build(),
        ("ad_videos", "get") => meta.ad_videos().get(&a.at(0), &fields!(AdVideoFields, &a.json(1))).build(),
        ("ad_videos", "thumbnails") => meta.ad_videos().thumbnails(&a.at(0)).build(),
        ("instagram", "create") => {
            let mut container = a.json(1);
            for list in ["children", "collaborators"] {
                if let Some(names) = or_default::<Option<Vec<String>>>(&container[list]) {
                    container[list] = names.join(",").into();
                } else if let Some(container) = container.as_object_mut() {
                    container.remove(list);
                }
            }
            instagram.create(&a.at(0), &read(container)).build()
        }
        ("instagram", "container") => instagram.container(&a.at(0)).build(),
        ("instagram", "publish") => instagram.publish(&a.at(0), &a.at(1)).build(),
        ("instagram", "limit") => instagram.limit(&a.at(0)).build(),
        ("instagram", "media") => instagram.media(&a.at(0), &fields!(IgMediaFields, &a.json(1))).build(),
        ("instagram", "delete") => instagram.delete(&a.at(0)).build(),
        ("instagram", "media_insights") => instagram.media_insights(&a.at(0), &a.at::<Vec<_>>(1)).build(),
        ("instagram", "account_insights") => {
            let mut query = a.json(1);
            query["metric"] = read::<Vec<String>>(query["metric"].clone()).join(",").into();
            instagram.account_insights(&a.at(0), &read(query)).build()
        }
        ("webhooks", "subscribe") => {
            let verify = Secret::from(a.text(3));
            webhooks.subscribe(&a.at(0), &a.at(1), &a.text(2), &verify, &a.at::<Vec<_>>(4)).build()
        }
        ("webhooks", "subscriptions") => webhooks.subscriptions(&a.at(0)).build(),
        ("webhooks", "unsubscribe") => {
            webhooks.unsubscribe(&a.at(0), &a.at(1), &or_default::<Vec<_>>(&a.json(2))).build()
        }
        ("webhooks", "add_page") => webhooks.add_page(&a.at(0), &a.at::<Vec<_>>(1)).build(),
        ("webhooks", "page_apps") => webhooks.page_apps(&a.at(0)).build(),
        ("webhooks", "remove_page") => webhooks.remove_page(&a.at(0)).build(),
        ("webhooks", "add_account") => webhooks.add_account(&a.at(0), &a.at(1)).build(),
        ("webhooks", "account_apps") => webhooks.account_apps(&a.at(0)).build(),
        ("webhooks", "remove_account") => webhooks.remove_account(&a.at(0), &a.at(1)).build(),
        ("tokens", "inspect") => meta.tokens().inspect(&Secret::from(a.text(0))).build(),
        ("tokens", "extend") => meta.tokens().extend(&a.at(0), &Secret::from(a.text(2))).build(),
        _ => panic!("there is no call {group}.{method}"),
    }
}

/// A value of the query as it was before it became text.
fn value(text: &str) -> Value {
    let text = percent_decode_str(text).decode_utf8().unwrap();
    match serde_json::from_str(&text) {
        Ok(structure @ (Value::Object(_) | Value::Array(_))) => structure,
        _ => text.into(),
    }
}

fn seen(method: &Method, uri: &Uri, body: Option<&[u8]>) -> Value {
    let query = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    let query: Map<String, Value> = query.map(|(name, text)| (name.to_owned(), value(text))).collect();
    let mut seen = json!({ "method": method.as_str(), "path": uri.path(), "query": query });
    if let Some(body) = body.filter(|body| !body.is_empty()) {
        seen["body"] = serde_json::from_slice(body).unwrap();
    }
    seen
}

fn sent(call: &str, arguments: &Arguments) -> Value {
    if call == "insights.rows" {
        // It is a list as a whole, of which the first page is looked at.
        let (harness, meta) = scripted([answer(200).body(r#"{"data":[]}"#)]);
        let mut pages = meta.insights().rows(&arguments.at(0), or_default(&arguments.json(1)["limit"])).pages();
        assert!(harness.run(pages.next()).unwrap().is_some());
        let request = &harness.requests()[0];
        return seen(&request.method, &request.uri, None);
    }
    // The one call that needs the app's secret, with which every call carries a proof.
    let meta = MetaClient::builder("token-example");
    let meta = if call == "tokens.extend" { meta.app_secret(arguments.text(1)) } else { meta };
    let (group, method) = call.split_once('.').unwrap();
    let request = ads(&meta.build().unwrap(), group, method, arguments).unwrap();
    let mut seen = seen(request.method(), request.uri(), request.body().as_bytes().map(AsRef::as_ref));
    if let Some(query) = seen["query"].as_object_mut() {
        query.remove("appsecret_proof");
    }
    seen
}

#[test]
fn every_call_sends_what_its_vector_says() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../../tests/vectors/calls.json")).unwrap();
    for Vector { call, arguments, request } in vectors {
        assert_eq!(sent(&call, &arguments), request, "{call}");
    }
}
