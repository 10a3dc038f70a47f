//! Values that a shape allows, with its limits among them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{pattern, random::Random};
use crate::{
    error::Error,
    shape::{Field, Format, Object, Presence, Rest, Shape, Text},
};

/// Makes values.
pub(super) struct Maker<'m> {
    /// The shapes of all definitions.
    pub(super) shapes: &'m BTreeMap<&'m str, &'m Shape>,
    pub(super) random: Random,
}

impl Maker<'_> {
    pub(super) fn value(&mut self, shape: &Shape) -> Result<Value, Error> {
        Ok(match shape {
            Shape::Any | Shape::Parameter(_) => self.json(2),
            Shape::Null => Value::Null,
            Shape::Boolean => self.random.once_in(2).into(),
            Shape::Integer { least, most } => self.integer(*least, *most).into(),
            Shape::Number => self.number(),
            Shape::Text(text) => self.text(text)?.into(),
            Shape::Literal(value) => value.as_str().into(),
            Shape::Enumeration(members) => {
                self.random.one_of(members).map_or(Value::Null, |member| member.value.as_str().into())
            }
            Shape::OpenEnumeration(members) => match self.random.one_of(members) {
                Some(member) if !self.random.once_in(4) => member.value.as_str().into(),
                _ => self.characters(0, 12).into(),
            },
            Shape::Array { item, least, most } => {
                let (least, most) = (least.unwrap_or(0) as usize, most.unwrap_or(u64::MAX) as usize);
                let count = self.random.between(least, most.min(least + 3));
                (0..count).map(|_| self.value(item)).collect::<Result<Vec<_>, _>>()?.into()
            }
            Shape::Map { names, value, least } => {
                let least = least.unwrap_or(0) as usize;
                let most = names.as_ref().map_or(usize::MAX, Vec::len);
                let count = self.random.between(least, most.min(least + 3));
                let pairs = (0..count).map(|at| {
                    let name = match names {
                        Some(names) => names[at].value.clone(),
                        None => format!("{at}{}", self.characters(0, 8)),
                    };
                    Ok((name, self.value(value)?))
                });
                pairs.collect::<Result<Map<_, _>, Error>>()?.into()
            }
            Shape::Object(object) => self.object(object)?,
            Shape::Union { options, .. } => {
                let chosen = self.random.below(options.len());
                self.value(&options[chosen])?
            }
            Shape::Nullable(_) if self.random.once_in(4) => Value::Null,
            Shape::Nullable(inner) => self.value(inner)?,
            Shape::Reference(definition) => match self.shapes.get(definition.as_str()) {
                Some(shape) => self.value(shape)?,
                None => Value::Null,
            },
        })
    }

    fn object(&mut self, object: &Object) -> Result<Value, Error> {
        // Some with everything, some with as little as possible, most in between.
        let density = self.random.below(5);
        let mut fields = Map::new();
        for Field { name, shape, presence, .. } in &object.fields {
            if *presence == Presence::Required || self.random.below(4) < density {
                fields.insert(name.clone(), self.value(shape)?);
            }
        }
        while (fields.len() as u64) < object.least.unwrap_or(0).min(object.fields.len() as u64) {
            let Field { name, shape, .. } = &object.fields[self.random.below(object.fields.len())];
            fields.insert(name.clone(), self.value(shape)?);
        }
        if object.rest != Rest::Refused && self.random.once_in(4) {
            fields.insert("a_field_of_tomorrow".to_owned(), self.json(1));
        }
        Ok(fields.into())
    }

    fn integer(&mut self, least: i64, most: i64) -> i64 {
        let width = most.abs_diff(least).saturating_add(1);
        match self.random.below(5) {
            0 => least,
            1 => most,
            2 => 0.clamp(least, most),
            3 => least.saturating_add_unsigned(self.random.next() % width.min(1000)),
            _ => least.saturating_add_unsigned(self.random.next() % width),
        }
    }

    fn number(&mut self) -> Value {
        const EDGES: [f64; 8] = [0.5, -1.25, 0.1, 1e21, -1e-7, f64::MAX, f64::MIN_POSITIVE, 5e-324];
        match self.random.below(3) {
            0 => self.random.one_of(&EDGES).copied().into(),
            1 => (self.random.below(1000) as i64 - 500).into(),
            _ => (self.random.next() as f64 / 1e9).into(),
        }
    }

    fn text(&mut self, text: &Text) -> Result<String, Error> {
        if let Some(example) = text.example.as_ref().filter(|_| self.random.once_in(2)) {
            return Ok(example.clone());
        }
        let (least, most) = (text.least.unwrap_or(0) as usize, text.most.map(|most| most as usize));
        match (text.format, &text.pattern) {
            (Some(Format::DateTime), _) => Ok(self.date_time()),
            (Some(Format::Date), _) => Ok(self.date()),
            (None, Some(pattern)) => {
                let unknown = || Error::Unknown { at: "samples".to_owned(), what: format!("the pattern {pattern}") };
                let mut fitting = pattern::text(pattern, &mut self.random).ok_or_else(unknown)?;
                if !pattern.ends_with('$') && self.random.once_in(4) {
                    let room = most.unwrap_or(100).saturating_sub(fitting.chars().count());
                    fitting.extend(std::iter::repeat_n('x', room));
                }
                Ok(fitting)
            }
            (None, None) => Ok(match (self.random.below(4), most) {
                (0, _) => self.characters(least, least),
                (1, Some(most)) => self.characters(most, most),
                (_, most) => self.characters(least, most.unwrap_or(usize::MAX).min(least + 12)),
            }),
        }
    }

    /// Text of so many characters, of one to four bytes each.
    fn characters(&mut self, least: usize, most: usize) -> String {
        const CHARACTERS: [char; 12] = ['a', 'Z', '7', ' ', '-', '_', '"', '\\', 'ß', '字', '😀', '𝄞'];
        let count = self.random.between(least, most);
        (0..count).filter_map(|_| self.random.one_of(&CHARACTERS).copied()).collect()
    }

    fn date(&mut self) -> String {
        const EDGES: [&str; 4] = ["2024-02-29", "2000-02-29", "1970-01-01", "9999-12-31"];
        match self.random.one_of(&EDGES) {
            Some(edge) if self.random.once_in(4) => (*edge).to_owned(),
            _ => {
                let (year, month, day) =
                    (self.random.between(1970, 2099), self.random.between(1, 12), self.random.between(1, 28));
                format!("{year:04}-{month:02}-{day:02}")
            }
        }
    }

    fn date_time(&mut self) -> String {
        const OFFSETS: [&str; 4] = ["Z", "+00:00", "-08:00", "+05:30"];
        let date = self.date();
        let (hour, minute, second) = (self.random.below(24), self.random.below(60), self.random.below(60));
        let digits = self.random.below(10);
        let fraction: String = (0..digits).map(|_| char::from(b'0' + self.random.below(10) as u8)).collect();
        let point = if fraction.is_empty() { "" } else { "." };
        let offset = self.random.one_of(&OFFSETS).copied().unwrap_or_default();
        format!("{date}T{hour:02}:{minute:02}:{second:02}{point}{fraction}{offset}")
    }

    fn json(&mut self, depth: usize) -> Value {
        match self.random.below(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => self.random.once_in(2).into(),
            2 => self.integer(-crate::shape::MAX_SAFE, crate::shape::MAX_SAFE).into(),
            3 => self.number(),
            4 => self.characters(0, 6).into(),
            5 => json!([self.json(depth - 1), self.json(depth - 1)]),
            _ => json!({ "a": self.json(depth - 1), "b 😀": self.json(depth - 1) }),
        }
    }
}
