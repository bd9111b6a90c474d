//! The real programs, over real sockets.

#![allow(clippy::unwrap_used, reason = "what a helper cannot do fails the test that needs it")]

mod server;
mod support;
