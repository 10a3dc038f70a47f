//! What one call costs.

use std::error::Error;
use std::time::Instant;

use stats_alloc::Region;

use crate::ALLOCATOR;
use crate::contenders::{
    Bare, BoxError, Contender, Core, CoreAlone, CoreOnReqwest, CoreWithUserPolicies, Hyper, Middleware, Smithy,
};
use crate::server::Server;
use crate::table::{median, micros};

const ROUNDS: usize = 41;
const CALLS: u32 = 500;

/// What was measured of one client, round by round.
#[derive(Default)]
struct Measured {
    micros: Vec<f64>,
    /// Of the processor, which other work on the machine does not change.
    cpu: Vec<f64>,
    allocations: Vec<f64>,
}

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let server = Server::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let measured = runtime.block_on(measure(&server.url)).map_err(|error| error.to_string())?;
    print(measured);
    Ok(())
}

async fn measure(url: &str) -> Result<Vec<(&'static str, Measured)>, BoxError> {
    let bare = Bare::new(url)?;
    let core = Core::new(url)?;
    let on_reqwest = CoreOnReqwest::new(url)?;
    let policies = CoreWithUserPolicies::new(url)?;
    let middleware = Middleware::new(url)?;
    let smithy = Smithy::new(url)?;
    let hyper = Hyper::new(url)?;
    let alone = CoreAlone::new(url)?;
    let mut all: Vec<(&'static str, Measured)> = [
        Bare::NAME,
        Core::NAME,
        CoreOnReqwest::NAME,
        CoreWithUserPolicies::NAME,
        Middleware::NAME,
        Smithy::NAME,
        Hyper::NAME,
        CoreAlone::NAME,
    ]
    .map(|name| (name, Measured::default()))
    .into();
    for round in 0..=ROUNDS {
        // Begun by another each time, so that none always runs on the heels of the same.
        for turn in 0..all.len() {
            let which = (round + turn) % all.len();
            let result = match which {
                0 => block(&bare).await?,
                1 => block(&core).await?,
                2 => block(&on_reqwest).await?,
                3 => block(&policies).await?,
                4 => block(&middleware).await?,
                5 => block(&smithy).await?,
                6 => block(&hyper).await?,
                _ => block(&alone).await?,
            };
            // The first round opens connections and fills caches.
            if round > 0 {
                let Block { micros, cpu, allocations } = result;
                all[which].1.micros.push(micros);
                all[which].1.cpu.push(cpu);
                all[which].1.allocations.push(allocations);
            }
        }
    }
    Ok(all)
}

/// One call's share of a block.
struct Block {
    micros: f64,
    cpu: f64,
    allocations: f64,
}

async fn block<C: Contender>(client: &C) -> Result<Block, BoxError> {
    let region = Region::new(ALLOCATOR);
    let (start, cpu) = (Instant::now(), cpu_time());
    for _ in 0..CALLS {
        std::hint::black_box(client.call().await?);
    }
    let (took, cpu) = (start.elapsed(), cpu_time() - cpu);
    let change = region.change();
    let allocations = (change.allocations + change.reallocations) as f64 / f64::from(CALLS);
    Ok(Block { micros: micros(took, CALLS), cpu: cpu * 1e6 / f64::from(CALLS), allocations })
}

/// Seconds of the processor that this process has used.
fn cpu_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn print(mut measured: Vec<(&'static str, Measured)>) {
    let bare = (measured[0].1.micros.clone(), measured[0].1.cpu.clone());
    let bare_allocations = median(&mut measured[0].1.allocations.clone());
    println!("one GET on loopback, {ROUNDS} rounds of {CALLS} calls each in turns, medians");
    println!(
        "{:36} {:>8} {:>8} {:>7} {:>8} {:>9} {:>7} {:>6}",
        "client", "us/call", "more us", "ratio", "us cpu", "more cpu", "allocs", "more"
    );
    // Differences within a round: what slows the machine down slows both of a pair.
    let more = |this: &[f64], bare: &[f64]| {
        median(&mut this.iter().zip(bare).map(|(this, bare)| this - bare).collect::<Vec<f64>>())
    };
    for (name, of) in &mut measured {
        let mut ratio: Vec<f64> = of.micros.iter().zip(&bare.0).map(|(this, bare)| this / bare).collect();
        let (more_wall, more_cpu) = (more(&of.micros, &bare.0), more(&of.cpu, &bare.1));
        let allocations = median(&mut of.allocations);
        println!(
            "{name:36} {:8.2} {more_wall:8.2} {:7.3} {:8.2} {more_cpu:9.2} {allocations:7.1} {:6.1}",
            median(&mut of.micros),
            median(&mut ratio),
            median(&mut of.cpu),
            allocations - bare_allocations,
        );
    }
}
