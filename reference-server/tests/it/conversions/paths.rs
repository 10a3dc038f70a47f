//! Every path by which people's data could leave for Meta, and that each is closed without the switch or the consent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use acd_platform::meta_events::{CreateMetaEventRule, MetaEvent, PutConversionSwitch, RuleMapping};
use chrono::TimeDelta;
use serde_json::json;

use super::hub::{Hub, lead};

/// Which groups of Meta's calls each file of the server makes. Whoever adds one here says in this file why it is closed.
const CALLS: &[(&str, &[&str])] = &[
    // Closed by the product's switch of audiences and the consent of each person, as the tests of `audiences` prove.
    ("ads/audiences/renew.rs", &["audiences"]),
    // Shares, measures and asks for look-alikes of an audience: ids go out.
    ("ads/audiences/service.rs", &["audiences"]),
    // Closed by the switch and the consent, as the test below proves.
    ("ads/conversions/sender.rs", &["conversions"]),
    // Asks for sums: the id of an ad and the days go out.
    ("ads/insights.rs", &["insights"]),
    // What a product says to everybody: ads, and where they are shown. Of people it knows no more than Meta's own ids of audiences.
    ("ads/kind.rs", &["ad_labels", "ad_sets", "ads", "campaigns", "creatives"]),
    // Asks for a lead that Meta has: its id goes out.
    ("ads/leads/capture.rs", &["leads"]),
    // Ask for accounts, objects and sums: ids and days go out. `pages` are those of a list.
    ("ads/performance/account.rs", &["accounts"]),
    ("ads/performance/objects.rs", &["ad_sets", "ads", "campaigns", "pages"]),
    ("ads/performance/reading.rs", &["insights", "pages"]),
    // Asks for a campaign to copy: its id goes out.
    ("ads/publishing/copy.rs", &["campaigns"]),
    // What a product shows to everybody: the images of its ads, named by their hash.
    ("ads/publishing/media/images.rs", &["ad_images"]),
    // The same of videos, under no name.
    ("ads/publishing/media/videos.rs", &["ad_videos"]),
    // The label of a publication: its id.
    ("ads/publishing/work.rs", &["ad_labels"]),
    // Of the demo's own simulator.
    ("demo/meta.rs", &["pages", "webhooks"]),
    // Of the simulator in this process alone: its own page and account are subscribed.
    ("webhooks/simulated.rs", &["pages", "webhooks"]),
];

/// Every accessor of the client, by the operations that there are: `meta.ad_sets.create` is called by `ad_sets()`.
fn groups() -> BTreeSet<String> {
    let of = |name: &str| name.split('.').nth(1).map(str::to_owned);
    let more = ["accounts", "pages", "pixels", "ad_images", "ad_videos", "ad_labels", "tokens", "batch", "call"];
    acd_meta::operations().filter_map(|call| of(call.name())).chain(more.map(str::to_owned)).collect()
}

fn walk(folder: &Path, found: &mut BTreeMap<String, String>, root: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found, root);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            found.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_server_calls_meta_from_nowhere_but_the_places_that_are_proven_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeMap::new();
    walk(&root, &mut files, &root);
    let groups = groups();
    let mut found: Vec<(String, BTreeSet<String>)> = Vec::new();
    for (name, text) in &files {
        if !text.contains("acd_meta") {
            continue;
        }
        // A macro names the accessor where it is invoked.
        let by_macro = text.contains(".$client()");
        let called =
            |group: &&String| text.contains(&format!(".{group}()")) || by_macro && text.contains(&format!(" {group},"));
        let calls: BTreeSet<String> = groups.iter().filter(called).cloned().collect();
        if !calls.is_empty() {
            found.push((name.clone(), calls));
        }
    }
    let expected: Vec<(String, BTreeSet<String>)> = CALLS
        .iter()
        .map(|(name, calls)| ((*name).to_owned(), calls.iter().map(|call| (*call).to_owned()).collect()))
        .collect();
    assert_eq!(found, expected);
    // A file that has a client without naming the crate would slip through.
    let ways = ["MetaClient", ".on_behalf(", ".for_product(", "Place<'_>"];
    let has_client = |text: &str| ways.iter().any(|way| text.contains(way));
    let clients = files.iter().filter(|(_, text)| has_client(text) && !text.contains("acd_meta"));
    assert_eq!(clients.map(|(name, _)| name).collect::<Vec<_>>(), [""; 0]);
}

