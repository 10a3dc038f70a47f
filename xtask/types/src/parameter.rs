//! What stands for a type parameter: any JSON value, with a schema that names the parameter.

/// The keyword by which a schema says that it is a parameter's.
pub(crate) const KEYWORD: &str = "x-parameter";

/// Declares a type for each parameter of these names.
macro_rules! parameters {
    ($($name:ident)*) => { $(
        #[derive(Debug, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        struct $name(serde_json::Value);

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ $crate::parameter::KEYWORD: stringify!($name) })
            }
        }
    )* };
}

pub(crate) use parameters;
