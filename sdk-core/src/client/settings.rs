//! What holds for every call of a client unless the call says otherwise.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;

use crate::auth::SharedAuth;
use crate::classify::SharedClassify;
use crate::hedge::Hedge;
use crate::operation::TimeoutClass;
use crate::redact::AllowList;
use crate::response::DEFAULT_LIMIT;
use crate::retry::RetryConfig;
use crate::signing::SharedSigner;
use crate::telemetry::SharedMetrics;

pub(crate) struct Settings {
    pub(crate) timeouts: TimeoutTable,
    pub(crate) retry: RetryConfig,
    pub(crate) auth: Option<SharedAuth>,
    pub(crate) signer: Option<SharedSigner>,
    pub(crate) metrics: Option<SharedMetrics>,
    pub(crate) classifier: Option<SharedClassify>,
    pub(crate) headers: HeaderMap,
    pub(crate) hedge: Option<Hedge>,
    pub(crate) caller: Arc<str>,
    pub(crate) max_response_bytes: usize,
    pub(crate) allow_list: AllowList,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeouts: TimeoutTable::default(),
            retry: RetryConfig::default(),
            auth: None,
            signer: None,
            metrics: None,
            classifier: None,
            headers: HeaderMap::new(),
            hedge: None,
            caller: "".into(),
            max_response_bytes: DEFAULT_LIMIT,
            allow_list: AllowList::default(),
        }
    }
}

/// The two timeouts of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// The limit of one attempt, from sending to the last byte of the answer; for a streamed answer to its first byte,
    /// and from then on the longest silence.
    pub attempt: Duration,
    /// The limit of the whole call with its retries and waits; `None` for no limit.
    pub overall: Option<Duration>,
}

/// Both timeouts for each class.
#[derive(Clone, Debug)]
pub(crate) struct TimeoutTable {
    quick: Timeouts,
    standard: Timeouts,
    long: Timeouts,
    transfer: Timeouts,
}

impl TimeoutTable {
    pub(crate) const fn of(&self, class: TimeoutClass) -> Timeouts {
        match class {
            TimeoutClass::Quick => self.quick,
            TimeoutClass::Standard => self.standard,
            TimeoutClass::Long => self.long,
            TimeoutClass::Transfer => self.transfer,
        }
    }

    pub(crate) const fn set(&mut self, class: TimeoutClass, timeouts: Timeouts) {
        match class {
            TimeoutClass::Quick => self.quick = timeouts,
            TimeoutClass::Standard => self.standard = timeouts,
            TimeoutClass::Long => self.long = timeouts,
            TimeoutClass::Transfer => self.transfer = timeouts,
        }
    }
}

impl Default for TimeoutTable {
    fn default() -> Self {
        let seconds = |attempt, overall: Option<u64>| Timeouts {
            attempt: Duration::from_secs(attempt),
            overall: overall.map(Duration::from_secs),
        };
        Self {
            quick: seconds(5, Some(15)),
            standard: seconds(20, Some(60)),
            long: seconds(120, Some(300)),
            transfer: seconds(600, None),
        }
    }
}
