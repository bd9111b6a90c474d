//! The command lines of the two programs.

pub mod client;
mod given;
pub mod probes;
pub mod server;
mod table;
