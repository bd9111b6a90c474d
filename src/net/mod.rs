//! The edge: sockets, descriptors, signals, the clock and the two event loops.

pub mod client;
pub mod clock;
mod connection;
pub mod daemon;
pub mod endpoint;
pub mod failure;
mod guest;
pub mod host;
mod input;
mod journal;
pub mod log;
pub mod options;
mod output;
mod raw_mode;
pub mod server;
pub mod signals;
pub mod stdio;
mod tty;
