//! What can break a conversation, in words for the user: what happened to which address, and what
//! to do next.

use crate::client::session::{Refusal, Unsaid};
use crate::wire::escape::Printable;
use rustix::io::Errno;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Of both programs.
pub(crate) const TOO_LITTLE_MEMORY: &str = "there is too little memory to begin: let it have one MiB more";

/// The program cannot go on.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The host's name has no address.
    Unknown {
        /// The host as given.
        host: String,
        /// What the resolver says.
        error: io::Error,
    },
    /// No connection could be made.
    Connect {
        /// The server as given.
        server: String,
        /// What the last attempt ended with.
        error: io::Error,
    },
    /// The connection has ended; there is an error if it was broken.
    Lost {
        /// The server as given.
        server: String,
        /// Why, if it was not closed.
        error: Option<io::Error>,
        /// What was typed in vain.
        unsaid: Unsaid,
    },
    /// The server encrypts.
    Encrypted {
        /// The server as given.
        server: String,
        /// What was typed in vain.
        unsaid: Unsaid,
    },
    /// The server was full.
    Full {
        /// The server as given.
        server: String,
    },
    /// The server has refused the name, or a message.
    Refused {
        /// By whom, which of them, and why.
        refused: String,
        /// What was typed in vain.
        unsaid: Unsaid,
    },
    /// The input has ended, and the server has not answered all that was asked.
    Unanswered {
        /// The server as given.
        server: String,
        /// How much.
        unsaid: Unsaid,
        /// The input was not read to its end.
        is_unread: bool,
    },
    /// No server could be started.
    Host {
        /// Where it was to listen.
        server: String,
        /// What the system says.
        error: io::Error,
    },
    /// The log file cannot be opened.
    Log {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The connection is to be encrypted, and that cannot be, in a sentence.
    Untrusted(String),
    /// There is too little memory to begin.
    Memory,
    /// The terminal, a pipe or the poll does not work.
    Local {
        /// Which of them.
        what: &'static str,
        /// What the system says.
        error: io::Error,
    },
}

impl Failure {
    /// Names what an error of the system is about.
    pub(crate) fn local(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self::Local { what, error }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { host, error } => {
                write!(
                    formatter,
                    "{host} has no address that is known here: check --address, or give a number ({error})"
                )
            }
            Self::Connect { server, error } => match error.kind() {
                io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => write!(
                    formatter,
                    "nothing listens on {server}: start a server with `chinwagd`{}",
                    if cfg!(feature = "host") { ", or host one here with `chinwag --host`" } else { "" }
                ),
                io::ErrorKind::TimedOut => write!(
                    formatter,
                    "{server} does not answer: check --address and --port, or wait longer with --connect-timeout"
                ),
                // The loopback interface is down, or there is no such protocol here.
                io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable => write!(
                    formatter,
                    "there is no way to {server}: bring the network up (`ip link set lo up` for this machine \
                     itself), or check --address ({error})"
                ),
                _ => write!(formatter, "cannot connect to {server}: check --address and --port ({error})"),
            },
            Self::Lost { server, error, unsaid } => {
                let again = "run chinwag again to come back";
                match error {
                    None => write!(formatter, "the server at {server} closed the connection: {again}")?,
                    Some(error) => write!(formatter, "the connection to {server} broke: {again} ({error})")?,
                }
                write_unsaid(*unsaid, formatter)
            }
            Self::Encrypted { server, unsaid } => {
                write!(formatter, "the server at {server} speaks TLS: add --tls")?;
                write_unsaid(*unsaid, formatter)
            }
            Self::Full { server } => write!(formatter, "{server} is full: try again later"),
            Self::Refused { refused, unsaid } => {
                formatter.write_str(refused)?;
                write_unsaid(*unsaid, formatter)
            }
            Self::Unanswered { server, unsaid, is_unread } => {
                let unread = if *is_unread { ", and more that was not read" } else { "" };
                let words = Words(*unsaid);
                write!(
                    formatter,
                    "{server} has not answered everything: {words}{unread}; wait longer with --linger"
                )
            }
            Self::Host { server, error } => match error.kind() {
                io::ErrorKind::AddrInUse => write!(
                    formatter,
                    "{server} is taken: join the server that is there with `chinwag {server}`, without --host, \
                     or choose another --address or --port"
                ),
                io::ErrorKind::AddrNotAvailable if is_loopback(server) => write!(
                    formatter,
                    "{server} is not there: bring it up (`ip link set lo up`), or host at another address, as \
                     `--host ::1` or `--host 127.0.0.1` ({error})"
                ),
                io::ErrorKind::AddrNotAvailable => write!(
                    formatter,
                    "{server} is not on this machine, where --host would listen: to join a server there, \
                     `chinwag {server}` ({error})"
                ),
                _ => write!(
                    formatter,
                    "cannot listen on {server}: choose another --address or --port ({error})"
                ),
            },
            Self::Log { path, error } if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => {
                write!(
                    formatter,
                    "nobody reads {}: start its reader, or choose another --log",
                    path.display()
                )
            }
            Self::Log { path, error } => {
                write!(formatter, "cannot write to {}: choose another --log ({error})", path.display())
            }
            Self::Untrusted(sentence) => formatter.write_str(sentence),
            Self::Memory => formatter.write_str(TOO_LITTLE_MEMORY),
            Self::Local { what, error } => write!(formatter, "{what} does not work: {error}"),
        }
    }
}

impl std::error::Error for Failure {}

fn is_loopback(server: &str) -> bool {
    server.starts_with("localhost:")
        || server.parse().is_ok_and(|address: SocketAddr| address.ip().is_loopback())
}

fn write_unsaid(unsaid: Unsaid, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    if unsaid == Unsaid::default() { Ok(()) } else { write!(formatter, "; {}", Words(unsaid)) }
}

/// What was refused, in words: it is said when the session is no more.
pub(crate) fn refused(refusal: Refusal<'_>, server: &str) -> String {
    let Refusal { message, name, reason } = refusal;
    let name = Printable(name);
    match message {
        None => format!("cannot log in at {server} as {name}: {reason}; choose another with --name"),
        Some(number) => {
            format!("{server} refused message {number}, to {name}: {reason}; nothing was sent after it")
        }
    }
}

/// What was typed in vain, in words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words(pub(crate) Unsaid);

impl fmt::Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = |count| if count == 1 { "request" } else { "requests" };
        let Unsaid { unanswered, unsent } = self.0;
        if unanswered > 0 {
            write!(
                formatter,
                "{unanswered} {} without an answer, which may not have arrived",
                requests(unanswered)
            )?;
        }
        if unanswered > 0 && unsent > 0 {
            formatter.write_str(", and ")?;
        }
        if unsent > 0 {
            write!(formatter, "{unsent} {} not sent", requests(unsent))?;
        }
        Ok(())
    }
}
