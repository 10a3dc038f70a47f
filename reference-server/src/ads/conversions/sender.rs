//! Sends what is due: each conversion by one replica at a time, and once as far as Meta counts.
//!
//! A sender has a lease of what it sends. Dying with it in hand it may have sent without saying so; then the next one sends
//! the same events with the same ids, which Meta counts once.

use std::time::Duration;

use acd_core::limits::OnLimit;
use acd_meta::conversions::{BatchOutcome, Event};
use acd_meta::{Error, ErrorClass, MetaError as _, PixelId};
use acd_platform::ProductSlug;
use acd_platform::consents::Purpose;
use acd_platform::meta_events::{ConversionState, ConversionSwitch};
use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::accept::{allows, judge};
use super::pauses::Pauses;
use super::store::{self, Claimed, Due, Settled};
use super::switches;
use crate::ads::Meta;
use crate::kernel::clock::Clock;
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::Principal;
use crate::kernel::problem::{Problem, Result};
use crate::kernel::request_id::RequestId;
use crate::privacy::{ConsentService, ConsentSubject};

/// The most events of one request to Meta.
const BATCH: i64 = 1_000;
/// For how long one sender has what it claimed.
const LEASE: TimeDelta = TimeDelta::seconds(180);
/// For how long a request may take, its repetitions included: none begins that could outlive the lease, and a server that is
/// asked to stop waits for the one at hand.
const REQUEST: Duration = Duration::from_secs(20);
/// The most requests for one claim: enough to find six bad events among a thousand, and few where all are refused.
const MOST_REQUESTS: u32 = 64;
/// How often Meta may refuse the sender before a conversion is given up.
const MOST_REFUSALS: i32 = 20;
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(5);
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(1);
/// How often it is looked for what is due.
const EVERY: Duration = Duration::from_millis(500);
/// How Meta names this software in its diagnostics.
const AGENT: &str = concat!("acd-", env!("CARGO_PKG_VERSION"));

/// Sends conversions to Meta. Cheap to clone; any number may run side by side.
#[derive(Clone)]
pub struct ConversionSender {
    db: Db,
    clock: Clock,
    consents: ConsentService,
    meta: Meta,
    pauses: Pauses,
}

/// What was claimed and may go.
struct Batch {
    lease: Uuid,
    until: DateTime<Utc>,
    pixel: PixelId,
    test_event_code: Option<String>,
    events: Vec<Ready>,
}

/// A conversion that may go.
struct Ready {
    id: Uuid,
    attempts: i32,
    event: Event,
}

impl ConversionSender {
    pub(super) fn new(db: Db, clock: Clock, consents: ConsentService, meta: Meta) -> Self {
        Self { db, clock, consents, meta, pauses: Pauses::default() }
    }

