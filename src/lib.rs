//! wip
pub mod lines;
pub mod outbox;
pub mod protocol;
pub mod ring;
