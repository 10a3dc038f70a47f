//! Waiting under JavaScript: one of the host's timers for everybody, set for the wait that ends first.
//!
//! A timer for each wait costs two calls of the host, and calls have two waits, which nearly always end unused. In a worker of
//! Cloudflare's each wait has one all the same: there a timer is of the request that set it, and ends with that.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};

use super::super::timers::{Place, Timers};
use super::super::{Clock as _, Instant};
use super::System;

/// JavaScript fires a timer at once when its delay does not fit a signed 32-bit number of milliseconds.
const LONGEST_TIMER_MS: u32 = i32::MAX as u32;

#[wasm_bindgen]
extern "C" {
    // Of whatever the global object is, and whatever stands there when it is needed: tests replace both.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, milliseconds: u32, wait: u32) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);

    /// What the host calls itself; some say nothing.
    #[wasm_bindgen(thread_local_v2, js_namespace = navigator, js_name = userAgent)]
    static USER_AGENT: Option<String>;
}

/// [How a worker knows where it is](https://developers.cloudflare.com/workers/runtime-apis/web-standards/#navigatoruseragent).
const CLOUDFLARE: &str = "Cloudflare-Workers";

thread_local! {
    static WAITS: RefCell<Waits> = RefCell::default();
    static FIRE: Closure<dyn FnMut(u32)> = Closure::new(fire);
}

struct Waits {
    timers: Timers,
    /// Whether each wait has a timer of its own.
    apart: bool,
    /// The host's timer for all, and when it fires.
    set: Option<(Instant, JsValue)>,
}

impl Default for Waits {
    fn default() -> Self {
        let apart = USER_AGENT.with(|agent| agent.as_deref() == Some(CLOUDFLARE));
        Self { timers: Timers::default(), apart, set: None }
    }
}

fn set_timer(delay: Duration, wait: u32) -> JsValue {
    FIRE.with(|fire| set_timeout(fire.as_ref(), milliseconds(delay), wait))
}

impl Waits {
    /// Sees to it that the host's timer fires no later than the first wait ends. It stays when it fires earlier, as that
    /// costs less than to set it anew, and goes when nobody waits: Node would not exit before it has fired.
    fn set_timer(&mut self, now: Option<Instant>) {
        let next = self.timers.next();
        match (&self.set, next) {
            (Some((fires, _)), Some(next)) if *fires <= next => return,
            (None, None) => return,
            _ => {}
        }
        if let Some((_, timer)) = self.set.take() {
            clear_timeout(&timer);
        }
        if let Some(next) = next {
            let delay = next.since(now.unwrap_or_else(|| System.now()));
            self.set = Some((next, set_timer(delay, 0)));
        }
    }
}

/// Rounded up, and never nothing: waking early would break the promise of `sleep`.
fn milliseconds(duration: Duration) -> u32 {
    let whole = duration.as_secs().saturating_mul(1000);
    let all = whole.saturating_add(u64::from(duration.subsec_nanos().div_ceil(1_000_000)));
    u32::try_from(all).map_or(LONGEST_TIMER_MS, |ms| ms.clamp(1, LONGEST_TIMER_MS))
}

/// What the host's timers call.
fn fire(wait: u32) {
    let due = WAITS.with_borrow_mut(|waits| {
        if waits.apart {
            // Of nobody else: what another request waits for goes on as that request.
            return waits.timers.end_one(wait);
        }
        waits.set = None;
        let now = System.now();
        let due = waits.timers.end(now);
        // Also when nothing was due: hosts are early by a fraction, and the longest waits take several turns.
        waits.set_timer(Some(now));
        due
    });
    for waker in due {
        waker.wake();
    }
}

/// Waits for a duration from when it is first asked. Dropped, it waits no more.
pub(in super::super) struct SystemSleep {
    duration: Duration,
    place: Option<Place>,
    /// The host's timer for this wait alone.
    timer: Option<JsValue>,
}

pub(in super::super) fn system_sleep(duration: Duration) -> SystemSleep {
    SystemSleep { duration, place: None, timer: None }
}

impl Future for SystemSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        WAITS.with_borrow_mut(|waits| match self.place {
            Some(place) if waits.timers.update(place, cx.waker()) => Poll::Pending,
            Some(_) => Poll::Ready(()),
            None => {
                let now = System.now();
                let place = waits.timers.add(now + self.duration, cx.waker().clone());
                self.place = Some(place);
                if waits.apart {
                    // Hosts are early by a fraction.
                    self.timer = Some(set_timer(self.duration + Duration::from_millis(1), place.number()));
                } else {
                    waits.set_timer(Some(now));
                }
                Poll::Pending
            }
        })
    }
}

impl Drop for SystemSleep {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            WAITS.with_borrow_mut(|waits| {
                waits.timers.remove(place);
                if let Some(timer) = &self.timer {
                    clear_timeout(timer);
                } else if waits.timers.next().is_none() {
                    waits.set_timer(None);
                }
            });
        }
    }
}
