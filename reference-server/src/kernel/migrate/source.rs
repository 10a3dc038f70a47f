//! Migrations as files: the ones inside the binary, and those of a folder outside.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

use super::MigrateError;

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

/// Schemas that a product may not be named after.
const RESERVED: [&str; 11] = [
    "acd",
    "auth",
    "events",
    "extensions",
    "graphql",
    "information_schema",
    "public",
    "realtime",
    "shared",
    "storage",
    "vault",
];

/// Whose migration it is. Shared ones come before those of products.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The tables that all products share.
    Shared,
    /// One product's own tables, in the schema of its slug.
    Product(String),
}

impl Scope {
    /// The name in the ledger: `shared`, or the product's slug.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Shared => "shared",
            Self::Product(slug) => slug,
        }
    }

    fn folder(&self) -> String {
        match self {
            Self::Shared => "shared".to_owned(),
            Self::Product(slug) => format!("products/{slug}"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut characters = text.chars();
        let named = characters.next().is_some_and(|c| c.is_ascii_lowercase())
            && characters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && text.len() <= 40;
        match text {
            "shared" => Ok(Self::Shared),
            _ if !named => Err("a product's slug has lower-case letters, digits and underscores, 40 at most"),
            _ if RESERVED.contains(&text) || text.starts_with("pg_") => {
                Err("the slug names a schema that is not the product's; choose another")
            }
            _ => Ok(Self::Product(text.to_owned())),
        }
    }
}

/// One migration: a pair of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Whose it is.
    pub scope: Scope,
    /// Its number, from 1 without a gap.
    pub version: i32,
    /// Its name, such as `roles`.
    pub name: String,
    /// SHA-256 of the `up` file, the same whatever its line ends are.
    pub checksum: [u8; 32],
    pub(super) up: String,
    pub(super) down: String,
}

impl Migration {
    pub(super) fn file(&self, direction: &str) -> String {
        file_name(&self.scope, self.version, &self.name, direction)
    }
}

impl fmt::Display for Migration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:04}_{}", self.scope, self.version, self.name)
    }
}

/// The migrations of the binary, and of the folder outside when there is one, in the order in which they run.
pub(super) fn load(outside: Option<&Path>) -> Result<Vec<Migration>, MigrateError> {
    let mut collected = Collected::default();
    collect_built_in(&BUILT_IN, &mut collected)?;
    if let Some(folder) = outside {
        collect_outside(folder, &mut collected)?;
    }
    collected.pair()
}

#[derive(Default)]
struct Collected {
    halves: BTreeMap<(Scope, i32), BTreeMap<String, Halves>>,
}

#[derive(Default)]
struct Halves {
    up: Option<String>,
    down: Option<String>,
}

impl Collected {
    /// Takes a file by its path, such as `products/blogcanvas/0001_posts.up.sql`. Files that are not SQL may lie about.
    fn add(&mut self, path: &str, text: &str) -> Result<(), MigrateError> {
        let Some(stem) = path.strip_suffix(".sql") else { return Ok(()) };
        let misnamed = |reason| MigrateError::Misnamed { file: path.to_owned(), reason };
        let scheme = "it must be named like shared/0001_name.up.sql or products/SLUG/0001_name.up.sql";
        let (folder, stem) = stem.rsplit_once('/').ok_or_else(|| misnamed(scheme))?;
        let scope = match folder.strip_prefix("products/") {
            Some("shared") => return Err(misnamed("no product may be named shared")),
            Some(slug) => slug.parse().map_err(misnamed)?,
            None if folder == "shared" => Scope::Shared,
            None => return Err(misnamed(scheme)),
        };
        let (stem, direction) = stem.rsplit_once('.').ok_or_else(|| misnamed(scheme))?;
        let (number, name) = stem.split_once('_').ok_or_else(|| misnamed(scheme))?;
        let version = match number.parse() {
            Ok(version) if number.len() == 4 && version > 0 => version,
            _ => return Err(misnamed("its number must have four digits and start at 0001")),
        };
        let halves = self.halves.entry((scope, version)).or_default().entry(name.to_owned()).or_default();
        let half = match direction {
            "up" => &mut halves.up,
            "down" => &mut halves.down,
            _ => return Err(misnamed(scheme)),
        };
        // A checkout on another system may have other line ends: the text is still the same migration.
        if half.replace(text.replace("\r\n", "\n")).is_some() {
            return Err(misnamed("a migration of this name is already built in; renumber it"));
        }
        Ok(())
    }

