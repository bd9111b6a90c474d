//! A terminal chat client for a line-based protocol, and the small server that goes with it: one
//! thread, one poll, no async runtime.
//!
//! # Building on it
//!
//! Without its programs this is a library: `no_std` and `alloc`, and it knows no sockets, no terminal and no
//! clock. Whoever has those moves the bytes, and says what time it is.
//!
//! ```toml
//! [dependencies]
//! chinwag = { version = "0.1", default-features = false, features = ["std", "editor"] }
//! ```
//!
//! | to build | take | start from |
//! | --- | --- | --- |
//! | a bot, or what else reads and writes lines | [`wire::lines`], [`wire::protocol`] | `examples/bot.rs`, `examples/gateway.rs` |
//! | a client | [`client::conversation`], shown by [`ui::screen`] or by a [`Frontend`](client::frontend::Frontend) of its own | [`Conversation`](client::conversation::Conversation), `examples/bare-metal` |
//! | a client whose lines are edited | [`ui::editor`] | [`Editor`](ui::editor::Editor) |
//! | a server | [`server::intake`] with its sockets, [`server::hub`] without | [`Intake`](server::intake::Intake), [`Hub`](server::hub::Hub) |
//! | what shows the words of strangers | [`wire::escape`] | [`append`](wire::escape::append) |
//!
//! What a bot does with what it has read, whole:
//!
//! ```
//! use chinwag::wire::lines::Lines;
//! use chinwag::wire::protocol::{Reply, Request};
//!
//! let mut lines = Lines::new(Some(4096)); // longer ones are dropped
//! let mut out = Vec::new();
//! Request::HelloFrom { name: b"bot" }.write(&mut out);
//! for read in [&b"HELLO bot\nDELIV"[..], b"ERY ann hello\n"] {
//!     lines.push(read);
//!     lines.drain(|line| {
//!         if let Some(Reply::Delivery { from, text: b"hello" }) = line.whole().and_then(Reply::parse) {
//!             Request::Send { to: from, text: b"welcome" }.write(&mut out);
//!         }
//!         true // it was taken
//!     });
//! }
//! assert_eq!(out, b"HELLO-FROM bot\nSEND ann welcome\n");
//! ```
//!
//! Names and texts are bytes (`&[u8]`), without what ends their line; lengths are in bytes; a point in time is a
//! [`Duration`](core::time::Duration) since any fixed one. Nothing panics for what comes from outside. What a
//! version promises is listed in `docs/public-api.txt`; what the documentation does not show is not for others.
//!
//! # The house
//!
//! A pure core with a thin edge: everything that is decided is decided in folders that know no socket,
//! no descriptor and no clock; bytes and the time come in as arguments. The edge waits, and moves bytes.
//!
//! ```text
//! server --> Source --> Lines --line--> Session --Notice--> Screen --> Outbox --> Source --> output
//! input  --> Source --> Lines --line--> Session --Request----------> Outbox --> Source --> server
//!            (on a terminal: keys --> Editor --line)
//! ```
//!
//! A message on its way from the socket to the screen passes these files, each once: `net/client` (an
//! event), `wire/source`, `wire/lines` (with `ring` and `newlines`), `client/conversation`,
//! `client/session` (with `protocol`), `ui/screen` (with `display` and `escape`), `wire/outbox`,
//! `wire/source`, `net/transport`. A typed line: `net/client`, `wire/source`, `client/typed` (on a
//! terminal by `ui/screen` and `ui/editor`), `client/conversation`, `client/session` (with `command` and
//! `protocol`), `wire/outbox`, `wire/source`, `net/transport`. Between two clients it passes
//! `server/intake` and `server/hub`.
//!
//! ```tree
//! wire/                 the bytes between client and server; pure
//!   ring                the byte ring: fill, look, consume; grows, and gives memory back
//!   copy                short runs of bytes from here to there
//!   lines newlines      whole lines out of a ring; where they end
//!   outbox              bytes that wait to be written
//!   source              a stream with what is known about its readiness
//!   protocol            `Request` and `Reply`: text to value and back
//!   escape format       what makes hostile text harmless; formatted text
//!   guise               what a reader takes a character for
//!   sizes               how much is read and kept, on a host and on a board
//! client/               one user's side, all that it decides; pure
//!   conversation        when to read which end, lingering, coming back, endings
//!   ends takers         what it is told and says; who takes the lines of either side
//!   session             the protocol's state machine
//!   command typed       a typed line to a `Command`; those that wait
//!   attempts retry      which address to try when; when to come back
//!   linger              how long one who wants to leave waits
//!   frontend notice     what a conversation needs of who shows it, and what it tells
//!   known               the servers that are known by their fingerprints
//! client/conversation/  parts of it
//!   leaving             when one who wants to leave does, how it ends
//!   link                the connection: wanted, made, lost, made again
//! client/session/       parts of it
//!   losses              what the end of a connection means, and is kept and said
//!   refusal             what was refused, where that is the end
//! ui/                   what the user sees and types; pure
//!   screen display      what is on its way to the output; the exact text of it
//!   moment zone         time as people write it; local time
//!   no_editor           a line editor that there is not
//! ui/screen/            a part of it
//!   rich                what the feature `rich` has it do beyond the contract
//! ui/rich/              what that needs; with the feature only
//!   own                 what was sent and not answered: which message an answer is about
//!   pretty palette      lines for people; colours for black and white
//!   alerts errands      how a terminal calls its user; what waits for the user's command
//! ui/editor/            the line editor: keys in, bytes for the terminal and lines out
//!   desk search         what each key does; the search through the history
//!   keys line           bytes to keys; the edited text
//!   history completion  the lines sent before; what Tab adds
//!   advice              what stands dim behind the line
//!   text layout view    what a character is; where it stands; what is on the screen
//!   terminal            where the terminal has put it after a new size
//! ui/editor/desk/       a part of it
//!   talk                whom lines are for, and what they are told
//! ui/editor/view/       a part of it
//!   resize              what a new size does to what is shown
//! server/               the server's side; pure
//!   hub users           who is here, and who gets what; who has which name
//!   listing             lists of them on their way
//!   intake connection   who is read when, who has to wait, who is dropped; one of them
//!   guests doors        who has not logged in; how many come from where
//!   limits budget       what bounds each, and all together
//! server/hub/           a part of it
//!   queues              what waits for each, and how much that may be
//! server/intake/        parts of it
//!   arrivals            who is let in, who makes way, who has had their time
//!   held                who waits for whom or for memory, and who gives way
//! net/                  the edge: mio and the system
//!   client              the client's event loop
//!   run                 the client as a whole, with a server in it; what its end means
//!   hosting no_hosting  the server in a client, or that there is none
//!   console             the terminal, the output and the logs around a conversation
//!   server daemon       the server's sockets, and its event loop
//!   listener            those that listen
//!   handed              those that listened before; what who started the server is told
//!   peer                who is behind one of this machine
//!   stream              a connection
//!   transport stdio     what a stream can be: sockets, inherited descriptors
//!   connector ask       connections, without waiting; whether it is the right server, asked on a terminal
//!   via                 those through a command
//!   lookup child        names, without waiting; the program that does wait
//!   endpoint            where a server is: hosts and ports, files
//!   tty raw_mode no_tty  the terminal of a person, or that it is left alone
//!   signals clock       as events; local time
//!   log journal         standard error; the log file
//!   filters no_filters  which lines of the log are wanted
//!   options failure     what the client can be asked; what can break
//!   no_tls              that nothing is encrypted
//!   extras errands      with the feature `rich`: what more can be asked; the user's command
//! net/tls/              encrypted connections; with the feature only
//!   encrypted session   a connection that is encrypted; rustls' side of that
//!   stream              what client and server talk through then
//!   caller              the client's side
//!   trust refusal       who is trusted; why not
//!   keeper subject      the server's side; the name on a certificate
//!   identity            certificates and keys: read, or made here
//!   options words       what can be asked; what goes wrong
//! cli/                  the edge: command lines, in words
//!   client server       the two programs
//!   extras tls no_tls   options of the features `rich` and `tls`, or that there are none
//!   table given         what their command lines have in common: options and help; what was given
//!   clap_words words    the words of a command line: by clap, or without it
//!   destination units   where to go, and as whom, in one word; what is counted
//!   probes pages        what the fuzz targets try out of the edge; what manual pages are made of
//! main bin/chinwagd     the programs: arguments in, exit status out
//! ```
//!
//! Features: `programs`, the default, is both programs; `slim` is the least that they can be, to which `clap`,
//! `editor`, `host` and `filters` add (all of them in `programs`), `rich` and `tls`. Where something is left out, a file
//! whose name begins with `no_` stands for it: types without values, so that nobody who uses them has to ask.
//! Without features the library is its pure part, with `editor` the line editor too. With `std` it is made for a host: it
//! searches and looks up faster, and its buffers and bounds are larger; without, for a board of some kilobytes.
//!
//! Each folder knows only those above it, and of those `server` only `wire`.
//!
//! Rules are cited as `spec W1`: they are those of the protocol's contract, in which W is the wire,
//! S the screen, L the log-in and C the commands.

#![cfg_attr(not(any(feature = "std", test)), no_std)]

extern crate alloc;

#[cfg(all(feature = "slim", not(unix)))]
compile_error!("chinwag needs a Unix: its event loop polls standard input, which Windows cannot do");

#[cfg(feature = "slim")]
#[doc(hidden)]
pub mod cli;
pub mod client;
#[cfg(feature = "slim")]
pub(crate) mod net;
pub mod server;
pub mod ui;
pub mod wire;