/// A way in: what a product may send that could end at Meta.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Event,
    Events,
    Rule,
}

/// What is missing, or comes too late.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lack {
    Nothing,
    Switch,
    SwitchOffLater,
    OtherPixelLater,
    NameNotAllowedLater,
    Consent,
    ConsentRefusedByTheEvent,
    ConsentWithdrawnLater,
}

const WAYS: [Way; 3] = [Way::Event, Way::Events, Way::Rule];
const LACKS: [Lack; 8] = [
    Lack::Nothing,
    Lack::Switch,
    Lack::SwitchOffLater,
    Lack::OtherPixelLater,
    Lack::NameNotAllowedLater,
    Lack::Consent,
    Lack::ConsentRefusedByTheEvent,
    Lack::ConsentWithdrawnLater,
];

#[tokio::test]
async fn every_way_in_is_closed_without_the_switch_or_the_consent() {
    for way in WAYS {
        for lack in LACKS {
            let arrived = arrives(way, lack).await;
            assert_eq!(arrived, lack == Lack::Nothing, "{way:?} with {lack:?}");
        }
    }
}

async fn arrives(way: Way, lack: Lack) -> bool {
    let hub = Hub::closed().await;
    if lack != Lack::Switch {
        hub.pct.meta_events().put_switch(&hub.on()).await.unwrap();
    }
    if lack != Lack::Consent {
        hub.consent("ann", true).await;
    }
    let refuses = lack == Lack::ConsentRefusedByTheEvent;
    let event = MetaEvent::new(lead("e1", hub.clock.now() - TimeDelta::hours(1))).user("ann");
    let event = if refuses { event.advertising(false) } else { event };
    match way {
        // Whether it was taken shows in what arrives.
        Way::Event => drop(hub.pct.meta_events().send(&event).await),
        Way::Events => drop(hub.pct.meta_events().send_many(&[event]).await),
        Way::Rule => {
            let rule = CreateMetaEventRule {
                product: None,
                event: "Signed Up".to_owned(),
                conditions: Vec::new(),
                meta_event: "Lead".to_owned(),
                mapping: RuleMapping::default(),
            };
            hub.pct.meta_events().create_rule(&rule).await.unwrap();
            let consent = if refuses { json!({ "categoryPreferences": { "advertising": false } }) } else { json!({}) };
            let tracked = json!({ "event": "Signed Up", "userId": "ann", "context": { "consent": consent } });
            let reply = hub.server.http().post("/v1/track").bearer(&hub.key).json(&tracked).send().await;
            assert_eq!(reply.status, 200);
            hub.clock.advance(TimeDelta::milliseconds(2));
            hub.server.app.conversions.forwarder().forward_due().await.unwrap();
        }
    }
    let later = match lack {
        Lack::SwitchOffLater => Some(PutConversionSwitch { enabled: false, ..hub.on() }),
        Lack::OtherPixelLater => Some(PutConversionSwitch { pixel_id: Some("1".to_owned()), ..hub.on() }),
        Lack::NameNotAllowedLater => {
            Some(PutConversionSwitch { allowed_events: Some(vec!["Purchase".to_owned()]), ..hub.on() })
        }
        _ => None,
    };
    if let Some(switch) = later {
        hub.pct.meta_events().put_switch(&switch).await.unwrap();
    }
    if lack == Lack::ConsentWithdrawnLater {
        hub.consent("ann", false).await;
    }
    for _ in 0..3 {
        hub.server.app.conversions.forwarder().forward_due().await.unwrap();
        hub.send_due().await;
        acd_server::kernel::outbox::relay(&hub.server.app.db).await.unwrap();
        hub.clock.advance(TimeDelta::minutes(5));
    }
    !hub.meta.traffic().is_empty()
}
