//! The rules of attribution: what a product may count, and what it sees.

use std::collections::BTreeMap;

use acd_platform::attribution::{
    AttributionModel, AttributionReport, AttributionRow, Cohort, ConversionRule, CreateConversionRule,
    GetLifetimeValue, GetReport, GroupBy, LifetimeValue, ListConversionRules, ListPath, Origin, PersonPath, ValueUnit,
    Window,
};
use acd_platform::{ConversionRuleId, Page, PersonId, ProductSlug};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::capture::Capture;
use super::credit::Gathered;
use super::store::{lifetime, path, report, rules};
use super::{check, settle};
use crate::identity::Persons;
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::{Actor, Principal};
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{outbox, paging};

const GROUPS: i64 = 1_000;
const COHORTS: i64 = 5_000;
const RULES: i64 = 100;
const REPORT_DAYS: i64 = 366;
const LIFETIME_DAYS: i64 = 1_098;

/// Rules, reports and paths. Cheap to clone.
#[derive(Clone)]
pub struct Attribution {
    db: Db,
    clock: Clock,
    persons: Persons,
    capture: Capture,
}

impl Attribution {
    /// Attribution over this database; changed rules take effect in this capture at once.
    pub fn new(db: Db, clock: Clock, persons: Persons, capture: Capture) -> Self {
        Self { db, clock, persons, capture }
    }

    /// Applies new rules to the events that were there before, and deletes what ended ones counted; returns how many `track`
    /// calls were looked at.
    ///
    /// # Errors
    /// When the database fails. The next run goes on where this one stopped.
    pub async fn settle(&self) -> Result<usize> {
        settle::settle(&self.db, &self.persons, &self.capture, self.clock.now()).await
    }

    /// Makes a rule. With an idempotency key used before, the rule made then is returned.
    pub async fn create_rule(
        &self,
        principal: &Principal,
        wanted: CreateConversionRule,
        idempotency_key: Option<&str>,
    ) -> Result<ConversionRule> {
        let Some(product) = principal.pick_product(wanted.product.clone())? else {
            return Err(Problem::invalid("product_required", "product: say whose events the rule counts"));
        };
        check::rule(&wanted)?;
        let mut tx = self.db.scoped(principal).await?;
        if let Some(row) = rules::insert(&mut tx, &product, &wanted, idempotency_key, self.clock.now()).await? {
            if rules::count(&mut tx, &product).await? > RULES {
                let detail = "a product may have 100 rules; delete one that is not needed";
                return Err(Problem::new(StatusCode::CONFLICT, "too_many_rules", detail));
            }
            let rule = ConversionRule::try_from(row)?;
            let payload = json!({ "id": rule.id });
            outbox::push(&mut tx, "conversion_rule.created", Some(&product), &payload, &principal.request_id).await?;
            tx.commit().await?;
            self.capture.forget_rules();
            return Ok(rule);
        }
        let used = idempotency_key.unwrap_or_default();
        let rule: ConversionRule = rules::by_idempotency_key(&mut tx, &product, used).await?.try_into()?;
        tx.commit().await?;
        if is_repeat(&rule, &wanted) {
            return Ok(rule);
        }
        Err(Problem::new(
            StatusCode::CONFLICT,
            "idempotency_key_reused",
            "this Idempotency-Key was used for a different request; use a new one",
        ))
    }

