//! Making the cluster, all or nothing.

use std::fs;
use std::process;

use super::home::{self, Home};
use super::{Binaries, Durability, EmbeddedError, SUPERUSER, postmaster};

/// An unfinished cluster has this prefix and is never used, so a kill in the middle costs only the work done.
const STAGING: &str = "initdb-";

/// Makes the cluster when there is none. Call it only while holding the owner lock.
pub(super) fn ensure(home: &Home, binaries: &Binaries, durability: Durability) -> Result<(), EmbeddedError> {
    remove_unfinished(home)?;
    if home::data_major(&home.data())?.is_some() {
        return Ok(());
    }
    let data = home.data();
    if data.exists() {
        return Err(EmbeddedError::Foreign { path: data, reason: "it holds no PG_VERSION" });
    }
    let staging = home.root().join(format!("{STAGING}{}", process::id()));
    let program = binaries.program("initdb");
    let mut command = postmaster::bound_to_this_thread(home, binaries, &program);
    command.arg("-D").arg(&staging).args(["-U", SUPERUSER, "--auth-local=trust", "--auth-host=reject"]);
    // Byte order for comparison (stable over systems and indexes), Unicode for upper and lower case.
    let character_type = if cfg!(target_os = "macos") { "UTF-8" } else { "C.UTF-8" };
    command.args(["--encoding=UTF8", "--locale=C", &format!("--lc-ctype={character_type}")]);
    command.arg(match durability {
        Durability::Durable => "--data-checksums",
        Durability::TestOnlyFast => "--no-sync",
    });
    let output = command.output().map_err(EmbeddedError::run(&program))?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        let output = postmaster::last_lines(&String::from_utf8_lossy(&text));
        return Err(EmbeddedError::Initdb { path: data, output });
    }
    fs::rename(&staging, &data).map_err(EmbeddedError::file("move the new cluster to", &data))?;
    let root = home.root();
    fs::File::open(root).and_then(|dir| dir.sync_all()).map_err(EmbeddedError::file("write", root))
}

fn remove_unfinished(home: &Home) -> Result<(), EmbeddedError> {
    let root = home.root();
    for entry in fs::read_dir(root).map_err(EmbeddedError::file("list", root))? {
        let entry = entry.map_err(EmbeddedError::file("list", root))?;
        if entry.file_name().to_string_lossy().starts_with(STAGING) {
            fs::remove_dir_all(entry.path()).map_err(EmbeddedError::file("remove", entry.path()))?;
        }
    }
    Ok(())
}
