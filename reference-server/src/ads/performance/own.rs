//! Changes that are made through the hub are noted before they are made: the sync must not take them for somebody else's.

use std::collections::BTreeMap;

use acd_meta::Error;
use acd_platform::ads::changes::ChangedField;
use serde_json::Value;
use uuid::Uuid;

use super::store::own as store;
use crate::ads::Ads;
use crate::kernel::db::Tx;
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;

impl Ads {
    /// Notes a change of these fields before Meta is asked for it; nothing where none of them is watched.
    pub(in crate::ads) async fn begin_own(
        &self,
        principal: &Principal,
        object: &str,
        change: &Value,
    ) -> Result<Option<Uuid>> {
        let fields = watched(change);
        if fields.is_empty() {
            return Ok(None);
        }
        let mut tx = self.db.scoped(&principal.as_service()).await?;
        let id = store::begin(&mut tx, object, &fields, self.clock.now()).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    /// Notes what came of it in a transaction that the caller commits. While the outcome is unknown the note stays.
    pub(in crate::ads) async fn end_own(
        &self,
        principal: &Principal,
        own: Option<Uuid>,
        error: Option<&Error>,
    ) -> Result<Tx> {
        let mut tx = self.db.scoped(&principal.as_service()).await?;
        match (own, error) {
            (Some(id), None) => store::settle(&mut tx, id, self.clock.now()).await?,
            (Some(id), Some(error)) if !error.may_have_been_sent() => store::forget(&mut tx, id).await?,
            _ => {}
        }
        Ok(tx)
    }
}

/// The new values of the fields that are watched, as Meta shows them.
fn watched(change: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let field = |field: &ChangedField| Some((field.to_string(), text(change.get(field.as_str())?)?));
    ChangedField::ALL.iter().filter_map(field).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_statuses_and_budgets_are_watched_in_the_form_in_which_meta_shows_them() {
        let change =
            json!({ "name": "n", "status": "PAUSED", "daily_budget": 700, "bid_amount": 5, "lifetime_budget": null });
        let fields: Vec<_> = watched(&change).into_iter().collect();
        let wanted = [("daily_budget", "700"), ("name", "n"), ("status", "PAUSED")];
        assert_eq!(fields, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(watched(&json!({ "targeting": {} })).is_empty());
    }
}
