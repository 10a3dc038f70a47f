//! How long a pretended network takes.

use std::time::Duration;

/// A time that each request takes on top of the real one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency(Shape);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Fixed(Duration),
    Uniform { shortest: Duration, longest: Duration },
    Exponential { mean: Duration, longest: Duration },
}

impl Latency {
    /// Always the same.
    pub const fn fixed(time: Duration) -> Self {
        Self(Shape::Fixed(time))
    }

    /// Every time from `shortest` to `longest` alike.
    pub const fn uniform(shortest: Duration, longest: Duration) -> Self {
        Self(Shape::Uniform { shortest, longest })
    }

    /// Mostly short and sometimes long, as of a queue: half of the times are below 0.7 of the mean, one in a hundred is
    /// above 4.6 times the mean. None is above `longest`.
    pub const fn exponential(mean: Duration, longest: Duration) -> Self {
        Self(Shape::Exponential { mean, longest })
    }

    /// The time that a random number in `0.0..1.0` stands for.
    pub(super) fn sample(self, unit: f64) -> Duration {
        match self.0 {
            Shape::Fixed(time) => time,
            Shape::Uniform { shortest, longest } => shortest + longest.saturating_sub(shortest).mul_f64(unit),
            // The inverse of the distribution function; `unit` stays below 1, so that the logarithm is finite.
            Shape::Exponential { mean, longest } => mean.mul_f64(-(1.0 - unit).ln()).min(longest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn each_shape_keeps_its_bounds() {
        assert_eq!(Latency::fixed(MS(5)).sample(0.9), MS(5));
        let uniform = Latency::uniform(MS(10), MS(20));
        assert_eq!((uniform.sample(0.0), uniform.sample(0.5)), (MS(10), MS(15)));
        let exponential = Latency::exponential(MS(100), MS(400));
        assert_eq!((exponential.sample(0.0), exponential.sample(0.999)), (MS(0), MS(400)));
        assert_eq!(exponential.sample(0.5).as_millis(), 69);
    }
}
