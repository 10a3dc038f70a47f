//! The module of a domain.

use std::{cell::RefCell, collections::BTreeSet};

use super::{HEADER, docs::comment, schema, types, types::Side};
use crate::{
    model::{Model, Module, Named},
    registry::Domain,
    shape::Shape,
};

/// How other types are named in a module, and what it therefore has to import.
#[derive(Debug)]
pub(super) struct Names<'m> {
    model: &'m Model,
    domain: &'m Domain,
    /// Domains whose types or schemas are named.
    used: RefCell<BTreeSet<&'static str>>,
}

impl Names<'_> {
    /// The type of a definition.
    pub(super) fn kind(&self, definition: &str, side: Side) -> String {
        let suffix = if side == Side::Read && self.model.is_lenient(definition) { "Input" } else { "" };
        self.qualified(definition, suffix)
    }

    /// The schema of a definition.
    pub(super) fn schema(&self, definition: &str) -> String {
        self.qualified(definition, "Schema")
    }

    fn qualified(&self, definition: &str, suffix: &str) -> String {
        let Some(home) = self.model.contracts.homes.get(definition) else { return definition.to_owned() };
        let name = home.kind.name;
        if home.domain == self.domain.name {
            return format!("{name}{suffix}");
        }
        self.used.borrow_mut().insert(home.domain);
        format!("{}.{name}{suffix}", home.domain)
    }
}

/// The source of a module.
pub(super) fn render(model: &Model, module: &Module) -> String {
    let names = Names { model, domain: module.domain, used: RefCell::default() };
    let body: String = module.types.iter().map(|named| declarations(model, named, &names)).collect();
    let mut source = HEADER.to_owned();
    source.push_str(&format!("/**\n * {}\n *\n * @packageDocumentation\n */\n", module.domain.about));
    source.push_str("import * as z from 'zod';\n");
    if body.contains("common.") {
        source.push_str("import * as common from './common.js';\n");
    }
    let common = ["CalendarDate", "DateTime", "JsonValue"].into_iter().filter(|name| body.contains(name));
    let common = common.collect::<Vec<_>>().join(", ");
    if !common.is_empty() {
        source.push_str(&format!("import type {{ {common} }} from './common.js';\n"));
    }
    for other in names.used.borrow().iter() {
        source.push_str(&format!("import * as {other} from './{other}.js';\n"));
    }
    source + &body
}

/// The types and the schema of one wire type.
fn declarations(model: &Model, named: &Named, names: &Names<'_>) -> String {
    let Named { definition, kind, doc, shape } = named;
    let name = kind.name;
    let mut source = format!("\n{}{}", comment(doc.as_deref(), ""), declaration(named, "", Side::Written, names));
    if model.is_lenient(definition) {
        let about = format!("What is read as [`{name}`]: fields that have a default may be left out.");
        source.push_str(&format!("\n{}", comment(Some(&about), "")));
        source.push_str(&declaration(named, "Input", Side::Read, names));
    }
    source.push_str(&format!("\n{}", comment(Some(&format!("Checks and reads [`{name}`].")), "")));
    let expression = schema::expression(shape, names, "  ");
    if kind.parameters.is_empty() {
        // A bundler drops the call when nobody uses its result; calls inside it would each need the mark.
        source.push_str(&format!("export const {name}Schema = /* @__PURE__ */ (() =>\n  {expression})();\n"));
    } else {
        let bound: Vec<_> = kind.parameters.iter().map(|name| format!("{name} extends z.ZodType")).collect();
        let taken: Vec<_> = kind.parameters.iter().map(|name| format!("{}: {name}", name.to_lowercase())).collect();
        let (bound, taken) = (bound.join(", "), taken.join(", "));
        source.push_str(&format!("export const {name}Schema = <{bound}>({taken}) =>\n  {expression};\n"));
    }
    source
}

fn declaration(named: &Named, suffix: &str, side: Side, names: &Names<'_>) -> String {
    let parameters = named.kind.parameters;
    let parameters = if parameters.is_empty() { String::new() } else { format!("<{}>", parameters.join(", ")) };
    let name = format!("{}{suffix}{parameters}", named.kind.name);
    match &named.shape {
        Shape::Object(object) => format!("export interface {name} {}\n", types::of_object(object, side, names, "")),
        shape => {
            let kind = types::kind(shape, side, names, "");
            let space = if kind.starts_with('\n') { "" } else { " " };
            format!("export type {name} ={space}{kind};\n")
        }
    }
}
