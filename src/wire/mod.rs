//! The bytes between client and server: rings, lines, queues, streams, and the protocol's two
//! vocabularies. Pure.
//!
//! ```text
//!   a stream --[source]--> [lines] --[protocol]--> Reply, or on the server's side Request
//!   Request, Reply --[protocol]--> [outbox] --[source]--> a stream
//! ```
//!
//! Whoever has blocking streams needs no [`source`] and no [`outbox`]: [`Lines::fill`](lines::Lines::fill) reads, and a `Vec`
//! takes what is to be written.

#[doc(hidden)]
pub mod copy;
pub mod escape;
pub(crate) mod format;
pub mod guise;
pub mod lines;
#[doc(hidden)]
pub mod newlines;
pub mod outbox;
pub mod protocol;
pub mod ring;
pub(crate) mod sizes;
pub mod source;
