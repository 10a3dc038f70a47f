//! What goes wrong on demand.

use acd_core::Runtime;
use serde::{Deserialize, Serialize};

use super::error::{GraphError, refusal};

/// Something that goes wrong with calls of a [`MetaSimulator`](super::MetaSimulator). As JSON it is
/// `{"method":"POST","path":"/campaigns","times":1,"effect":{"kind":"cut_after"}}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaFault {
    /// Calls with this HTTP method alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    /// Calls whose path holds this text alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// The share of those calls, from 0 to 1.
    #[serde(default = "always")]
    rate: f64,
    /// How often at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    effect: MetaEffect,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum MetaEffect {
    /// The answer waits this long.
    Latency {
        /// In milliseconds.
        milliseconds: u64,
    },
    /// An error in the place of the effect.
    Error {
        /// Meta's code.
        code: i64,
        /// Meta's subcode.
        #[serde(default)]
        subcode: Option<i64>,
        /// The HTTP status; 500 for the codes 1 and 2, else 400, unless given.
        #[serde(default)]
        status: Option<u16>,
        /// The member `is_transient`.
        #[serde(default)]
        is_transient: bool,
    },
    /// The ad account's limit is said to be reached. Nothing is done.
    Throttle,
    /// The connection ends when so many bytes of the request's body have come; calls with less of it go on. An upload
    /// from an offset keeps what it has by then; of any other call nothing is done.
    CutWithin {
        /// In bytes.
        bytes: u64,
    },
    /// The connection ends before anything is done.
    CutBefore,
    /// Everything is done, and the connection ends without an answer.
    CutAfter,
    /// Everything is done, and the answer never comes: the connection stays open until the caller gives up.
    Silence,
    /// Everything is done, and a success is answered whose body is this text.
    Garbage {
        /// The body, such as `Service Unavailable`.
        body: String,
    },
}

const fn always() -> f64 {
    1.0
}

impl MetaFault {
    /// This effect for every call, until it is narrowed down.
    pub const fn new(effect: MetaEffect) -> Self {
        Self { method: None, path: None, rate: 1.0, times: None, effect }
    }

    /// For calls with this HTTP method alone.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// For calls whose path holds this text alone.
    #[must_use]
    pub fn path(mut self, part: &str) -> Self {
        self.path = Some(part.to_owned());
        self
    }

    /// For this share of the calls, from 0 for none to 1 for all.
    #[must_use]
    pub const fn rate(mut self, share: f64) -> Self {
        self.rate = share;
        self
    }

    /// At most so often.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        self.times != Some(0)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|part| path.contains(part))
    }
}

/// When an effect shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Before the call is read. It goes with another effect.
    Arrival,
    /// While the body comes, of which this length was announced.
    Body(Option<u64>),
    /// In the place of the answer.
    Answer,
}

/// The first fault that a call meets at this stage, counted off.
pub(super) fn draw(
    faults: &mut [MetaFault],
    method: &str,
    path: &str,
    runtime: &Runtime,
    stage: Stage,
) -> Option<MetaEffect> {
    faults.iter_mut().find_map(|fault| {
        if !fault.effect.shows(stage) || !fault.fits(method, path) {
            return None;
        }
        // Without randomness a share cannot be drawn, and what is asked for happens rather than not.
        if fault.rate < 1.0 && runtime.random_unit().is_ok_and(|unit| unit >= fault.rate) {
            return None;
        }
        fault.times = fault.times.map(|times| times - 1);
        Some(fault.effect.clone())
    })
}

impl MetaEffect {
    /// Its name in JSON.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Latency { .. } => "latency",
            Self::Error { .. } => "error",
            Self::Throttle => "throttle",
            Self::CutWithin { .. } => "cut_within",
            Self::CutBefore => "cut_before",
            Self::CutAfter => "cut_after",
            Self::Silence => "silence",
            Self::Garbage { .. } => "garbage",
        }
    }

    fn shows(&self, stage: Stage) -> bool {
        match (self, stage) {
            (Self::Latency { .. }, stage) => stage == Stage::Arrival,
            (Self::CutWithin { bytes }, Stage::Body(length)) => length.is_none_or(|length| length > *bytes),
            (Self::CutWithin { .. }, _) => false,
            (_, stage) => stage == Stage::Answer,
        }
    }

    /// After how many bytes of the body the connection ends.
    pub(super) const fn cut_at(&self) -> Option<u64> {
        match self {
            Self::CutWithin { bytes } => Some(*bytes),
            _ => None,
        }
    }

    /// The error that it puts in the place of the effect.
    pub(super) fn error(&self) -> Option<GraphError> {
        match self {
            Self::Error { code, subcode, status, is_transient } => {
                let message = match code {
                    1 | 2 => "An unexpected error has occurred. Please retry your request later.".to_owned(),
                    code => format!("(#{code}) Simulated error"),
                };
                let error = GraphError::new(*code, message).subcode(*subcode).transient(*is_transient);
                Some(status.map_or(error.clone(), |status| error.status(status)))
            }
            Self::Throttle => Some(GraphError::refused(&refusal::ACCOUNT_THROTTLED, "User request limit reached.")),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_what_it_is_meant_for_as_often_as_asked() {
        let text = r#"{"method":"POST","path":"/campaigns","times":1,"effect":{"kind":"cut_after"}}"#;
        let mut faults: Vec<MetaFault> = vec![serde_json::from_str(text).unwrap()];
        let mut draw = |method, path| draw(&mut faults, method, path, &Runtime::system(), Stage::Answer);
        assert_eq!(draw("GET", "v26.0/act_1/campaigns"), None);
        assert_eq!(draw("POST", "v26.0/act_1/adsets"), None);
        assert_eq!(draw("POST", "v26.0/act_1/campaigns"), Some(MetaEffect::CutAfter));
        assert_eq!(draw("POST", "v26.0/act_1/campaigns"), None);
    }

    #[test]
    fn a_cut_within_a_body_waits_for_one_that_is_long_enough() {
        let mut faults = vec![MetaFault::new(MetaEffect::CutWithin { bytes: 10 }).times(1)];
        let mut draw = |stage| draw(&mut faults, "POST", "x", &Runtime::system(), stage);
        assert_eq!(draw(Stage::Arrival).or(draw(Stage::Body(Some(10)))).or(draw(Stage::Answer)), None);
        assert_eq!(draw(Stage::Body(Some(11))), Some(MetaEffect::CutWithin { bytes: 10 }));
        assert_eq!(draw(Stage::Body(None)), None, "once");
    }

    #[test]
    fn errors_carry_what_was_asked_for() {
        let effect = MetaEffect::Error { code: 2, subcode: Some(1_504_044), status: Some(503), is_transient: true };
        let error = effect.error().unwrap();
        assert_eq!((error.code, error.subcode, error.status), (2, Some(1_504_044), 503));
        assert_eq!(MetaEffect::CutBefore.error(), None);
    }
}
