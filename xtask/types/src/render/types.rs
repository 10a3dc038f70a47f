//! Shapes as TypeScript's types.

use super::{docs::comment, literal, module::Names};
use crate::shape::{Field, Format, Member, Object, Presence, Rest, Shape, Text};

/// What the value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// As Rust writes it.
    Written,
    /// As Rust reads it.
    Read,
}

/// The type of a shape; `indent` is that of the line it begins on.
pub(super) fn kind(shape: &Shape, side: Side, names: &Names<'_>, indent: &str) -> String {
    match shape {
        Shape::Any => "JsonValue".to_owned(),
        Shape::Null => "null".to_owned(),
        Shape::Boolean => "boolean".to_owned(),
        Shape::Integer { .. } | Shape::Number => "number".to_owned(),
        Shape::Text(text) => of_text(text),
        Shape::Literal(value) => literal::text(value),
        Shape::Enumeration(members) => choice(members, indent, None),
        Shape::OpenEnumeration(members) => choice(members, indent, Some("(string & {})")),
        Shape::Array { item, .. } => format!("{}[]", grouped(kind(item, side, names, indent))),
        Shape::Map { names: keys, value, .. } => {
            let value = kind(value, side, names, indent);
            match keys {
                Some(keys) => format!("Partial<Record<{}, {value}>>", literal::union(keys)),
                None => format!("Record<string, {value}>"),
            }
        }
        Shape::Object(object) => of_object(object, side, names, indent),
        Shape::Union { options, .. } => {
            let option = |shape: &Shape| match shape {
                Shape::Enumeration(members) => literal::union(members),
                shape => kind(shape, side, names, indent),
            };
            options.iter().map(option).collect::<Vec<_>>().join(" | ")
        }
        Shape::Nullable(inner) => format!("{} | null", kind(inner, side, names, indent)),
        Shape::Reference(definition) => names.kind(definition, side),
        Shape::Parameter(name) => name.clone(),
    }
}

/// The members of an object in braces.
pub(super) fn of_object(object: &Object, side: Side, names: &Names<'_>, indent: &str) -> String {
    let inner = format!("{indent}  ");
    let mut source = "{\n".to_owned();
    for field in &object.fields {
        source.push_str(&comment(field.doc.as_deref(), &inner));
        source.push_str(&format!("{inner}{};\n", member(field, side, names, &inner)));
    }
    if object.rest == Rest::Kept {
        source.push_str(&format!("{inner}/** What is not declared here. */\n{inner}[other: string]: unknown;\n"));
    }
    source + indent + "}"
}

fn member(field: &Field, side: Side, names: &Names<'_>, indent: &str) -> String {
    let kind = kind(&field.shape, side, names, indent);
    let name = literal::key(&field.name);
    match (&field.presence, side) {
        (Presence::Required, _) | (Presence::Default(_), Side::Written) => format!("{name}: {kind}"),
        (Presence::Optional, _) | (Presence::Default(_), Side::Read) => format!("{name}?: {kind} | undefined"),
    }
}

fn of_text(text: &Text) -> String {
    match (text.format, text.pattern.as_deref().and_then(literal::prefixed)) {
        (Some(Format::DateTime), _) => "DateTime".to_owned(),
        (Some(Format::Date), _) => "CalendarDate".to_owned(),
        (None, Some((prefix, _))) => format!("`{prefix}${{string}}`"),
        (None, None) => "string".to_owned(),
    }
}

fn choice(members: &[Member], indent: &str, or: Option<&str>) -> String {
    let mut source = String::new();
    for member in members {
        let doc = comment(member.doc.as_deref(), &format!("{indent}  "));
        source.push_str(&format!("\n{doc}{indent}  | {}", literal::text(&member.value)));
    }
    if let Some(or) = or {
        source.push_str(&format!("\n{indent}  | {or}"));
    }
    source
}

fn grouped(kind: String) -> String {
    if kind.contains(" | ") { format!("({kind})") } else { kind }
}
