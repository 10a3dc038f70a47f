//! Rules: which shared events become events for Meta. What may be set, and their SQL.

use acd_platform::conditions::Condition;
use acd_platform::events::Event;
use acd_platform::meta_events::{CreateMetaEventRule, ListMetaEventRules, MetaEventRule, RuleMapping};
use acd_platform::{MetaEventRuleId, Page, ProductSlug};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde_json::json;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::ads::conditions::{self, Facts, check_path};
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{check, outbox, paging};

/// The most rules of one product.
const MOST_RULES: i64 = 200;

/// Makes, lists and ends rules. Cheap to clone.
#[derive(Clone)]
pub(super) struct Rules {
    db: Db,
    clock: Clock,
}

impl Rules {
    pub(super) fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock }
    }

    /// Makes a rule; with an idempotency key used before, gives the one made then.
    pub(super) async fn create(
        &self,
        principal: &Principal,
        wanted: CreateMetaEventRule,
        idempotency_key: Option<&str>,
    ) -> Result<MetaEventRule> {
        let product = principal
            .pick_product(wanted.product.clone())?
            .ok_or_else(|| Problem::bad_request("product_required", "product: say whose events the rule is for"))?;
        judge(&wanted)?;
        let rule = MetaEventRule {
            id: MetaEventRuleId::from(Uuid::now_v7()),
            product,
            event: wanted.event,
            conditions: wanted.conditions,
            meta_event: wanted.meta_event,
            mapping: wanted.mapping,
            created_at: self.clock.now(),
        };
        let mut tx = self.db.scoped(principal).await?;
        let made = insert(&mut tx, &rule, idempotency_key).await?;
        if let Some(rule) = made {
            let payload = json!({ "id": rule.id, "event": rule.event, "meta_event": rule.meta_event });
            let (product, id) = (Some(&rule.product), &principal.request_id);
            outbox::push(&mut tx, "meta_event_rule.created", product, &payload, id).await?;
            tx.commit().await?;
            return Ok(rule);
        }
        let Some(key) = idempotency_key else {
            let detail = format!("the product has {MOST_RULES} rules already; delete one first");
            return Err(Problem::new(StatusCode::CONFLICT, "too_many_rules", detail));
        };
        let found = by_idempotency_key(&mut tx, &rule.product, key).await?;
        tx.commit().await?;
        let same = |found: &MetaEventRule| {
            let as_wanted = MetaEventRule { id: found.id, created_at: found.created_at, ..rule.clone() };
            *found == as_wanted
        };
        match found {
            Some(found) if same(&found) => Ok(found),
            Some(_) => Err(Problem::new(
                StatusCode::CONFLICT,
                "idempotency_key_reused",
                "this Idempotency-Key was used for a different request; use a new one",
            )),
            None => {
                let detail = format!("the product has {MOST_RULES} rules already; delete one first");
                Err(Problem::new(StatusCode::CONFLICT, "too_many_rules", detail))
            }
        }
    }

    pub(super) async fn list(&self, principal: &Principal, query: ListMetaEventRules) -> Result<Page<MetaEventRule>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 100)?;
        let after = paging::read_cursor(query.cursor.as_deref())?;
        let mut tx = self.db.scoped(principal).await?;
        let rows = list(&mut tx, product.as_ref(), after, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, MetaEventRule::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    pub(super) async fn delete(&self, principal: &Principal, id: MetaEventRuleId) -> Result<()> {
        let mut tx = self.db.scoped(principal).await?;
        let product: Option<String> =
            sqlx::query_scalar("delete from meta_event_rules where id = $1 returning product")
                .bind(id.uuid())
                .fetch_optional(tx.conn())
                .await?;
        let product = product.ok_or_else(|| Problem::not_found("rule"))?.parse().map_err(Problem::internal)?;
        let payload = json!({ "id": id });
        outbox::push(&mut tx, "meta_event_rule.deleted", Some(&product), &payload, &principal.request_id).await?;
        tx.commit().await
    }
}

fn judge(wanted: &CreateMetaEventRule) -> Result<()> {
    check::text("event", &wanted.event, 1..=200)?;
    check::text("meta_event", &wanted.meta_event, 1..=100)?;
    conditions::check(&wanted.conditions)?;
    let RuleMapping { value, currency, default_currency, contents, order_id, event_id } = &wanted.mapping;
    let paths = [
        ("mapping.value", value),
        ("mapping.currency", currency),
        ("mapping.contents", contents),
        ("mapping.order_id", order_id),
        ("mapping.event_id", event_id),
    ];
    for (field, given) in paths {
        if let Some(given) = given {
            check_path(field, given)?;
        }
    }
    let is_code = |code: &String| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    if default_currency.as_ref().is_some_and(|code| !is_code(code)) {
        return Err(check::invalid("mapping.default_currency", "must be three letters after ISO 4217"));
    }
    Ok(())
}

