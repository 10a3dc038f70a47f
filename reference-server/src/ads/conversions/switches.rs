//! The switch of each product: its rules and its SQL. Every change is a row of its own; the last one counts.

use acd_platform::meta_events::{
    ConversionSwitch, LimitedDataUse, ListSwitchChanges, PutConversionSwitch, SwitchChange,
};
use acd_platform::{Page, ProductSlug};
use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

use crate::ads::service::not_connected;
use crate::kernel::believed::Believed;
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;
use crate::kernel::{check, outbox, paging};

/// More products than there are.
const KNOWN_SWITCHES: u64 = 1_000;

/// Sets and tells the switches. Cheap to clone.
#[derive(Clone)]
pub(super) struct Switches {
    db: Db,
    clock: Clock,
    /// Whether there is anywhere to send to.
    connected: bool,
    known: Believed<ProductSlug, ConversionSwitch>,
}

impl Switches {
    pub(super) fn new(db: Db, clock: Clock, connected: bool) -> Self {
        Self { db, clock, connected, known: Believed::new(KNOWN_SWITCHES) }
    }

    /// A product's switch; a change on another replica is seen within a second. What is sent asks again.
    pub(super) async fn of(&self, product: &ProductSlug) -> Result<ConversionSwitch> {
        let ask = async || {
            let mut tx = self.db.scoped(&Principal::service(RequestId::new())).await?;
            let switch = current(&mut tx, product).await?;
            tx.commit().await?;
            Ok(switch)
        };
        self.known.get(product.clone(), ask).await
    }

    pub(super) async fn get(&self, principal: &Principal, product: Option<ProductSlug>) -> Result<ConversionSwitch> {
        let product = required(principal, product)?;
        let mut tx = self.db.scoped(principal).await?;
        let switch = current(&mut tx, &product).await?;
        tx.commit().await?;
        Ok(switch)
    }

