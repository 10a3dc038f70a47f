//! Audiences of people who agreed to it, over real HTTP and a simulated Meta.

use std::collections::BTreeMap;
use std::sync::Arc;

use acd_meta::AdAccountId;
use acd_platform::PlatformClient;
use acd_platform::ads::accounts::CreateAdAccountUse;
use acd_platform::ads::audiences::{
    AudiencePerson, AudienceSource, CreateHubAudience, CreateHubLookalike, GetAudienceSwitch, HubAudience,
    HubAudienceKind, ListHubAudiences, SetAudienceSwitch, ShareHubAudience,
};
use acd_platform::consents::{ConsentSource, Purpose, PutConsents};
use acd_platform::entitlements::Plan;
use acd_platform::keys::Scope;
use acd_testing::{MetaEffect, MetaFault, MetaSimulator};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::query_scalar;

use crate::support::app::{TestApp, TestOptions};
use crate::support::clock::ManualClock;
use crate::support::wait::until;
use crate::users::{refusal, topics};

const SCOPES: [Scope; 6] = [
    Scope::AudiencesRead,
    Scope::AudiencesWrite,
    Scope::AdsRead,
    Scope::ConsentsWrite,
    Scope::EventsWrite,
    Scope::UsersWrite,
];

/// A server whose clock stands still, and `pct`, which may use the simulator's ad account.
struct Hub {
    server: TestApp,
    clock: ManualClock,
    pct: PlatformClient,
}

impl Hub {
    async fn start() -> Self {
        let clock = ManualClock::at("2031-05-20T12:00:00Z");
        let meta = Some(Arc::new(MetaSimulator::start().await.unwrap()));
        let server = TestApp::start_with(TestOptions { meta, clock: clock.clock(), ..TestOptions::default() }).await;
        server.work();
        let pct = server.product("pct", &SCOPES).await;
        let hub = Self { server, clock, pct };
        hub.allow("pct", &hub.simulator().world().ad_account).await;
        hub
    }

    /// The same with the switch on.
    async fn on() -> Self {
        let hub = Self::start().await;
        hub.turn(true).await;
        hub
    }

    async fn allow(&self, product: &str, account: &str) {
        let account = AdAccountId::from(account);
        let allowed = CreateAdAccountUse { account, product: product.parse().unwrap(), weight: None };
        self.server.admin().ads().accounts().create(&allowed).await.unwrap();
    }

    async fn turn(&self, is_enabled: bool) {
        let turned = self.pct.ads().audiences().set_switch(&SetAudienceSwitch { product: None, is_enabled }).await;
        assert_eq!(turned.unwrap().is_enabled, is_enabled);
    }

    fn simulator(&self) -> &MetaSimulator {
        self.server.app.ads.meta().unwrap().simulator().unwrap()
    }

    /// Sends events of `pct`.
    async fn send(&self, events: &Value) {
        let key = self.server.key("pct", &SCOPES).await;
        let reply = self.server.http().post("/v1/batch").bearer(&key).json(&json!({ "batch": events })).send().await;
        assert_eq!(reply.json()["accepted"], events.as_array().unwrap().len());
    }

    /// Somebody with an address, who agrees to advertising or does not.
    async fn known(&self, user: &str, agrees: bool) {
        let traits = json!({ "email": format!("{user}@example.com"), "phone": "+1 555 010 0199" });
        self.send(&json!([{ "type": "identify", "userId": user, "traits": traits }])).await;
        self.decide(user, agrees).await;
    }

    async fn decide(&self, user: &str, agrees: bool) {
        let decision = PutConsents::of_user(user, ConsentSource::Banner, [(Purpose::Advertising, agrees)]);
        self.pct.consents().put(&decision).await.unwrap();
    }

    async fn make(&self, name: &str, source: AudienceSource) -> HubAudience {
        self.pct.ads().audiences().create(&CreateHubAudience::new(name, source)).await.unwrap()
    }

    /// The audience once it was renewed at this time of the clock.
    async fn renewed(&self, audience: &HubAudience) -> HubAudience {
        let now = self.clock.now();
        until("the audience is renewed", async || {
            let found = self.pct.ads().audiences().get(audience.id).await.unwrap();
            (found.renewed_at == Some(now)).then_some(found)
        })
        .await
    }

