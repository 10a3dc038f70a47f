//! Chromium or Google Chrome, for what has to hold in a browser.

use std::path::PathBuf;

use super::packages::Packages;
use crate::shell;

/// Where macOS keeps it; Linux has it on `PATH`.
const ON_MACOS: [&str; 2] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

pub(crate) const PACKAGES: Packages = Packages {
    apt: &["chromium"],
    brew: &[],
    otherwise: "Install Chromium or Google Chrome; on Debian with: apt-get install chromium",
};

/// The file of the browser, none when there is none.
pub(crate) fn find() -> Option<PathBuf> {
    let on_path = ["chromium", "chromium-browser", "google-chrome", "chromium-headless-shell"];
    let on_path = on_path.into_iter().filter_map(shell::which);
    on_path.chain(ON_MACOS.into_iter().map(PathBuf::from).filter(|program| program.is_file())).next()
}