    /// Sends until the token is cancelled; then the request at hand is finished, and what was claimed beside it is given back.
    pub async fn run(self, until: CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = until.cancelled() => return,
                _ = ticks.tick() => {}
            }
            if let Err(problem) = self.round(&until).await {
                tracing::warn!(cause = problem.cause_chain(), "conversions could not be sent");
            }
        }
    }

    /// Sends what is due now, a batch of each product in turn, and says how many conversions were claimed. A pixel of which Meta
    /// took nothing is not asked for again until its pause is over.
    ///
    /// # Errors
    /// When the database is away. What was claimed then is due again when its lease ends.
    pub async fn send_due(&self) -> Result<usize> {
        self.round(&CancellationToken::new()).await
    }

    async fn round(&self, stop: &CancellationToken) -> Result<usize> {
        let mut claimed = 0;
        loop {
            let mut tx = self.begin().await?;
            let due = store::due(&mut tx, self.clock.now()).await?;
            tx.commit().await?;
            let before = claimed;
            for Due { product, pixel_id, may_go } in due {
                if stop.is_cancelled() {
                    return Ok(claimed);
                }
                let product: ProductSlug = product.parse().map_err(Problem::internal)?;
                // What the switch no longer lets go needs no request, and must not lie before what may.
                if may_go && self.pauses.hold(&product, &pixel_id, self.clock.now()) {
                    continue;
                }
                let (count, batch) = self.claim(&product, &pixel_id).await?;
                claimed += count;
                if let Some(batch) = batch {
                    self.deliver(&product, batch, stop).await?;
                }
            }
            // What others claimed meanwhile is theirs.
            if claimed == before {
                return Ok(claimed);
            }
        }
    }

    async fn begin(&self) -> Result<Tx> {
        self.db.bulk(&Principal::service(RequestId::new())).await
    }

    /// Takes what is due of a pixel. What may not go is settled in the same transaction, by what holds at this moment.
    async fn claim(&self, product: &ProductSlug, pixel: &str) -> Result<(usize, Option<Batch>)> {
        let (lease, now) = (Uuid::now_v7(), self.clock.now());
        let until = now + LEASE;
        let mut tx = self.begin().await?;
        let claimed = store::claim(&mut tx, (product.as_str(), pixel), lease, (now, until), BATCH).await?;
        let count = claimed.len();
        let switch = switches::current(&mut tx, product).await?;
        let subjects: Vec<_> = claimed
            .iter()
            .map(|one| ConsentSubject {
                product,
                user_id: one.user_id.as_deref(),
                anonymous_id: one.anonymous_id.as_deref(),
                email_hashes: one.email_hashes.as_deref(),
            })
            .collect();
        let verdicts = self.consents.of_each(&mut tx, &subjects, Purpose::Advertising).await?;
        let (mut events, mut settled) = (Vec::new(), Vec::new());
        for (one, verdict) in claimed.into_iter().zip(verdicts) {
            let refusal = forbidden(&one, &switch, pixel).or_else(|| verdict.refusal(one.agreed_at).map(str::to_owned));
            match refusal.map_or_else(|| ready(&one, &switch, now), |cause| Err((ConversionState::Refused, cause))) {
                Ok(event) => events.push(Ready { id: one.id, attempts: one.attempts, event }),
                Err((state, cause)) => {
                    settled.push(Settled {
                        id: one.id,
                        state,
                        cause: Some(cause),
                        fbtrace_id: None,
                        next_attempt_at: now,
                    });
                }
            }
        }
        store::settle(&mut tx, lease, &settled, now).await?;
        tx.commit().await?;
        count_settled(product, &settled);
        let pixel = PixelId::from(pixel);
        let batch = Batch { lease, until, pixel, test_event_code: switch.test_event_code, events };
        Ok((count, Some(batch).filter(|batch| !batch.events.is_empty())))
    }

    /// Sends a batch. Where Meta refuses it for an event, halves until that event is found, so that it sinks no other.
    async fn deliver(&self, product: &ProductSlug, batch: Batch, stop: &CancellationToken) -> Result<()> {
        let Batch { lease, until, pixel, test_event_code, events } = batch;
        let meta = self.meta.for_product(product);
        let mut parts = vec![events];
        let mut requests = 0;
        while let Some(part) = parts.pop() {
            let now = self.clock.now();
            if stop.is_cancelled() {
                let rest = part.into_iter().chain(parts.drain(..).flatten());
                let settled: Vec<_> = rest.map(|one| pending(one.id, now)).collect();
                return self.settle(product, lease, &settled).await;
            }
            let in_time = now + TimeDelta::from_std(REQUEST).unwrap_or(LEASE) < until;
            if requests >= MOST_REQUESTS || !in_time {
                let rest = part.into_iter().chain(parts.drain(..).flatten());
                let settled: Vec<_> = rest.map(|one| again(&one, now, None, None)).collect();
                return self.settle(product, lease, &settled).await;
            }
            requests += 1;
            let (ids, events): (Vec<_>, Vec<_>) =
                part.into_iter().map(|one| ((one.id, one.attempts), one.event)).unzip();
            let send = meta.conversions().send(&pixel, &events).partner_agent(AGENT);
            let send = send.http(|call| call.timeout(REQUEST).on_limit(OnLimit::Fail));
            let send = match &test_event_code {
                Some(code) => send.test_event_code(code),
                None => send,
            };
            let report = send.await.map_err(Problem::internal)?;
            let now = self.clock.now();
            let mut events: Vec<Option<Ready>> = ids
                .into_iter()
                .zip(events)
                .map(|((id, attempts), event)| Some(Ready { id, attempts, event }))
                .collect();
            let mut settled = Vec::new();
            for invalid in &report.invalid {
                if let Some(one) = events.get_mut(invalid.index).and_then(Option::take) {
                    settled.push(Settled {
                        id: one.id,
                        state: ConversionState::Refused,
                        cause: Some(invalid.to_string()),
                        fbtrace_id: None,
                        next_attempt_at: now,
                    });
                }
            }
            for request in report.batches {
                let sent: Vec<Ready> = request.events.iter().filter_map(|at| events.get_mut(*at)?.take()).collect();
                match request.outcome {
                    BatchOutcome::Received(answer) => settled.extend(sent.into_iter().map(|one| Settled {
                        id: one.id,
                        state: ConversionState::Sent,
                        cause: None,
                        fbtrace_id: answer.fbtrace_id.clone(),
                        next_attempt_at: now,
                    })),
                    BatchOutcome::Failed(error) => match halves(&error, sent) {
                        Ok(halves) => parts.extend(halves),
                        Err(whole) => {
                            if !of_an_event(&error) {
                                let wait = FIRST_WAIT.max(asked(error.retry_after())).min(LONGEST_WAIT);
                                self.pauses.begin(product, pixel.as_str(), now + wait);
                                let rest = parts.drain(..).flatten();
                                settled.extend(rest.map(|one| again(&one, now, None, error.retry_after())));
                            }
                            settled.extend(whole.into_iter().map(|one| failed(&one, &error, now)));
                        }
                    },
                    _ => settled.extend(sent.into_iter().map(|one| again(&one, now, None, None))),
                }
            }
            self.settle(product, lease, &settled).await?;
        }
        Ok(())
    }

    async fn settle(&self, product: &ProductSlug, lease: Uuid, settled: &[Settled]) -> Result<()> {
        let mut tx = self.begin().await?;
        store::settle(&mut tx, lease, settled, self.clock.now()).await?;
        tx.commit().await?;
        count_settled(product, settled);
        Ok(())
    }
}

