//! All nodes of the graph.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::clock::written;
use super::kind::Kind;

/// One node.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) id: u64,
    pub(super) kind: Kind,
    /// The ad account, page or Instagram account it belongs to.
    pub(super) owner: u64,
    pub(super) fields: Map<String, Value>,
    pub(super) created: DateTime<Utc>,
    pub(super) updated: DateTime<Utc>,
}

impl Node {
    /// A stored field as text, empty when it is missing.
    pub(super) fn text(&self, name: &str) -> &str {
        self.fields.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The id of another node that a field holds.
    pub(super) fn link(&self, name: &str) -> Option<u64> {
        self.text(name).parse().ok()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| !value.is_null())
    }

    /// Whether nothing about it but its name can change any more.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.text("status"), "DELETED" | "ARCHIVED")
    }

    /// The id as paths and answers write it.
    pub(super) fn public_id(&self) -> String {
        match self.kind {
            Kind::AdAccount => format!("act_{}", self.id),
            Kind::AdImage => format!("{}:{}", self.owner, self.text("hash")),
            _ => self.id.to_string(),
        }
    }

    /// Sets fields; `Null` takes one away.
    pub(super) fn set(&mut self, fields: Map<String, Value>, now: DateTime<Utc>) {
        for (name, value) in fields {
            if value.is_null() {
                self.fields.remove(&name);
            } else {
                self.fields.insert(name, value);
            }
        }
        self.updated = now;
    }
}

/// The nodes by id. Ids only rise, so that their order is the order of creation.
#[derive(Debug)]
pub(super) struct Nodes {
    by_id: BTreeMap<u64, Node>,
    last: u64,
}

impl Default for Nodes {
    fn default() -> Self {
        // Beyond 53 bits, as Meta's are: who reads ids as floating-point numbers finds out.
        Self { by_id: BTreeMap::new(), last: 120_210_000_000_000_000 }
    }
}

impl Nodes {
    pub(super) fn create(&mut self, kind: Kind, owner: u64, fields: Map<String, Value>, now: DateTime<Utc>) -> &Node {
        self.last += 10;
        let id = self.last;
        let mut node = Node { id, kind, owner, fields: Map::new(), created: now, updated: now };
        node.set(fields, now);
        self.by_id.entry(id).or_insert(node)
    }

    pub(super) fn get(&self, id: u64) -> Option<&Node> {
        self.by_id.get(&id)
    }

    pub(super) fn of_kind(&self, id: u64, kind: Kind) -> Option<&Node> {
        self.get(id).filter(|node| node.kind == kind)
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Node> {
        self.by_id.get_mut(&id)
    }

    /// The node that a path names: `act_…` for an ad account, its number and the hash for an image, else a number.
    pub(super) fn find(&self, id: &str) -> Option<&Node> {
        if let Some(number) = id.strip_prefix("act_") {
            return self.of_kind(number.parse().ok()?, Kind::AdAccount);
        }
        match id.split_once(':') {
            Some((account, hash)) => self.image(account.parse().ok()?, hash),
            None => self.get(id.parse().ok()?).filter(|node| !matches!(node.kind, Kind::AdAccount | Kind::AdImage)),
        }
    }

    /// The image of an ad account that has this hash.
    pub(super) fn image(&self, account: u64, hash: &str) -> Option<&Node> {
        self.iter().find(|node| node.kind == Kind::AdImage && node.owner == account && node.text("hash") == hash)
    }

    /// Takes a node away, for kinds of which nothing stays.
    pub(super) fn remove(&mut self, id: u64) {
        self.by_id.remove(&id);
    }

    /// All, newest first, as Meta lists them.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Node> {
        self.by_id.values().rev()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.by_id.values()
    }

    /// The status that counts, with those above: an active ad of a paused campaign is `CAMPAIGN_PAUSED`.
    pub(super) fn effective_status(&self, node: &Node) -> &'static str {
        match node.text("status") {
            "DELETED" => return "DELETED",
            "ARCHIVED" => return "ARCHIVED",
            "PAUSED" => return "PAUSED",
            _ => {}
        }
        let above = |name: &str| node.link(name).and_then(|id| self.get(id)).map(|above| above.text("status"));
        match (above("campaign_id"), above("adset_id")) {
            (Some("DELETED"), _) | (_, Some("DELETED")) => "DELETED",
            (Some("ARCHIVED"), _) | (_, Some("ARCHIVED")) => "ARCHIVED",
            (_, Some("PAUSED")) => "ADSET_PAUSED",
            (Some("PAUSED"), _) => "CAMPAIGN_PAUSED",
            _ => "ACTIVE",
        }
    }

    /// What a field of a node reads as; none when it has no value, which Meta leaves out.
    pub(super) fn value(&self, node: &Node, field: &str) -> Option<Value> {
        Some(match (field, node.kind) {
            ("id", _) => json!(node.public_id()),
            ("account_id", Kind::AdAccount) => json!(node.id.to_string()),
            ("account_id", _) if node.kind.has_field("account_id") => json!(node.owner.to_string()),
            ("effective_status", _) => json!(self.effective_status(node)),
            ("configured_status", _) => json!(node.text("status")),
            ("budget_remaining", _) => {
                let budget = ["daily_budget", "lifetime_budget"].iter().find(|name| node.has(name));
                json!(budget.map_or("0", |name| node.text(name)))
            }
            ("leads_count", Kind::LeadgenForm) => {
                let form = node.id.to_string();
                json!(self.iter().filter(|lead| lead.kind == Kind::Lead && lead.text("form_id") == form).count())
            }
            ("created_time", _) => json!(written(node.created)),
            ("updated_time", _) => json!(written(node.updated)),
            _ => return node.fields.get(field).cloned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(fields: &Value) -> Map<String, Value> {
        fields.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn the_status_that_counts_comes_from_the_whole_line() {
        let (mut nodes, now) = (Nodes::default(), DateTime::<Utc>::MIN_UTC);
        let campaign = nodes.create(Kind::Campaign, 1, with(&json!({"status": "PAUSED"})), now).id;
        let above = json!({"status": "ACTIVE", "campaign_id": campaign.to_string()});
        let ad_set = nodes.create(Kind::AdSet, 1, with(&above), now).id;
        let above = json!({"status": "ACTIVE", "campaign_id": campaign.to_string(), "adset_id": ad_set.to_string()});
        let ad = nodes.create(Kind::Ad, 1, with(&above), now).id;
        let status = |nodes: &Nodes, id| nodes.get(id).map(|node| nodes.effective_status(node));
        assert_eq!(status(&nodes, ad), Some("CAMPAIGN_PAUSED"));
        for (id, set, seen) in
            [(ad_set, "PAUSED", "ADSET_PAUSED"), (campaign, "DELETED", "DELETED"), (ad, "PAUSED", "PAUSED")]
        {
            nodes.get_mut(id).unwrap().set(with(&json!({"status": set})), now);
            assert_eq!(status(&nodes, ad), Some(seen));
        }
    }
}
