//! All that a simulator remembers.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::ads::Pending;
use super::audiences::Audiences;
use super::auth::Token;
use super::conversions::Events;
use super::faults::MetaFault;
use super::media::Media;
use super::nodes::Nodes;
use super::usage::{MetaTier, Usage};
use super::webhooks::Hooks;
use super::world::World;

/// The newest so many exchanges are remembered.
const TRAFFIC: usize = 1000;

/// One call that was answered, or was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MetaExchange {
    /// When it came, by the simulator's clock: RFC 3339.
    pub at: String,
    /// The HTTP method.
    pub method: String,
    /// The path without the query, so that no token is in it.
    pub path: String,
    /// The status of the answer, also of one that was lost.
    pub status: u16,
    /// Meta's error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// Meta's error subcode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subcode: Option<i64>,
    /// What a fault did to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'static str>,
}

/// What changes while a simulator runs.
#[derive(Debug)]
pub(super) struct State {
    pub(super) world: World,
    pub(super) tokens: Vec<Token>,
    /// Whether calls without `appsecret_proof` are refused.
    pub(super) requires_proof: bool,
    pub(super) nodes: Nodes,
    pub(super) usage: Usage,
    pub(super) events: Events,
    pub(super) media: Media,
    pub(super) audiences: Audiences,
    pub(super) faults: Vec<MetaFault>,
    pub(super) hooks: Hooks,
    pub(super) traffic: VecDeque<MetaExchange>,
    /// What is still to be created, in the order of its time.
    pub(super) pending: Vec<Pending>,
    traces: u64,
}

impl State {
    pub(super) fn new(now: DateTime<Utc>, tier: MetaTier) -> Self {
        let mut nodes = Nodes::default();
        let (world, tokens) = World::create(&mut nodes, now);
        Self {
            world,
            tokens,
            requires_proof: false,
            nodes,
            usage: Usage::new(tier),
            events: Events::default(),
            media: Media::default(),
            audiences: Audiences::default(),
            faults: Vec::new(),
            hooks: Hooks::default(),
            traffic: VecDeque::new(),
            pending: Vec::new(),
            traces: 0,
        }
    }

    /// What an answer is found by in Meta's logs.
    pub(super) fn trace(&mut self) -> String {
        self.traces += 1;
        format!("A{:010x}", self.traces)
    }

    pub(super) fn remember(&mut self, exchange: MetaExchange) {
        if self.traffic.len() == TRAFFIC {
            self.traffic.pop_front();
        }
        self.traffic.push_back(exchange);
    }
}