/// Why the product's switch forbids it now.
fn forbidden(one: &Claimed, switch: &ConversionSwitch, pixel: &str) -> Option<String> {
    if !switch.enabled {
        return Some("the product's switch was off when it was due".to_owned());
    }
    if switch.pixel_id.as_deref() != Some(pixel) {
        return Some("the product's switch named another pixel when it was due".to_owned());
    }
    (!allows(switch, &one.event_name))
        .then(|| "the product's switch did not allow events of this name when it was due".to_owned())
}

/// The event, if Meta would take it at this moment.
fn ready(one: &Claimed, switch: &ConversionSwitch, now: DateTime<Utc>) -> Result<Event, (ConversionState, String)> {
    let text = one.payload.as_ref().map_or("null", |payload| payload.0.get());
    let unreadable = |_| (ConversionState::Refused, "what is stored of it cannot be read by this version".to_owned());
    let mut event: Event = serde_json::from_str(text).map_err(unreadable)?;
    match judge(&mut event, switch, now) {
        Ok(_) => Ok(event),
        Err(cause) => {
            let old = one.event_time < now && event.problems(now).iter().all(|problem| problem.field() == "event_time");
            let last = one.cause.as_deref().map(|last| format!("; the last attempt: {last}")).unwrap_or_default();
            let state = if old { ConversionState::Expired } else { ConversionState::Refused };
            Err((state, format!("{cause}{last}")))
        }
    }
}

/// Whether Meta refused a request for what is in it: the next one may well succeed.
fn of_an_event(error: &Error) -> bool {
    matches!(error.api().map(|api| api.class()), Some(ErrorClass::Validation | ErrorClass::Shrink))
}

/// The two halves of what Meta refused for one event in it; the whole where halving helps nothing.
fn halves(error: &Error, mut events: Vec<Ready>) -> Result<[Vec<Ready>; 2], Vec<Ready>> {
    if events.len() < 2 || !of_an_event(error) {
        return Err(events);
    }
    let rest = events.split_off(events.len() / 2);
    Ok([rest, events])
}

/// What becomes of an event whose request failed.
fn failed(one: &Ready, error: &Error, now: DateTime<Utc>) -> Settled {
    let api = error.api();
    let trace = api.as_ref().and_then(|api| api.trace_id.clone());
    let cause = match &api {
        Some(api) => format!("Meta: {} ({})", api.message, api.full_code()),
        None => format!("{}: {}", error.kind().as_str(), error.message()),
    };
    let state = match api.map(|api| api.class()) {
        Some(ErrorClass::Validation) => ConversionState::Refused,
        Some(
            ErrorClass::Auth | ErrorClass::Permission | ErrorClass::Policy | ErrorClass::NotFound | ErrorClass::Version,
        ) if one.attempts >= MOST_REFUSALS => ConversionState::Failed,
        _ => return again(one, now, Some((cause, trace)), error.retry_after()),
    };
    Settled { id: one.id, state, cause: Some(cause), fbtrace_id: trace, next_attempt_at: now }
}

/// Due again, later each time.
fn again(one: &Ready, now: DateTime<Utc>, cause: Option<(String, Option<String>)>, wait: Option<Duration>) -> Settled {
    let doublings = u32::try_from(one.attempts - 1).unwrap_or(0).min(10);
    let backoff = (FIRST_WAIT * 2_i32.pow(doublings)).min(LONGEST_WAIT);
    let (cause, fbtrace_id) = cause.unzip();
    Settled { cause, fbtrace_id: fbtrace_id.flatten(), ..pending(one.id, now + backoff.max(asked(wait))) }
}

/// Due again at this moment.
fn pending(id: Uuid, at: DateTime<Utc>) -> Settled {
    Settled { id, state: ConversionState::Pending, cause: None, fbtrace_id: None, next_attempt_at: at }
}

/// How long Meta asked to wait.
fn asked(wait: Option<Duration>) -> TimeDelta {
    wait.and_then(|wait| TimeDelta::from_std(wait).ok()).unwrap_or_default()
}

fn count_settled(product: &ProductSlug, settled: &[Settled]) {
    for state in ConversionState::ALL {
        let count = settled.iter().filter(|one| one.state == *state).count();
        if count > 0 {
            let labels = [("product", product.to_string()), ("state", state.to_string())];
            metrics::counter!("acd_conversions_settled_total", &labels).increment(count as u64);
        }
    }
}