    /// Everything that went to Meta about people.
    fn sent(&self) -> Vec<Value> {
        let traffic = self.simulator().traffic();
        let uploads = traffic.iter().map(|exchange| serde_json::to_value(exchange).unwrap());
        uploads.filter(|exchange| exchange["path"].as_str().is_some_and(|path| path.contains("/users"))).collect()
    }

    /// Audiences that there are at Meta, by id.
    fn at_meta(&self) -> BTreeMap<String, Value> {
        let snapshot = self.simulator().snapshot();
        let nodes = snapshot["nodes"].as_array().unwrap().iter();
        let audiences = nodes.filter(|node| node["kind"] == "CustomAudience");
        audiences.map(|node| (node["id"].as_str().unwrap().to_owned(), node["fields"].clone())).collect()
    }
}

fn people(users: &[&str]) -> AudienceSource {
    AudienceSource::People { people: users.iter().map(|user| AudiencePerson::UserId((*user).to_owned())).collect() }
}

#[tokio::test]
async fn nothing_leaves_until_the_switch_is_on_and_each_turn_is_kept() {
    let hub = Hub::start().await;
    hub.known("ann", true).await;
    let audiences = hub.pct.ads();
    let audiences = audiences.audiences();
    let off = audiences.switch(&GetAudienceSwitch::default()).await.unwrap();
    assert!(!off.is_enabled && off.changed_at.is_none());
    let new = CreateHubAudience::new("All", people(&["ann"]));
    assert_eq!(refusal(audiences.create(&new).await), (409, "audiences_off".to_owned()));

    hub.turn(true).await;
    hub.turn(true).await;
    let made = audiences.create(&new).await.unwrap();
    let made = hub.renewed(&made).await;
    assert_eq!(made.people, Some(1));
    let before = hub.sent().len();
    hub.turn(false).await;
    assert_eq!(refusal(audiences.renew(made.id).await), (409, "audiences_off".to_owned()));
    // Its time comes, and nothing is sent.
    hub.clock.advance(TimeDelta::hours(25));
    let skipped = "select count(*) from shared_jobs where kind = 'acd.ads.renew_audience' and result ? 'skipped'";
    until("the renewal is skipped", async || {
        let count: i64 = query_scalar(skipped).fetch_one(&hub.server.database.pool()).await.unwrap();
        (count == 1).then_some(())
    })
    .await;
    assert_eq!(hub.sent().len(), before);
    let turns: Vec<(bool, String)> =
        sqlx::query_as("select is_enabled, changed_by from ads_audience_switches order by id")
            .fetch_all(&hub.server.database.pool())
            .await
            .unwrap();
    assert_eq!(turns, [(true, "product".to_owned()), (false, "product".to_owned())]);
    let announced = topics(&hub.server).await;
    assert_eq!(announced.iter().filter(|topic| *topic == "ads.audiences_switched").count(), 2);
}

#[tokio::test]
async fn only_who_agreed_is_sent_and_only_hashed() {
    let hub = Hub::on().await;
    for (user, agrees) in [("ann", true), ("bob", false), ("eve", true)] {
        hub.known(user, agrees).await;
    }
    hub.decide("eve", false).await;
    // Nothing is known of this one but that it agrees.
    hub.decide("nobody", true).await;
    let made = hub.make("All", people(&["ann", "bob", "eve", "nobody", "unknown"])).await;
    let made = hub.renewed(&made).await;
    assert_eq!((made.people, made.kind), (Some(1), HubAudienceKind::Segment));
    let sent = hub.sent();
    assert_eq!(sent.len(), 1);
    let text = sent[0].to_string();
    assert!(!text.contains("example.com") && !text.contains("555"), "{text}");
}

