//! The edge: sockets, descriptors, signals, the clock and the two event loops.

mod child;
pub(crate) mod client;
pub(crate) mod clock;
mod connector;
mod console;
pub(crate) mod daemon;
pub(crate) mod endpoint;
#[cfg(feature = "rich")]
mod errands;
#[cfg(feature = "rich")]
pub(crate) mod extras;
pub(crate) mod failure;
mod journal;
pub(crate) mod log;
pub(crate) mod lookup;
pub(crate) mod options;
mod raw_mode;
pub(crate) mod run;
pub(crate) mod server;
pub(crate) mod signals;
pub(crate) mod stdio;
mod transport;
mod tty;
