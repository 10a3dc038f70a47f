//! A call of a function of the database with its arguments written out, for transactions that are one round trip.
//!
//! What goes over the wire as one text is one transaction to PostgreSQL, and to a pooler in front of it. Values cannot be bound in
//! such a text, so they are quoted here. Texts of people stay out of it all the same: statements are logged, bound values are not.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use uuid::Uuid;

/// A function and its arguments, in their order.
#[derive(Clone, Debug)]
pub struct Call {
    function: &'static str,
    arguments: String,
}

impl Call {
    /// A call of this function, without arguments so far.
    pub fn of(function: &'static str) -> Self {
        Self { function, arguments: String::new() }
    }

    /// A name that the service gives itself, as a kind or a worker; none is `null`.
    #[must_use]
    pub fn name(self, value: Option<&str>) -> Self {
        self.with(|sql| match value {
            Some(value) => quote(sql, value),
            None => sql.push_str("NULL"),
        })
    }

    /// An array of names.
    #[must_use]
    pub fn names(self, values: &[String]) -> Self {
        self.with(|sql| {
            sql.push_str("ARRAY[");
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    sql.push(',');
                }
                quote(sql, value);
            }
            sql.push_str("]::text[]");
        })
    }

    /// A whole number.
    #[must_use]
    pub fn integer(self, value: i32) -> Self {
        self.with(|sql| {
            // Writing into a text cannot fail.
            let _ = write!(sql, "{value}");
        })
    }

    /// An id.
    #[must_use]
    pub fn id(self, value: Uuid) -> Self {
        self.with(|sql| {
            let _ = write!(sql, "'{value}'");
        })
    }

    /// An array of ids.
    #[must_use]
    pub fn ids(self, values: impl Iterator<Item = Uuid>) -> Self {
        self.with(|sql| {
            sql.push_str("'{");
            for (at, value) in values.enumerate() {
                let _ = write!(sql, "{}{value}", if at > 0 { "," } else { "" });
            }
            sql.push_str("}'");
        })
    }

    /// A moment.
    #[must_use]
    pub fn time(self, value: DateTime<Utc>) -> Self {
        self.with(|sql| {
            let _ = write!(sql, "'{}'", value.to_rfc3339_opts(SecondsFormat::Micros, true));
        })
    }

    /// No value.
    #[must_use]
    pub fn null(self) -> Self {
        self.with(|sql| sql.push_str("NULL"))
    }

    fn with(mut self, write: impl FnOnce(&mut String)) -> Self {
        if !self.arguments.is_empty() {
            self.arguments.push_str(", ");
        }
        write(&mut self.arguments);
        self
    }

    /// The statement that gives what the function returns.
    pub(super) fn statement(&self) -> String {
        format!("SELECT * FROM {}({})", self.function, self.arguments)
    }
}

/// A text as PostgreSQL reads it back, whatever `standard_conforming_strings` is. It stores no NUL, and one would end the statement.
fn quote(sql: &mut String, value: &str) {
    sql.push_str("E'");
    for character in value.chars().filter(|character| *character != '\0') {
        if matches!(character, '\'' | '\\') {
            sql.push('\\');
        }
        sql.push(character);
    }
    sql.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_written_in_their_order_and_quoted() {
        let id = Uuid::from_u128(7);
        let call = Call::of("acd.f")
            .names(&["a.b".to_owned(), "it's".to_owned()])
            .name(None)
            .name(Some("a\\'b\0"))
            .integer(-3)
            .id(id)
            .ids([id, id].into_iter())
            .time(DateTime::from_timestamp_nanos(1_500))
            .null();
        let wanted = format!(
            r"SELECT * FROM acd.f(ARRAY[E'a.b',E'it\'s']::text[], NULL, E'a\\\'b', -3, '{id}', '{{{id},{id}}}', '1970-01-01T00:00:00.000001Z', NULL)"
        );
        assert_eq!(call.statement(), wanted);
    }
}