    /// Rules in force, oldest first.
    pub async fn rules(&self, principal: &Principal, query: ListConversionRules) -> Result<Page<ConversionRule>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 100)?;
        let after = paging::read_cursor(query.cursor.as_deref())?;
        let mut tx = self.db.scoped(principal).await?;
        let rows = rules::list(&mut tx, product.as_ref(), after, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, ConversionRule::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    /// Ends a rule: what it counted counts no more.
    pub async fn delete_rule(&self, principal: &Principal, id: ConversionRuleId) -> Result<()> {
        let mut tx = self.db.scoped(principal).await?;
        let product = rules::end(&mut tx, id.uuid(), self.clock.now()).await?;
        let product: ProductSlug =
            product.ok_or_else(|| Problem::not_found("conversion rule"))?.parse().map_err(Problem::internal)?;
        let payload = json!({ "id": id });
        outbox::push(&mut tx, "conversion_rule.deleted", Some(&product), &payload, &principal.request_id).await?;
        // Reports ask which rules are in force. What it counted, here and for a moment longer elsewhere, maintenance deletes.
        tx.commit().await?;
        self.capture.forget_rules();
        Ok(())
    }

    /// Conversions by where they came from.
    ///
    /// Touches of a person in other products count too. The service reads them, since row security shows a product its own;
    /// what leaves here of foreign ones is the label of their origin and sums of the product's own conversions.
    pub async fn report(&self, principal: &Principal, query: GetReport) -> Result<AttributionReport> {
        let product = principal.pick_product(query.product)?;
        let to = query.to.unwrap_or_else(|| self.clock.now());
        let from = period(query.from, to, TimeDelta::days(30), REPORT_DAYS)?;
        let mut tx = self.db.scoped(&principal.as_service()).await?;
        let rules = counting(&mut tx, product.as_ref(), query.rule).await?;
        let question = report::Question {
            rules: &rules,
            model: query.model.unwrap_or(AttributionModel::LastTouch),
            group_by: query.group_by.unwrap_or(GroupBy::Source),
            window: TimeDelta::days(query.window.unwrap_or(Window::ThirtyDays).days().into()),
            from,
            to,
            groups: GROUPS,
        };
        let sums = report::report(&mut tx, &question).await?;
        tx.commit().await?;
        let (mut total, mut unattributed) = (Gathered::default(), Gathered::default());
        let mut rows: BTreeMap<Origin, Gathered> = BTreeMap::new();
        for row in sums {
            total.add(&row.sums);
            if !row.is_attributed {
                unattributed.add(&row.sums);
            } else if row.is_shown {
                rows.entry(row.origin.try_into()?).or_default().add(&row.sums);
            }
        }
        let mut rows: Vec<AttributionRow> =
            rows.into_iter().map(|(origin, sums)| AttributionRow { origin, credit: sums.into() }).collect();
        // Stable: those with as many stay in the order of their labels.
        rows.sort_by_key(|row| std::cmp::Reverse(row.credit.conversions));
        Ok(AttributionReport { from, to, rows, unattributed: unattributed.into(), total: total.into() })
    }

    /// What customers were worth by the month and origin of their first touch in any product.
    pub async fn lifetime_value(&self, principal: &Principal, query: GetLifetimeValue) -> Result<LifetimeValue> {
        let product = principal.pick_product(query.product)?;
        let to = query.to.unwrap_or_else(|| self.clock.now());
        let from = period(query.from, to, TimeDelta::days(365), LIFETIME_DAYS)?;
        let group_by = query.group_by.unwrap_or(GroupBy::Source);
        let mut tx = self.db.scoped(&principal.as_service()).await?;
        let rules = counting(&mut tx, product.as_ref(), None).await?;
        let rows = lifetime::lifetime_value(&mut tx, &rules, group_by, from, to, COHORTS).await?;
        tx.commit().await?;
        let mut cohorts: BTreeMap<(NaiveDate, Origin), (u64, Gathered)> = BTreeMap::new();
        for row in rows {
            let (customers, sums) = cohorts.entry((row.month, row.origin.try_into()?)).or_default();
            *customers = row.customers.unsigned_abs();
            sums.add(&row.sums);
        }
        let mut cohorts: Vec<Cohort> = cohorts
            .into_iter()
            .map(|((month, origin), (customers, sums))| Cohort { month, origin, customers, credit: sums.into() })
            .collect();
        cohorts.sort_by_key(|cohort| (cohort.month, std::cmp::Reverse(cohort.customers)));
        Ok(LifetimeValue { from, to, cohorts })
    }

    /// The latest touches and conversions of a person, oldest first: a product's own, an administrator gets all.
    pub async fn path(&self, principal: &Principal, id: PersonId, query: &ListPath) -> Result<PersonPath> {
        if matches!(principal.actor, Actor::User(_)) {
            return Err(Problem::not_found("person"));
        }
        let limit = paging::limit(query.limit, 100, 1_000)?;
        storable("before", query.before)?;
        // Answers 404 for a person that the caller has no id of.
        let person = self.persons.get(principal, id).await?.id;
        let mut tx = self.db.scoped(&principal.as_service()).await?;
        let mut entries = path::path(&mut tx, person.uuid(), principal.product(), query.before, limit + 1).await?;
        tx.commit().await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = entries.len() > limit;
        entries.truncate(limit);
        entries.reverse();
        Ok(PersonPath { person, entries, more })
    }
}

/// The rules that count: those of the product, or the one that is asked for, when it is the product's.
async fn counting(tx: &mut Tx, product: Option<&ProductSlug>, only: Option<ConversionRuleId>) -> Result<Vec<Uuid>> {
    let rows = rules::list(tx, product, None, i64::MAX).await?;
    let mut ids: Vec<Uuid> = rows.into_iter().map(|row| row.id).collect();
    let Some(only) = only else { return Ok(ids) };
    if !ids.contains(&only.uuid()) {
        return Err(Problem::not_found("conversion rule"));
    }
    ids.retain(|id| *id == only.uuid());
    Ok(ids)
}

/// The beginning of a period that ends at `to`.
fn period(from: Option<DateTime<Utc>>, to: DateTime<Utc>, usual: TimeDelta, most: i64) -> Result<DateTime<Utc>> {
    storable("to", Some(to))?;
    storable("from", from)?;
    let from = from.or_else(|| to.checked_sub_signed(usual)).unwrap_or(to);
    if from > to || to - from > TimeDelta::days(most) {
        let detail = format!("from: must lie before to, by at most {most} days");
        return Err(Problem::bad_request("invalid_query", detail));
    }
    Ok(from)
}

/// Refuses a time that PostgreSQL cannot compare with; events have none outside of these years.
fn storable(field: &str, at: Option<DateTime<Utc>>) -> Result<()> {
    if at.is_none_or(|at| (1970..=9999).contains(&at.year())) {
        return Ok(());
    }
    Err(Problem::bad_request("invalid_query", format!("{field}: must lie in the years 1970 to 9999")))
}

fn is_repeat(rule: &ConversionRule, wanted: &CreateConversionRule) -> bool {
    rule.name == wanted.name
        && rule.event == wanted.event
        && rule.conditions == wanted.conditions
        && rule.effect == wanted.effect
        && rule.amount_minor == wanted.amount_minor
        && rule.value_property == wanted.value_property
        && rule.value_unit == wanted.value_unit.unwrap_or(ValueUnit::Major)
        && rule.currency == wanted.currency
        && rule.currency_property == wanted.currency_property
        && rule.order_property == wanted.order_property
}
