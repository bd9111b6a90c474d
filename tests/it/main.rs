//! The real programs, over real sockets.

mod server;
mod support;
