//! Shapes as schemas of Zod.

use super::{literal, module::Names};
use crate::shape::{Field, Format, MAX_SAFE, Object, Presence, Rest, Shape, Text};

/// The expression of a shape; `indent` is that of the line it begins on.
pub(super) fn expression(shape: &Shape, names: &Names<'_>, indent: &str) -> String {
    match shape {
        Shape::Any => "common.json".to_owned(),
        Shape::Null => "z.null()".to_owned(),
        Shape::Boolean => "z.boolean()".to_owned(),
        Shape::Integer { least, most } => integer(*least, *most),
        Shape::Number => "z.number()".to_owned(),
        Shape::Text(text) => of_text(text),
        Shape::Literal(value) => format!("z.literal({})", literal::text(value)),
        Shape::Enumeration(members) => format!("z.enum([{}])", literal::list(members, ", ")),
        Shape::OpenEnumeration(members) => format!("common.open<{}>()", literal::union(members)),
        Shape::Array { item, least, most } => {
            let item = expression(item, names, indent);
            format!("z.array({item}){}{}", rule("min", *least), rule("max", *most))
        }
        Shape::Map { names: keys, value, least } => {
            let value = expression(value, names, indent);
            let map = match keys {
                Some(keys) => format!("z.partialRecord(z.enum([{}]), {value})", literal::list(keys, ", ")),
                None => format!("z.record(z.string(), {value})"),
            };
            fields_at_least(map, *least)
        }
        Shape::Object(object) => of_object(object, names, indent),
        Shape::Union { options, exclusive } => union(options, *exclusive, names, indent),
        Shape::Nullable(inner) => format!("{}.nullable()", expression(inner, names, indent)),
        Shape::Reference(definition) => names.schema(definition),
        Shape::Parameter(name) => name.to_lowercase(),
    }
}

fn of_object(object: &Object, names: &Names<'_>, indent: &str) -> String {
    let make = match object.rest {
        Rest::Refused => "strictObject",
        Rest::Dropped => "object",
        Rest::Kept => "looseObject",
    };
    let inner = format!("{indent}  ");
    let fields = object
        .fields
        .iter()
        .map(|field| format!("{inner}{}: {},\n", literal::key(&field.name), of_field(field, names, &inner)));
    let source = format!("z.{make}({{\n{}{indent}}})", fields.collect::<String>());
    fields_at_least(source, object.least)
}

fn of_field(field: &Field, names: &Names<'_>, indent: &str) -> String {
    match (&field.presence, &field.shape) {
        (Presence::Optional, Shape::Nullable(inner)) => format!("{}.nullish()", expression(inner, names, indent)),
        (Presence::Optional, shape) => format!("{}.optional()", expression(shape, names, indent)),
        (Presence::Default(value), shape) => format!("{}.default({value})", expression(shape, names, indent)),
        (Presence::Required, shape) => expression(shape, names, indent),
    }
}

fn union(options: &[Shape], exclusive: bool, names: &Names<'_>, indent: &str) -> String {
    let inner = format!("{indent}  ");
    let list: String =
        options.iter().map(|option| format!("{inner}{},\n", expression(option, names, &inner))).collect();
    let (make, list) = match discriminator(options) {
        Some(name) => ("discriminatedUnion", format!("{}, [\n{list}{indent}]", literal::text(name))),
        // Objects that refuse other fields exclude each other; those that read over them have to be counted.
        None if exclusive && !options.iter().all(is_strict) => ("xor", format!("[\n{list}{indent}]")),
        None => ("union", format!("[\n{list}{indent}]")),
    };
    format!("z.{make}({list})")
}

fn is_strict(shape: &Shape) -> bool {
    matches!(shape, Shape::Object(Object { rest: Rest::Refused, .. }))
}

/// The field that tells the options apart by one text each.
fn discriminator(options: &[Shape]) -> Option<&str> {
    let (first, rest) = options.split_first()?;
    literals(first).find(|name| rest.iter().all(|option| literals(option).any(|other| other == *name)))
}

/// The fields that are one text.
fn literals(shape: &Shape) -> impl Iterator<Item = &str> {
    let fields = if let Shape::Object(object) = shape { object.fields.as_slice() } else { &[] };
    fields.iter().filter(|field| matches!(field.shape, Shape::Literal(_))).map(|field| field.name.as_str())
}

fn of_text(text: &Text) -> String {
    let checked = match text.format {
        Some(Format::DateTime) => return "common.dateTime()".to_owned(),
        Some(Format::Date) => return "common.calendarDate()".to_owned(),
        None if text.least.is_none() && text.most.is_none() => {
            match text.pattern.as_deref().and_then(literal::prefixed) {
                Some((prefix, rest)) => {
                    let rest = literal::pattern(&rest);
                    return format!("z.templateLiteral([{}, z.string().regex({rest})])", literal::text(prefix));
                }
                None => "z.string()".to_owned(),
            }
        }
        None => {
            let most = text.most.map_or_else(String::new, |most| format!(", {most}"));
            format!("common.text({}{most})", text.least.unwrap_or(0))
        }
    };
    match &text.pattern {
        Some(pattern) => format!("{checked}.regex({})", literal::pattern(pattern)),
        None => checked,
    }
}

/// `z.int()` refuses by itself what is not safe.
fn integer(least: i64, most: i64) -> String {
    let least = (least > -MAX_SAFE).then_some(least);
    let most = (most < MAX_SAFE).then_some(most);
    format!("z.int(){}{}", rule("min", least), rule("max", most))
}

fn rule(name: &str, value: Option<impl std::fmt::Display>) -> String {
    value.map_or_else(String::new, |value| format!(".{name}({value})"))
}

fn fields_at_least(object: String, least: Option<u64>) -> String {
    match least {
        Some(least) => format!("{object}.refine(common.fields({least}), common.tooFew({least}))"),
        None => object,
    }
}
