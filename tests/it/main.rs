//! The real programs over real sockets, pipes and pseudo-terminals, on ports that the system picks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a helper cannot do fails the test that needs it"
)]

mod client;
mod endings;
mod load;
mod login;
mod peer;
mod program;
mod server;
mod support;
#[cfg(target_os = "linux")]
mod terminal;
