//! Applying a new rule to the past, and deleting what an ended one counted.
//!
//! A replica learns of a rule within a second, and a group of events that it was storing by then is on disk a minute later or
//! not at all. So three minutes after a rule was made, each event is stored by someone who knew the rule, or is there to be
//! looked at.

use chrono::{DateTime, TimeDelta, Utc};

use super::capture::{Capture, Captured};
use super::rule::Rule;
use super::store::settle as store;
use super::touch::ActorId;
use crate::ads::conditions::Facts;
use crate::events::{self, PastTrack};
use crate::identity::{Claim, Persons};
use crate::kernel::db::Db;
use crate::kernel::group::StoreError;
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;

const KNOWN_EVERYWHERE_AFTER: TimeDelta = TimeDelta::minutes(3);
/// Events of one transaction, and transactions of one run: others wait for their turn in maintenance.
const EVENTS: i64 = 2_000;
const PAGES: usize = 20;

/// Looks at the next events for rules that are not settled, and says how many `track` calls they were; then deletes what ended
/// rules counted.
pub(super) async fn settle(db: &Db, persons: &Persons, capture: &Capture, now: DateTime<Utc>) -> Result<usize> {
    let mut looked_at = 0;
    for _ in 0..PAGES {
        match page(db, persons, capture, now).await? {
            Some(events) => looked_at += events,
            None => break,
        }
    }
    for _ in 0..PAGES {
        let mut tx = db.scoped(&Principal::service(RequestId::new())).await?;
        let deleted = store::purge(&mut tx, EVENTS).await?;
        tx.commit().await?;
        if deleted == 0 {
            break;
        }
    }
    Ok(looked_at)
}

async fn page(db: &Db, persons: &Persons, capture: &Capture, now: DateTime<Utc>) -> Result<Option<usize>> {
    let request_id = RequestId::new();
    let mut tx = db.scoped(&Principal::service(request_id.clone())).await?;
    let Some(unsettled) = store::next(&mut tx, now - KNOWN_EVERYWHERE_AFTER).await? else { return Ok(None) };
    let rule: Rule = unsettled.rule.try_into()?;
    let below = events::floor(unsettled.since + KNOWN_EVERYWHERE_AFTER);
    let range = (unsettled.applied_to, below);
    let call = (rule.product.as_str(), rule.event.as_str());
    let (tracks, last) = events::past_tracks(&mut tx, call, range, rule.asks_context(), EVENTS).await?;
    let product = rule.product.parse().map_err(Problem::internal)?;
    let counted: Vec<_> = tracks.iter().filter_map(|track| Some((track, rule.count(facts(track))?))).collect();
    let claims: Vec<Claim<'_>> = counted.iter().map(|(track, _)| claim(&product, track)).collect();
    let known = persons.resolve(&claims, &request_id).await.map_err(StoreError::into_problem)?;
    let captured: Vec<Captured<'_>> = counted
        .into_iter()
        .zip(known)
        .map(|((track, counted), person)| Captured {
            actor: actor(&rule.product, track),
            person,
            event: track.id,
            at: track.timestamp,
            signal: None,
            counted: vec![counted],
        })
        .collect();
    let written = capture.write(&mut tx, &captured).await.map_err(StoreError::into_problem)?;
    store::note(&mut tx, rule.id, last.unwrap_or(below), last.is_none().then_some(now)).await?;
    tx.commit().await?;
    capture.remember(written);
    Ok(Some(tracks.len()))
}

fn facts(track: &PastTrack) -> Facts<'_> {
    let [properties, context] = [&track.properties, &track.context].map(|json| json.as_ref().map(|json| &json.0));
    Facts { properties, context }
}

fn claim<'a>(product: &'a acd_platform::ProductSlug, track: &'a PastTrack) -> Claim<'a> {
    Claim {
        product,
        user_id: track.user_id.as_deref(),
        // With a user, the two were tied when the event arrived; that is not to be said again of another time.
        anonymous_id: track.anonymous_id.as_deref().filter(|_| track.user_id.is_none()),
        previous_id: None,
        email: None,
        traits: None,
    }
}

fn actor<'a>(product: &'a str, track: &'a PastTrack) -> ActorId<'a> {
    let id = track.user_id.as_deref().or(track.anonymous_id.as_deref()).unwrap_or_default();
    ActorId { product, is_user: track.user_id.is_some(), id }
}
