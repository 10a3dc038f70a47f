//! What every resource declares in the same way: enumerations, ids, objects with their fields, requests.

/// Declares an enumeration of Meta's. A value that is not named here is kept as it came, so that tomorrow's breaks
/// nothing.
macro_rules! open_enum {
    ($(#[$doc:meta])* $kind:ident { $($(#[$value_doc:meta])* $value:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        ///
        /// New values may be added: keep a wildcard arm.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $kind {
            $(#[doc = concat!("`", $name, "`")] $(#[$value_doc])* $value,)+
            /// A value that this version does not name, as it came.
            Unknown(String),
        }

        impl $kind {
            /// Every value that is named here.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The name on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$value => $name,)+
                    Self::Unknown(name) => name,
                }
            }
        }

        impl From<&str> for $kind {
            fn from(name: &str) -> Self {
                match name {
                    $($name => Self::$value,)+
                    other => Self::Unknown(other.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $kind {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $kind {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Ok(Self::from(&*name))
            }
        }

        /// Text of any kind, with the values that are named here as examples.
        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $kind {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($kind).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "examples": [$($name),+] })
            }
        }

        #[cfg(test)]
        impl $crate::macros::OpenEnum for $kind {
            const VALUES: &'static [Self] = Self::ALL;

            fn is_unknown(&self) -> bool {
                matches!(self, Self::Unknown(_))
            }
        }
    };
}

/// Declares the id of a kind of object. Ids are decimal numbers beyond 53 bits, and Meta writes them as text or as a
/// number: both are read.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The id as Meta gave it.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::text::TextOrNumber::deserialize(deserializer).map(|text| Self::new(text.0))
            }
        }

        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string" })
            }
        }
    };
}

