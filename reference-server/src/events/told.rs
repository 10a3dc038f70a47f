//! What events tell besides being stored: who someone is, where a visitor came from, that one converted.

use acd_analytics::wire::MessageType;
use acd_platform::ProductSlug;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::row::{Row, claim_of};
use super::store::Stamped;
use crate::ads::attribution::{ActorId, Capture, Captured, Counted};
use crate::identity::{Claim, Persons};
use crate::kernel::group::StoreError;
use crate::kernel::request_id::RequestId;

/// What each of some rows tells, in their order.
pub(super) struct Told(Vec<Tale>);

#[derive(Default)]
struct Tale {
    counted: Vec<Counted>,
    person: Option<Uuid>,
}

impl Told {
    /// Links what the rows say belongs together, and finds what else they tell. In transactions of its own, before the rows are
    /// stored: a link without an event is harmless, an event without its link would stay so, since its repeat is a duplicate.
    pub(super) async fn by(
        rows: &[(&ProductSlug, &Row)],
        persons: &Persons,
        capture: &Capture,
        request_id: &RequestId,
    ) -> Result<Self, StoreError> {
        let book = capture.rules().await?;
        let mut tales: Vec<Tale> = Vec::with_capacity(rows.len());
        let mut unknown: Vec<(usize, Claim<'_>)> = Vec::new();
        for (at, (product, row)) in rows.iter().enumerate() {
            let counted = match row.kind {
                MessageType::Track => {
                    let [properties, context] =
                        [&row.properties, &row.context].map(|raw| raw.as_deref().map(RawValue::get));
                    book.count(product.as_str(), row.event.as_deref(), properties, context)
                }
                _ => Vec::new(),
            };
            let claim = claim_of(product, row, row.signal.is_some() || !counted.is_empty());
            let person = claim.as_ref().and_then(|claim| persons.known(claim));
            tales.push(Tale { counted, person });
            if let (Some(claim), None) = (claim, person) {
                unknown.push((at, claim));
            }
        }
        let (indexes, claims): (Vec<usize>, Vec<Claim<'_>>) = unknown.into_iter().unzip();
        for (at, person) in indexes.into_iter().zip(persons.resolve(&claims, request_id).await?) {
            tales[at].person = Some(person);
        }
        Ok(Self(tales))
    }

    /// What the row at this place tells of touches and conversions, now that it is stored.
    pub(super) fn take<'a>(
        &mut self,
        at: usize,
        product: &'a ProductSlug,
        stored: &Stamped<'a>,
    ) -> Option<Captured<'a>> {
        let tale = self.0.get_mut(at)?;
        let row = stored.row;
        if row.signal.is_none() && tale.counted.is_empty() {
            return None;
        }
        let id = row.user_id.as_deref().or(row.anonymous_id.as_deref())?;
        Some(Captured {
            actor: ActorId { product: product.as_str(), is_user: row.user_id.is_some(), id },
            person: tale.person?,
            event: stored.id,
            at: stored.timestamp,
            signal: row.signal.as_deref(),
            counted: std::mem::take(&mut tale.counted),
        })
    }
}
