//! Everything that is traced while a test runs.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, set_default};
use tracing::{Event, Metadata, Subscriber};

/// Captures every span and event of this thread, of every target and level, until it is dropped. A test searches them for
/// planted secrets, or asks what a call looks like to a tracing back end.
///
/// ```
/// use acd_core::testing::{Capture, Harness, answer};
///
/// let harness = Harness::new([answer(503), answer(200)]);
/// let client = harness.client().build()?;
/// let capture = Capture::start();
/// harness.run(client.call(&Harness::GET).query("code", "planted").send())?;
/// assert_eq!(capture.spans("attempt").len(), 2);
/// assert_eq!(capture.spans("attempt")[0].field("http.response.status_code"), Some("503"));
/// capture.assert_free_of(&["planted"]);
/// # Ok::<(), acd_core::Error>(())
/// ```
#[must_use = "it captures until it is dropped"]
pub struct Capture {
    log: Arc<Mutex<Log>>,
    _guard: DefaultGuard,
}

#[derive(Default)]
struct Log {
    spans: Vec<Captured>,
    /// How many handles each span has; it is closed when none is left.
    handles: Vec<usize>,
    events: Vec<Captured>,
}

/// A span or an event, with its values as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    name: &'static str,
    target: String,
    fields: BTreeMap<&'static str, String>,
}

impl Captured {
    fn new(metadata: &Metadata<'static>) -> Self {
        Self { name: metadata.name(), target: metadata.target().to_owned(), fields: BTreeMap::new() }
    }

    /// The name of a span.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The target, such as `acd_core::wire`.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The value of a field, if it was ever recorded. An event's text is its field `message`.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

impl fmt::Display for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.target, self.name)?;
        self.fields.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

impl Capture {
    /// Captures from now on.
    pub fn start() -> Self {
        let log = Arc::default();
        let guard = set_default(Collector(Arc::clone(&log)));
        Self { log, _guard: guard }
    }

    /// The spans of this name, in the order in which they were opened.
    pub fn spans(&self, name: &str) -> Vec<Captured> {
        lock(&self.log).spans.iter().filter(|span| span.name == name).cloned().collect()
    }

    /// The events of this target, in order.
    pub fn events(&self, target: &str) -> Vec<Captured> {
        lock(&self.log).events.iter().filter(|event| event.target == target).cloned().collect()
    }

    /// How many spans are still open. After a call has ended or was dropped, its own must not be among them.
    pub fn open_spans(&self) -> usize {
        lock(&self.log).handles.iter().filter(|handles| **handles > 0).count()
    }

    /// Everything as text, one line a span or event.
    pub fn text(&self) -> String {
        let log = lock(&self.log);
        let mut text = String::new();
        for captured in log.spans.iter().chain(&log.events) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{captured}");
        }
        text
    }

    /// Searches everything for planted secrets.
    ///
    /// # Panics
    /// When one is found, and when nothing was captured at all, as an empty log proves nothing.
    #[track_caller]
    pub fn assert_free_of(&self, secrets: &[&str]) {
        let text = self.text();
        assert!(!text.is_empty(), "nothing was captured: start before the call, on the thread that makes it");
        for secret in secrets {
            if let Some(line) = text.lines().find(|line| line.contains(secret)) {
                panic!("`{secret}` was traced: {line}");
            }
        }
    }
}

impl fmt::Debug for Capture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let log = lock(&self.log);
        f.debug_struct("Capture").field("spans", &log.spans.len()).field("events", &log.events.len()).finish()
    }
}

fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Collector(Arc<Mutex<Log>>);

impl Collector {
    /// The place of a span; ids count from 1, as an id may not be 0.
    fn place(id: &Id) -> usize {
        usize::try_from(id.into_u64()).unwrap_or(usize::MAX) - 1
    }
}

impl Subscriber for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut span = Captured::new(attributes.metadata());
        attributes.record(&mut Values(&mut span.fields));
        let mut log = lock(&self.0);
        log.spans.push(span);
        log.handles.push(1);
        Id::from_u64(log.spans.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        if let Some(span) = lock(&self.0).spans.get_mut(Self::place(id)) {
            values.record(&mut Values(&mut span.fields));
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut captured = Captured::new(event.metadata());
        event.record(&mut Values(&mut captured.fields));
        lock(&self.0).events.push(captured);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(handles) = lock(&self.0).handles.get_mut(Self::place(id)) {
            *handles += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        lock(&self.0).handles.get_mut(Self::place(&id)).is_some_and(|handles| {
            *handles = handles.saturating_sub(1);
            *handles == 0
        })
    }
}

struct Values<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Values<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing::{info, info_span};

    use super::*;

    #[test]
    fn spans_and_events_are_kept_with_their_values() {
        let capture = Capture::start();
        let span = info_span!("outer", n = 1, later = tracing::field::Empty);
        span.record("later", "x");
        info!(target: "some::place", size = 2, "hello");
        assert_eq!(capture.spans("outer")[0].field("later"), Some("x"));
        assert_eq!(capture.spans("outer")[0].field("n"), Some("1"));
        assert_eq!(capture.events("some::place")[0].field("message"), Some("hello"));
        assert_eq!(capture.open_spans(), 1);
        drop(span);
        assert_eq!(capture.open_spans(), 0);
        capture.assert_free_of(&["planted"]);
    }

    #[test]
    #[should_panic(expected = "`planted` was traced")]
    fn a_secret_in_a_value_is_found() {
        let capture = Capture::start();
        info!(key = "a planted one", "hello");
        capture.assert_free_of(&["planted"]);
    }

    #[test]
    #[should_panic(expected = "nothing was captured")]
    fn an_empty_log_proves_nothing() {
        Capture::start().assert_free_of(&["planted"]);
    }
}
