//! The public surface of the library, a line for each item: written, or compared with what is there.
//!
//! It is that of the pure library, which is for others: with the standard library and the line editor, and without
//! the programs. What the compiler derives by itself is left out. rustdoc describes a crate to programs, in a format
//! that changes with Rust, and `public-api` understands one format: so it is the rustdoc of the least Rust that
//! Cargo.toml promises, whatever Rust is used, and the two go up together.

use clap::{Arg, ArgAction, ArgMatches, Command};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

const LIST: &str = "docs/public-api.txt";
const FEATURES: &str = "std,editor";

/// What the command line has of it.
pub(crate) fn task() -> Command {
    let check = Arg::new("check").long("check").action(ArgAction::SetTrue);
    Command::new("public-api")
        .about(format!("Writes {LIST}, which lists what the library has for others"))
        .arg(check.help("Write nothing: fail if what is there is not what would be written"))
}

/// Writes it, or compares it.
///
/// # Errors
/// What does not work, or is not the same.
pub(crate) fn run(top: &Path, given: &ArgMatches) -> Result<(), String> {
    let (path, surface) = (top.join(LIST), surface(&describe(top)?)?);
    if !given.get_flag("check") {
        return fs::write(&path, surface).map_err(|error| format!("{LIST}: {error}"));
    }
    let listed = fs::read_to_string(&path).unwrap_or_default();
    if listed == surface { Ok(()) } else { Err(difference(&listed, &surface)) }
}

/// Lets rustdoc describe the library; returns where.
fn describe(top: &Path) -> Result<PathBuf, String> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or(top.join("target"), PathBuf::from).join("public-api");
    let status = process::Command::new("rustup")
        .args(["run", "--install", &least_rust(top)?, "cargo", "rustdoc", "--quiet", "--locked", "--lib"])
        .args(["--no-default-features", "--features", FEATURES, "--target-dir"])
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        // What a stable Rust has of this, it has not promised.
        .env("RUSTC_BOOTSTRAP", "1")
        .current_dir(top)
        .status();
    match status {
        Ok(status) if status.success() => Ok(target.join("doc/chinwag.json")),
        Ok(status) => Err(format!("rustup run ... cargo rustdoc: {status}")),
        Err(error) => Err(format!("rustup: {error}")),
    }
}

fn least_rust(top: &Path) -> Result<String, String> {
    let manifest =
        fs::read_to_string(top.join("Cargo.toml")).map_err(|error| format!("Cargo.toml: {error}"))?;
    let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version = "));
    line.map(|version| version.trim_matches('"').to_owned())
        .ok_or("Cargo.toml has no rust-version".to_owned())
}

fn surface(description: &Path) -> Result<String, String> {
    let surface = public_api::Builder::from_rustdoc_json(description)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .map_err(|error| {
            format!("{error}\nDoes public-api in xtask/Cargo.toml fit rust-version in Cargo.toml?")
        })?;
    // An implementation stands with the trait and with the type.
    let mut seen = BTreeSet::new();
    Ok(surface.items().map(|item| format!("{item}\n")).filter(|line| seen.insert(line.clone())).collect())
}

/// What one has and the other has not, and what to do.
fn difference(listed: &str, surface: &str) -> String {
    let set = |text| str::lines(text).collect::<BTreeSet<_>>();
    let (listed, surface) = (set(listed), set(surface));
    let gone = listed.difference(&surface).map(|line| format!("-{line}\n"));
    let new = surface.difference(&listed).map(|line| format!("+{line}\n"));
    let changes: String = gone.chain(new).collect();
    format!(
        "The library has another surface than {LIST} says:\n{changes}If that is meant, run `cargo xtask public-api` \
         and commit it; what is gone, or has changed, breaks what others have built (CONTRIBUTING.md)."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_and_what_is_gone_is_said() {
        let said = difference("pub fn a::x()\npub fn a::y()\n", "pub fn a::y()\npub fn a::z()\n");
        assert!(said.contains("says:\n-pub fn a::x()\n+pub fn a::z()\nIf that"), "{said}");
    }
}
