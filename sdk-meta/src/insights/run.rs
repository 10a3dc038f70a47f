//! A report as a job.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{ApiError, Error, ErrorClass, ErrorKind};
use crate::macros::open_enum;
use crate::{AdAccountId, ReportRunId};

/// The longest pause between two looks at a run.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Pauses between looks: from 2 s on, doubled up to the longest.
pub(super) fn waits() -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(Duration::from_secs(2)), |pause| Some((*pause * 2).min(LONGEST_PAUSE)))
}

open_enum! {
    /// Where a run stands.
    AsyncStatus {
        NotStarted = "Job Not Started",
        Started = "Job Started",
        Running = "Job Running",
        Completed = "Job Completed",
        Failed = "Job Failed",
        /// It expired.
        Skipped = "Job Skipped",
    }
}

/// A run of a report ([page](https://developers.facebook.com/docs/marketing-api/reference/ad-report-run), read 2026-11).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ReportRun {
    /// Its id.
    pub id: ReportRunId,
    /// The ad account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AdAccountId>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub async_status: Option<AsyncStatus>,
    /// How much is done, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub async_percent_completion: Option<u8>,
    /// Why it failed: the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_code: Option<i64>,
    /// The subcode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_subcode: Option<i64>,
    /// The cause, for developers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    /// A heading for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_user_title: Option<String>,
    /// The cause, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_user_msg: Option<String>,
}

impl ReportRun {
    /// Whether the rows can be read: it is complete **and** at 100 %.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.async_status == Some(AsyncStatus::Completed) && self.async_percent_completion == Some(100)
    }

    /// Why it failed, as far as Meta says, which it does from v25 on.
    #[must_use]
    pub fn error(&self) -> Option<ApiError> {
        let message = self.error_message.clone().unwrap_or_default();
        let error = ApiError::new(self.error_code?, self.error_subcode, message);
        Some(error.for_person(self.error_user_title.clone(), self.error_user_msg.clone()))
    }

    pub(super) fn failure(&self) -> Error {
        let Some(api) = self.error() else {
            return Error::new(ErrorKind::Rejected, "the report's run failed, and Meta does not say why");
        };
        let passes = api.class() == ErrorClass::Transient;
        Error::new(ErrorKind::Rejected, format!("the report's run failed: {api}"))
            .with_code(api.full_code())
            .with_retryable(passes)
            .with_source(api)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn states_of_tomorrow_survive() {
        crate::macros::check_enum::<super::AsyncStatus>();
    }
}