#[tokio::test]
async fn who_is_chosen_now_takes_the_place_of_all_who_were() {
    let hub = Hub::on().await;
    let source = AudienceSource::Event { event: "Bought".to_owned(), within_days: 30, at_least: 2 };
    let bought = |user: &str| json!({ "type": "track", "event": "Bought", "userId": user });
    for user in ["ann", "bob", "eve"] {
        hub.known(user, true).await;
    }
    hub.send(&json!([bought("ann"), bought("ann"), bought("bob")])).await;
    let made = hub.make("Buyers", source).await;
    let first = hub.renewed(&made).await;
    assert_eq!(first.people, Some(1), "bob bought once");
    hub.send(&json!([bought("bob"), bought("eve"), bought("eve")])).await;
    hub.decide("ann", false).await;
    hub.clock.advance(TimeDelta::hours(25));
    let second = until("its time has come", async || {
        let found = hub.pct.ads().audiences().get(made.id).await.unwrap();
        (found.people == Some(2)).then_some(found)
    })
    .await;
    assert_eq!(second.audience_id, first.audience_id, "the same audience at Meta");
    // Meta takes no empty replacement.
    for user in ["bob", "eve"] {
        hub.decide(user, false).await;
    }
    hub.clock.advance(TimeDelta::hours(1));
    hub.pct.ads().audiences().renew(made.id).await.unwrap();
    let empty = hub.renewed(&made).await;
    assert_eq!((empty.people, empty.audience_id, hub.at_meta().len()), (Some(0), None, 0));
    // And it comes back.
    hub.decide("eve", true).await;
    hub.clock.advance(TimeDelta::hours(1));
    hub.pct.ads().audiences().renew(made.id).await.unwrap();
    assert_eq!(hub.renewed(&made).await.people, Some(1));
    assert_eq!(hub.at_meta().len(), 1);
}

#[tokio::test]
async fn users_are_chosen_by_their_plan() {
    let hub = Hub::on().await;
    for (email, plan, agrees) in [("a@x.test", "pro", true), ("b@x.test", "free", true), ("c@x.test", "pro", false)] {
        let key = hub.server.key("pct", &SCOPES).await;
        let user =
            hub.server.http().post("/v1/users").bearer(&key).json(&json!({ "email": email })).send().await.json();
        let path = format!("/v1/users/{}/entitlement", user["id"].as_str().unwrap());
        let entitled = json!({ "plan": plan, "role": "member", "status": "active", "source": "stripe" });
        hub.server.http().call(http::Method::PUT, &path).bearer(&key).json(&entitled).send().await.json();
        let decision = PutConsents {
            user_id: None,
            email: Some(email.to_owned()),
            ..PutConsents::of_user("", ConsentSource::Form, [(Purpose::Advertising, agrees)])
        };
        hub.pct.consents().put(&decision).await.unwrap();
    }
    let pro = hub.make("Pro", AudienceSource::Entitled { plans: vec![Plan::Pro] }).await;
    let all = hub.make("All", AudienceSource::Entitled { plans: Vec::new() }).await;
    assert_eq!(hub.renewed(&pro).await.people, Some(1));
    assert_eq!(hub.renewed(&all).await.people, Some(2));
}

#[tokio::test]
async fn an_audience_is_made_once_shared_measured_and_deleted() {
    let hub = Hub::on().await;
    hub.known("ann", true).await;
    hub.simulator().inject(MetaFault::new(MetaEffect::CutAfter).method("POST").path("/customaudiences").times(1));
    let made = hub.make("All", people(&["ann"])).await;
    assert_eq!(hub.make("All", people(&["ann"])).await.id, made.id, "the same again");
    let other = CreateHubAudience::new("All", people(&["bob"]));
    let audiences = hub.pct.ads();
    let audiences = audiences.audiences();
    assert_eq!(refusal(audiences.create(&other).await), (409, "audience_exists".to_owned()));
    // The answer to its creation was lost: the next try finds it by its name.
    until("the failure is noted", async || {
        let found = audiences.get(made.id).await.unwrap();
        (found.last_error.is_some() || found.renewed_at.is_some()).then_some(())
    })
    .await;
    hub.clock.advance(TimeDelta::minutes(2));
    let made = until("it is renewed", async || {
        let found = audiences.get(made.id).await.unwrap();
        found.renewed_at.is_some().then_some(found)
    })
    .await;
    assert_eq!((hub.at_meta().len(), made.last_error), (1, None));

    let size = audiences.size(made.id).await.unwrap();
    assert!(size.at_least.is_some() && size.operation.unwrap().code == 200);
    let with = ShareHubAudience { product: "everreach".parse().unwrap(), account: None };
    assert_eq!(refusal(audiences.share(made.id, &with).await), (422, "no_ad_account".to_owned()));
    hub.allow("everreach", &hub.simulator().world().other_ad_account).await;
    audiences.share(made.id, &with).await.unwrap();
    let shared = |hub: &Hub| hub.at_meta()[made.audience_id.as_ref().unwrap().as_str()]["shared_with"].clone();
    assert_eq!(shared(&hub).as_array().unwrap().len(), 1);
    audiences.unshare(made.id, &with).await.unwrap();
    assert!(shared(&hub).as_array().unwrap().is_empty());

    let everreach = hub.server.product("everreach", &SCOPES).await;
    let theirs = everreach.ads();
    let theirs = theirs.audiences();
    assert!(theirs.list(&ListHubAudiences::default()).await.unwrap().data.is_empty());
    for refused in [
        refusal(theirs.get(made.id).await),
        refusal(theirs.renew(made.id).await),
        refusal(theirs.size(made.id).await),
        refusal(theirs.delete(made.id).await),
        refusal(theirs.share(made.id, &with).await),
    ] {
        assert_eq!(refused, (404, "not_found".to_owned()));
    }
    audiences.delete(made.id).await.unwrap();
    assert_eq!((hub.at_meta().len(), refusal(audiences.get(made.id).await).0), (0, 404));
}