/// Declares an object of Meta's and the selection of its fields. Every field is optional, since Meta gives only what was
/// asked for; what was asked for by name and is not declared is in `other`.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident($id:ty), $fields:ident {
        $($(#[$field_doc:meta])* $field:ident $(= $wire:literal)?: $kind:ty,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        #[non_exhaustive]
        pub struct $name {
            /// The id, which Meta always gives.
            pub id: $id,
            $($(#[$field_doc])* $(#[serde(rename = $wire)])? #[serde(default, skip_serializing_if = "Option::is_none")] pub $field: Option<$kind>,)+
            /// Fields that were asked for by name alone.
            #[serde(flatten)]
            pub other: serde_json::Map<String, serde_json::Value>,
        }

        #[doc = concat!("Which fields of a [`", stringify!($name), "`] Meta is asked for. The id always comes along.")]
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $fields($crate::fields::FieldList);

        impl $fields {
            /// The id alone.
            #[must_use]
            pub fn new() -> Self {
                Self($crate::fields::FieldList::of(&["id"]))
            }

            #[doc = concat!("Every field that [`", stringify!($name), "`] declares.")]
            #[must_use]
            pub fn all() -> Self {
                Self($crate::fields::FieldList::of(&["id", $($crate::macros::wire_name!($field $($wire)?),)+]))
            }

            $(
                $(#[$field_doc])*
                #[must_use]
                pub fn $field(mut self) -> Self {
                    self.0.add($crate::macros::wire_name!($field $($wire)?));
                    self
                }
            )+

            /// A field by its name, for one that is not declared here: its value is in `other`.
            #[must_use]
            pub fn named(mut self, name: &str) -> Self {
                self.0.add(name);
                self
            }

            /// The objects on an edge, such as `ads` or `ads.limit(10)`, with these fields of theirs: the value is in
            /// `other`.
            #[must_use]
            pub fn edge(mut self, edge: &str, fields: &impl std::fmt::Display) -> Self {
                self.0.add(&format!("{edge}{{{fields}}}"));
                self
            }
        }

        /// Every declared field.
        impl Default for $fields {
            fn default() -> Self {
                Self::all()
            }
        }

        impl std::fmt::Display for $fields {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl serde::Serialize for $fields {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

/// The name of a field on the wire: its own unless it is given one.
macro_rules! wire_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}

/// Declares the parameters of a call: required ones first, for the constructor, then those that may be left out, and any
/// others by name in `other`.
macro_rules! request {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$need_doc:meta])* $need:ident: $need_kind:ty,)*
        ..
        $($(#[$field_doc:meta])* $field:ident $(= $wire:literal)?: $kind:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        pub struct $name {
            $($(#[$need_doc])* pub $need: $need_kind,)*
            $(
                $(#[$field_doc])*
                $(#[serde(rename = $wire)])?
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$kind>,
            )*
            /// Further parameters by their names.
            #[serde(flatten)]
            pub other: serde_json::Map<String, serde_json::Value>,
        }

        impl $name {
            /// The parameters that Meta requires, and no others.
            #[must_use]
            #[allow(clippy::new_without_default, reason = "one that requires nothing has a default of its own")]
            pub fn new($($need: impl Into<$need_kind>),*) -> Self {
                Self { $($need: $need.into(),)* $($field: None,)* other: serde_json::Map::new() }
            }
        }

        #[cfg(test)]
        impl $crate::macros::Named for $name {
            const NAMES: &'static [&'static str] =
                &[$(stringify!($need),)* $($crate::macros::wire_name!($field $($wire)?),)*];
        }
    };
}

/// The calls that every kind of object of an ad account has: list, read, change, delete.
macro_rules! node_calls {
    ($client:ident { $list:ident, $get:ident, $update:ident, $delete:ident }
        $object:ident($id:ident), $fields:ident, $query:ident, $change:ident) => {
        impl<'c> $client<'c> {
            pub(crate) fn new(meta: &'c $crate::MetaClient) -> Self {
                Self { meta }
            }

            /// Lists what the account has. Safe to repeat.
            pub fn list(
                &self,
                account: &$crate::AdAccountId,
                query: &$query,
            ) -> $crate::MetaCall<'c, $crate::Page<$object>> {
                $crate::MetaCall::json(self.meta, &$list).account(account).query(query)
            }

            $crate::page::list_all! {
                /// Everything that the account has, from the query's cursor on. Pages that Meta finds too heavy are
                /// halved.
                $client: list_all, list(account: $crate::AdAccountId), $query => $object
            }

            /// Reads one. Safe to repeat.
            pub fn get(&self, id: &$id, fields: &$fields) -> $crate::MetaCall<'c, $object> {
                $crate::MetaCall::json(self.meta, &$get).path("id", id).param("fields", fields)
            }

            /// Changes one. Safe to repeat. Of what is deleted or archived only the name can change.
            pub fn update(&self, id: &$id, change: &$change) -> $crate::MetaCall<'c, $crate::Done> {
                $crate::MetaCall::json(self.meta, &$update).path("id", id).body(change)
            }

            /// Deletes one, with all that is in it. Safe to repeat.
            pub fn delete(&self, id: &$id) -> $crate::MetaCall<'c, $crate::Done> {
                $crate::MetaCall::json(self.meta, &$delete).path("id", id)
            }
        }
    };
}

pub(crate) use {id, node_calls, object, open_enum, request, wire_name};

/// What the tests ask of every request.
#[cfg(test)]
pub(crate) trait Named {
    /// The parameters that it names.
    const NAMES: &'static [&'static str];
}

/// What the tests ask of every enumeration.
#[cfg(test)]
pub(crate) trait OpenEnum: Sized + PartialEq + std::fmt::Debug + 'static {
    const VALUES: &'static [Self];

    fn is_unknown(&self) -> bool;
}

/// Every named value is read as it is written and is in the list once; any other text survives.
#[cfg(test)]
pub(crate) fn check_enum<T>()
where
    T: OpenEnum + serde::Serialize + for<'de> serde::Deserialize<'de>,
{
    let mut seen = std::collections::BTreeSet::new();
    for value in T::VALUES {
        let json = serde_json::to_string(value).unwrap();
        assert!(!value.is_unknown() && seen.insert(json.clone()), "{json}");
        assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value);
    }
    let tomorrow = r#""A_VALUE_OF_TOMORROW""#;
    let value: T = serde_json::from_str(tomorrow).unwrap();
    assert!(value.is_unknown(), "{value:?}");
    assert_eq!(serde_json::to_string(&value).unwrap(), tomorrow);
}
