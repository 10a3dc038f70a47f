//! Touches and conversions, taken from events in the transaction that stores them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use uuid::Uuid;

use super::rule::{Counted, RuleBook};
use super::signal::Signal;
use super::store::capture as store;
use super::touch::{ActorId, half_hour, origin_id, touch_id};
use crate::kernel::believed::Believed;
use crate::kernel::db::{Db, Tx};
use crate::kernel::group::StoreError;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::request_id::RequestId;

const KNOWN_TOUCHES: u64 = 200_000;

/// Writes touches and conversions. Cheap to clone.
#[derive(Clone)]
pub struct Capture {
    db: Db,
    book: Believed<(), Arc<RuleBook>>,
    /// Touches that are stored, by their fingerprint, with their time. Each event of a visit carries its campaign; only the first
    /// one, or one that was earlier, has anything to write, and is worth a digest.
    known: Cache<u64, DateTime<Utc>>,
    hasher: Arc<RandomState>,
}

/// An event that was stored now and tells of a touch or a conversion.
#[derive(Debug)]
pub(crate) struct Captured<'a> {
    pub(crate) actor: ActorId<'a>,
    pub(crate) person: Uuid,
    pub(crate) event: Uuid,
    pub(crate) at: DateTime<Utc>,
    pub(crate) signal: Option<&'a Signal>,
    pub(crate) counted: Vec<Counted>,
}

/// A touch to be stored.
pub(super) struct Touch<'a> {
    pub(super) id: Uuid,
    fingerprint: u64,
    pub(super) origin: i64,
    pub(super) from: &'a Captured<'a>,
    pub(super) signal: &'a Signal,
}

/// What a transaction wrote, to be remembered once it is committed.
#[must_use = "remember it after the commit"]
#[derive(Debug, Default)]
pub(crate) struct Written(Vec<(u64, DateTime<Utc>)>);

impl Capture {
    /// Touches and conversions in this database.
    pub fn new(db: Db) -> Self {
        Self { db, book: Believed::new(1), known: Cache::new(KNOWN_TOUCHES), hasher: Arc::default() }
    }

    /// The rules in force, as they were at most 0.9 s ago. What happens in between is settled later from the stored events.
    pub(crate) async fn rules(&self) -> Result<Arc<RuleBook>> {
        let load = async || {
            let mut tx = self.db.scoped(&Principal::service(RequestId::new())).await?;
            let rules = store::rules(&mut tx).await?;
            tx.commit().await?;
            Ok(Arc::new(RuleBook::new(rules)))
        };
        self.book.get((), load).await
    }

    /// Forgets the rules, so that a change just committed takes effect with the next events.
    pub(super) fn forget_rules(&self) {
        self.book.forget();
    }

    /// Writes what stored events tell, in their own transaction. From here on it is the service's.
    pub(crate) async fn write(&self, tx: &mut Tx, events: &[Captured<'_>]) -> Result<Written, StoreError> {
        let touches = self.new_touches(events);
        let conversions: Vec<(&Captured<'_>, &Counted)> =
            events.iter().flat_map(|event| event.counted.iter().map(move |counted| (event, counted))).collect();
        if touches.is_empty() && conversions.is_empty() {
            return Ok(Written::default());
        }
        tx.become_service().await?;
        store::touches(tx, &touches).await?;
        store::conversions(tx, &conversions).await?;
        Ok(Written(touches.iter().map(|touch| (touch.fingerprint, touch.from.at)).collect()))
    }

    /// Remembers what was written, once it is on disk.
    pub(crate) fn remember(&self, written: Written) {
        for (fingerprint, at) in written.0 {
            self.known.insert(fingerprint, at);
        }
    }

    /// The earliest event of each touch that is not stored yet or is stored with a later time, in the order of their ids:
    /// writers that meet in the same rows take turns and never wait for each other in a ring.
    fn new_touches<'a>(&self, events: &'a [Captured<'a>]) -> Vec<Touch<'a>> {
        let mut touches: HashMap<Uuid, Touch<'a>> = HashMap::new();
        for from in events {
            let Some(signal) = from.signal else { continue };
            let visit = (from.actor, signal.origin(), signal.click(), half_hour(from.at));
            let fingerprint = self.hasher.hash_one(visit);
            if self.known.get(&fingerprint).is_some_and(|known| known <= from.at) {
                continue;
            }
            let origin = origin_id(from.actor.product, signal);
            let id = touch_id(from.actor, origin, signal, from.at);
            let touch = Touch { id, fingerprint, origin, from, signal };
            touches
                .entry(id)
                .and_modify(|held| {
                    if from.at < held.from.at {
                        *held = Touch { id, fingerprint, origin, from, signal };
                    }
                })
                .or_insert(touch);
        }
        let mut touches: Vec<Touch<'a>> = touches.into_values().collect();
        touches.sort_unstable_by_key(|touch| touch.id);
        touches
    }
}
