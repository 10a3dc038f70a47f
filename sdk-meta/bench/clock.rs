//! Time: the processor's, and one that passes faster.

use std::time::{Duration, SystemTime};

use acd_core::Runtime;
use acd_core::runtime::{BoxFuture, Clock, Instant, Sleep};

/// What this process has used of the processor, in user and in kernel mode.
pub(crate) fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// The machine's clock, so many times as fast.
#[derive(Clone)]
struct Fast {
    machine: Runtime,
    start: SystemTime,
    speed: u32,
}

impl Clock for Fast {
    fn now(&self) -> Instant {
        let origin = Instant::from_origin(Duration::ZERO);
        Instant::from_origin(self.machine.now().since(origin).saturating_mul(self.speed))
    }

    fn wall(&self) -> SystemTime {
        let passed = self.machine.wall().duration_since(self.start).unwrap_or_default();
        self.start + passed.saturating_mul(self.speed)
    }
}

impl Sleep for Fast {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.machine.sleep(duration / self.speed)
    }
}

/// A runtime in which minutes are over in seconds, for limits and for whoever waits for them.
pub(crate) fn fast(speed: u32) -> Runtime {
    let machine = Runtime::system();
    let fast = Fast { start: machine.wall(), machine, speed };
    Runtime::system().with_clock(fast.clone()).with_sleep(fast)
}
