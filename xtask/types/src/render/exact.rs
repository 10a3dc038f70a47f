//! The check that the compiler makes: what a schema gives and takes is the type of that name, no wider and no narrower.

use super::HEADER;
use crate::model::Model;

/// The source of the check.
pub(super) fn render(model: &Model) -> String {
    let mut source = HEADER.to_owned();
    source.push_str("import type * as z from 'zod';\nimport type { Expect, Same } from './same.js';\n");
    for module in &model.modules {
        let name = module.domain.name;
        source.push_str(&format!("import type * as {name} from '@acd/types/{name}';\n"));
    }
    source.push_str("\nexport type Exact = [\n");
    for module in &model.modules {
        let domain = module.domain.name;
        for named in &module.types {
            let (name, parameters) = (named.kind.name, named.kind.parameters);
            let list = |value: &str| match parameters.len() {
                0 => String::new(),
                count => format!("<{}>", vec![value; count].join(", ")),
            };
            let schema = match parameters.len() {
                0 => format!("typeof {domain}.{name}Schema"),
                _ => format!("ReturnType<typeof {domain}.{name}Schema{}>", list("z.ZodBoolean")),
            };
            let read = if model.is_lenient(&named.definition) { "Input" } else { "" };
            let value = list("boolean");
            source.push_str(&format!("  Expect<Same<z.output<{schema}>, {domain}.{name}{value}>>,\n"));
            source.push_str(&format!("  Expect<Same<z.input<{schema}>, {domain}.{name}{read}{value}>>,\n"));
        }
    }
    source + "];\n"
}
