//! What an upload of people holds: <https://developers.facebook.com/docs/marketing-api/reference/custom-audience/users>.

use serde_json::{Map, Value, json};

use super::super::error::GraphError;
use super::super::params::{Params, as_text, decoded};
use super::people::Row;

/// The most rows in one call.
const MOST_ROWS: usize = 10_000;
/// So many of the bad rows are shown.
const SAMPLES: usize = 100;

/// How the values of a column look.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// SHA-256 in lower-case hexadecimal.
    Hash,
    /// Anything.
    Any,
    /// The advertising id of a device, in lower case and with hyphens.
    Device,
    /// A number that Meta gave out.
    Id,
    /// A number.
    Number,
    /// `["LDU"]`, or an empty list.
    Options,
}

/// The columns: how each is named, what it holds, and whether it alone says who somebody is.
const COLUMNS: [(&str, Form, bool); 22] = [
    ("EXTERN_ID", Form::Any, true),
    ("EMAIL", Form::Hash, true),
    ("PHONE", Form::Hash, true),
    ("GEN", Form::Hash, false),
    ("DOBY", Form::Hash, false),
    ("DOBM", Form::Hash, false),
    ("DOBD", Form::Hash, false),
    ("LN", Form::Hash, false),
    ("FN", Form::Hash, false),
    ("FI", Form::Hash, false),
    ("CT", Form::Hash, false),
    ("ST", Form::Hash, false),
    ("ZIP", Form::Hash, false),
    ("COUNTRY", Form::Hash, false),
    ("MADID", Form::Device, true),
    ("APPUID", Form::Id, true),
    ("PAGEUID", Form::Id, true),
    ("UID", Form::Id, true),
    ("LOOKALIKE_VALUE", Form::Number, false),
    ("DATA_PROCESSING_OPTIONS", Form::Options, false),
    ("DATA_PROCESSING_OPTIONS_COUNTRY", Form::Number, false),
    ("DATA_PROCESSING_OPTIONS_STATE", Form::Number, false),
];
/// The names that some columns have where a payload has one column.
const ALIASES: [(&str, &str); 3] =
    [("EMAIL_SHA256", "EMAIL"), ("PHONE_SHA256", "PHONE"), ("MOBILE_ADVERTISER_ID", "MADID")];

/// An upload, row by row.
#[derive(Debug, Default)]
pub(super) struct Payload {
    pub(super) schema: Vec<&'static str>,
    pub(super) rows: Vec<Row>,
    pub(super) received: usize,
    /// The first bad rows, and what is wrong with each.
    pub(super) samples: Map<String, Value>,
}

impl Payload {
    /// How many rows are bad.
    pub(super) fn invalid(&self) -> usize {
        self.received - self.rows.len()
    }

    /// Reads the parameter `payload`. A bad row is counted and left out; what is wrong with the whole is refused.
    pub(super) fn read(params: &Params) -> Result<Self, GraphError> {
        let payload = params.json("payload").ok_or_else(|| GraphError::missing("payload"))?;
        let wrong = |problem: &str| GraphError::invalid("payload", problem);
        let named = payload.get("schema").map(decoded).ok_or_else(|| wrong("must hold schema"))?;
        let names: Vec<String> = match &named {
            Value::Array(names) => names.iter().map(as_text).collect(),
            name => vec![as_text(name)],
        };
        let columns = names
            .iter()
            .map(|name| column(name).ok_or_else(|| wrong(&format!("holds the unknown key {name} in schema"))))
            .collect::<Result<Vec<_>, _>>()?;
        let is_named = |name| columns.iter().any(|(column, ..)| *column == name);
        let lists = |member: &str| payload.get(member).and_then(Value::as_array).is_some_and(|ids| !ids.is_empty());
        if is_named("UID") && !lists("app_ids") && !lists("page_ids") {
            return Err(wrong("must hold app_ids for the key UID"));
        }
        if is_named("PAGEUID") && !lists("page_ids") {
            return Err(wrong("must hold page_ids for the key PAGEUID"));
        }
        let data = payload.get("data").map(decoded);
        let data = data.as_ref().and_then(Value::as_array).filter(|data| !data.is_empty());
        let data = data.ok_or_else(|| wrong("must hold data with at least one row"))?;
        if data.len() > MOST_ROWS {
            return Err(wrong(&format!("holds {} rows; {MOST_ROWS} is the most", data.len())));
        }
        let schema = columns.iter().map(|(name, ..)| *name).collect();
        let mut read = Self { schema, received: data.len(), ..Self::default() };
        for row in data {
            let single = [row.clone()];
            let values = match row {
                Value::Array(values) => &values[..],
                _ => &single,
            };
            match good(&columns, values) {
                Ok(row) => read.rows.push(row),
                Err(problem) if read.samples.len() < SAMPLES => {
                    read.samples.insert(row.to_string(), json!(problem));
                }
                Err(_) => {}
            }
        }
        Ok(read)
    }
}

