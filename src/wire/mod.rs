//! The bytes between client and server: rings, lines, queues, streams, and the protocol's two
//! vocabularies. Pure.

pub mod copy;
pub mod escape;
pub(crate) mod format;
pub mod guise;
pub mod lines;
pub mod newlines;
pub mod outbox;
pub mod protocol;
pub mod ring;
pub(crate) mod sizes;
pub mod source;
