//! Leads become persons and events, each once.

use acd_platform::PlatformClient;
use acd_platform::ads::leads::{LeadState, ListLeads};
use acd_platform::ads::sources::{ListMetaSources, MetaSourceKind};
use acd_platform::attribution::{ListPath, PathEntry};
use acd_platform::persons::{ListTimeline, LookupPerson, Person};
use acd_testing::{MetaEffect, MetaFault};
use chrono::TimeDelta;
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream;
use http::Method;
use serde_json::{Value, json};

use super::{Hub, SCOPES, body, source};
use crate::support::clock::ManualClock;
use crate::support::http::Http;
use crate::support::wait::until;
use crate::users::{refusal, topics};

async fn by_email(client: &PlatformClient, email: &str) -> Person {
    client.persons().lookup(&LookupPerson { email: Some(email.to_owned()), ..LookupPerson::default() }).await.unwrap()
}

#[tokio::test]
async fn a_lead_of_an_ad_is_a_person_an_event_and_a_touch_of_the_campaign() {
    let hub = Hub::start().await;
    hub.own_page().await;
    let [campaign, ad_set, ad] = hub.advertise().await;
    let id = hub.fill_in(Some(&ad), "Zoë L", "Zoe@Example.com");
    let lead = hub.captured(1).await.remove(0);
    assert_eq!((lead.lead_id.as_str(), lead.product.as_ref().unwrap().as_str()), (id.as_str(), "pct"));
    let ids = [lead.campaign_id.as_ref().unwrap().as_str(), lead.adset_id.as_ref().unwrap().as_str()];
    assert_eq!(ids, [campaign.as_str(), &ad_set]);
    assert_eq!((lead.ad_id.as_ref().unwrap().as_str(), lead.is_organic), (ad.as_str(), Some(false)));
    assert_eq!(lead.answers.len(), 2);
    assert_eq!(hub.pct.ads().leads().get(lead.id).await.unwrap(), lead);

    let person = by_email(&hub.pct, "zoe@example.com").await;
    assert_eq!(Some(person.id), lead.person_id);
    assert_eq!(person.traits["pct"], json!({ "email": "zoe@example.com", "name": "Zoë L" }));
    let mut providers: Vec<&str> = person.links.iter().map(|link| link.provider.as_str()).collect();
    providers.sort_unstable();
    assert_eq!(providers, ["anonymous", "email"], "what is everybody's id is not the product's to see");

    let events = hub.pct.persons().timeline(person.id, &ListTimeline::default()).await.unwrap().data;
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].event.as_deref(), &events[0].anonymous_id), (Some("Lead Captured"), &lead.anonymous_id));
    assert_eq!(Some(events[0].timestamp), lead.filled_in_at);
    let properties = Value::Object(events[0].properties.clone().unwrap());
    assert_eq!((&properties["ad_id"], &properties["lead_id"]), (&json!(ad), &json!(id)));
    let event = json!(events[0]).to_string();
    // Not less of the name: ids are made at random.
    assert!(!event.contains("Zoë") && !event.contains("zoe@"), "what people answer is not in the event");

    let path = hub.pct.attribution().path(person.id, &ListPath::default()).await.unwrap().entries;
    let [PathEntry::Touch(touch)] = &path[..] else { panic!("no touch: {path:?}") };
    let origin = &touch.origin;
    assert_eq!((origin.source.as_deref(), origin.medium.as_deref()), (Some("facebook"), Some("paid_social")));
    assert_eq!((origin.campaign.as_deref(), origin.campaign_id.as_deref()), (Some(&*campaign), Some(&*campaign)));
    assert_eq!(origin.ad_id.as_deref(), Some(&*ad));
    assert!(topics(&hub.server).await.contains(&"ads.lead_captured".to_owned()));
    let told = hub.count("select count(*) from events_outbox where payload::text ilike any ('{%zoë%,%zoe@%}')").await;
    assert_eq!(told, 0, "nor in what is announced");
}

