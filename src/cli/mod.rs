//! The command lines of the two programs.

#[cfg(feature = "clap")]
mod clap_words;
pub mod client;
mod destination;
#[cfg(feature = "rich")]
mod extras;
mod given;
pub mod pages;
pub mod probes;
pub mod server;
mod table;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
mod tls;
mod units;
#[cfg(any(test, not(feature = "clap")))]
mod words;
