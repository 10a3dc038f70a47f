//! What values of a type look like: JSON Schema reduced to what the wire types use, so that each case is written once.

mod keywords;
mod parse;

use serde_json::Value;

pub(crate) use self::parse::parse;

/// The largest integer that a JavaScript number holds with its neighbours apart: 2^53 - 1.
pub(crate) const MAX_SAFE: i64 = 9_007_199_254_740_991;

/// The form of a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// Any JSON.
    Any,
    Null,
    Boolean,
    /// A whole number within bounds, both included, that are safe in JavaScript.
    Integer {
        least: i64,
        most: i64,
    },
    Number,
    Text(Text),
    /// One text.
    Literal(String),
    /// One of these texts.
    Enumeration(Vec<Member>),
    /// Text, most often one of these.
    OpenEnumeration(Vec<Member>),
    Array {
        item: Box<Shape>,
        least: Option<u64>,
        most: Option<u64>,
    },
    /// An object with any names, or some of these.
    Map {
        names: Option<Vec<Member>>,
        value: Box<Shape>,
        least: Option<u64>,
    },
    Object(Object),
    /// One of these; when `exclusive`, of one alone.
    Union {
        options: Vec<Shape>,
        exclusive: bool,
    },
    Nullable(Box<Shape>),
    /// A definition with a name.
    Reference(String),
    /// A type parameter.
    Parameter(String),
}

/// Rules of a text; lengths count characters.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Text {
    pub(crate) least: Option<u64>,
    pub(crate) most: Option<u64>,
    pub(crate) pattern: Option<String>,
    pub(crate) format: Option<Format>,
    /// A text that fits, where the rules do not say enough to make one.
    pub(crate) example: Option<String>,
}

/// Forms of text that have a name and are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// RFC 3339, with date and time.
    DateTime,
    /// The date of RFC 3339.
    Date,
}

/// A value of an enumeration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) value: String,
    pub(crate) doc: Option<String>,
}

/// An object with known names.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object {
    pub(crate) fields: Vec<Field>,
    pub(crate) rest: Rest,
    /// The least number of fields.
    pub(crate) least: Option<u64>,
}

/// What becomes of fields that are not declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Refused.
    Refused,
    /// Read over.
    Dropped,
    /// Kept.
    Kept,
}

/// A field of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) doc: Option<String>,
    pub(crate) shape: Shape,
    pub(crate) presence: Presence,
}

/// Whether a field is there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Presence {
    Required,
    /// May be left out, and may be missing in what Rust writes.
    Optional,
    /// May be left out, and is this in what Rust writes.
    Default(Value),
}

impl Shape {
    /// The shapes directly inside.
    pub(crate) fn children(&self) -> Vec<&Self> {
        match self {
            Self::Array { item: inner, .. } | Self::Map { value: inner, .. } | Self::Nullable(inner) => vec![inner],
            Self::Union { options, .. } => options.iter().collect(),
            Self::Object(object) => object.fields.iter().map(|field| &field.shape).collect(),
            _ => Vec::new(),
        }
    }

    /// Calls with every definition that is named within.
    pub(crate) fn each_reference<'s>(&'s self, call: &mut impl FnMut(&'s str)) {
        if let Self::Reference(name) = self {
            call(name);
        }
        for child in self.children() {
            child.each_reference(call);
        }
    }

    /// Whether something within has a default.
    pub(crate) fn has_default(&self) -> bool {
        let own = match self {
            Self::Object(object) => object.fields.iter().any(|field| matches!(field.presence, Presence::Default(_))),
            _ => false,
        };
        own || self.children().into_iter().any(Self::has_default)
    }
}
