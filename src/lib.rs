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
//! | module | holds |
//! | --- | --- |
//! | [`ring`] | the byte ring: read into it, look, consume; grows, and gives memory back |
//! | [`lines`], [`newlines`] | whole lines out of a ring; where they end |
//! | [`outbox`] | bytes that wait to be written |
//! | [`protocol`] | `Request` and `Reply`: text to value and back |
//! | [`command`] | a typed line to a `Command` |
//! | [`session`] | the client's state machine |
//! | [`display`], [`screen`] | the exact text of the screen; what is on its way to it |
//! | [`escape`] | what makes hostile text harmless |
//! | [`client`] | the client's event loop, its connection, its standard input and output |
//! | [`terminal`] | the line editor: keys in, bytes for the screen and lines out (pure) |
//! | [`server`] | the hub (pure: who is here, who gets what) and the loop around it |
//! | [`stdio`], [`logging`], [`signals`], [`clock`] | inherited descriptors; standard error; signals; local time |
//! | [`address`], [`client::options`], [`server::options`] | hosts and ports; the command lines |
//!
//! Rules are cited as `spec W1`: they are those of the protocol's contract, in which W is the wire,
//! S the screen, L the log-in and C the commands.

#[cfg(not(unix))]
compile_error!("chinwag needs a Unix: its event loop polls standard input, which Windows cannot do");

pub mod address;
mod arguments;
pub mod client;
pub mod clock;
pub mod command;
pub mod display;
pub mod escape;
pub mod lines;
pub mod logging;
pub mod newlines;
pub mod outbox;
pub mod protocol;
pub mod ring;
pub mod screen;
pub mod server;
pub mod session;
pub mod signals;
pub mod stdio;
pub mod terminal;