    fn pair(self) -> Result<Vec<Migration>, MigrateError> {
        let mut migrations: Vec<Migration> = Vec::with_capacity(self.halves.len());
        for ((scope, version), names) in self.halves {
            let mut names = names.into_iter();
            let Some((name, halves)) = names.next() else { continue };
            if let Some((other, _)) = names.next() {
                return Err(MigrateError::Duplicate { scope: scope.to_string(), version, one: name, other });
            }
            let previous = migrations.last().filter(|last| last.scope == scope).map_or(0, |last| last.version);
            if version != previous + 1 {
                let missing = previous + 1;
                return Err(MigrateError::Gap { scope: scope.to_string(), missing, found: version });
            }
            let missing = |direction| MigrateError::Unpaired { file: file_name(&scope, version, &name, direction) };
            let up = halves.up.ok_or_else(|| missing("up"))?;
            let down = halves.down.ok_or_else(|| missing("down"))?;
            let checksum = Sha256::digest(up.as_bytes()).into();
            migrations.push(Migration { scope, version, name, checksum, up, down });
        }
        Ok(migrations)
    }
}

fn file_name(scope: &Scope, version: i32, name: &str, direction: &str) -> String {
    format!("{}/{version:04}_{name}.{direction}.sql", scope.folder())
}

fn collect_built_in(dir: &Dir<'_>, collected: &mut Collected) -> Result<(), MigrateError> {
    for file in dir.files() {
        let path = file.path().to_string_lossy();
        let text = file
            .contents_utf8()
            .ok_or_else(|| MigrateError::Misnamed { file: path.to_string(), reason: "it is not UTF-8 text" })?;
        collected.add(&path, text)?;
    }
    dir.dirs().try_for_each(|dir| collect_built_in(dir, collected))
}

fn collect_outside(folder: &Path, collected: &mut Collected) -> Result<(), MigrateError> {
    let products = folder.join("products");
    for product in entries(&products)? {
        if !product.is_dir() {
            continue;
        }
        for file in entries(&product)? {
            let relative = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().into_owned();
            if relative.ends_with(".sql") {
                collected.add(&relative, &std::fs::read_to_string(&file).map_err(unreadable(&file))?)?;
            }
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, MigrateError> {
    let entries = std::fs::read_dir(folder).map_err(unreadable(folder))?;
    entries.map(|entry| Ok(entry.map_err(unreadable(folder))?.path())).collect()
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> MigrateError {
    move |cause| MigrateError::Folder { path: path.to_path_buf(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(files: &[(&str, &str)]) -> Result<Vec<Migration>, MigrateError> {
        let mut collected = Collected::default();
        files.iter().try_for_each(|(path, text)| collected.add(path, text))?;
        collected.pair()
    }

    #[test]
    fn shared_migrations_come_first_and_each_scope_in_order() {
        let migrations = collect(&[
            ("products/pct/0001_a.down.sql", ""),
            ("products/pct/0001_a.up.sql", ""),
            ("shared/0002_c.up.sql", ""),
            ("shared/0002_c.down.sql", ""),
            ("shared/0001_b.up.sql", ""),
            ("shared/0001_b.down.sql", ""),
            ("shared/README.md", "not SQL"),
        ]);
        let names: Vec<String> = migrations.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["shared/0001_b", "shared/0002_c", "pct/0001_a"]);
    }

    #[test]
    fn what_is_wrong_with_the_files_is_named() {
        let pair = [("shared/0001_a.up.sql", ""), ("shared/0001_a.down.sql", "")];
        for (files, says) in [
            (vec![("shared/0001_a.up.sql", "")], "shared/0001_a.down.sql is missing"),
            (
                vec![pair[0], pair[1], ("shared/0003_c.up.sql", ""), ("shared/0003_c.down.sql", "")],
                "none numbered 0002",
            ),
            (vec![pair[0], pair[1], ("shared/0001_b.up.sql", "")], "two migrations numbered 0001"),
            (vec![("shared/1_a.up.sql", "")], "four digits"),
            (vec![("shared/0001_a.sql", "")], "must be named like"),
            (vec![("other/0001_a.up.sql", "")], "must be named like"),
            (vec![("products/public/0001_a.up.sql", "")], "choose another"),
            (vec![("products/x\"; drop/0001_a.up.sql", "")], "lower-case letters"),
            (vec![("products/shared/0001_a.up.sql", "")], "no product may be named shared"),
        ] {
            let error = collect(&files).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn line_ends_do_not_change_the_checksum_but_text_does() {
        let of = |text| collect(&[("shared/0001_a.up.sql", text), ("shared/0001_a.down.sql", "")]).unwrap()[0].checksum;
        assert_eq!(of("select 1;\r\nselect 2;\r\n"), of("select 1;\nselect 2;\n"));
        assert_ne!(of("select 1;"), of("select 2;"));
    }

    #[test]
    fn what_is_built_in_is_sound() {
        let migrations = load(None).unwrap();
        assert_eq!(migrations.first().map(ToString::to_string).as_deref(), Some("shared/0001_roles"));
    }
}