type Column = (&'static str, Form, bool);

fn column(name: &str) -> Option<Column> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| *name);
    COLUMNS.into_iter().find(|(column, ..)| *column == name)
}

/// The row as a person, or what is wrong with it.
fn good(columns: &[Column], values: &[Value]) -> Result<Row, String> {
    if values.len() != columns.len() {
        return Err(format!("{} values for {} keys", values.len(), columns.len()));
    }
    let mut row = Row::default();
    let mut together = String::new();
    for ((name, form, is_whole), value) in columns.iter().zip(values) {
        let text = as_text(value);
        if value.is_null() || text.is_empty() {
            continue;
        }
        if !fits(*form, value, &text) {
            return Err(format!("{name} is not as Meta takes it"));
        }
        match *form {
            _ if *is_whole => row.identifiers.push(format!("{name}:{text}")),
            Form::Hash => together.push_str(&format!("{name}:{text} ")),
            _ => {}
        }
        if *name == "COUNTRY" {
            row.country = Some(text);
        }
    }
    if row.identifiers.is_empty() {
        if together.is_empty() {
            return Err("no value that tells who it is".to_owned());
        }
        row.identifiers.push(together);
    }
    Ok(row)
}

fn fits(form: Form, value: &Value, text: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match form {
        Form::Hash => text.len() == 64 && is_hex(text),
        Form::Any => true,
        Form::Device => {
            let groups: Vec<&str> = text.split('-').collect();
            groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(|group| is_hex(group))
        }
        Form::Id => text.bytes().all(|byte| byte.is_ascii_digit()),
        Form::Number => text.parse::<f64>().is_ok_and(|number| number >= 0.0),
        Form::Options => value.as_array().is_some_and(|options| options.iter().all(|option| option == "LDU")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(payload: Value) -> Result<(usize, usize), (i64, Option<i64>)> {
        let mut params = Params::default();
        params.add("payload", payload);
        let read = Payload::read(&params).map_err(|error| (error.code, error.subcode))?;
        assert_eq!(read.samples.len(), read.invalid().min(SAMPLES));
        Ok((read.rows.len(), read.invalid()))
    }

    #[test]
    fn bad_rows_are_counted_and_a_bad_whole_is_refused() {
        let hash = "a".repeat(64);
        for (payload, expected) in [
            (json!({ "schema": "EMAIL_SHA256", "data": [hash, "anna@example.com", hash.to_uppercase()] }), Ok((1, 2))),
            (json!({ "schema": ["EMAIL", "FN"], "data": [[hash, ""], ["", hash], ["", ""], [hash]] }), Ok((2, 2))),
            (json!({ "schema": ["EXTERN_ID"], "data": [["order 7"]] }).to_string().into(), Ok((1, 0))),
            (
                json!({ "schema": ["MADID"], "data": [["38400000-8cf0-11bd-b23e-10b96e40000d"], ["38400000"]] }),
                Ok((1, 1)),
            ),
            (
                json!({ "schema": ["EMAIL", "LOOKALIKE_VALUE"], "data": [[hash, 4.5], [hash, -1], [hash, "x"]] }),
                Ok((1, 2)),
            ),
            (
                json!({ "schema": ["EMAIL", "DATA_PROCESSING_OPTIONS"], "data": [[hash, ["LDU"]], [hash, []], [hash, ["X"]]] }),
                Ok((2, 1)),
            ),
            (json!({ "schema": ["LOOKALIKE_VALUE"], "data": [[7]] }), Ok((0, 1))),
            (json!({ "schema": ["SHOE_SIZE"], "data": [["44"]] }), Err((100, None))),
            (json!({ "schema": "UID", "data": ["7"] }), Err((100, None))),
            (json!({ "schema": "UID", "app_ids": [1], "data": ["7"] }), Ok((1, 0))),
            (json!({ "schema": ["PAGEUID"], "data": [["7"]] }), Err((100, None))),
            (json!({ "schema": ["EMAIL"], "data": [] }), Err((100, None))),
            (json!({ "schema": ["EMAIL"], "data": vec![[hash]; MOST_ROWS + 1] }), Err((100, None))),
        ] {
            let shown: String = payload.to_string().chars().take(200).collect();
            assert_eq!(read(payload), expected, "{shown}");
        }
        let (good, bad) =
            read(json!({ "schema": ["EMAIL"], "data": (0..150).map(|n| vec![n.to_string()]).collect::<Vec<_>>() }))
                .unwrap();
        assert_eq!((good, bad), (0, 150));
    }
}
