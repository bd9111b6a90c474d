//! The bytes between client and server: rings, lines, queues, and the protocol's two vocabularies. Pure.

pub mod escape;
pub mod lines;
pub mod newlines;
pub mod outbox;
pub mod protocol;
pub mod ring;
