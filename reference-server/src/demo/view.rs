//! What the one who watches sees: a line a step while it runs, a table at the end.

use std::time::{Duration, Instant};

use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};

/// The facts measured, in order, and how many steps failed.
#[derive(Default)]
pub(super) struct View {
    facts: Vec<(String, String, bool)>,
}

/// A step under way.
pub(super) struct Step {
    bar: ProgressBar,
    started: Instant,
}

impl View {
    /// Announces a step.
    pub(super) fn step(&self, what: &str) -> Step {
        let bar = ProgressBar::new_spinner().with_message(what.to_owned());
        bar.set_style(
            ProgressStyle::with_template("  {spinner} {msg} {wide_bar} {pos}/{len}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        bar.enable_steady_tick(Duration::from_millis(100));
        Step { bar, started: Instant::now() }
    }

    /// Notes a fact and whether it is as it should be.
    pub(super) fn fact(&mut self, what: &str, measured: impl Into<String>, good: bool) {
        self.facts.push((what.to_owned(), measured.into(), good));
    }

    /// Prints the facts, and says whether all are as they should be.
    pub(super) fn close(&self) -> bool {
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(["what happened", "measured", ""]);
        for (what, measured, good) in &self.facts {
            table.add_row([what.as_str(), measured.as_str(), if *good { "ok" } else { "WRONG" }]);
        }
        println!("{table}");
        self.facts.iter().all(|(.., good)| *good)
    }
}

impl Step {
    /// Shows how far it is.
    pub(super) fn progress(&self, done: u64, of: u64) {
        self.bar.set_length(of);
        self.bar.set_position(done);
    }

    /// Ends it with a line of what came out.
    pub(super) fn done(self, outcome: &str) -> Duration {
        let took = self.started.elapsed();
        self.bar.finish_and_clear();
        println!("  ✓ {outcome} ({:.1} s)", took.as_secs_f64());
        took
    }
}
