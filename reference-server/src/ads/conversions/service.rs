//! The rules of conversions.

use acd_platform::meta_events::{
    Conversion, ConversionSwitch, CreateMetaEventRule, ListConversions, ListMetaEventRules, ListSwitchChanges,
    MAX_META_EVENTS, MetaEventOutcome, MetaEventResult, MetaEventRule, MetaEventsReply, PutConversionSwitch,
    SwitchChange,
};
use acd_platform::{ConversionId, MetaEventRuleId, Page, ProductSlug};
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

use super::accept::{Accepted, accept};
use super::forwarder::ConversionForwarder;
use super::rules::Rules;
use super::sender::ConversionSender;
use super::store;
use super::switches::Switches;
use super::writer::{ConversionSink, Outcome};
use crate::ads::Meta;
use crate::identity::Persons;
use crate::kernel::clock::Clock;
use crate::kernel::db::Db;
use crate::kernel::group::{GroupSettings, GroupWriter};
use crate::kernel::paging;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::privacy::ConsentService;

/// What conversions are made from.
pub struct ConversionParts {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// What people have agreed to.
    pub consents: ConsentService,
    /// Who people are.
    pub persons: Persons,
    /// The way to Meta; without one nothing can be switched on.
    pub meta: Option<Meta>,
    /// How conversions are stored.
    pub writer: GroupSettings,
}

/// Takes conversions, holds them back where it must, and tells what became of each. Cheap to clone.
#[derive(Clone)]
pub struct Conversions {
    db: Db,
    clock: Clock,
    switches: Switches,
    writer: GroupWriter<ConversionSink>,
    sender: Option<ConversionSender>,
    forwarder: ConversionForwarder,
    rules: Rules,
}

impl Conversions {
    /// Conversions in this database. Must run inside a tokio runtime: the writer starts.
    pub fn new(parts: ConversionParts) -> Self {
        let ConversionParts { db, clock, consents, persons, meta, writer } = parts;
        let sink = ConversionSink::new(db.clone(), clock.clone(), consents.clone());
        let writer = GroupWriter::start(sink, writer);
        Self {
            forwarder: ConversionForwarder::new(db.clone(), clock.clone(), persons, writer.clone()),
            rules: Rules::new(db.clone(), clock.clone()),
            switches: Switches::new(db.clone(), clock.clone(), meta.is_some()),
            writer,
            sender: meta.map(|meta| ConversionSender::new(db.clone(), clock.clone(), consents, meta)),
            db,
            clock,
        }
    }

    /// What sends, where there is a way to Meta.
    pub fn sender(&self) -> Option<&ConversionSender> {
        self.sender.as_ref()
    }

    /// What turns shared events into conversions.
    pub fn forwarder(&self) -> &ConversionForwarder {
        &self.forwarder
    }

    /// Sends and forwards until the token is cancelled.
    pub async fn run(self, until: CancellationToken) {
        let send = async {
            if let Some(sender) = self.sender.clone() {
                sender.run(until.clone()).await;
            }
        };
        tokio::join!(send, self.forwarder.clone().run(until.clone()));
    }

    /// Makes a rule that turns shared events into Meta's.
    pub async fn create_rule(
        &self,
        principal: &Principal,
        wanted: CreateMetaEventRule,
        idempotency_key: Option<&str>,
    ) -> Result<MetaEventRule> {
        self.rules.create(principal, wanted, idempotency_key).await
    }

    /// Rules, oldest first.
    pub async fn list_rules(&self, principal: &Principal, query: ListMetaEventRules) -> Result<Page<MetaEventRule>> {
        self.rules.list(principal, query).await
    }

    /// Ends a rule.
    pub async fn delete_rule(&self, principal: &Principal, id: MetaEventRuleId) -> Result<()> {
        self.rules.delete(principal, id).await
    }

    /// A product's switch.
    pub async fn switch(&self, principal: &Principal, product: Option<ProductSlug>) -> Result<ConversionSwitch> {
        self.switches.get(principal, product).await
    }

    /// Sets a product's switch.
    pub async fn put_switch(&self, principal: &Principal, wanted: PutConversionSwitch) -> Result<ConversionSwitch> {
        self.switches.put(principal, wanted).await
    }

