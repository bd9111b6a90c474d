//! Makes the pictures of docs/: real runs of `chinwag`, as a terminal emulator shows them.
//!
//! ```sh
//! cargo build --features rich
//! cargo run --features rich --example picture             # makes them
//! cargo run --features rich --example picture -- --check  # says whether they are what is made now
//! ```
#![allow(clippy::unwrap_used, reason = "what it cannot do ends it")]
#![allow(clippy::print_stdout, reason = "it is a program")]

mod drawing;
mod film;
mod room;
mod scenes;
mod seat;

use std::process::ExitCode;

/// What makes a picture.
type Scene = fn() -> String;

const PICTURES: [(&str, Scene); 2] =
    [("docs/session.svg", scenes::session), ("docs/pretty.svg", scenes::pretty)];

/// How often a picture is tried: one that shows the time can come too late on a busy machine.
const TRIES: usize = 3;

fn main() -> ExitCode {
    let is_check = std::env::args().any(|argument| argument == "--check");
    let mut is_good = true;
    for (path, make) in PICTURES {
        if is_check {
            let committed = std::fs::read_to_string(path).unwrap_or_default();
            let is_same = (0..TRIES).any(|_| make() == committed);
            println!("{path}: {}", if is_same { "as it is made now" } else { "not what is made now" });
            is_good &= is_same;
        } else {
            std::fs::write(path, make()).unwrap();
        }
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
