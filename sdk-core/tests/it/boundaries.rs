//! Rules about where things may be named, which no compiler checks.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// The files outside `homes` whose code, comments aside, contains `word`.
fn strays(word: &str, homes: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let names = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        text.lines().any(|line| line.contains(word) && !line.trim_start().starts_with("//"))
    };
    let at_home = |path: &PathBuf| homes.iter().any(|home| path.starts_with(root.join(home)));
    let found: Vec<_> = sources(&root).into_iter().filter(names).collect();
    assert!(found.iter().any(at_home), "`{word}` is not found where it belongs");
    found.into_iter().filter(|path| !at_home(path)).collect()
}

#[test]
fn http_clients_are_named_in_their_transports_alone() {
    for client in ["reqwest::", "hyper::", "hyper_util::", "hyper_rustls::", "http_body::"] {
        assert_eq!(strays(client, &["transport"]), [] as [PathBuf; 0]);
    }
}

#[test]
fn the_target_is_asked_for_in_transport_and_runtime_alone() {
    assert_eq!(strays("target_arch", &["transport", "runtime"]), [] as [PathBuf; 0]);
}

#[test]
fn no_more_is_compiled_than_the_features_ask_for() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let tree = |features: &[&str]| {
        let fixed = ["tree", "--package", "acd-core", "--edges", "normal", "--prefix", "none", "--offline"];
        let output = Command::new(&cargo).args(fixed).args(features).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let bare = tree(&["--no-default-features"]);
    let holds = |tree: &str, name: &str| tree.lines().any(|line| line.split(' ').next() == Some(name));
    for name in ["hyper", "hyper-util", "reqwest", "ring", "rustls"] {
        assert!(!holds(&bare, name), "{name} is in the tree of no features:\n{bare}");
    }
    let usual = tree(&[]);
    assert!(holds(&usual, "hyper-util") && holds(&usual, "hyper-rustls"));
    assert!(!holds(&usual, "reqwest"), "reqwest is for who asks for it:\n{usual}");
    let both = tree(&["--features", "reqwest"]);
    assert!(holds(&both, "reqwest"));
    assert!(!both.contains("aws-lc") && !both.contains("openssl-sys"), "one TLS provider is enough:\n{both}");
}