#[tokio::test]
async fn the_same_webhook_fifty_times_ten_at_once_is_one_lead_and_one_person() {
    let hub = Hub::start().await;
    hub.own_page().await;
    hub.fill_in(None, "Ada", "ada@example.com");
    hub.captured(1).await;
    let told = hub.simulator().deliveries().remove(0).body;
    let deliveries = stream::iter(0..50).map(|_| hub.tell(&told)).buffer_unordered(10);
    let statuses: Vec<u16> = deliveries.map(|reply| reply.status).collect().await;
    assert_eq!(statuses, [200; 50]);
    hub.all_read().await;
    assert_eq!(hub.captured(1).await.len(), 1);
    assert_eq!(hub.count("select count(*) from shared.person").await, 1);
    assert_eq!(hub.count("select count(*) from shared_events where event = 'Lead Captured'").await, 1);
    assert_eq!(hub.count("select count(*) from events_outbox where topic = 'ads.lead_captured'").await, 1);
    assert_eq!(hub.count("select count(*) from shared.meta_webhook").await, 1);
}

#[tokio::test]
async fn leads_in_any_order_and_company_are_each_captured_once() {
    let hub = Hub::start().await;
    // Told while they are nobody's, so that all are fetched at once when they get their owner.
    let people: Vec<(String, String)> = (0..4).map(|n| (format!("P{n}"), format!("p{}@example.com", n / 2))).collect();
    let ids: Vec<String> = people.iter().map(|(name, email)| hub.fill_in(None, name, email)).collect();
    let (page, form) = (hub.world().page.clone(), hub.world().lead_form.clone());
    let change = |at: usize| {
        let value = json!({ "leadgen_id": ids[at], "page_id": page, "form_id": form, "created_time": 1_767_607_200 });
        json!({ "field": "leadgen", "value": value })
    };
    // Every pair in both orders, so that two webhooks may meet in the same leads; each of the twelve four times.
    let pairs = (0..4).flat_map(|one| (0..4).filter(move |other| *other != one).map(move |other| (one, other)));
    let bodies: Vec<String> = pairs.map(|(one, other)| body(&page, &[change(one), change(other)])).collect();
    let own = async {
        hub.own_page().await;
        200
    };
    let deliveries = (0_usize..48).map(|n| {
        let told = &bodies[n * 7 % bodies.len()];
        async { hub.tell(told).await.status }
    });
    let deliveries = stream::iter(deliveries).buffer_unordered(10).collect::<Vec<u16>>();
    let (statuses, _) = tokio::join!(deliveries, own);
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    hub.all_read().await;
    let leads = hub.captured(4).await;
    assert_eq!(hub.count("select count(*) from shared.person where merged_into is null").await, 2);
    assert_eq!(hub.count("select count(*) from shared_events where event = 'Lead Captured'").await, 4);
    assert_eq!(hub.count("select count(*) from events_outbox where topic = 'ads.lead_captured'").await, 4);
    let person = by_email(&hub.pct, "p0@example.com").await;
    assert_eq!(leads.iter().filter(|lead| lead.person_id == Some(person.id)).count(), 2);
}

