//! The rules of changes.

use acd_platform::ads::notifications::{ListMetaNotifications, MetaNotification};
use acd_platform::{MetaNotificationId, Page};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::store::{self, Filter, NewChange};
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::Result;
use crate::kernel::request_id::RequestId;
use crate::kernel::{check, outbox, paging};

/// The longest name that is kept, in characters.
const NAME_CHARS: usize = 100;

/// What Meta told of. Cheap to clone.
#[derive(Clone)]
pub struct Notifications {
    db: Db,
}

/// One change as a webhook tells of it.
#[derive(Clone, Debug)]
pub struct ToldChange {
    /// What kind of object changed.
    pub object: String,
    /// Meta's id of it.
    pub object_id: String,
    /// What about it.
    pub field: String,
    /// What Meta said.
    pub value: Value,
    /// When Meta noticed.
    pub happened_at: Option<DateTime<Utc>>,
}

impl ToldChange {
    /// Meta's id of the ad object that it is about, where it is about one.
    fn ad_object(&self) -> Option<String> {
        let id = self.value.get("object_id").or_else(|| self.value.get("id"))?;
        if self.object != "ad_account" {
            return None;
        }
        id.as_str().map(str::to_owned).or_else(|| id.as_u64().map(|id| id.to_string()))
    }

    /// What is announced of it.
    fn topic(&self) -> &'static str {
        match (self.object.as_str(), self.field.as_str()) {
            ("ad_account", "with_issues_ad_objects") => "meta.ad_issue",
            ("ad_account", _) => "meta.ad_changed",
            ("page", _) => "meta.page_changed",
            ("instagram", _) => "meta.instagram_changed",
            _ => "meta.changed",
        }
    }

    /// Of all it says. The time is part of it: the same may happen twice.
    fn digest(&self) -> Vec<u8> {
        let time = self.happened_at.map(|time| time.timestamp_millis()).unwrap_or_default();
        let text = json!([self.object, self.object_id, self.field, time, self.value]).to_string();
        Sha256::digest(text.as_bytes()).to_vec()
    }
}

impl Notifications {
    /// Changes in this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Keeps and announces those that are new. What is announced names the change and leaves out what people wrote.
    pub(crate) async fn take(
        &self,
        tx: &mut Tx,
        told: Vec<ToldChange>,
        received_at: DateTime<Utc>,
        request_id: &RequestId,
    ) -> Result<()> {
        let mut new: Vec<NewChange> = told.into_iter().map(NewChange::from).collect();
        // Two webhooks with the same changes in another order would wait for each other.
        new.sort_unstable_by(|one, other| one.digest.cmp(&other.digest));
        new.dedup_by(|one, other| one.digest == other.digest);
        for (at, row) in store::insert(tx, &new, received_at).await? {
            let Some(change) = new.get(at) else { continue };
            let change_id = MetaNotificationId::from(row.id);
            let payload = json!({
                "id": change_id, "object": change.object, "object_id": change.object_id, "field": change.field,
            });
            outbox::push(tx, change.topic, row.product()?.as_ref(), &payload, request_id).await?;
        }
        Ok(())
    }

    /// Deletes so many that came before this time, and says how many it were.
    pub(crate) async fn forget(&self, tx: &mut Tx, before: DateTime<Utc>, most: i64) -> Result<u64> {
        store::delete_before(tx, before, most).await
    }

    /// Notifications, newest first.
    pub(super) async fn list(
        &self,
        principal: &Principal,
        query: ListMetaNotifications,
    ) -> Result<Page<MetaNotification>> {
        let product = principal.pick_product(query.product)?;
        let limit = paging::limit(query.limit, 50, 200)?;
        let filter = Filter {
            product: product.as_ref(),
            object: query.object.as_deref(),
            field: query.field.as_deref(),
            below: paging::read_cursor(query.cursor.as_deref())?,
        };
        let mut tx = self.db.scoped(principal).await?;
        let rows = store::list(&mut tx, &filter, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, MetaNotification::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }
}

impl From<ToldChange> for NewChange {
    fn from(told: ToldChange) -> Self {
        let name = |text: &str| {
            let text = text.replace('\0', "\u{fffd}");
            if text.is_empty() { "unknown".to_owned() } else { text.chars().take(NAME_CHARS).collect() }
        };
        Self {
            digest: told.digest(),
            topic: told.topic(),
            ad_object: told.ad_object(),
            object: name(&told.object),
            object_id: name(&told.object_id),
            field: name(&told.field),
            happened_at: told.happened_at,
            value: check::storable(told.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(object: &str, value: Value) -> ToldChange {
        let field = "field_changed".to_owned();
        ToldChange { object: object.to_owned(), object_id: "9".to_owned(), field, value, happened_at: None }
    }

    #[test]
    fn the_ad_object_is_read_from_text_and_number() {
        assert_eq!(told("ad_account", json!({ "object_id": "7" })).ad_object().as_deref(), Some("7"));
        assert_eq!(told("ad_account", json!({ "id": 8 })).ad_object().as_deref(), Some("8"));
        assert_eq!(told("page", json!({ "id": "8" })).ad_object(), None);
        assert_eq!(told("ad_account", json!(null)).ad_object(), None);
    }

    #[test]
    fn what_cannot_be_stored_is_made_so() {
        let hostile = ToldChange { object: "\0".repeat(300), object_id: String::new(), ..told("page", json!("a\0")) };
        let new = NewChange::from(hostile);
        assert_eq!((new.object.chars().count(), new.object_id.as_str()), (NAME_CHARS, "unknown"));
        assert!(!new.object.contains('\0') && new.value == json!("a\u{fffd}"));
    }

    #[test]
    fn another_time_makes_another_change() {
        let one = told("page", json!(1));
        let other = ToldChange { happened_at: DateTime::from_timestamp(5, 0), ..one.clone() };
        assert_eq!(one.digest(), one.clone().digest());
        assert_ne!(one.digest(), other.digest());
    }
}
