//! From what is known of people to what may leave this process.

use serde_json::Value;

use super::users::{AudienceKey, AudienceUsers};
use crate::conversions::{UserKey, ValueError};

/// The length of a SHA-256 in hexadecimal: audiences take no other hash.
const SHA256_DIGITS: usize = 64;

/// People who are ready to be sent, and what could not be used of them.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "values may have been left out"]
#[non_exhaustive]
pub struct HashedUsers {
    /// The people, without those of whom nothing could be used.
    pub users: AudienceUsers,
    /// The values that were left out.
    pub dropped: Vec<DroppedValue>,
}

/// A value that was left out, since it could match nobody. The value itself is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DroppedValue {
    /// The place of its row among those given, from 0.
    pub row: usize,
    /// What it lacks.
    pub problem: ValueError,
}

impl AudienceKey {
    /// The key of the [Conversions API](crate::conversions) that is hashed in the same way; `None` where nothing is hashed.
    #[must_use]
    pub fn user_key(&self) -> Option<UserKey> {
        Some(match self {
            Self::Email => UserKey::Email,
            Self::Phone => UserKey::Phone,
            Self::Gender => UserKey::Gender,
            Self::BirthYear => UserKey::BirthYear,
            Self::BirthMonth => UserKey::BirthMonth,
            Self::BirthDay => UserKey::BirthDay,
            Self::LastName => UserKey::LastName,
            Self::FirstName => UserKey::FirstName,
            Self::FirstInitial => UserKey::FirstInitial,
            Self::City => UserKey::City,
            Self::State => UserKey::State,
            Self::Zip => UserKey::Zip,
            Self::Country => UserKey::Country,
            _ => return None,
        })
    }

    /// A value as Meta takes it in this column: normalised and hashed, or as it is where nothing is hashed. A SHA-256 comes
    /// back as it is, in lower case; an empty value stays empty.
    ///
    /// # Errors
    /// [`ValueError`] for a value that could match nobody.
    pub fn value(&self, value: &str) -> Result<String, ValueError> {
        let value = value.trim();
        match self.user_key() {
            _ if value.is_empty() => Ok(String::new()),
            Some(key) => {
                let hash = key.hash(value)?.to_string();
                let is_sha256 = hash.len() == SHA256_DIGITS;
                is_sha256.then_some(hash).ok_or(ValueError::new(key.as_str(), "is a hash, but not a SHA-256"))
            }
            None if *self == Self::Madid => Ok(value.to_ascii_lowercase()),
            None => Ok(value.to_owned()),
        }
    }
}

impl AudienceUsers {
    /// Rows of what is known of people, in these columns: each value is normalised and hashed as its column asks for, and
    /// what is not known is the empty text. A value that could match nobody is left out and told of, and so is a row of
    /// which nothing remains: neither keeps the others back.
    ///
    /// ```
    /// use acd_meta::audiences::{AudienceKey, AudienceUsers};
    ///
    /// let rows = [[" Mary@Example.com ", "+1 (555) 010-0199"], ["no address", ""]];
    /// let hashed = AudienceUsers::hash([AudienceKey::Email, AudienceKey::Phone], rows);
    /// assert_eq!((hashed.users.len(), hashed.dropped.len()), (1, 1));
    /// assert_eq!(hashed.dropped[0].row, 1);
    /// ```
    pub fn hash<R, V>(schema: impl IntoIterator<Item = AudienceKey>, rows: impl IntoIterator<Item = R>) -> HashedUsers
    where
        R: IntoIterator<Item = V>,
        V: AsRef<str>,
    {
        let schema: Vec<AudienceKey> = schema.into_iter().collect();
        let mut dropped = Vec::new();
        let mut kept = Vec::new();
        for (row, values) in rows.into_iter().enumerate() {
            let mut columns = schema.iter();
            let mut usable = false;
            let mut hash = |value: V| {
                // A row that is too long is found when it is sent.
                let Some(key) = columns.next() else { return Value::from(String::new()) };
                let value = key.value(value.as_ref()).unwrap_or_else(|problem| {
                    dropped.push(DroppedValue { row, problem });
                    String::new()
                });
                usable |= !value.is_empty();
                Value::from(value)
            };
            let values: Vec<Value> = values.into_iter().map(&mut hash).collect();
            if usable {
                kept.push(values);
            }
        }
        HashedUsers { users: Self::new(schema, kept), dropped }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MARY: &str = "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec";

    #[test]
    fn every_column_is_written_as_meta_takes_it() {
        for (key, value, expected) in [
            (AudienceKey::FirstName, " Mary ", MARY),
            (AudienceKey::FirstName, &MARY.to_uppercase(), MARY),
            (AudienceKey::ExternId, "Order 7", "Order 7"),
            (AudienceKey::Madid, "38400000-8CF0-11BD-B23E-10B96E40000D", "38400000-8cf0-11bd-b23e-10b96e40000d"),
            (AudienceKey::Email, "", ""),
            (AudienceKey::Country, "us", "79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621"),
            (AudienceKey::BirthMonth, "2", "a953f09a1b6b6725b81956e9ad0b1eb49e3ad40004c04307ef8af6246a054116"),
        ] {
            assert_eq!(key.value(value).as_deref(), Ok(expected), "{key} {value}");
        }
        let md5 = "2a6a84e9e44441afbd75cc19ce28be37";
        assert!(AudienceKey::Email.value(md5).unwrap_err().to_string().contains("SHA-256"));
    }

    #[test]
    fn what_matches_nobody_keeps_nobody_back() {
        let schema = [AudienceKey::FirstName, AudienceKey::Phone];
        let hashed = AudienceUsers::hash(schema, [["Mary", "none"], ["", "?"], ["mary", ""]]);
        let rows: Vec<_> = hashed.dropped.iter().map(|dropped| dropped.row).collect();
        assert_eq!(rows, [0, 1]);
        let sent = serde_json::to_value(&hashed.users).unwrap();
        assert_eq!(sent, json!({ "schema": ["FN", "PHONE"], "is_raw": true, "data": [[MARY, ""], [MARY, ""]] }));
        let printed = format!("{hashed:?}");
        assert!(printed.contains("rows: 2") && !printed.contains("none") && !printed.contains(MARY), "{printed}");
    }
}
