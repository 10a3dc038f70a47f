//! The checked-in OpenAPI document is the one the code describes; clients are generated from the file, so drift is a bug.

use std::{fs, io};

use super::Context;
use crate::{error::Error, report::Outcome, server, shell};

/// Where the document is checked in.
pub(super) const DOCUMENT: &str = "docs/api/openapi.json";

pub(super) fn run(context: &Context) -> Result<Outcome, Error> {
    let acd = server::build(&context.workspace)?;
    let described = shell::read(shell::command(acd, &context.workspace.root).arg("openapi"))?;
    let path = context.workspace.root.join(DOCUMENT);
    let checked_in = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Error::file("read", path)(error)),
    };
    if described == checked_in {
        return Ok(Outcome::Passed);
    }
    if context.fix {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
        }
        fs::write(&path, described).map_err(Error::file("write", &path))?;
        println!("rewrote {DOCUMENT}");
        return Ok(Outcome::Passed);
    }
    let difference = first_difference(&checked_in, &described);
    Err(Error::Check(format!("{DOCUMENT} {difference}; rewrite it with: cargo xtask test --only openapi --fix")))
}

/// Where two texts begin to differ, in words.
fn first_difference(checked_in: &str, described: &str) -> String {
    let (mut old, mut new) = (checked_in.lines(), described.lines());
    let mut number = 1;
    loop {
        match (old.next(), new.next()) {
            (Some(old), Some(new)) if old == new => number += 1,
            (Some(old), Some(new)) => {
                return format!("differs in line {number}: it has `{}`, the code says `{}`", old.trim(), new.trim());
            }
            (Some(_), None) => return format!("goes on after the code's document ends, from line {number}"),
            (None, Some(_)) => return format!("ends before the code's document does, at line {number}"),
            (None, None) => return "differs in its line ends only".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_line_and_both_sides() {
        let text = first_difference("{\n  \"a\": 1\n}\n", "{\n  \"a\": 2\n}\n");
        assert_eq!(text, "differs in line 2: it has `\"a\": 1`, the code says `\"a\": 2`");
        assert_eq!(first_difference("", "{\n"), "ends before the code's document does, at line 1");
        assert_eq!(first_difference("{\n", "{"), "differs in its line ends only");
    }
}