#[tokio::test]
async fn people_like_those_of_an_audience_are_found_by_meta() {
    let hub = Hub::on().await;
    let users: Vec<String> = (0..100).map(|n| format!("u{n}")).collect();
    let events: Vec<Value> = users
        .iter()
        .map(|user| json!({ "type": "identify", "userId": user, "traits": { "email": format!("{user}@example.com") } }))
        .collect();
    hub.send(&json!(events)).await;
    for user in &users {
        hub.decide(user, true).await;
    }
    let seed = hub.make("All", people(&users.iter().map(String::as_str).collect::<Vec<_>>())).await;
    assert_eq!(hub.renewed(&seed).await.people, Some(100));
    let like = CreateHubLookalike { name: "Alike".to_owned(), country: "US".to_owned(), ratio_percent: 2 };
    let audiences = hub.pct.ads();
    let audiences = audiences.audiences();
    let made = audiences.create_lookalike(seed.id, &like).await.unwrap();
    assert_eq!(audiences.create_lookalike(seed.id, &like).await.unwrap().id, made.id);
    let made = hub.renewed(&made).await;
    assert_eq!((made.kind, made.seed_id, made.people), (HubAudienceKind::Lookalike, Some(seed.id), None));
    assert_eq!(hub.at_meta()[made.audience_id.unwrap().as_str()]["lookalike_spec"]["ratio"], json!(0.02));
    assert_eq!(refusal(audiences.delete(seed.id).await), (409, "audience_in_use".to_owned()));
    for wrong in [
        CreateHubLookalike { country: "us".to_owned(), ..like.clone() },
        CreateHubLookalike { ratio_percent: 21, ..like.clone() },
        CreateHubLookalike { name: String::new(), ..like.clone() },
    ] {
        assert_eq!(refusal(audiences.create_lookalike(seed.id, &wrong).await).0, 422);
    }
}

#[tokio::test]
async fn what_is_no_audience_is_refused() {
    let hub = Hub::on().await;
    let event =
        |event: &str, within_days, at_least| AudienceSource::Event { event: event.to_owned(), within_days, at_least };
    for (name, source) in [
        ("", people(&["a"])),
        ("a\0", people(&["a"])),
        ("a", people(&[])),
        ("a", people(&[""])),
        ("a", people(&["a\0"])),
        ("a", people(&vec!["a"; 10_001])),
        ("a", event("", 1, 1)),
        ("a", event("e", 0, 1)),
        ("a", event("e", 181, 1)),
        ("a", event("e", 1, 0)),
    ] {
        let refused = hub.pct.ads().audiences().create(&CreateHubAudience::new(name, source)).await;
        assert_eq!(refusal(refused).0, 422, "{name}");
    }
    let hours = CreateHubAudience { renew_hours: Some(0), ..CreateHubAudience::new("a", people(&["a"])) };
    assert_eq!(refusal(hub.pct.ads().audiences().create(&hours).await).0, 422);
    let reader = hub.server.product("pct", &[Scope::AudiencesRead]).await;
    let on = SetAudienceSwitch { product: None, is_enabled: false };
    assert_eq!(refusal(reader.ads().audiences().set_switch(&on).await), (403, "missing_scope".to_owned()));
    let theirs = SetAudienceSwitch { product: Some("everreach".parse().unwrap()), is_enabled: true };
    assert_eq!(refusal(hub.pct.ads().audiences().set_switch(&theirs).await).0, 404);
    assert_eq!(hub.at_meta().len(), 0);
}
