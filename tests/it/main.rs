//! The real programs over real sockets, pipes and pseudo-terminals, on ports that the system picks.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod client;
mod endings;
mod load;
mod login;
mod peer;
mod program;
#[cfg(target_os = "linux")]
mod terminal;
