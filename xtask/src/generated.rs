//! Files that are checked in and made from the code: each must be what the code says, and `--fix` makes it so.

use std::{fs, io, path::Path};

use crate::error::Error;

/// Compares a file below `root` with what the code says; writes it when `fix` is set, otherwise names the first difference.
pub(crate) fn check(root: &Path, file: &str, said: &str, fix: bool, remedy: &str) -> Result<(), Error> {
    let path = root.join(file);
    let checked_in = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Error::file("read", path)(error)),
    };
    if said == checked_in {
        return Ok(());
    }
    if !fix {
        let difference = first_difference(&checked_in, said);
        return Err(Error::Check(format!("{file} {difference}; rewrite it with: {remedy}")));
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    fs::write(&path, said).map_err(Error::file("write", &path))?;
    println!("rewrote {file}");
    Ok(())
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

    #[test]
    fn what_differs_is_refused_until_it_is_fixed() {
        let root = tempfile::tempdir().unwrap();
        let check = |fix| check(root.path(), "docs/x.json", "{}\n", fix, "cargo xtask fix");
        let error = check(false).unwrap_err().to_string();
        assert!(error.starts_with("docs/x.json ends before") && error.ends_with("cargo xtask fix"), "{error}");
        check(true).unwrap();
        check(false).unwrap();
    }
}
