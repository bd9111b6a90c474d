//! The edge: sockets, descriptors, signals, the clock and the two event loops.

mod ask;
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
#[cfg(feature = "filters")]
mod filters;
#[cfg(not(feature = "filters"))]
#[path = "no_filters.rs"]
mod filters;
pub(crate) mod handed;
#[cfg(feature = "host")]
mod hosting;
#[cfg(not(feature = "host"))]
#[path = "no_hosting.rs"]
mod hosting;
mod journal;
mod listener;
pub(crate) mod log;
pub(crate) mod lookup;
pub(crate) mod options;
mod peer;
#[cfg(feature = "editor")]
mod raw_mode;
pub(crate) mod run;
pub(crate) mod server;
pub(crate) mod signals;
pub(crate) mod stdio;
mod stream;
#[cfg(feature = "tls")]
pub(crate) mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
pub(crate) mod tls;
mod transport;
#[cfg(feature = "editor")]
mod tty;
#[cfg(not(feature = "editor"))]
#[path = "no_tty.rs"]
mod tty;
mod via;
