//! Whatever goes wrong on the way, the tree that comes out is the one that was meant.

use acd_core::Runtime;
use acd_core::testing::SeededRandom;
use acd_testing::{MetaEffect, MetaFault};

use super::client::Story;
use super::tree;

const SCHEDULES: u64 = 200;
const THREADS: u64 = 4;

/// Numbers that follow from a seed.
struct Draw(Runtime);

impl Draw {
    fn of(seed: u64) -> Self {
        Self(Runtime::system().with_random(SeededRandom::new(seed.wrapping_mul(0x5851_F42D_4C95_7F2D))))
    }

    fn unit(&self) -> f64 {
        self.0.random_unit().unwrap()
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and not negative")]
    fn below(&self, bound: u32) -> u32 {
        (self.unit() * f64::from(bound)) as u32
    }

    fn one<T: Copy>(&self, of: &[T]) -> T {
        of[self.below(of.len() as u32) as usize]
    }
}

/// Two to nine faults: any effect, anywhere, as often as five times.
fn schedule(seed: u64) -> Vec<MetaFault> {
    let draw = Draw::of(seed);
    let fault = |_| {
        let effect = match draw.below(8) {
            0 => MetaEffect::Latency { milliseconds: u64::from(draw.below(5_000)) },
            1 => {
                let (code, subcode) = draw.one(&[(1, None), (2, None), (2, Some(1_504_044)), (-1, None)]);
                MetaEffect::Error {
                    code,
                    subcode,
                    status: Some(draw.one(&[500, 502, 503])),
                    is_transient: draw.unit() < 0.5,
                }
            }
            2 => MetaEffect::Throttle,
            3 => MetaEffect::CutBefore,
            4 | 5 => MetaEffect::CutAfter,
            _ => {
                let body = draw.one(&["Service Unavailable", "", "<html></html>", r#"{"id":"12"#, "{}", "null"]);
                MetaEffect::Garbage { body: body.to_owned() }
            }
        };
        let fault = MetaFault::new(effect).rate(0.1 + 0.9 * draw.unit()).times(1 + draw.below(5));
        let fault = match draw.below(3) {
            0 => fault,
            1 => fault.method("POST"),
            _ => fault.method("GET"),
        };
        match draw.one(&["", "/campaigns", "/adsets", "/adcreatives", "/ads", "/adlabels", "bylabels"]) {
            "" => fault,
            edge => fault.path(edge),
        }
    };
    (0..2 + draw.below(8)).map(fault).collect()
}

async fn run(seed: u64) -> Result<(usize, String), String> {
    let story = Story::start(seed).await;
    let faults = schedule(seed);
    for fault in &faults {
        story.simulator.inject(fault.clone());
    }
    let outcome = story.run(tree::make(&story)).await;
    let traffic = story.simulator.traffic();
    let log: String =
        traffic.iter().map(|call| format!("{} {} {} {:?}\n", call.at, call.method, call.path, call.fault)).collect();
    let told = |what: String| format!("seed {seed}: {what}\nfaults: {faults:#?}\n{log}");
    outcome.map_err(|error| told(format!("{error:?}")))?;
    let found = tree::found(&story);
    if found != tree::intended() {
        return Err(told(format!("found {found:#}")));
    }
    Ok((traffic.iter().filter(|call| call.fault.is_some()).count(), log))
}

/// The outcomes of every [`THREADS`]th seed from this one on.
fn share(first: u64) -> Vec<Result<(usize, String), String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    (first..SCHEDULES).step_by(THREADS as usize).map(|seed| runtime.block_on(run(seed))).collect()
}

#[test]
fn every_schedule_of_faults_ends_in_the_intended_tree() {
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|first| scope.spawn(move || share(first))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let shortest = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).min_by_key(|problem| problem.len());
    let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    assert!(shortest.is_none(), "{failed} schedules failed; the shortest:\n{}", shortest.unwrap());
    let met: usize = outcomes.iter().flatten().map(|(met, _)| met).sum();
    assert!(outcomes.len() == SCHEDULES as usize && met > 4 * outcomes.len(), "only {met} calls met a fault");
}

#[tokio::test]
async fn a_seed_tells_the_same_story_again() {
    for seed in [3, 77] {
        assert_eq!(run(seed).await, run(seed).await);
    }
}
