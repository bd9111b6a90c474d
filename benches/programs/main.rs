//! The real programs over loopback: what a message, a start, a user and a byte of memory cost.
//!
//! Linux says in /proc what a process has used; elsewhere there is nothing to be read, and nothing
//! is measured.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![allow(clippy::unwrap_used, reason = "a measurement that goes wrong is to end the benchmark")]

#[path = "../harness/mod.rs"]
mod harness;

mod client;
mod clients;
mod process;
mod server;
mod servers;

use harness::{Arguments, Table, number};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

/// No wait takes longer: a program that hangs ends the benchmark, and is ended by it.
const DEADLINE: Duration = Duration::from_secs(60);

const CHINWAG: &str = env!("CARGO_BIN_EXE_chinwag");
const CHINWAGD: &str = env!("CARGO_BIN_EXE_chinwagd");

/// The text of a message: 64 bytes.
const TEXT: &str = "the quick brown fox jumps over the lazy dog, and again: 0123456.";

fn main() {
    let arguments = Arguments::read();
    if !cfg!(target_os = "linux") {
        println!("\nprograms: skipped, since this is not Linux");
        return;
    }
    let nc = find_nc();
    clients::run(nc.as_deref(), &arguments);
    servers::run(&arguments);
    print_sizes(nc.as_deref(), &arguments);
}

/// Netcat, which does as little with a connection as can be done.
fn find_nc() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join("nc")).find(|file| file.is_file())
}

fn print_sizes(nc: Option<&Path>, arguments: &Arguments) {
    let title = "programs: size of the files, KiB";
    if !arguments.selects(title) {
        return;
    }
    let mut table = Table::new(title, 1, &["", "KiB"]);
    let ours = [Some(("chinwag", Path::new(CHINWAG))), Some(("chinwagd", Path::new(CHINWAGD)))];
    for (name, file) in ours.into_iter().chain([nc.map(|nc| ("nc", nc))]).flatten() {
        let bytes = std::fs::metadata(file).unwrap().len();
        table.row(vec![name.to_owned(), number(bytes as f64 / 1024.0)]);
    }
    table.print();
}
