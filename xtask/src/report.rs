//! What became of each part, told as it happens and summed up at the end.

use std::time::Duration;

/// How a part ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything it checks holds.
    Passed,
    /// Something does not hold, or could not be tried though it should have been.
    Failed(String),
    /// There was nothing to try, and why.
    Skipped(String),
}

/// The parts that ran, in order.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<(&'static str, Outcome, Duration)>,
}

impl Report {
    /// Records how a part ended and says so at once.
    pub(crate) fn add(&mut self, part: &'static str, outcome: Outcome, took: Duration) {
        println!("{}\n", line(part, &outcome, took));
        self.lines.push((part, outcome, took));
    }

    /// Whether nothing failed.
    pub(crate) fn is_success(&self) -> bool {
        self.count(|outcome| matches!(outcome, Outcome::Failed(_))) == 0
    }

    /// One line a part, then `N passed, N failed, N skipped` alone on the last.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::from("==> summary\n");
        for (part, outcome, took) in &self.lines {
            let line = line(part, outcome, *took);
            // The rest, often the end of a log, was shown when it happened.
            text.push_str(line.lines().next().unwrap_or_default());
            text.push('\n');
        }
        let passed = self.count(|outcome| matches!(outcome, Outcome::Passed));
        let failed = self.count(|outcome| matches!(outcome, Outcome::Failed(_)));
        let skipped = self.count(|outcome| matches!(outcome, Outcome::Skipped(_)));
        text.push_str(&format!("{passed} passed, {failed} failed, {skipped} skipped"));
        text
    }

    fn count(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.lines.iter().filter(|(_, outcome, _)| is(outcome)).count()
    }
}

fn line(part: &str, outcome: &Outcome, took: Duration) -> String {
    let seconds = took.as_secs_f64();
    match outcome {
        Outcome::Passed => format!("{part:<14} passed  {seconds:>7.1} s"),
        Outcome::Failed(why) => format!("{part:<14} FAILED  {seconds:>7.1} s  {why}"),
        Outcome::Skipped(why) => format!("{part:<14} skipped            {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_ends_with_the_counts_alone() {
        let mut report = Report::default();
        report.add("fmt", Outcome::Passed, Duration::from_secs(1));
        report.add("deny", Outcome::Skipped("only with --full".to_owned()), Duration::ZERO);
        assert!(report.is_success());
        report.add("rust", Outcome::Failed("`cargo test` failed\n--- log".to_owned()), Duration::from_secs(2));
        assert!(!report.is_success());
        let summary = report.summary();
        assert_eq!(summary.lines().last(), Some("1 passed, 1 failed, 1 skipped"));
        assert!(summary.contains("only with --full") && summary.contains("`cargo test` failed"));
        assert!(!summary.contains("--- log"));
    }
}
