//! How often memory is asked for when lines come, once everything is warm. It is to be never.
//!
//! A program of its own: the allocator that counts is slower than the one that is used.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![allow(clippy::unwrap_used, reason = "reading from memory cannot fail")]

mod harness;
#[path = "../tests/it/allocations.rs"]
mod of;

use chinwag::ui::screen::Look;
use harness::{Arguments, Table, number};

fn main() {
    let arguments = Arguments::read();
    let title = "allocations, once warm";
    if !arguments.selects(title) {
        return;
    }
    let rounds = arguments.either(2000, 20);
    let mut table = Table::new(title, 1, &["", "lines", "allocations"]);
    for (name, (lines, allocations)) in [
        ("client, pipe", of::of_client(Look::default(), rounds)),
        ("client, terminal", of::of_client(of::terminal(), rounds)),
        ("server's hub", of::of_server(rounds)),
    ] {
        table.row(vec![name.to_owned(), number(lines as f64), allocations.to_string()]);
    }
    table.print();
}
