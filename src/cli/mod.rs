//! The command lines of the two programs.

pub mod client;
mod destination;
#[cfg(feature = "rich")]
mod extras;
mod given;
pub mod probes;
pub mod server;
mod table;
mod units;