    /// Sets a switch. What is as it was is not recorded again.
    pub(super) async fn put(&self, principal: &Principal, wanted: PutConversionSwitch) -> Result<ConversionSwitch> {
        let product = required(principal, wanted.product.clone())?;
        self.check(&wanted)?;
        let mut tx = self.db.scoped(principal).await?;
        // One change at a time, so that of two the later one is also the one that counts.
        sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, 7215346211015))")
            .bind(product.as_str())
            .execute(tx.conn())
            .await?;
        let before = current(&mut tx, &product).await?;
        let after = ConversionSwitch {
            product: product.clone(),
            enabled: wanted.enabled,
            pixel_id: wanted.pixel_id,
            test_event_code: wanted.test_event_code,
            limited_data_use: wanted.limited_data_use,
            allowed_events: wanted.allowed_events,
            changed_at: Some(self.clock.now()),
        };
        if before.changed_at.is_some()
            && (ConversionSwitch { changed_at: before.changed_at, ..after.clone() }) == before
        {
            tx.commit().await?;
            return Ok(before);
        }
        let by = if principal.is_admin() { "admin" } else { "product" };
        insert(&mut tx, &after, by, &principal.request_id).await?;
        let payload = json!({ "enabled": after.enabled, "pixel_id": after.pixel_id, "changed_by": by });
        // As the database has it: its times are coarser.
        let after = current(&mut tx, &product).await?;
        outbox::push(&mut tx, "conversion_switch.changed", Some(&product), &payload, &principal.request_id).await?;
        tx.commit().await?;
        self.known.forget();
        Ok(after)
    }

    pub(super) async fn changes(&self, principal: &Principal, query: ListSwitchChanges) -> Result<Page<SwitchChange>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 100)?;
        let below = paging::read_cursor(query.cursor.as_deref())?;
        let mut tx = self.db.scoped(principal).await?;
        let rows = list(&mut tx, product.as_ref(), below, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, SwitchChange::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    fn check(&self, wanted: &PutConversionSwitch) -> Result<()> {
        let digits = |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let code = |text: &str| (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if wanted.pixel_id.as_deref().is_some_and(|id| !digits(id)) {
            return Err(check::invalid("pixel_id", "must be 1 to 20 digits, as the Events Manager shows it"));
        }
        if wanted.enabled && wanted.pixel_id.is_none() {
            return Err(check::invalid("pixel_id", "is required to send conversions: say where to"));
        }
        if wanted.test_event_code.as_deref().is_some_and(|text| !code(text)) {
            return Err(check::invalid("test_event_code", "must be 1 to 40 letters and digits, as under Test events"));
        }
        if wanted.limited_data_use.is_some_and(|limited| limited.country > 1 || limited.state > 9_999) {
            return Err(check::invalid("limited_data_use", "country must be 0 or 1, state 0 to 9999"));
        }
        for name in wanted.allowed_events.iter().flatten() {
            check::text("allowed_events", name, 1..=100)?;
        }
        if wanted.allowed_events.as_ref().is_some_and(|names| names.len() > 100) {
            return Err(check::invalid("allowed_events", "has more than 100 names"));
        }
        if wanted.enabled && !self.connected {
            return Err(not_connected());
        }
        Ok(())
    }
}

fn required(principal: &Principal, named: Option<ProductSlug>) -> Result<ProductSlug> {
    principal
        .pick_product(named)?
        .ok_or_else(|| Problem::bad_request("product_required", "product: say whose switch is meant"))
}

const COLUMNS: &str = "id, product, enabled, pixel_id, test_event_code, limited_country, limited_state, allowed_events, \
                       changed_by, request_id, created_at";

#[derive(FromRow)]
struct Row {
    id: Uuid,
    product: String,
    enabled: bool,
    pixel_id: Option<String>,
    test_event_code: Option<String>,
    limited_country: Option<i32>,
    limited_state: Option<i32>,
    allowed_events: Option<Vec<String>>,
    changed_by: String,
    request_id: String,
    created_at: DateTime<Utc>,
}

impl TryFrom<Row> for SwitchChange {
    type Error = Problem;

    fn try_from(row: Row) -> Result<Self> {
        let number = |value: i32| u16::try_from(value).map_err(Problem::internal);
        let limited_data_use = match (row.limited_country, row.limited_state) {
            (Some(country), Some(state)) => Some(LimitedDataUse { country: number(country)?, state: number(state)? }),
            _ => None,
        };
        let switch = ConversionSwitch {
            product: row.product.parse().map_err(Problem::internal)?,
            enabled: row.enabled,
            pixel_id: row.pixel_id,
            test_event_code: row.test_event_code,
            limited_data_use,
            allowed_events: row.allowed_events,
            changed_at: Some(row.created_at),
        };
        Ok(Self { switch, changed_by: row.changed_by, request_id: row.request_id })
    }
}

/// The switch that counts in this transaction: off where none was ever set.
pub(super) async fn current(tx: &mut Tx, product: &ProductSlug) -> Result<ConversionSwitch> {
    let sql = format!("select {COLUMNS} from shared_conversion_switches where product = $1 order by id desc limit 1");
    let row: Option<Row> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(product.as_str()).fetch_optional(tx.conn()).await?;
    match row {
        Some(row) => SwitchChange::try_from(row).map(|change| change.switch),
        None => Ok(ConversionSwitch {
            product: product.clone(),
            enabled: false,
            pixel_id: None,
            test_event_code: None,
            limited_data_use: None,
            allowed_events: None,
            changed_at: None,
        }),
    }
}

async fn insert(tx: &mut Tx, switch: &ConversionSwitch, by: &str, request_id: &RequestId) -> Result<()> {
    sqlx::query(
        "insert into shared_conversion_switches (product, enabled, pixel_id, test_event_code, limited_country,
            limited_state, allowed_events, changed_by, request_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(switch.product.as_str())
    .bind(switch.enabled)
    .bind(switch.pixel_id.as_deref())
    .bind(switch.test_event_code.as_deref())
    .bind(switch.limited_data_use.map(|limited| i32::from(limited.country)))
    .bind(switch.limited_data_use.map(|limited| i32::from(limited.state)))
    .bind(switch.allowed_events.as_deref())
    .bind(by)
    .bind(request_id.as_str())
    .bind(switch.changed_at)
    .execute(tx.conn())
    .await
    .map_err(|error| match error.as_database_error().and_then(|db| db.constraint()) {
        Some("shared_conversion_switches_product_fkey") => {
            Problem::invalid("unknown_product", "product: no product has this slug")
        }
        _ => error.into(),
    })?;
    Ok(())
}

async fn list(tx: &mut Tx, product: Option<&ProductSlug>, below: Option<Uuid>, rows: i64) -> Result<Vec<Row>> {
    let sql = format!(
        "select {COLUMNS} from shared_conversion_switches
         where ($1::text is null or product = $1) and ($2::uuid is null or id < $2) order by id desc limit $3"
    );
    Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(product.map(ProductSlug::as_str))
        .bind(below)
        .bind(rows)
        .fetch_all(tx.conn())
        .await?)
}
