//! Looks for shared events that are conversions by some rule, and stores what is to be sent of them.
//!
//! Ids of events ascend by the time they arrived, and a transaction may still commit one that lies before others. So the head
//! goes no further than where the oldest transaction at work began to store events. That is said by the clocks of replicas,
//! which may differ, so that every event is looked for again later. What a rule made of an event is stored once, whichever look
//! found it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use acd_platform::ProductSlug;
use acd_platform::events::Event as SharedEvent;
use acd_platform::meta_events::ConversionSwitch;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::accept::{MAX_EVENT_ID, judge};
use super::row::{Row, Source, Whose};
use super::rules::{self, RuleAtWork};
use super::writer::{ConversionSink, Outcome};
use super::{mapping, store, switches};
use crate::events;
use crate::identity::{EventIds, Persons};
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::group::{FLUSH_LIMIT, GroupWriter};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

/// The most events of one look.
const PAGE: i64 = 500;
/// How often it is looked.
const EVERY: Duration = Duration::from_millis(500);
/// How far clocks of replicas are apart at most.
const CLOCKS_APART: Duration = Duration::from_secs(60);

/// Turns shared events into conversions. Cheap to clone; any number may run side by side.
#[derive(Clone)]
pub struct ConversionForwarder {
    db: Db,
    clock: Clock,
    persons: Persons,
    writer: GroupWriter<ConversionSink>,
}

/// The two looks at each event.
#[derive(Clone, Copy)]
enum Look {
    Head,
    Sweep,
}

impl Look {
    fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Sweep => "sweep",
        }
    }

    /// Up to when events are looked at.
    async fn end(self, tx: &mut Tx, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
        match self {
            Self::Head => Ok(events::underway_since(tx).await?.map_or(now, |since| since.min(now))),
            Self::Sweep => Ok(now - TimeDelta::from_std(FLUSH_LIMIT + CLOCKS_APART).unwrap_or_default()),
        }
    }
}

impl ConversionForwarder {
    pub(super) fn new(db: Db, clock: Clock, persons: Persons, writer: GroupWriter<ConversionSink>) -> Self {
        Self { db, clock, persons, writer }
    }

    /// Looks until the token is cancelled; the page at hand is finished then.
    pub async fn run(self, until: CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = until.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(problem) = self.round(&until).await {
                tracing::warn!(cause = problem.cause_chain(), "shared events could not be made conversions");
            }
        }
    }

    /// Looks at all that is stored by now, and says how many conversions were new.
    ///
    /// # Errors
    /// When the database is away. What was looked at then is looked at again.
    pub async fn forward_due(&self) -> Result<usize> {
        self.round(&CancellationToken::new()).await
    }

    async fn round(&self, stop: &CancellationToken) -> Result<usize> {
        let mut made = 0;
        for look in [Look::Head, Look::Sweep] {
            while !stop.is_cancelled() {
                let Some(new) = self.look(look).await? else { break };
                made += new;
            }
        }
        Ok(made)
    }

    /// One page of events: how many conversions were new, and nothing when there is no further page.
    async fn look(&self, look: Look) -> Result<Option<usize>> {
        let request_id = RequestId::new();
        let mut tx = self.db.bulk(&Principal::service(request_id.clone())).await?;
        // Held until the end: one replica looks at a time.
        let Some(position) = store::lock_cursor(&mut tx, look.name()).await? else { return Ok(None) };
        // The clock before the locks: who is not at work yet stamps what comes after this.
        let now = self.clock.now();
        let upto = events::floor(look.end(&mut tx, now).await?);
        if position >= upto {
            // A transaction that is only dropped keeps the cursor locked for a moment longer, and the next look would pass it by.
            tx.commit().await?;
            return Ok(None);
        }
        let at_work = rules::at_work(&mut tx).await?;
        let mut names: Vec<_> = at_work.iter().map(|one| (one.rule.product.clone(), one.rule.event.clone())).collect();
        names.sort();
        names.dedup();
        let found = match names.is_empty() {
            true => Vec::new(),
            false => events::named_between(&mut tx, &names, (position, upto), PAGE).await?,
        };
        let full = i64::try_from(found.len()).is_ok_and(|count| count >= PAGE);
        let next = found.last().filter(|_| full).map_or(upto, |last| last.id.uuid());
        let mut made = 0;
        // In transactions of their own, in which a row that cannot be stored stops no other. Dying before the cursor is
        // moved repeats them, and they are known then.
        for (product, rows) in self.rows(&mut tx, &at_work, &found).await? {
            let outcomes = self.writer.store(&product, rows, &request_id).await?;
            made += outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Accepted(_))).count();
        }
        store::move_cursor(&mut tx, look.name(), next).await?;
        tx.commit().await?;
        Ok(Some(made).filter(|made| full || *made > 0))
    }

    async fn rows(
        &self,
        tx: &mut Tx,
        at_work: &[RuleAtWork],
        found: &[SharedEvent],
    ) -> Result<BTreeMap<ProductSlug, Vec<Row>>> {
        let ids: Vec<_> = found
            .iter()
            .map(|event| EventIds {
                product: &event.product,
                user_id: event.user_id.as_deref(),
                anonymous_id: event.anonymous_id.as_deref(),
            })
            .collect();
        let traits = self.persons.traits_of_each(tx, &ids).await?;
        let mut switches: HashMap<ProductSlug, ConversionSwitch> = HashMap::new();
        let mut rows: BTreeMap<ProductSlug, Vec<Row>> = BTreeMap::new();
        let now = self.clock.now();
        for (shared, traits) in found.iter().zip(traits) {
            for RuleAtWork { rule, .. } in at_work.iter().filter(|one| one.sees(shared)) {
                if !switches.contains_key(&shared.product) {
                    let switch = switches::current(tx, &shared.product).await?;
                    switches.insert(shared.product.clone(), switch);
                }
                let Some(switch) = switches.get(&shared.product).filter(|switch| switch.enabled) else { continue };
                let Some(pixel) = &switch.pixel_id else { continue };
                let mut event = mapping::event(rule, shared, traits.as_ref());
                let refusal = judge(&mut event, switch, now).err();
                let own_id = event.event_id.take().filter(|id| id.chars().count() <= MAX_EVENT_ID);
                let event_id = own_id.unwrap_or_else(|| shared.id.to_string());
                event.event_id = Some(event_id.clone());
                let whose = Whose {
                    user_id: shared.user_id.clone(),
                    anonymous_id: shared.anonymous_id.clone(),
                    agreed: mapping::agreed(shared),
                };
                let source = Source { rule: rule.id.uuid(), event: shared.id.uuid() };
                let mut row = Row::new(pixel, event_id, &event, whose, Some(source), now).map_err(Problem::internal)?;
                row.refusal = row.refusal.or(refusal);
                rows.entry(shared.product.clone()).or_default().push(row);
            }
        }
        Ok(rows)
    }
}
