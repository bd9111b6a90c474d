//! One user's side of the conversation, all that it decides: bytes and the time come in, bytes and an
//! outcome come out. It never sees a socket, a terminal or a clock. Pure.
//!
//! To build a client, take a [`Conversation`](conversation::Conversation): it has everything in it. A [`Session`](session::Session)
//! is the protocol's state alone, for whoever wants to decide about waiting and ends themselves.
//!
//! A typed line, and a line of the server, each pass these files once, from the left to the right:
//!
//! ```text
//!   input  --> typed        --> session (command)  --> outbox   --> server
//!   server --> conversation --> session (protocol) --> frontend --> output
//! ```

pub mod attempts;
pub mod command;
pub mod conversation;
mod ends;
pub mod frontend;
#[doc(hidden)]
pub mod known;
mod linger;
pub mod notice;
pub(crate) mod retry;
pub mod session;
mod takers;
pub(crate) mod typed;
