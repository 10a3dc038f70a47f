//! An app that is opened, closed, updated and used by more than one person.

use std::path::PathBuf;
use std::time::Duration;

use acd_analytics::app::{
    Advertising, AppClient, AppError, AppIds, Campaign, Device, InstallAttribution, Network, Opening, OpeningKind,
};
use acd_analytics::wire::MessageType;
use acd_analytics::{App, Context, EnqueueError, JsonEvent, Screen, Track};
use acd_core::testing::ManualClock;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Act, Server, builder};

/// A phone with one app, whose processes come and go.
struct Phone {
    disk: TempDir,
    server: Server,
    clock: ManualClock,
}

impl Phone {
    fn new() -> Self {
        Self { disk: tempfile::tempdir().unwrap(), server: Server::new([]), clock: ManualClock::new() }
    }

    fn folder(&self) -> PathBuf {
        self.disk.path().join("acd")
    }

    fn start(&self, version: &str, consent: bool) -> AppClient {
        self.start_with(version, consent, None)
    }

    fn start_with(&self, version: &str, consent: bool, advertising: Option<Advertising>) -> AppClient {
        let mut app = App::default();
        (app.name, app.version) = ("shop".to_owned(), Some(version.to_owned()));
        let mut context = Context::default();
        context.app = Some(app);
        let builder = builder(&self.server, &self.clock).context(context).consent(consent);
        let mut device = Device::default();
        device.kind = Some("android".to_owned());
        AppClient::open(builder.shutdown_timeout(Duration::ZERO), self.folder(), device, advertising).unwrap()
    }

    /// Ends a process as an app does that has time to: everything on disk.
    async fn stop(&self, app: AppClient) {
        app.client().persist().await.unwrap();
        app.client().shutdown().await;
    }

    /// All that arrived so far, each event with the whole context that the server makes of it.
    fn events(&self) -> Vec<Value> {
        let arrived = self.server.arrived();
        let of = |body: &Value| {
            let shared = body["context"].as_object().cloned().unwrap_or_default();
            let events = body["batch"].as_array().unwrap().clone();
            events.into_iter().map(move |mut event| {
                let mut context = shared.clone();
                context.extend(event["context"].as_object().cloned().unwrap_or_default());
                event["context"] = context.into();
                event
            })
        };
        arrived.iter().flat_map(|request| of(&request.body)).collect()
    }

