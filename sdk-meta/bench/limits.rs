//! How much of Meta's cap one process reaches, and how often it is throttled, beside retrying.
//!
//! The cap is that of limited access: 60 points in any 300 s, of which a campaign takes 3, and a pause of 300 s for whoever
//! asks for more. Both the simulator's time and that of the two clients passes faster than the machine's, so that an hour is
//! over in a minute. Every second call is under way for a second and a half longer, as calls over the internet may be.

use std::cell::Cell;
use std::time::Duration;

use acd_core::Runtime;
use acd_core::limits::OnLimit;
use acd_meta::limits::MetaLimits;
use acd_meta::{AdAccountId, MetaClient};
use futures_util::future::try_join_all;

use crate::clock::fast;
use crate::create::campaign;
use crate::rival::Rival;
use crate::simulator::Simulator;
use crate::{Result, Settings};

const SPEED: u32 = 60;
const HOUR: Duration = Duration::from_secs(3600);
/// What the cap lets pass in the hour: 20 campaigns in each window.
const MOST: u32 = 20 * 12;
/// Of every second call, by the clients' clocks.
const LATENCY: Duration = Duration::from_millis(1500);

/// How campaigns are wanted.
struct Demand {
    name: &'static str,
    workers: u32,
    /// What a worker does between two calls.
    pause: Duration,
}

const DEMANDS: [Demand; 2] = [
    Demand { name: "4 workers, as fast as they can", workers: 4, pause: Duration::ZERO },
    // A quarter more than the cap lets pass.
    Demand { name: "1 worker, 12 s from call to call", workers: 1, pause: Duration::from_secs(12) },
];

/// Creates for ever; `created` counts.
async fn worker(
    meta: &MetaClient,
    account: &AdAccountId,
    clock: &Runtime,
    pause: Duration,
    created: &Cell<u32>,
) -> Result<()> {
    loop {
        // A busy machine makes seconds of milliseconds here: no call is to fail for that.
        let call = meta.campaigns().create(account, &campaign());
        call.http(|call| call.timeout(2 * HOUR).attempt_timeout(HOUR)).await?;
        created.set(created.get() + 1);
        clock.sleep(pause).await;
    }
}

/// The campaigns that the client creates in an hour.
async fn ours(simulator: &Simulator, demand: &Demand) -> Result<u32> {
    let (clock, account, created) = (fast(SPEED), simulator.account(), Cell::new(0));
    let (runtime, limits) = (clock.clone(), MetaLimits::default().pools().on_limit(OnLimit::Wait(HOUR)));
    let meta = simulator.client().limits(limits).http(|http| http.runtime(runtime)).build()?;
    let workers = (0..demand.workers).map(|_| worker(&meta, &account, &clock, demand.pause, &created));
    tokio::select! {
        () = clock.sleep(HOUR) => Ok(created.get()),
        // None ends but by a failure.
        result = try_join_all(workers) => result.map(|_| created.get()),
    }
}

/// Those that the official SDK creates.
fn theirs(settings: &Settings, demand: &Demand) -> Result<u32> {
    let mut node = Rival::start(&mut settings.node("retry.js"))?;
    let asked = [HOUR.as_millis(), SPEED.into(), demand.workers.into(), demand.pause.as_millis()];
    let created = node.ask(&asked.map(|number| number.to_string()).join(" "))?.parse()?;
    node.end()?;
    Ok(created)
}

pub(crate) async fn run(settings: &Settings) -> Result<()> {
    let simulator = settings.simulator()?;
    simulator.speed(SPEED).await?;
    println!("An hour under a cap of {MOST} campaigns");
    for demand in &DEMANDS {
        simulator.start_over_limited(LATENCY / SPEED).await?;
        let created = ours(&simulator, demand).await?;
        print("acd-meta", demand, created, simulator.throttled().await?);
        simulator.start_over_limited(LATENCY / SPEED).await?;
        let created = theirs(settings, demand)?;
        print("facebook-nodejs-business-sdk, retried with backoff", demand, created, simulator.throttled().await?);
    }
    println!("wanted: at least 95 %, without any");
    simulator.speed(1).await
}

fn print(side: &str, demand: &Demand, created: u32, throttled: u64) {
    let (name, share) = (demand.name, f64::from(created) * 100.0 / f64::from(MOST));
    println!("{name}, {side}: {created} created, {share:.1} % of the cap, {throttled} throttling answers");
}
