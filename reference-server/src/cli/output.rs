//! What a command prints. A reader that stops reading, as `head` does, ends the command quietly.

use std::fmt::Arguments;
use std::io::Write;

/// Prints a line to standard output.
///
/// # Errors
/// When nobody reads it any more, or it cannot be written.
pub(super) fn line(text: Arguments<'_>) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")
}

/// Whether a command failed only because its reader has gone.
pub(super) fn reader_gone(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Like `println!`, in a function that can fail.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::cli::output::line(format_args!($($text)*))?
    };
}
pub(super) use say;
