//! A C++ compiler, for libFuzzer.

use super::packages::Packages;
use crate::shell;

pub(crate) const PACKAGES: Packages =
    Packages { apt: &["g++"], brew: &[], otherwise: "Install a C++ compiler; on macOS with: xcode-select --install" };

pub(crate) fn found() -> bool {
    ["c++", "g++", "clang++"].into_iter().any(|program| shell::which(program).is_some())
}