    /// Changes of switches, newest first.
    pub async fn switch_changes(&self, principal: &Principal, query: ListSwitchChanges) -> Result<Page<SwitchChange>> {
        self.switches.changes(principal, query).await
    }

    /// Takes events. They are on disk when it returns.
    pub async fn take(&self, principal: &Principal, events: &[&RawValue]) -> Result<MetaEventsReply> {
        let product = principal.product().ok_or_else(|| {
            Problem::forbidden(
                "product_key_required",
                "conversions belong to a product; send them with a product's key",
            )
        })?;
        if events.is_empty() || events.len() > MAX_META_EVENTS {
            let detail = format!("events: has {} events; 1 to {MAX_META_EVENTS} are accepted", events.len());
            return Err(Problem::invalid("invalid_body", detail));
        }
        let switch = self.switches.of(product).await?;
        let pixel = switch.pixel_id.as_deref().filter(|_| switch.enabled).ok_or_else(|| {
            Problem::forbidden(
                "not_enabled",
                "conversions of this product are off: switch them on with PUT /v1/meta/conversions",
            )
        })?;
        let now = self.clock.now();
        let mut results = Vec::with_capacity(events.len());
        let (mut rows, mut places) = (Vec::new(), Vec::new());
        for (index, raw) in (0_u32..).zip(events) {
            let (outcome, cause, dropped) = match accept(raw, pixel, &switch, now) {
                Ok(Accepted { row, dropped }) => {
                    rows.push(row);
                    places.push(results.len());
                    (MetaEventOutcome::Accepted, None, dropped)
                }
                Err(cause) => (MetaEventOutcome::Invalid, Some(cause), Vec::new()),
            };
            results.push(MetaEventResult { index, outcome, id: None, cause, dropped });
        }
        if !rows.is_empty() {
            let outcomes = self.writer.store(product, rows, &principal.request_id).await?;
            for (place, outcome) in places.into_iter().zip(outcomes) {
                if let Some(result) = results.get_mut(place) {
                    tell(result, outcome);
                }
            }
        }
        let accepted = results.iter().filter(|result| result.outcome == MetaEventOutcome::Accepted).count();
        for outcome in MetaEventOutcome::ALL {
            let count = results.iter().filter(|result| result.outcome == *outcome).count();
            if count > 0 {
                let labels = [("product", product.to_string()), ("outcome", outcome.to_string())];
                metrics::counter!("acd_conversions_taken_total", &labels).increment(count as u64);
            }
        }
        Ok(MetaEventsReply { accepted: u32::try_from(accepted).unwrap_or(u32::MAX), results })
    }

    /// Conversions, newest first.
    pub async fn list(&self, principal: &Principal, query: ListConversions) -> Result<Page<Conversion>> {
        let product = principal.pick_product(query.product.clone())?;
        let limit = paging::limit(query.limit, 100, 1_000)?;
        let below = paging::read_cursor(query.cursor.as_deref())?;
        let mut tx = self.db.scoped(principal).await?;
        let rows = store::list(&mut tx, &query, product.as_ref(), below, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, Conversion::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    /// One conversion.
    pub async fn get(&self, principal: &Principal, id: ConversionId) -> Result<Conversion> {
        let mut tx = self.db.scoped_planned_once(principal).await?;
        let row = store::get(&mut tx, id.uuid()).await?;
        tx.commit().await?;
        row.ok_or_else(|| Problem::not_found("conversion"))?.try_into()
    }
}

fn tell(result: &mut MetaEventResult, outcome: Outcome) {
    match outcome {
        Outcome::Accepted(id) => result.id = Some(id.into()),
        Outcome::Duplicate => {
            result.outcome = MetaEventOutcome::Duplicate;
            result.cause = Some("the same event came within the 48 hours before".to_owned());
        }
        Outcome::Refused(id, cause) => {
            result.outcome = MetaEventOutcome::Refused;
            (result.id, result.cause) = (Some(id.into()), Some(cause));
        }
        Outcome::Unstorable => {
            result.outcome = MetaEventOutcome::Invalid;
            result.cause = Some("the database refused a value of this event".to_owned());
        }
    }
}
