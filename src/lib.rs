//! A terminal chat client for a line-based protocol, and the small server that goes with it: one
//! thread, one poll, no async runtime.
//!
//! Bytes and values in, values and bytes out: everything between the edges is pure.
//!
//! ```text
//! socket --read--> ring --lines--> line --parse--> Reply ----> +---------+ --> Notice --> screen --> stdout
//!                                                              | Session |
//! stdin  --read--> ring --lines--> line --parse--> Command --> +---------+ --> Request --> outbox --> socket
//! ```
//!
//! | folder | kind | holds |
//! | --- | --- | --- |
//! | [`wire`] | pure | the byte ring, lines, bytes that wait, the protocol's two vocabularies |
//! | [`client`] | pure | typed lines as commands, and the state machine of a session |
//! | [`ui`] | pure | the exact text of the screen, what is on its way to it, the line editor |
//! | [`server`] | pure | the hub: who is here, and who gets what |
//! | `net` | edge | sockets, descriptors, signals, the clock, and the two event loops |
//! | `cli` | edge | the command lines |
//!
//! Rules are cited as `spec W1`: they are those of the protocol's contract, in which W is the wire,
//! S the screen, L the log-in and C the commands.

#![cfg_attr(not(any(feature = "std", test)), no_std)]

extern crate alloc;

#[cfg(all(feature = "programs", not(unix)))]
compile_error!("chinwag needs a Unix: its event loop polls standard input, which Windows cannot do");

#[cfg(feature = "programs")]
#[doc(hidden)]
pub mod cli;
pub mod client;
#[cfg(feature = "programs")]
pub(crate) mod net;
pub mod server;
pub mod ui;
pub mod wire;
