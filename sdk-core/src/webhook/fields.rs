//! The headers that a scheme looks at.

use http::{HeaderMap, HeaderName};

/// No scheme looks at more headers.
const MOST: usize = 6;

/// What a message has under the name of one header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeaderField<'a> {
    /// Nothing.
    #[default]
    Absent,
    /// One value, as it arrived.
    Once(&'a [u8]),
    /// Several values.
    Repeated,
}

/// What a message has under each of the names that its scheme looks at.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    names: &'static [HeaderName],
    found: [HeaderField<'a>; MOST],
}

impl<'a> Fields<'a> {
    /// What was found under the names, in their order.
    pub(super) fn new(names: &'static [HeaderName], found: impl IntoIterator<Item = HeaderField<'a>>) -> Self {
        let mut fields = Self { names, found: Default::default() };
        fields.found.iter_mut().zip(found).for_each(|(place, field)| *place = field);
        fields
    }

    pub(super) fn of(names: &'static [HeaderName], headers: &'a HeaderMap) -> Self {
        let find = |name| {
            let mut values = headers.get_all(name).iter();
            match (values.next(), values.next()) {
                (None, _) => HeaderField::Absent,
                (Some(value), None) => HeaderField::Once(value.as_bytes()),
                (Some(_), Some(_)) => HeaderField::Repeated,
            }
        };
        Self::new(names, names.iter().map(find))
    }

    /// The name at a place, and what was found under it.
    pub(super) fn get(&self, place: usize) -> (&'static str, HeaderField<'a>) {
        let name = self.names.get(place).map_or("", HeaderName::as_str);
        (name, self.found.get(place).copied().unwrap_or_default())
    }
}
