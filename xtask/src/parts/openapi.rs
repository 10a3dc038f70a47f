//! The checked-in OpenAPI document is the one the code describes; clients are generated from the file, so drift is a bug.

use super::Context;
use crate::{error::Error, generated, report::Outcome, server, shell};

/// Where the document is checked in.
pub(super) const DOCUMENT: &str = "docs/api/openapi.json";

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let acd = server::build(&context.workspace)?;
    let described = shell::read(shell::command(acd, &context.workspace.root).arg("openapi"))?;
    let remedy = "cargo xtask test --only openapi --fix";
    generated::check(&context.workspace.root, DOCUMENT, &described, context.fix, remedy)?;
    Ok(Outcome::Passed)
}
