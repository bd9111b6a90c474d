//! What is made of chinwag's sources beside its programs, and committed: nobody who builds those needs it.

mod command;
mod completions;
mod help;
mod manual;
mod pages;
mod roff;
mod surface;
#[cfg(test)]
mod tools;

use clap::Command;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let tasks = Command::new("xtask").bin_name("cargo xtask").arg_required_else_help(true);
    let tasks = tasks.subcommand(pages::task()).subcommand(surface::task());
    let result = match tasks.get_matches().subcommand() {
        Some(("pages", given)) => pages::run(top(), given),
        Some(("public-api", given)) => surface::run(top(), given),
        _ => Ok(()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of chinwag's sources.
fn top() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
