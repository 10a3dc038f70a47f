//! Values as pairs.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant, Serializer,
};

use super::encoder::Encoder;
use super::error::FormError;
use super::key::Key;

type Written = Result<(), FormError>;

/// A value at the place where the encoder stands.
pub(super) struct Value<'e> {
    encoder: &'e mut Encoder,
    /// Whether `None` is written as an empty value. A field that is `None` is left out, so that nothing is cleared by
    /// what nobody thought of; `Some(None)` and an item of a list say what they mean.
    tells_none: bool,
    is_item: bool,
}

impl<'e> Value<'e> {
    pub(super) fn top(encoder: &'e mut Encoder) -> Self {
        Self::field(encoder)
    }

    fn field(encoder: &'e mut Encoder) -> Self {
        Self { encoder, tells_none: false, is_item: false }
    }

    fn item(encoder: &'e mut Encoder) -> Self {
        Self { encoder, tells_none: true, is_item: true }
    }

    fn list(self) -> Result<List<'e>, FormError> {
        if self.is_item && self.encoder.is_plain() {
            return Err(self.encoder.refuse("a list in a list, which a plain form cannot hold"));
        }
        Ok(List { encoder: self.encoder, next: 0, variant: None })
    }

    fn fields(self, variant: Option<&'static str>) -> Result<Fields<'e>, FormError> {
        if self.encoder.is_plain() && (!self.encoder.is_at_top() || variant.is_some()) {
            return Err(self.encoder.refuse("a map in a form, which a plain form cannot hold"));
        }
        Ok(Fields { encoder: self.encoder, variant })
    }
}

macro_rules! displayed {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Written { self.encoder.pair(&value.to_string()) })*
    };
}

impl<'e> Serializer for Value<'e> {
    type Ok = ();
    type Error = FormError;
    type SerializeSeq = List<'e>;
    type SerializeTuple = List<'e>;
    type SerializeTupleStruct = List<'e>;
    type SerializeTupleVariant = List<'e>;
    type SerializeMap = Entries<'e>;
    type SerializeStruct = Fields<'e>;
    type SerializeStructVariant = Fields<'e>;

    displayed! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128, serialize_char: char
    }

    fn serialize_f32(self, value: f32) -> Written {
        if value.is_finite() {
            self.encoder.pair(&value.to_string())
        } else {
            Err(self.encoder.refuse("no finite number"))
        }
    }

    fn serialize_f64(self, value: f64) -> Written {
        if value.is_finite() {
            self.encoder.pair(&value.to_string())
        } else {
            Err(self.encoder.refuse("no finite number"))
        }
    }

    fn serialize_str(self, value: &str) -> Written {
        self.encoder.pair(value)
    }

    fn serialize_bytes(self, _: &[u8]) -> Written {
        Err(self.encoder.refuse("bytes, which a form cannot hold: encode them as text"))
    }

    fn serialize_none(self) -> Written {
        if self.tells_none { self.encoder.pair("") } else { Ok(()) }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(Self { tells_none: true, ..self })
    }

    fn serialize_unit(self) -> Written {
        self.encoder.pair("")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.encoder.pair("")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.encoder.pair(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Written {
        let mut fields = self.fields(Some(variant))?;
        fields.variant = None;
        fields.put(variant, value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'e>, FormError> {
        self.list()
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'e>, FormError> {
        self.list()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'e>, FormError> {
        self.list()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'e>, FormError> {
        let Fields { encoder, variant } = self.fields(Some(variant))?;
        Ok(List { encoder, next: 0, variant })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'e>, FormError> {
        let Fields { encoder, .. } = self.fields(None)?;
        Ok(Entries { encoder, name: String::new(), pairs: Vec::new() })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'e>, FormError> {
        self.fields(None)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Fields<'e>, FormError> {
        self.fields(Some(variant))
    }
}

/// The items of a list.
pub(super) struct List<'e> {
    encoder: &'e mut Encoder,
    next: usize,
    variant: Option<&'static str>,
}

impl List<'_> {
    fn put<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        let index = self.next;
        self.next += 1;
        let write = |encoder: &mut Encoder| encoder.item(index, |encoder| value.serialize(Value::item(encoder)));
        if self.encoder.is_at_top() && self.variant.is_none() {
            return Err(self.encoder.refuse("a list: give a struct or a map"));
        }
        match self.variant {
            Some(variant) => self.encoder.within(variant, write),
            None => write(self.encoder),
        }
    }
}

macro_rules! list {
    ($($trait:ident::$method:ident),*) => {
        $(impl $trait for List<'_> {
            type Ok = ();
            type Error = FormError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
                self.put(value)
            }

            fn end(self) -> Written {
                Ok(())
            }
        })*
    };
}

list!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

/// The fields of a struct, in the order of their declaration.
pub(super) struct Fields<'e> {
    encoder: &'e mut Encoder,
    variant: Option<&'static str>,
}

impl Fields<'_> {
    fn put<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Written {
        let write = |encoder: &mut Encoder| encoder.within(name, |encoder| value.serialize(Value::field(encoder)));
        match self.variant {
            Some(variant) => self.encoder.within(variant, write),
            None => write(self.encoder),
        }
    }
}

macro_rules! fields {
    ($($trait:ident),*) => {
        $(impl $trait for Fields<'_> {
            type Ok = ();
            type Error = FormError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Written {
                self.put(name, value)
            }

            fn end(self) -> Written {
                Ok(())
            }
        })*
    };
}

fields!(SerializeStruct, SerializeStructVariant);

/// The entries of a map, which are written in the order of their keys: a hash map has another one in every process, and
/// a server that compares a repeated request with the first would take it for a different one.
pub(super) struct Entries<'e> {
    encoder: &'e mut Encoder,
    name: String,
    pairs: Vec<(String, String)>,
}

impl SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = FormError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        self.name = key.serialize(Key)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        let name = std::mem::take(&mut self.name);
        let pairs =
            self.encoder.aside(|encoder| encoder.within(&name, |encoder| value.serialize(Value::field(encoder))))?;
        self.pairs.push((name, pairs));
        Ok(())
    }

    fn end(mut self) -> Written {
        self.pairs.sort();
        self.pairs.iter().for_each(|(_, pairs)| self.encoder.append(pairs));
        Ok(())
    }
}
