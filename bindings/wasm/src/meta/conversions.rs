//! Events of the Conversions API.

use std::borrow::Cow;

use acd_core::{Error, ErrorKind, ErrorView};
use acd_meta::MetaClient;
use acd_meta::conversions::{BatchOutcome, EventDocument, EventProblem, InvalidEvent, SendEvents, SendReport};
use serde::Serialize;

use super::users::Dropped;
use crate::parameters::{self, Parameters, flag, number, text};

/// What became of the events, as JavaScript gets it.
#[derive(Serialize)]
struct Report<'r> {
    batches: Vec<Batch<'r>>,
    invalid: Vec<Invalid<'r>>,
    dropped: Vec<Dropped>,
}

#[derive(Serialize)]
struct Batch<'r> {
    events: &'r [usize],
    /// None for a request that failed or was not tried.
    received: Option<u64>,
    messages: &'r [String],
    fbtrace_id: Option<&'r str>,
    error: Option<ErrorView>,
}

#[derive(Serialize)]
struct Invalid<'r> {
    index: usize,
    event_id: Option<&'r str>,
    problems: Vec<Problem<'r>>,
}

#[derive(Serialize)]
struct Problem<'r> {
    field: &'r str,
    reason: &'r str,
}

impl<'r> Report<'r> {
    fn of(report: &'r SendReport, events: &[EventDocument]) -> Self {
        let batches = report.batches.iter().map(|batch| {
            let (answer, error) = match &batch.outcome {
                BatchOutcome::Received(answer) => (Some(answer), None),
                BatchOutcome::Failed(error) => (None, Some(error.view())),
                _ => (None, None),
            };
            Batch {
                events: &batch.events,
                received: answer.map(|answer| answer.events_received),
                messages: answer.map(|answer| answer.messages.as_slice()).unwrap_or_default(),
                fbtrace_id: answer.and_then(|answer| answer.fbtrace_id.as_deref()),
                error,
            }
        });
        let dropped = events.iter().enumerate().flat_map(|(index, event)| {
            event.user_data().dropped().iter().map(move |problem| Dropped::of(index, problem))
        });
        Self {
            batches: batches.collect(),
            invalid: report.invalid.iter().map(Invalid::of).collect(),
            dropped: dropped.collect(),
        }
    }
}

impl<'r> Invalid<'r> {
    fn of(event: &'r InvalidEvent) -> Self {
        let problem = |problem: &'r EventProblem| Problem { field: problem.field(), reason: problem.reason() };
        Self {
            index: event.index,
            event_id: event.event_id.as_deref(),
            problems: event.problems.iter().map(problem).collect(),
        }
    }
}

/// What is asked of a sending besides what is asked of any call.
#[derive(Default)]
pub(super) struct SendOptions<'j> {
    test_event_code: Option<Cow<'j, str>>,
    partner_agent: Option<Cow<'j, str>>,
    most_events: Option<usize>,
    most_bytes: Option<usize>,
    all_or_nothing: bool,
    allow_clear_personal_data: bool,
    check_only: bool,
}

impl<'j> SendOptions<'j> {
    /// Named as the methods of [`SendEvents`]; with `checkOnly` nothing is sent.
    pub(super) fn read(json: Option<&'j str>) -> Result<Self, Error> {
        let mut read = Self::default();
        parameters::each(json, |name, value| match name {
            "testEventCode" => text(value).map(|code| read.test_event_code = Some(code)),
            "partnerAgent" => text(value).map(|agent| read.partner_agent = Some(agent)),
            "mostEvents" => number(value).map(|events| read.most_events = Some(events)),
            "mostBytes" => number(value).map(|bytes| read.most_bytes = Some(bytes)),
            "allOrNothing" => flag(value).map(|all| read.all_or_nothing = all),
            "allowClearPersonalData" => flag(value).map(|allow| read.allow_clear_personal_data = allow),
            "checkOnly" => flag(value).map(|check| read.check_only = check),
            _ => Err("is not known"),
        })
        .map_err(|problem| Error::new(ErrorKind::Request, problem))?;
        Ok(read)
    }

    /// Sends a JSON array of events; the report is JSON.
    pub(super) async fn send(
        self,
        meta: &MetaClient,
        dataset: String,
        events: &[u8],
        parameters: &Parameters<'_>,
    ) -> Result<String, Error> {
        let events = EventDocument::read_all(events)?;
        let conversions = meta.conversions();
        let check_only = self.check_only;
        let send = self.apply(conversions.send(&dataset.into(), &events));
        let mut report = SendReport::default();
        if check_only {
            report.invalid = send.check();
        } else {
            report = send.http(|call| parameters.options(call)).await?;
        }
        serde_json::to_string(&Report::of(&report, &events))
            .map_err(|cause| Error::new(ErrorKind::Decode, "the report cannot be written").with_source(cause))
    }

    fn apply<'c, 'e>(self, mut send: SendEvents<'c, 'e, EventDocument>) -> SendEvents<'c, 'e, EventDocument> {
        if let Some(code) = self.test_event_code {
            send = send.test_event_code(code);
        }
        if let Some(agent) = self.partner_agent {
            send = send.partner_agent(agent);
        }
        if let Some(events) = self.most_events {
            send = send.most_events(events);
        }
        if let Some(bytes) = self.most_bytes {
            send = send.most_bytes(bytes);
        }
        if self.all_or_nothing {
            send = send.all_or_nothing();
        }
        if self.allow_clear_personal_data { send.allow_clear_personal_data() } else { send }
    }
}
