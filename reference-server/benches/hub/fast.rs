//! A runtime on which time runs faster.

use std::time::{Duration, Instant as Wall, SystemTime};

use acd_core::Runtime;
use acd_core::runtime::{BoxFuture, Clock, Instant, Sleep};

#[derive(Clone)]
struct Fast {
    began: Wall,
    wall: SystemTime,
    pace: u32,
}

/// A runtime on which so many seconds pass in one.
pub(crate) fn runtime(pace: u32) -> Runtime {
    let fast = Fast { began: Wall::now(), wall: SystemTime::now(), pace };
    Runtime::system().with_clock(fast.clone()).with_sleep(fast)
}

impl Fast {
    fn elapsed(&self) -> Duration {
        self.began.elapsed() * self.pace
    }
}

impl Clock for Fast {
    fn now(&self) -> Instant {
        Instant::from_origin(self.elapsed())
    }

    fn wall(&self) -> SystemTime {
        self.wall + self.elapsed()
    }
}

impl Sleep for Fast {
    #[expect(clippy::disallowed_methods, reason = "a measurement takes real time")]
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration / self.pace))
    }
}