#[tokio::test]
async fn a_form_goes_before_its_page_and_what_is_nobodys_waits() {
    let hub = Hub::start().await;
    let everreach = hub.server.product("everreach", &SCOPES).await;
    hub.fill_in(None, "Early", "early@example.com");
    until("it is told", async || (hub.leads(&hub.server.admin()).await.len() == 1).then_some(())).await;
    let waiting = hub.leads(&hub.server.admin()).await.remove(0);
    assert_eq!((waiting.state, waiting.product, waiting.person_id), (LeadState::Unassigned, None, None));
    assert!(hub.leads(&hub.pct).await.is_empty());
    assert_eq!(refusal(hub.pct.ads().leads().get(waiting.id).await).0, 404);

    hub.own_page().await;
    assert_eq!(hub.captured(1).await[0].product.as_ref().unwrap().as_str(), "pct");
    hub.own(MetaSourceKind::Form, &hub.world().lead_form, "everreach").await;
    hub.fill_in(None, "Late", "late@example.com");
    let leads = hub.captured(2).await;
    assert_eq!(leads[0].product.as_ref().unwrap().as_str(), "everreach");
    assert_eq!((hub.leads(&hub.pct).await.len(), hub.leads(&everreach).await.len()), (1, 1));
    assert_eq!(refusal(hub.pct.ads().leads().get(leads[0].id).await).0, 404);
    let of_form = ListLeads { form_id: Some("1".to_owned()), ..ListLeads::default() };
    assert!(everreach.ads().leads().list(&of_form).await.unwrap().data.is_empty());
    let pending = ListLeads { state: Some(LeadState::Pending), ..ListLeads::default() };
    assert!(everreach.ads().leads().list(&pending).await.unwrap().data.is_empty());
}

#[tokio::test]
async fn administrators_alone_say_what_is_whose() {
    let hub = Hub::start().await;
    let admin = hub.server.admin();
    let sources = admin.ads();
    let sources = sources.sources();
    let page = source(MetaSourceKind::Page, "17", "pct");
    assert_eq!(refusal(hub.pct.ads().sources().create(&page).await).0, 403);
    let made = sources.create(&page).await.unwrap();
    assert_eq!(sources.create(&page).await.unwrap(), made);
    let taken = source(MetaSourceKind::Page, "17", "everreach");
    assert_eq!(refusal(sources.create(&taken).await), (409, "source_taken".to_owned()));
    sources.create(&source(MetaSourceKind::Form, "17", "everreach")).await.unwrap();
    assert_eq!(
        hub.pct.ads().sources().list(&ListMetaSources::default()).await.unwrap().data,
        std::slice::from_ref(&made)
    );
    for (id, product) in
        [("", "pct"), ("1a", "pct"), ("1\0", "pct"), ("12345678901234567890123456", "pct"), ("5", "none")]
    {
        assert_eq!(
            refusal(sources.create(&source(MetaSourceKind::Page, id, product)).await).0,
            422,
            "{id:?} {product}"
        );
    }
    assert_eq!(refusal(hub.pct.ads().sources().delete(made.id).await).0, 403);
    sources.delete(made.id).await.unwrap();
    assert_eq!(refusal(sources.delete(made.id).await).0, 404);
    assert_eq!(topics(&hub.server).await, ["ads.source_added", "ads.source_added", "ads.source_removed"]);
}

#[tokio::test]
async fn a_lead_of_somebody_who_is_known_is_theirs_and_replaces_nothing() {
    let hub = Hub::start().await;
    hub.own_page().await;
    let key = hub.server.key("pct", &SCOPES).await;
    let ada = json!({ "userId": "ada", "traits": { "email": "ada@example.com", "name": "Ada Lovelace" } });
    hub.server.http().post("/v1/identify").bearer(&key).json(&ada).send().await.json();
    hub.fill_in(None, "somebody else", "ADA@example.com");
    let lead = hub.captured(1).await.remove(0);
    let known = by_email(&hub.pct, "ada@example.com").await;
    assert_eq!(Some(known.id), lead.person_id);
    assert_eq!(known.traits["pct"]["name"], "Ada Lovelace");
    let user = hub.pct.persons().lookup(&LookupPerson { user_id: Some("ada".to_owned()), ..LookupPerson::default() });
    assert_eq!(user.await.unwrap().id, known.id);
    assert_eq!(hub.count("select count(*) from shared.person").await, 1);
}

