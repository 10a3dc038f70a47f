//! Values of every type with what Rust makes of them, for the test of the schemas in JavaScript.

mod mutate;
mod pattern;
mod random;
mod valid;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

use serde_json::{Value, json};

use self::{random::Random, valid::Maker};
use crate::{error::Error, model::Model, shape::Shape};

/// Writes lines of JSON: first the JSON Schemas, then the samples, half of them as they should be and half with a mistake.
/// Each has its `domain` and `type`, its `value`, and what Rust wrote when it had read it, or null when Rust refused it.
pub(crate) fn write(model: &Model, count: usize, seed: u64, path: &Path) -> Result<(), Error> {
    let named: Vec<_> =
        model.modules.iter().flat_map(|module| module.types.iter().map(move |named| (module, named))).collect();
    let shapes: BTreeMap<&str, &Shape> =
        named.iter().map(|(_, named)| (named.definition.as_str(), &named.shape)).collect();
    let mut maker = Maker { shapes: &shapes, random: Random::new(seed) };
    let file = |source| Error::File { path: path.to_owned(), source };
    let mut lines = BufWriter::new(File::create(path).map_err(file)?);
    let definitions = &model.contracts.read;
    writeln!(lines, "{}", json!({ "$defs": definitions })).map_err(file)?;
    for (module, named) in named {
        for index in 0..count {
            let mut value = maker.value(&named.shape)?;
            let is_mutated = index % 2 == 1;
            if is_mutated {
                mutate::mutate(&mut value, &mut maker.random);
            }
            let rewritten = (named.kind.rewrite)(&value.to_string());
            let (written, refusal) = match rewritten {
                Ok(text) => (serde_json::from_str(&text).unwrap_or(Value::Null), Value::Null),
                Err(error) => (Value::Null, error.to_string().into()),
            };
            let line = json!({
                "domain": module.domain.name, "type": named.kind.name, "definition": named.definition,
                "value": value, "written": written, "refusal": refusal, "mutated": is_mutated,
            });
            writeln!(lines, "{line}").map_err(file)?;
        }
    }
    lines.flush().map_err(file)
}
