//! What one call costs.

use std::error::Error;
use std::time::Instant;

use stats_alloc::Region;

use crate::ALLOCATOR;
use crate::contenders::{Bare, BoxError, Contender, Core, CoreWithUserPolicies, Hyper, Middleware, Smithy};
use crate::server::Server;
use crate::table::{median, micros};

const ROUNDS: usize = 41;
const CALLS: u32 = 500;

/// What was measured of one client, round by round.
#[derive(Default)]
struct Measured {
    micros: Vec<f64>,
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
    let policies = CoreWithUserPolicies::new(url)?;
    let middleware = Middleware::new(url)?;
    let smithy = Smithy::new(url)?;
    let hyper = Hyper::new(url)?;
    let mut all: Vec<(&'static str, Measured)> =
        [Bare::NAME, Core::NAME, CoreWithUserPolicies::NAME, Middleware::NAME, Smithy::NAME, Hyper::NAME]
            .map(|name| (name, Measured::default()))
            .into();
    for round in 0..=ROUNDS {
        // Begun by another each time, so that none always runs on the heels of the same.
        for turn in 0..all.len() {
            let which = (round + turn) % all.len();
            let result = match which {
                0 => block(&bare).await?,
                1 => block(&core).await?,
                2 => block(&policies).await?,
                3 => block(&middleware).await?,
                4 => block(&smithy).await?,
                _ => block(&hyper).await?,
            };
            // The first round opens connections and fills caches.
            if round > 0 {
                all[which].1.micros.push(result.0);
                all[which].1.allocations.push(result.1);
            }
        }
    }
    Ok(all)
}

/// Microseconds and allocations of one call, over a block of them.
async fn block<C: Contender>(client: &C) -> Result<(f64, f64), BoxError> {
    let region = Region::new(ALLOCATOR);
    let start = Instant::now();
    for _ in 0..CALLS {
        std::hint::black_box(client.call().await?);
    }
    let took = start.elapsed();
    let change = region.change();
    let allocations = (change.allocations + change.reallocations) as f64 / f64::from(CALLS);
    Ok((micros(took, CALLS), allocations))
}

fn print(mut measured: Vec<(&'static str, Measured)>) {
    let bare = measured[0].1.micros.clone();
    let bare_allocations = median(&mut measured[0].1.allocations.clone());
    println!("one GET on loopback, {ROUNDS} rounds of {CALLS} calls each in turns, medians");
    println!("{:36} {:>9} {:>9} {:>7} {:>8} {:>8}", "client", "us/call", "more us", "ratio", "allocs", "more");
    for (name, of) in &mut measured {
        // Differences within a round: what slows the machine down slows both of a pair.
        let mut more: Vec<f64> = of.micros.iter().zip(&bare).map(|(this, bare)| this - bare).collect();
        let mut ratio: Vec<f64> = of.micros.iter().zip(&bare).map(|(this, bare)| this / bare).collect();
        let allocations = median(&mut of.allocations);
        println!(
            "{name:36} {:9.2} {:9.2} {:7.3} {allocations:8.1} {:8.1}",
            median(&mut of.micros),
            median(&mut more),
            median(&mut ratio),
            allocations - bare_allocations,
        );
    }
}
