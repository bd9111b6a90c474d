//! What a user can ask of the client.

use std::path::PathBuf;
use std::time::Duration;

/// What the user asked for, on the command line or by environment variables.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The server's host: a name or an address.
    pub address: String,
    /// The server's port.
    pub port: u16,
    /// The name to log in with, without asking.
    pub name: Option<String>,
    /// Run a server in this process too, and join it.
    pub host: bool,
    /// The longest line that is accepted from the server, in bytes.
    pub max_message: Option<usize>,
    /// How long all attempts to connect may take together.
    pub connect_timeout: Duration,
    /// How long to wait for answers after the end of input (spec C3).
    pub linger: Duration,
    /// Whether to make control characters visible (spec S14).
    pub escape: When,
    /// Leave the typed line to the terminal's own line mode.
    pub plain: bool,
    /// Begin lines with the time.
    pub timestamps: bool,
    /// Ring the bell at a message.
    pub bell: bool,
    /// Whether to show names in colours.
    pub color: When,
    /// `NO_COLOR` is set: no colours unless they are asked for in any case (no-color.org).
    pub no_color: bool,
    /// The terminal is not one that can move its cursor: `TERM` is `dumb`.
    pub dumb: bool,
    /// A file to append what happens to.
    pub log: Option<PathBuf>,
    /// Make a lost connection again.
    pub reconnect: bool,
    /// How often `-v` was given.
    pub verbose: u8,
}

impl Options {
    /// Whether to edit the typed line, on a terminal.
    pub fn edits(&self) -> bool {
        !self.plain && !self.dumb
    }
}

/// When to do something that makes sense on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// On a terminal only.
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

impl When {
    /// The decision, for a terminal or something else.
    pub fn applies(self, terminal: bool) -> bool {
        match self {
            Self::Auto => terminal,
            Self::Always => true,
            Self::Never => false,
        }
    }
}
