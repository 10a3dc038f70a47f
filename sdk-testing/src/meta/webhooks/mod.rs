//! Webhooks: <https://developers.facebook.com/docs/graph-api/webhooks/getting-started>.

mod control;
mod delivery;
mod handshake;
mod message;
mod subscriptions;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(super) use control::{router, tell_all};
pub(super) use delivery::{repeat, send_pending, sender};
pub(super) use handshake::Handshake;
pub(super) use subscriptions::{of_app, of_node};

use super::kind::{self, Kind};
use super::nodes::Node;
use super::state::State;
use message::Told;

/// The most changes in one message.
const MOST_CHANGES: usize = 1000;
/// So many messages are remembered, besides those that are still repeated.
const REMEMBERED: usize = 1000;

/// Something that happened on Meta's side, for a [`MetaSimulator`](super::MetaSimulator) to tell of. As JSON it is
/// `{"object":"page","id":"1","field":"feed","value":{"item":"post","verb":"add"}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaChange {
    object: String,
    id: String,
    field: String,
    value: Value,
}

impl MetaChange {
    /// A change of the `field` of an `object` (`page`, `instagram`, `ad_account`) with this id. The value is told as it
    /// is; that of Messenger's and Instagram's message fields is a member of `messaging`.
    pub fn new(object: impl Into<String>, id: impl Into<String>, field: impl Into<String>, value: Value) -> Self {
        Self { object: object.into(), id: id.into(), field: field.into(), value }
    }
}

/// One webhook of a [`MetaSimulator`](super::MetaSimulator) and how it fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MetaDelivery {
    /// By which it is repeated.
    pub id: u64,
    /// What it is about, such as `page`.
    pub object: String,
    /// Where it goes.
    pub callback_url: String,
    /// What was signed and sent.
    pub body: String,
    /// How many changes it tells of, at most 1000.
    pub changes: usize,
    /// How often it was sent so far.
    pub attempts: u32,
    /// What was answered last; none when nothing was.
    pub status: Option<u16>,
    /// Whether it was taken, is still repeated, or was given up.
    pub state: MetaDeliveryState,
}

/// How a webhook stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MetaDeliveryState {
    /// It is sent, or waits to be sent again.
    Waiting,
    /// It was answered with success.
    Taken,
    /// It was refused for 36 hours.
    Dropped,
}

/// Where the changes of one object go.
#[derive(Clone, Debug, Serialize)]
struct Subscription {
    object: String,
    callback_url: String,
    fields: BTreeSet<String>,
}

/// Who is to be told of what, what is still to be told, and what was.
#[derive(Debug, Default)]
pub(super) struct Hooks {
    /// The app's, one for each object.
    subscriptions: Vec<Subscription>,
    /// The pages and ad accounts that the app hears of, and which of a page's fields.
    installed: BTreeMap<u64, BTreeSet<String>>,
    /// What nobody was told yet, by object.
    pending: BTreeMap<String, VecDeque<Told>>,
    /// Objects whose messages are being sent: one after the other, so that what piles up meanwhile goes in one message.
    busy: BTreeSet<String>,
    deliveries: BTreeMap<u64, MetaDelivery>,
    last: u64,
}

impl Hooks {
    /// Nothing, with numbers that go on, so that nobody takes an old message for a new one.
    pub(super) fn after(earlier: &Self) -> Self {
        Self { last: earlier.last, ..Self::default() }
    }

    /// All messages, oldest first.
    pub(super) fn deliveries(&self) -> Vec<MetaDelivery> {
        self.deliveries.values().cloned().collect()
    }

    /// The objects of which something is to be told and nothing is being sent; from now on something is.
    fn take_idle(&mut self) -> Vec<String> {
        let idle = self.pending.keys().filter(|object| !self.busy.contains(*object));
        let idle: Vec<String> = idle.cloned().collect();
        self.busy.extend(idle.iter().cloned());
        idle
    }

    /// The next message about an object; none when all is said.
    fn next_message(&mut self, object: &str) -> Option<u64> {
        let callback_url = self.subscriptions.iter().find(|to| to.object == object).map(|to| to.callback_url.clone());
        let told = match (self.pending.get_mut(object), callback_url) {
            (Some(pending), Some(url)) if !pending.is_empty() => {
                Some((pending.drain(..pending.len().min(MOST_CHANGES)).collect::<Vec<_>>(), url))
            }
            _ => None,
        };
        let Some((told, callback_url)) = told else {
            self.pending.remove(object);
            self.busy.remove(object);
            return None;
        };
        self.last += 1;
        let delivery = MetaDelivery {
            id: self.last,
            object: object.to_owned(),
            callback_url,
            body: message::body(object, &told),
            changes: told.len(),
            attempts: 0,
            status: None,
            state: MetaDeliveryState::Waiting,
        };
        let is_over = |delivery: &MetaDelivery| delivery.state != MetaDeliveryState::Waiting;
        if self.deliveries.len() >= REMEMBERED
            && let Some(oldest) = self.deliveries.values().find(|delivery| is_over(delivery)).map(|found| found.id)
        {
            self.deliveries.remove(&oldest);
        }
        self.deliveries.insert(self.last, delivery);
        Some(self.last)
    }
}

/// The list of fields that an object's webhooks have; none for an object without webhooks.
fn fields_of(object: &str) -> Option<&'static str> {
    match object {
        "page" => Some("PageWebhooks"),
        "ad_account" => Some("AdAccountWebhooks"),
        "instagram" => Some("InstagramWebhooks"),
        _ => None,
    }
}

/// Notes a change for whoever has subscribed to it. Gives whether anybody has.
pub(super) fn change(state: &mut State, change: &MetaChange, now: DateTime<Utc>) -> bool {
    let MetaChange { object, id, field, value } = change;
    let Some(node) = state.nodes.find(id) else { return false };
    let is_installed = match (object.as_str(), node.kind) {
        ("page", Kind::Page) => state.hooks.installed.get(&node.id).is_some_and(|fields| fields.contains(field)),
        ("ad_account", Kind::AdAccount) => state.hooks.installed.contains_key(&node.id),
        ("instagram", Kind::IGUser) => {
            page_of(state, node).is_some_and(|page| state.hooks.installed.contains_key(&page))
        }
        _ => false,
    };
    let is_wanted = state.hooks.subscriptions.iter().any(|to| to.object == *object && to.fields.contains(field));
    if is_installed && is_wanted {
        let told = Told { id: node.id, field: field.clone(), value: value.clone(), at: now };
        state.hooks.pending.entry(object.clone()).or_default().push_back(told);
    }
    is_installed && is_wanted
}

/// The page that an Instagram account belongs to, through which its webhooks are had.
fn page_of(state: &State, instagram: &Node) -> Option<u64> {
    let id = instagram.id.to_string();
    let is_its = |page: &&Node| {
        let linked = page.fields.get("instagram_business_account").and_then(|linked| linked.get("id"));
        page.kind == Kind::Page && linked.and_then(Value::as_str) == Some(&id)
    };
    state.nodes.iter().find(is_its).map(|page| page.id)
}

/// Whether an object's webhooks have this field.
fn has_field(object: &str, field: &str) -> bool {
    fields_of(object).is_some_and(|heading| kind::has_field(heading, field))
}
