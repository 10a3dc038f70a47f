//! Structured fields as far as signatures and digests need them: dictionaries of items and inner lists, with parameters
//! (RFC 9651). Decimals, dates and display strings appear in none of these fields and are refused.

mod parse;
mod write;

pub(super) use parse::dictionary;

/// A value without parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bare {
    Integer(i64),
    String(String),
    Token(String),
    Bytes(Vec<u8>),
    Boolean(bool),
}

/// Parameters in their order, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters(pub(super) Vec<(String, Bare)>);

impl Parameters {
    pub(super) fn get(&self, name: &str) -> Option<&Bare> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Bare::Integer(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn string(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Bare::String(text) => Some(text),
            _ => None,
        }
    }
}

/// A value with parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) bare: Bare,
    pub(super) parameters: Parameters,
}

impl From<Bare> for Item {
    fn from(bare: Bare) -> Self {
        Self { bare, parameters: Parameters::default() }
    }
}

/// Items in parentheses, with parameters of the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InnerList {
    pub(super) items: Vec<Item>,
    pub(super) parameters: Parameters,
}

/// What stands under a name of a dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Item(Item),
    List(InnerList),
}

/// Named members in their order, each name once: of two members of one name RFC 9651 lets the later win, which would
/// allow two readers to see two things.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dictionary(pub(super) Vec<(String, Member)>);

impl Dictionary {
    pub(super) fn get(&self, name: &str) -> Option<&Member> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, member)| member)
    }
}

/// Why a text is no such field. Holds nothing of the text.
pub(super) type Malformed = &'static str;
