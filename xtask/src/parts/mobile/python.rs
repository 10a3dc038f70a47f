//! The Python of the mobile library, which is not shipped: a third language tells the library's faults from Kotlin's.

use std::fs;

use secrecy::ExposeSecret;

use super::{Live, library::Library};
use crate::{error::Error, shell, workspace::Workspace};

const SCRIPT: &str = "bindings/mobile/python/smoke.py";

pub(super) fn smoke(workspace: &Workspace, library: &Library, live: &Live) -> Result<(), Error> {
    let folder = library.generate(workspace, "python")?;
    // The generated module looks for the library next to itself.
    let beside = folder.join(library.file_name());
    fs::copy(library.file(), &beside).map_err(Error::file("write", &beside))?;
    let mut script = shell::command("python3", &folder);
    script
        .arg(workspace.root.join(SCRIPT))
        .env("PYTHONPATH", &folder)
        .env("ACD_URL", &live.url)
        .env("ACD_WRITE_KEY", live.write_key.expose_secret());
    shell::run(&mut script)
}
