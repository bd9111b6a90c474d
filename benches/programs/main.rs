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
mod idle;
mod process;
mod server;
mod servers;
mod tools;
mod tracer;

use harness::{Arguments, Table, number};
use std::process::Stdio;
use std::time::Duration;
use tools::Tools;

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
    let tools = Tools::find();
    clients::run(&tools, &arguments);
    servers::run(&tools, &arguments);
    idle::run(&tools, &arguments);
    print_sizes(&tools, &arguments);
}

fn print_sizes(tools: &Tools, arguments: &Arguments) {
    let title = "programs: size of the files, KiB";
    if !arguments.selects(title) {
        return;
    }
    let mut table = Table::new(title, 1, &["", "KiB"]);
    for (name, file) in tools.files() {
        let bytes = std::fs::metadata(file).unwrap().len();
        table.row(vec![name.to_owned(), number(bytes as f64 / 1024.0)]);
    }
    table.print();
}
