//! The command lines of the two programs.

mod arguments;
pub mod client;
pub mod probes;
pub mod server;
