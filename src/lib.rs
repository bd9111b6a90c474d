//! wip
pub mod escape;
pub mod lines;
pub mod logging;
pub mod outbox;
pub mod protocol;
pub mod ring;
pub mod server;
