//! The house as `src/lib.rs` draws it: the tree is the one on the disk, its rooms look in one direction
//! only, and nothing in the pure ones knows the standard library.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each folder, and the ones that it may know.
const MAY_KNOW: [(&str, &[&str]); 6] = [
    ("wire", &[]),
    ("client", &["wire"]),
    ("server", &["wire"]),
    ("ui", &["wire", "client"]),
    ("net", &["wire", "client", "server", "ui"]),
    ("cli", &["wire", "client", "server", "ui", "net"]),
];

/// Those that are pure: they build without the standard library, and without what only programs need.
const PURE: [&str; 4] = ["wire", "client", "server", "ui"];
const OF_THE_WORLD: [&str; 12] = [
    "std",
    "mio",
    "rustix",
    "nix",
    "clap",
    "env_logger",
    "signal_hook",
    "listenfd",
    "rustls",
    "rcgen",
    "webpki",
    "tz",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All files below a folder, with their paths from `src`.
fn files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![source().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(source()).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} is empty");
    found
}

/// The code of a file that is not for its tests, without comments, and without what is there only where
/// the standard library is.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut code = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == "#[cfg(feature = \"std\")]" {
            lines.next();
        } else {
            code += line.split("//").next().unwrap();
            code.push('\n');
        }
    }
    code
}

fn is_test(name: &str) -> bool {
    name.contains("tests")
}

/// The first steps of all paths that begin with `root`, in single and in grouped imports.
fn steps_from<'a>(code: &'a str, root: &str) -> BTreeSet<&'a str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut steps = BTreeSet::new();
    for (at, _) in code.match_indices(root) {
        if code[..at].ends_with(is_name) {
            continue;
        }
        let rest = &code[at + root.len()..];
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = &group[..group.find(';').unwrap_or(group.len())];
                steps
                    .extend(group.split([',', '{', '}']).map(|part| part.trim().split("::").next().unwrap()));
            }
            None => {
                steps.insert(&rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())]);
            }
        }
    }
    steps
}

#[test]
fn every_folder_looks_in_one_direction_only() {
    let folders: Vec<_> = MAY_KNOW.iter().map(|(folder, _)| *folder).collect();
    for (folder, may_know) in MAY_KNOW {
        for (name, text) in files(folder) {
            let code = if is_test(&name) { String::new() } else { code(&text) };
            for step in steps_from(&code, "crate::") {
                let knows = folders.contains(&step) && step != folder;
                assert!(!knows || may_know.contains(&step), "src/{name} must not know {step}");
            }
        }
    }
}

#[test]
fn pure_folders_know_nothing_of_the_world() {
    for folder in PURE {
        for (name, text) in files(folder) {
            let code = if is_test(&name) { String::new() } else { code(&text) };
            for world in OF_THE_WORLD {
                let path = format!("{world}::");
                assert!(steps_from(&code, &path).is_empty(), "src/{name} must not use {world}");
            }
        }
    }
}

#[test]
fn tree_in_the_documentation_is_the_tree_on_the_disk() {
    let library = fs::read_to_string(source().join("lib.rs")).unwrap();
    let tree = library.split("//! ```tree\n").nth(1).and_then(|rest| rest.split("//! ```").next()).unwrap();
    let mut drawn = BTreeSet::new();
    let mut folder = String::new();
    for line in tree.lines() {
        let line = line.strip_prefix("//! ").unwrap();
        let (names, _) = line.trim_start().split_once("  ").unwrap_or((line.trim(), ""));
        if let Some(name) = names.strip_suffix('/') {
            folder = format!("{}/", name.trim());
        } else {
            let folder = if line.starts_with(' ') { folder.as_str() } else { "" };
            drawn.extend(names.split(' ').map(|name| format!("{folder}{name}")));
        }
    }
    let is_room = |name: &String| !is_test(name) && !name.ends_with("mod.rs") && name != "lib.rs";
    let on_disk: BTreeSet<String> = files("")
        .into_iter()
        .map(|(name, _)| name)
        .filter(is_room)
        .map(|name| name.replace(".rs", ""))
        .collect();
    assert_eq!(drawn, on_disk);
}

/// The checks can fail: what they look for is found where it stands.
#[test]
fn what_is_forbidden_is_found() {
    let text =
        "use crate::net::{log, tty};\nuse crate::{client::notice, wire::{lines, ring}};\nmy_crate::x();";
    assert_eq!(steps_from(text, "crate::"), BTreeSet::from(["net", "client", "wire", "lines", "ring", ""]));
    assert_eq!(steps_from("let x = std::mem::take(y); nostd::z", "std::"), BTreeSet::from(["mem"]));
    let text = "a // std::x\n#[cfg(feature = \"std\")]\nuse std::z;\nb\n#[cfg(test)]\nmod tests {\nstd::y";
    assert_eq!(code(text), "a \nb\n");
}
