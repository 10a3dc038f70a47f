//! Working on what Meta told of.

use acd_meta::webhooks::{ChangeEvent, WebhookBody};
use chrono::{DateTime, Datelike as _, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::store;
use crate::ads::leads::{Leads, ToldLead};
use crate::ads::notifications::{Notifications, ToldChange};
use crate::jobs::{Handler, JobContext, JobError};
use crate::kernel::clock::Clock;
use crate::kernel::db::Db;
use crate::kernel::principal::Principal;
use crate::kernel::request_id::RequestId;

/// Reads kept webhooks of Meta: leads are to be fetched, all else is stored and announced. All of a webhook or nothing.
pub(crate) struct ReadMeta {
    db: Db,
    clock: Clock,
    leads: Leads,
    changes: Notifications,
}

/// Which webhook.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MetaWebhook {
    pub(super) id: Uuid,
}

impl ReadMeta {
    /// Reads what is kept in this database.
    pub(crate) fn new(db: Db, clock: Clock, leads: Leads, changes: Notifications) -> Self {
        Self { db, clock, leads, changes }
    }

    async fn read(&self, id: Uuid, service: &Principal) -> Result<Option<Value>, JobError> {
        let mut tx = self.db.scoped(service).await?;
        let Some((body, received_at)) = store::waiting(&mut tx, id).await? else { return Ok(None) };
        let Told { leads, changes } = Told::read(&body).map_err(JobError::permanent)?;
        let counts = json!({ "leads": leads.len(), "changes": changes.len() });
        self.changes.take(&mut tx, changes, received_at, &service.request_id).await?;
        self.leads.take(&mut tx, leads, received_at, &service.request_id).await?;
        store::processed(&mut tx, id, self.clock.now()).await?;
        tx.commit().await?;
        Ok(Some(counts))
    }
}

impl Handler for ReadMeta {
    const KIND: &'static str = "acd.webhooks.meta";
    type Payload = MetaWebhook;

    async fn run(&self, _: &JobContext, MetaWebhook { id }: MetaWebhook) -> Result<Option<Value>, JobError> {
        let service = Principal::service(RequestId::new());
        let result = self.read(id, &service).await;
        if let Err(error) = &result {
            let mut tx = self.db.scoped(&service).await?;
            store::failed(&mut tx, id, &error.to_string()).await?;
            tx.commit().await?;
        }
        result
    }
}

/// What one webhook tells of.
struct Told {
    leads: Vec<ToldLead>,
    changes: Vec<ToldChange>,
}

impl Told {
    /// Reads a body twice: typed, for what is known, and as it came, for what is stored.
    fn read(body: &[u8]) -> serde_json::Result<Self> {
        let whole: Value = serde_json::from_slice(body)?;
        let typed = WebhookBody::deserialize(&whole)?;
        let mut told = Self { leads: Vec::new(), changes: Vec::new() };
        let entries = whole.get("entry").and_then(Value::as_array).into_iter().flatten();
        for (entry, raw) in typed.entry.iter().zip(entries) {
            let happened_at = entry.time.map(|time| noticed_at(time.0.to_utc()));
            let change = |field: &str, value: &Value| ToldChange {
                object: typed.object.as_str().to_owned(),
                object_id: entry.id.clone(),
                field: field.to_owned(),
                value: value.clone(),
                happened_at,
            };
            let items = |name: &str| raw.get(name).and_then(Value::as_array).into_iter().flatten();
            for (known, raw) in entry.changes.iter().zip(items("changes")) {
                match &known.event {
                    ChangeEvent::Leadgen(lead) if ToldLead::read(lead).is_some() => {
                        told.leads.extend(ToldLead::read(lead))
                    }
                    _ => told.changes.push(change(&known.field, raw.get("value").unwrap_or(&Value::Null))),
                }
            }
            for field in ["messaging", "standby"] {
                told.changes.extend(items(field).map(|value| change(field, value)));
            }
            told.changes.extend(entry.changed_fields.iter().map(|field| change(field, &Value::Null)));
        }
        Ok(told)
    }
}

/// Messenger counts milliseconds in a place where all others count seconds.
fn noticed_at(time: DateTime<Utc>) -> DateTime<Utc> {
    if time.year() <= 9999 {
        return time;
    }
    DateTime::from_timestamp_millis(time.timestamp()).unwrap_or(DateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_taken_with_all_it_says() {
        let lead = json!({ "leadgen_id": 7, "page_id": "9", "form_id": "8", "of_tomorrow": true });
        let body = json!({ "object": "page", "entry": [
            { "id": 9, "time": 1_438_292_065, "changes": [
                { "field": "leadgen", "value": lead },
                { "field": "leadgen", "value": { "leadgen_id": "x'; --", "page_id": "9", "form_id": "8" } },
                { "field": "feed", "value": { "item": "post", "verb": "add", "of_tomorrow": [1] } },
                { "field": "a_field_of_tomorrow" },
            ], "messaging": [{ "sender": { "id": "2" } }] },
            { "id": "9", "time": "2026-01-05T10:00:00+0000", "changed_fields": ["name"] },
        ]});
        let told = Told::read(body.to_string().as_bytes()).unwrap();
        assert_eq!(told.leads.len(), 1);
        let fields: Vec<_> = told.changes.iter().map(|change| change.field.as_str()).collect();
        assert_eq!(fields, ["leadgen", "feed", "a_field_of_tomorrow", "messaging", "name"]);
        assert_eq!(told.changes[1].value, json!({ "item": "post", "verb": "add", "of_tomorrow": [1] }));
        assert!(told.changes.iter().all(|change| change.object_id == "9" && change.happened_at.is_some()));
    }

    #[test]
    fn messengers_milliseconds_are_read_as_such() {
        let body =
            json!({ "object": "page", "entry": [{ "id": "9", "time": 1_458_692_752_478_i64, "messaging": [{}] }] });
        let told = Told::read(body.to_string().as_bytes()).unwrap();
        assert_eq!(told.changes[0].happened_at.unwrap().timestamp_millis(), 1_458_692_752_478);
    }

    #[test]
    fn what_is_no_webhook_is_refused() {
        for body in ["", "[]", "{}", r#"{"object":"page"}"#, r#"{"object":"page","entry":[{}]}"#] {
            assert!(Told::read(body.as_bytes()).is_err(), "{body}");
        }
    }
}
