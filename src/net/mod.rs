//! The edge: sockets, descriptors, signals, the clock and the two event loops.

pub mod client;
pub mod clock;
mod connector;
pub mod daemon;
pub mod endpoint;
pub mod failure;
mod guest;
pub mod host;
mod journal;
pub mod log;
pub mod options;
mod raw_mode;
pub mod server;
pub mod signals;
pub mod stdio;
mod transport;
mod tty;
