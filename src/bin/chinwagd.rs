//! The server: arguments in, exit status out.

fn main() {}
