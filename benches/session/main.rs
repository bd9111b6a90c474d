//! What the parts without sockets cost: replies as text, the client's session, the server's hub.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![allow(clippy::unwrap_used, reason = "reading from memory cannot fail")]

#[path = "../harness/mod.rs"]
mod harness;

mod client;
mod hub;
mod replies;

use harness::Arguments;
use std::io::{self, Write};

fn main() {
    let arguments = Arguments::read();
    replies::run(&arguments);
    client::run(&arguments);
    hub::run(&arguments);
}

/// The text of a message: 64 bytes.
const TEXT: &str = "the quick brown fox jumps over the lazy dog, and again: 0123456.";

/// Counts the bytes that are written to it, and keeps none.
#[derive(Default)]
struct Counter {
    bytes: usize,
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += std::hint::black_box(bytes).len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