/// Whether an event is what the rule is about.
fn matches(rule: &MetaEventRule, event: &Event) -> bool {
    rule.product == event.product
        && event.event.as_deref() == Some(&rule.event)
        && Facts::of(event).satisfy(&rule.conditions)
}

const COLUMNS: &str = "id, product, event, conditions, meta_event, mapping, created_at";

#[derive(FromRow)]
struct Row {
    id: Uuid,
    product: String,
    event: String,
    conditions: Json<Vec<Condition>>,
    meta_event: String,
    mapping: Json<RuleMapping>,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for MetaEventRule {
    type Error = Problem;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            product: row.product.parse().map_err(Problem::internal)?,
            event: row.event,
            conditions: row.conditions.0,
            meta_event: row.meta_event,
            mapping: row.mapping.0,
            created_at: row.created_at,
        })
    }
}

/// Stores a rule; nothing when its idempotency key was used before, or the product has its most.
async fn insert(tx: &mut Tx, rule: &MetaEventRule, key: Option<&str>) -> Result<Option<MetaEventRule>> {
    let sql = format!(
        "insert into meta_event_rules (id, product, event, conditions, meta_event, mapping, idempotency_key,
            created_at)
         select $1, $2, $3, $4, $5, $6, $7, $8
         where (select count(*) from meta_event_rules where product = $2) < $9
         on conflict (product, idempotency_key) where idempotency_key is not null do nothing
         returning {COLUMNS}"
    );
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(rule.id.uuid())
        .bind(rule.product.as_str())
        .bind(&rule.event)
        .bind(Json(&rule.conditions))
        .bind(&rule.meta_event)
        .bind(Json(&rule.mapping))
        .bind(key)
        .bind(rule.created_at)
        .bind(MOST_RULES)
        .fetch_optional(tx.conn())
        .await
        .map_err(|error| match error.as_database_error().and_then(|db| db.constraint()) {
            Some("meta_event_rules_product_fkey") => {
                Problem::invalid("unknown_product", "product: no product has this slug")
            }
            _ => Problem::from(error),
        })?;
    row.map(MetaEventRule::try_from).transpose()
}

async fn by_idempotency_key(tx: &mut Tx, product: &ProductSlug, key: &str) -> Result<Option<MetaEventRule>> {
    let sql = format!("select {COLUMNS} from meta_event_rules where product = $1 and idempotency_key = $2");
    let row: Option<Row> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(product.as_str()).bind(key).fetch_optional(tx.conn()).await?;
    row.map(MetaEventRule::try_from).transpose()
}

async fn list(tx: &mut Tx, product: Option<&ProductSlug>, after: Option<Uuid>, rows: i64) -> Result<Vec<Row>> {
    let sql = format!(
        "select {COLUMNS} from meta_event_rules
         where ($1::text is null or product = $1) and ($2::uuid is null or id > $2) order by id limit $3"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(product.map(ProductSlug::as_str))
        .bind(after)
        .bind(rows)
        .fetch_all(tx.conn())
        .await?)
}

/// A rule of a product whose switch is on.
pub(super) struct RuleAtWork {
    pub(super) rule: MetaEventRule,
    /// From when on both were so.
    since: DateTime<Utc>,
}

impl RuleAtWork {
    /// Whether the rule makes a conversion of this event.
    pub(super) fn sees(&self, event: &Event) -> bool {
        event.received_at >= self.since && matches(&self.rule, event)
    }
}

/// Every rule of a product whose switch is on.
pub(super) async fn at_work(tx: &mut Tx) -> Result<Vec<RuleAtWork>> {
    #[derive(FromRow)]
    struct Since {
        #[sqlx(flatten)]
        row: Row,
        enabled_since: DateTime<Utc>,
    }
    let sql = format!(
        "select {COLUMNS}, enabled_since from meta_event_rules as r cross join lateral (
            select min(s.created_at) as enabled_since from shared_conversion_switches as s
            where s.product = r.product and s.id > coalesce((
                select off.id from shared_conversion_switches as off
                where off.product = r.product and not off.enabled order by off.id desc limit 1), '00000000-0000-0000-0000-000000000000')
         ) as switch where enabled_since is not null order by id"
    );
    let rows: Vec<Since> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(tx.conn()).await?;
    let rule = |Since { row, enabled_since }| {
        let rule = MetaEventRule::try_from(row)?;
        let since = rule.created_at.max(enabled_since);
        Ok(RuleAtWork { rule, since })
    };
    rows.into_iter().map(rule).collect()
}
