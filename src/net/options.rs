//! What a user can ask of the client.

use super::endpoint::Place;
use super::tls;
use std::ffi::CString;
use std::path::PathBuf;
use std::time::Duration;

/// What the user asked for, on the command line or by environment variables.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Options {
    /// Where the server is.
    pub(crate) place: Place,
    /// A line of a shell that leads to the server.
    pub(crate) via: Option<CString>,
    /// The name to log in with, without asking.
    pub(crate) name: Option<String>,
    /// Whoever gets the lines that are no commands.
    pub(crate) to: Option<Vec<u8>>,
    /// Run a server in this process too, and join it.
    pub(crate) host: bool,
    /// The longest line that is accepted from the server, in bytes.
    pub(crate) max_message: Option<usize>,
    /// How long all attempts to connect may take together.
    pub(crate) connect_timeout: Duration,
    /// How long to wait for answers after the end of input (spec C3).
    pub(crate) linger: Duration,
    /// Whether to make control characters visible (spec S14).
    pub(crate) escape: When,
    /// Leave the typed line to the terminal's own line mode.
    pub(crate) plain: bool,
    /// Begin lines with the time.
    pub(crate) timestamps: bool,
    /// Ring the bell at a message.
    pub(crate) bell: bool,
    /// Whether to show names in colours.
    pub(crate) color: When,
    /// `NO_COLOR` is set: no colours unless they are asked for in any case (no-color.org).
    pub(crate) no_color: bool,
    /// The terminal is not one that can move its cursor: `TERM` is `dumb`.
    pub(crate) dumb: bool,
    /// A file to append what happens to.
    pub(crate) log: Option<PathBuf>,
    /// Make a lost connection again.
    pub(crate) reconnect: bool,
    /// The first message that is refused is the end.
    pub(crate) strict: bool,
    /// Say something to somebody, and nothing else.
    pub(crate) send: Option<Send>,
    /// How often `-v` was given.
    pub(crate) verbose: u8,
    /// How to encrypt the connection, if that is to be.
    pub(crate) tls: Option<tls::options::Options>,
    /// Those of the feature `rich`.
    #[cfg(feature = "rich")]
    pub(crate) extras: super::extras::Extras,
}

impl Options {
    /// Whether to edit the typed line, on a terminal.
    pub(crate) fn edits(&self) -> bool {
        !self.plain && !self.dumb
    }
}

/// What is to be said, and to whom.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Send {
    pub(crate) to: Vec<u8>,
    /// All of it; standard input, if that is not given.
    pub(crate) text: Option<Vec<u8>>,
}

/// When to do something that makes sense on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// On a terminal only.
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

impl When {
    /// The decision, for a terminal or something else.
    pub(crate) fn applies(self, terminal: bool) -> bool {
        match self {
            Self::Auto => terminal,
            Self::Always => true,
            Self::Never => false,
        }
    }
}