#[tokio::test]
async fn a_telephone_tells_who_it_is_where_no_address_says_otherwise() {
    let hub = Hub::start().await;
    hub.own_page().await;
    let (page, token) = (&hub.world().page, &hub.world().page_access_token);
    let question = |kind: &str, key: &str| json!({ "type": kind, "key": key });
    let form = json!({
        "name": "Call me", "questions": [question("EMAIL", "email"), question("PHONE", "phone_number")],
        "privacy_policy": { "url": "https://pct.tools/privacy" },
    });
    let path = format!("/v26.0/{page}/leadgen_forms");
    let call = Http::new(&hub.simulator().url()).call(Method::POST, &path);
    let form = call.header("authorization", &format!("Bearer {token}")).json(&form).send().await.json();
    let form = form["id"].as_str().unwrap();
    let mut people = Vec::new();
    for (email, phone) in [
        (None, Some("+1 (555) 010-0199")),
        (None, Some("+15550100199")),
        (Some("ada@example.com"), Some("+1 555 0100199")),
        (Some("bob@example.com"), Some("+1 555 0100199")),
        (Some("ada@example.com"), None),
        (None, Some("0171 2345678")),
        (None, Some("0171 2345678")),
    ] {
        let answers = [("email", email), ("phone_number", phone)];
        let answers = answers.map(|(name, value)| json!({ "name": name, "values": [value.unwrap_or_default()] }));
        hub.simulator().submit_lead(form, None, &json!(answers)).unwrap();
        people.push(hub.captured(people.len() + 1).await[0].person_id.unwrap());
    }
    let [first, second, ada, bob, again, local, other] = people[..] else { panic!("seven were asked") };
    assert_eq!((second, ada, again), (first, first, first), "the number is ada's, whose address was not known");
    assert_ne!(bob, first, "who shares a number is not the same");
    assert!(local != other && local != first, "a number without its country is nobody's");
}

#[tokio::test]
async fn what_meta_does_not_give_is_asked_for_again() {
    let clock = ManualClock::at("2031-05-20T12:00:00Z");
    let hub = Hub::at(clock.clock()).await;
    hub.own_page().await;
    let denied = MetaEffect::Error { code: 200, subcode: None, status: Some(403), is_transient: false };
    hub.simulator().inject(MetaFault::new(denied).method("GET"));
    let id = hub.fill_in(None, "Ada", "ada@example.com");
    let lead = until("the failure is noted", async || {
        hub.leads(&hub.pct).await.into_iter().find(|lead| lead.last_error.is_some())
    })
    .await;
    assert_eq!((lead.lead_id.as_str(), lead.state), (id.as_str(), LeadState::Pending));
    assert!(lead.last_error.unwrap().contains("access token"), "cause and remedy");
    assert_eq!(hub.count("select count(*) from shared.person").await, 0);
    hub.simulator().clear_faults();
    clock.advance(TimeDelta::seconds(10));
    let lead = until("it is captured", async || {
        hub.leads(&hub.pct).await.into_iter().find(|lead| lead.state == LeadState::Captured)
    })
    .await;
    assert_eq!(lead.last_error, None);
}

#[tokio::test]
async fn hostile_answers_are_stored_harmlessly() {
    let hub = Hub::start().await;
    hub.own_page().await;
    let long = "x".repeat(100_000);
    let fill_in = async |name: &str, email: &str| hub.fill_in(None, name, email);
    join_all([
        fill_in("a\0b", "'; drop table ads_leads; --"),
        fill_in(&long, "javascript:alert(1)@example.com"),
        fill_in("\u{202e}", "a@b@c.example"),
        fill_in("", ""),
    ])
    .await;
    let leads = hub.captured(4).await;
    assert_eq!(hub.count("select count(*) from shared.identity_link where provider = 'email'").await, 0);
    assert_eq!(hub.count("select count(*) from shared.person").await, 4, "nobody is taken for another");
    assert!(leads.iter().any(|lead| lead.answers[0].values[0] == "a\u{fffd}b"));
}
