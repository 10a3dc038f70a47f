//! An ad account's currency and time zone.

use acd_meta::accounts::AdAccountFields;
use acd_meta::{AdAccountId, MetaClient};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::service::Performance;
use super::store::account as store;
use crate::ads::problem;
use crate::kernel::problem::{Problem, Result};

/// How long what Meta said of an account is believed.
const BELIEVED: TimeDelta = TimeDelta::days(1);

/// An ad account, as far as reports need it.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) id: AdAccountId,
    pub(super) currency: String,
    zone: Tz,
}

impl Account {
    /// The account's date at this moment.
    pub(super) fn day_of(&self, moment: DateTime<Utc>) -> NaiveDate {
        moment.with_timezone(&self.zone).date_naive()
    }
}

impl Performance {
    /// What is known of an account, asked of Meta once a day.
    pub(super) async fn account(&self, meta: &MetaClient, id: &AdAccountId) -> Result<Account> {
        let now = self.clock.now();
        let mut tx = self.as_service().await?;
        let known = store::get(&mut tx, &id.to_string()).await?;
        tx.commit().await?;
        let row = match known {
            Some(row) if now - row.read_at < BELIEVED => row,
            _ => {
                let fields = AdAccountFields::new().currency().timezone_name();
                let found = meta.accounts().get(id, &fields).await.map_err(problem::of)?;
                let (Some(currency), Some(time_zone)) = (found.currency, found.timezone_name) else {
                    return Err(Problem::internal(format!("Meta names no currency or time zone of the account {id}")));
                };
                let row = store::AccountRow { currency: currency.to_ascii_uppercase(), time_zone, read_at: now };
                let mut tx = self.as_service().await?;
                store::put(&mut tx, &id.to_string(), &row).await?;
                tx.commit().await?;
                row
            }
        };
        let zone = row.time_zone.parse().unwrap_or_else(|_| {
            tracing::warn!(account = %id, time_zone = row.time_zone, "an unknown time zone; its days are taken as UTC");
            Tz::UTC
        });
        Ok(Account { id: id.clone(), currency: row.currency, zone })
    }
}