    fn names(&self) -> Vec<String> {
        self.events().iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_visitor_is_the_same_in_the_next_process_and_becomes_the_user() {
    let phone = Phone::new();
    let app = phone.start("1.0", true);
    app.track(Track::new("Looked")).unwrap();
    app.identify("ann", json!({ "plan": "pro" })).unwrap();
    let ids = app.ids();
    phone.stop(app).await;

    let app = phone.start("1.0", true);
    assert_eq!(app.ids(), ids);
    app.screen(Screen::new().name("Basket")).unwrap();
    app.track(Track::new("For another").user_id("bob").anonymous_id("b")).unwrap();
    app.client().flush().await.unwrap();
    let AppIds { anonymous_id, device_id, .. } = ids;
    let (visitor, device) = (json!(anonymous_id.unwrap()), json!(device_id.unwrap()));
    let whose: Vec<Value> =
        phone.events().iter().map(|event| json!([event["type"], event["userId"], event["anonymousId"]])).collect();
    let expected = [
        json!(["track", null, visitor]),
        json!(["identify", "ann", visitor]),
        json!(["screen", "ann", visitor]),
        json!(["track", "bob", "b"]),
    ];
    assert_eq!(whose, expected);
    assert!(
        phone.events().iter().all(|event| event["context"]["device"] == json!({ "id": device, "type": "android" }))
    );
}

#[tokio::test]
async fn events_of_texts_carry_what_the_others_do() {
    let phone = Phone::new();
    let app = phone.start("1.0", true);
    let mut network = Network::default();
    network.wifi = Some(true);
    app.set_network(Some(network));
    app.identify_json("ann", Some(r#"{"plan":"pro"}"#)).unwrap();
    assert!(matches!(app.identify_json("bob", Some("{")), Err(AppError::Event(EnqueueError::Unserialisable { .. }))));
    assert_eq!(app.ids().user_id.as_deref(), Some("ann"));
    app.screen(Screen::new().name("Basket").properties(json!({ "items": 2 }))).unwrap();
    let mut screen = JsonEvent::new(MessageType::Screen);
    (screen.name, screen.facts) = (Some("Basket"), Some(r#"{"items":2}"#));
    app.enqueue_json(screen).unwrap();
    app.client().flush().await.unwrap();
    let mut events = phone.events();
    events.iter_mut().for_each(|event| event["messageId"].take().as_str().map_or((), drop));
    let [identified, typed, of_texts] = &events[..] else { panic!("{events:?}") };
    assert_eq!((&identified["userId"], &identified["traits"]), (&json!("ann"), &json!({ "plan": "pro" })));
    assert_eq!((of_texts, &of_texts["context"]["network"]), (typed, &json!({ "wifi": true })));
}

#[tokio::test]
async fn who_uses_the_app_next_is_somebody_else() {
    let phone = Phone::new();
    let app = phone.start("1.0", true);
    app.identify("ann", ()).unwrap();
    let ann = app.ids();
    app.reset().unwrap();
    let next = app.ids();
    assert_eq!((next.user_id.as_deref(), &next.device_id), (None, &ann.device_id));
    assert!(next.anonymous_id.is_some() && next.anonymous_id != ann.anonymous_id);
    phone.stop(app).await;
    assert_eq!(phone.start("1.0", true).ids(), next);
}

#[tokio::test]
async fn nothing_is_kept_of_who_did_not_agree() {
    let phone = Phone::new();
    let app = phone.start("1.0", false);
    assert_eq!(app.ids(), AppIds::default());
    assert_eq!(app.track(Track::new("E")), Err(EnqueueError::ConsentWithheld));
    let refused = app.opened(&Opening::default()).await;
    assert!(matches!(refused, Err(AppError::Event(EnqueueError::ConsentWithheld))));
    assert!(matches!(app.identify("ann", ()), Err(AppError::Event(EnqueueError::ConsentWithheld))));
    app.reset().unwrap();
    assert_eq!(app.ids(), AppIds::default());
    assert!(!phone.folder().join("installation.json").exists());

    app.set_consent(true).unwrap();
    let first = app.ids();
    assert_eq!(app.opened(&Opening::default()).await.unwrap(), OpeningKind::First, "it was not counted before");
    app.identify("ann", ()).unwrap();
    app.set_consent(false).unwrap();
    assert_eq!(app.ids(), AppIds::default());
    app.client().persist().await.unwrap();
    assert_eq!(app.client().stats().held, 0);
    phone.stop(app).await;

    let app = phone.start("1.0", true);
    let again = app.ids();
    assert!(again.device_id.is_some() && again.device_id != first.device_id && again.user_id.is_none());
    assert_eq!(app.opened(&Opening::default()).await.unwrap(), OpeningKind::Again);
}

#[tokio::test]
async fn an_installation_and_an_update_are_told_once_each() {
    let phone = Phone::new();
    let mut link = Opening::default();
    link.url = Some("shop://sale?utm_source=facebook&fbclid=x".to_owned());
    link.install_referrer = Some("utm_source=apps.facebook.com".to_owned());
    for (version, opening, kind) in [
        ("1.0", link.clone(), OpeningKind::First),
        ("1.0", Opening::default(), OpeningKind::Again),
        ("1.1", Opening::default(), OpeningKind::Updated),
        ("1.1", Opening::default(), OpeningKind::Again),
    ] {
        let app = phone.start(version, true);
        assert_eq!(app.opened(&opening).await.unwrap(), kind);
        app.client().flush().await.unwrap();
        phone.stop(app).await;
    }
    let told: Vec<_> =
        phone.events().iter().map(|event| (event["event"].clone(), event["properties"].clone())).collect();
    let opened = |version: &str| (json!("Application Opened"), json!({ "version": version, "from_background": false }));
    let url = json!(link.url);
    let expected = [
        (
            json!("Application Installed"),
            json!({ "version": "1.0", "install_referrer": "utm_source=apps.facebook.com" }),
        ),
        (json!("Application Opened"), json!({ "version": "1.0", "from_background": false, "url": url })),
        (json!("Deep Link Opened"), json!({ "url": url })),
        opened("1.0"),
        (json!("Application Updated"), json!({ "version": "1.1", "previous_version": "1.0" })),
        opened("1.1"),
        opened("1.1"),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_installation_told_twice_is_stored_once() {
    let phone = Phone::new();
    let app = phone.start("1.0", true);
    app.opened(&Opening::default()).await.unwrap();
    let mut attribution = InstallAttribution::default();
    attribution.campaign = Campaign::default();
    attribution.campaign.source = Some("facebook".to_owned());
    app.install_attributed(&attribution).unwrap();
    app.install_attributed(&attribution).unwrap();
    app.client().flush().await.unwrap();
    phone.stop(app).await;
    // As if the process had been killed between the queue and the file.
    let path = phone.folder().join("installation.json");
    let mut memory: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    memory["release"] = Value::Null;
    std::fs::write(&path, memory.to_string()).unwrap();
    let app = phone.start("1.0", true);
    assert_eq!(app.opened(&Opening::default()).await.unwrap(), OpeningKind::First);
    app.client().flush().await.unwrap();
    let stats = app.client().stats();
    assert_eq!((stats.delivered, stats.duplicates), (2, 1));
    assert_eq!(phone.names().iter().filter(|name| *name == "Install Attributed").count(), 2);
    let stored = phone.server.stored();
    assert_eq!(stored.iter().filter(|id| id.starts_with("attributed-")).count(), 1);
    assert_eq!(stored.iter().filter(|id| id.starts_with("installed-")).count(), 1);
}

#[tokio::test]
async fn what_changes_while_the_app_runs_is_in_the_events_from_then_on() {
    let phone = Phone::new();
    let mut allowed = Advertising::default();
    (allowed.consent, allowed.tracking_enabled, allowed.id) = (true, true, Some("7a3c".to_owned()));
    let app = phone.start_with("1.0", true, Some(allowed));
    app.track(Track::new("Allowed")).unwrap();
    app.set_advertising(Some(Advertising::default()));
    let mut network = Network::default();
    network.wifi = Some(true);
    app.set_network(Some(network));
    app.track(Track::new("Refused")).unwrap();
    app.client().flush().await.unwrap();
    let events = phone.events();
    let device = |index: usize| events[index]["context"]["device"].clone();
    let agreed = |index: usize| events[index]["context"]["consent"]["categoryPreferences"]["advertising"].clone();
    assert_eq!((&device(0)["advertisingId"], &device(0)["adTrackingEnabled"]), (&json!("7a3c"), &json!(true)));
    assert_eq!((device(1).get("advertisingId"), &device(1)["adTrackingEnabled"]), (None, &json!(false)));
    assert_eq!((agreed(0), agreed(1)), (json!(true), json!(false)));
    assert_eq!(events[1]["context"]["network"], json!({ "wifi": true }));
    assert_eq!(device(0)["id"], device(1)["id"]);
}

#[tokio::test]
async fn going_to_the_background_brings_everything_to_disk() {
    let phone = Phone::new();
    phone.server.now(Act::Unreachable);
    let app = phone.start("1.0", true);
    app.track(Track::new("E")).unwrap();
    app.backgrounded().await.unwrap();
    app.client().shutdown().await;
    phone.server.now(Act::Store);
    let app = phone.start("1.0", true);
    app.client().flush().await.unwrap();
    assert!(phone.names().ends_with(&["E".to_owned(), "Application Backgrounded".to_owned()]));
}
