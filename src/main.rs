//! The client (stub).
fn main() {}
