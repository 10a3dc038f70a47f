//! What one `track()` costs its caller, beside serialising the same event and sending it through a bare channel; and the
//! memory of ten million calls while the server is away.
//!
//! Times are medians over rounds of calls, in nanoseconds a call on the caller's thread. What happens behind the queue
//! runs at the same time on a second thread, as it does in an application.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use acd_analytics::{AnalyticsClient, AnalyticsClientBuilder, DurableQueue, Overflow, Track};
use acd_core::{Error, ErrorKind, Request, Response, Transport};
use serde::Serialize;

const ROUNDS: usize = 200;
const CALLS: usize = 5_000;
const CALLS_WHILE_AWAY: usize = 10_000_000;

/// Takes every batch at once, so that the network is not what is measured.
struct Accepting;

impl Transport for Accepting {
    async fn send(&self, request: Request) -> acd_core::Result<Response> {
        black_box(request);
        Ok(Response::new(http::StatusCode::OK, http::HeaderMap::new(), r#"{"success":true}"#))
    }
}

/// A server that cannot be reached.
struct Away;

impl Transport for Away {
    async fn send(&self, _: Request) -> acd_core::Result<Response> {
        Err(Error::new(ErrorKind::Connect, "nobody listens"))
    }
}

#[derive(Serialize)]
struct Order<'a> {
    order_id: &'a str,
    currency: &'a str,
    revenue_cents: u64,
    coupon: Option<&'a str>,
    products: [Product<'a>; 3],
}

#[derive(Serialize)]
struct Product<'a> {
    sku: &'a str,
    name: &'a str,
    quantity: u32,
    price_cents: u64,
}

const ORDER: Order<'static> = Order {
    order_id: "ord_01JD7Z3V8Q",
    currency: "EUR",
    revenue_cents: 12_950,
    coupon: None,
    products: [
        Product { sku: "SKU-1001", name: "Waterproof jacket", quantity: 1, price_cents: 8_900 },
        Product { sku: "SKU-2002", name: "Merino socks", quantity: 2, price_cents: 1_450 },
        Product { sku: "SKU-3003", name: "Water bottle", quantity: 1, price_cents: 1_150 },
    ],
};

/// The same event as `track()` makes of [`ORDER`], ready to be serialised: id and time are given.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    r#type: &'a str,
    message_id: &'a str,
    timestamp: &'a str,
    user_id: &'a str,
    event: &'a str,
    properties: &'a Order<'a>,
}

const EVENT: Event<'static> = Event {
    r#type: "track",
    message_id: "019413a1-7c1e-7b52-a4c6-0f2f8e9d3b71",
    timestamp: "2026-11-22T09:30:00.125Z",
    user_id: "user_018f6d",
    event: "Order Completed",
    properties: &ORDER,
};

fn track(client: &AnalyticsClient) {
    // A full queue is part of what is measured while the server is away.
    let _ = black_box(client.track(Track::new("Order Completed").user_id("user_018f6d").properties(&ORDER)));
}

fn builder(transport: impl Transport) -> AnalyticsClientBuilder {
    AnalyticsClient::builder("wk_bench", "http://server.test").http(|http| http.transport(transport))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The median time of one of `CALLS` calls, and `between` the rounds what is not measured.
fn measure(mut call: impl FnMut(), mut between: impl FnMut()) -> f64 {
    let round = |_| {
        let start = Instant::now();
        (0..CALLS).for_each(|_| call());
        let taken = start.elapsed();
        between();
        taken.as_nanos() as f64 / CALLS as f64
    };
    median((0..ROUNDS).map(round).collect())
}

fn measure_channel() -> f64 {
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Vec<u8>>(CALLS);
    measure(
        || {
            let event = serde_json::to_vec(black_box(&EVENT)).unwrap_or_default();
            let _ = black_box(sender.try_send(event));
        },
        || while receiver.try_recv().is_ok() {},
    )
}

fn measure_client(runtime: &tokio::runtime::Runtime, builder: AnalyticsClientBuilder) -> f64 {
    let client = runtime.block_on(async { builder.build() }).expect("the settings of this benchmark are valid");
    let time = measure(|| track(&client), || runtime.block_on(client.flush()).expect("the transport takes everything"));
    runtime.block_on(client.shutdown());
    assert_eq!(client.stats().delivered as usize, ROUNDS * CALLS, "every call counted was a call that did its work");
    time
}

/// Time of a call, resident memory before the first one, and the most of it after the queue is full.
fn measure_away(runtime: &tokio::runtime::Runtime, overflow: Overflow) -> (f64, u64, u64) {
    let client = runtime.block_on(async { builder(Away).overflow(overflow).build() });
    let client = client.expect("the settings of this benchmark are valid");
    (0..100_000).for_each(|_| track(&client));
    let full = resident_kib();
    let mut most = full;
    let mut times = Vec::new();
    for _ in 0..CALLS_WHILE_AWAY / 100_000 {
        let start = Instant::now();
        (0..100_000).for_each(|_| track(&client));
        times.push(start.elapsed().as_nanos() as f64 / 100_000.0);
        most = most.max(resident_kib());
    }
    (median(times), full, most)
}

/// Resident memory of this process. Zero where the system does not say it this way.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc/self/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(0)
}

fn main() {
    // `cargo test --all-targets` runs this too, unoptimised and to no use.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .expect("a thread for the background");
    let folder = tempfile::tempdir().expect("a folder for the durable queue");
    let roomy = |builder: AnalyticsClientBuilder| builder.queue_events(2 * CALLS).interval(Duration::from_secs(3600));

    let bytes = serde_json::to_vec(&EVENT).map_or(0, |event| event.len());
    let baseline = measure_channel();
    let memory = measure_client(&runtime, roomy(builder(Accepting)));
    let durable = DurableQueue::new(folder.path().join("queue")).max_bytes(1 << 30);
    let durable = measure_client(&runtime, roomy(builder(Accepting)).durable(durable));
    let baseline_again = measure_channel();
    let (newest, newest_full, newest_most) = measure_away(&runtime, Overflow::DropNewest);
    let (oldest, oldest_full, oldest_most) = measure_away(&runtime, Overflow::DropOldest);

    let unit = baseline.min(baseline_again);
    println!("one event of {bytes} bytes, median of {ROUNDS} rounds of {CALLS} calls");
    println!("{:<44} {:>10} {:>8}", "", "ns a call", "times");
    for (what, time) in [
        ("serde_json::to_vec and a channel's try_send", unit),
        ("track()", memory),
        ("track(), durable queue", durable),
        ("track(), server away, drop newest", newest),
        ("track(), server away, drop oldest", oldest),
    ] {
        println!("{what:<44} {time:>10.0} {:>8.2}", time / unit);
    }
    println!("memory with the server away, {CALLS_WHILE_AWAY} calls: KiB once the queue is full, and at most after");
    println!("{:<44} {newest_full:>10} {newest_most:>8}", "drop newest");
    println!("{:<44} {oldest_full:>10} {oldest_most:>8}", "drop oldest");
    println!(
        "{}",
        serde_json::json!({
            "bench": "track",
            "event_bytes": bytes,
            "baseline_ns": unit,
            "track_ns": memory,
            "track_times": memory / unit,
            "track_durable_ns": durable,
            "track_full_drop_newest_ns": newest,
            "track_full_drop_oldest_ns": oldest,
            "away_calls": CALLS_WHILE_AWAY,
            "away_rss_full_kib": [newest_full, oldest_full],
            "away_rss_most_kib": [newest_most, oldest_most],
        })
    );
}
