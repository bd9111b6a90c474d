//! The client as a whole: with the server that it hosts, if it is to host one; and what its end means.

use super::ask;
use super::client::{Client, LOOK_UP, SOCKET};
use super::connector::{ConnectError, Connector, Target};
use super::failure::{Failure, Words};
use super::hosting;
use super::log;
use super::options::Options;
use super::tls::caller::Caller;
use super::via::Via;
use crate::client::conversation;
use crate::client::session::Unsaid;
use crate::wire::sizes::{CAN_ASK, LEAST, is_there};
use mio::Poll;
use signal_hook::consts::SIGINT;
use std::io;

/// How a run of the client ended that the system has not broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The conversation was over.
    Over(conversation::Outcome),
    /// This signal came.
    Killed(i32),
}

/// All that is known about the end of a run.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    pub(crate) unsaid: Unsaid,
    /// The input was a terminal.
    pub(crate) is_interactive: bool,
    /// What was refused, if that was the end, in words.
    pub(crate) refused: String,
    /// Why no connection could be made.
    pub(crate) unconnected: Option<ConnectError>,
    /// What broke the connection, if it was not closed.
    pub(crate) broken: Option<io::Error>,
    /// What broke the input, if it did not just end.
    pub(crate) input_broken: Option<io::Error>,
}

/// What the program's exit status says (spec section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is this.
    Status(u8),
    /// This signal came.
    Killed(i32),
}

/// Chats until the user leaves, the server is full, or something breaks.
///
/// # Errors
/// What broke, in words for the user.
pub(crate) fn run(options: &Options) -> Result<Verdict, Failure> {
    if CAN_ASK && !is_there(LEAST) {
        return Err(Failure::Memory);
    }
    let mut poll = Poll::new().map_err(Failure::local("the poll"))?;
    let (name, target, mut server) = match &options.via {
        _ if options.host => {
            let (server, place, target) = hosting::open(options, &poll)?;
            (place.to_string(), target, Some(server))
        }
        Some(line) => {
            let name = format!("`{}`", line.to_string_lossy());
            (name, Target::Via(Via::new(line.clone())), None)
        }
        None => (options.place.to_string(), Target::at(&options.place), None),
    };
    let connector = Connector::new(target, options.connect_timeout, SOCKET, LOOK_UP);
    let connector = encrypted(connector, options, &name, &mut poll, &mut server)?;
    let ending = Client::new(options, name.clone(), connector, poll, server)?.run()?;
    Ok(judge(ending, options, name))
}

/// The same, if it is to be encrypted: with the server asked about, if somebody is there who can be asked.
fn encrypted(
    connector: Connector,
    options: &Options,
    name: &str,
    poll: &mut Poll,
    server: &mut Option<hosting::Hosted>,
) -> Result<Connector, Failure> {
    let Some(tls) = &options.tls else { return Ok(connector) };
    // One's own server is known.
    let own = server.as_mut().and_then(hosting::Hosted::keeper).map(|keeper| *keeper.fingerprint());
    let caller = Caller::new(tls, own, &options.place).map_err(Failure::Untrusted)?;
    let mut connector = connector.encrypted(Some(caller));
    if connector.can_ask() && ask::is_possible() {
        let connected = ask::connect(&mut connector, poll, name);
        match connected.map_err(Failure::local("the terminal"))? {
            Err(error) if !options.reconnect => return Err(connect_failure(error, options, name.to_owned())),
            _ => {}
        }
    }
    Ok(connector)
}

/// Why there is no connection, in words.
fn connect_failure(error: ConnectError, options: &Options, server: String) -> Failure {
    match error {
        ConnectError::Unknown(error) => Failure::Unknown { host: options.place.host().to_owned(), error },
        ConnectError::Refused(error) => Failure::Connect { server, error },
        ConnectError::Untrusted(refused) => Failure::Untrusted(refused.to_string()),
    }
}

/// What the end means for the program, which is said, if there is something to say. Who leaves a terminal need
/// not be told what was not answered.
fn judge(ending: Ending, options: &Options, server: String) -> Verdict {
    use conversation::Outcome::{
        Encrypted, Full, Left, Lost, MessageRefused, NameRefused, Stalled, Unconnected, Unseen,
    };
    let Ending { outcome, unsaid, is_interactive, refused, unconnected, broken, input_broken } = ending;
    let verdict = match outcome {
        Outcome::Killed(signal) => Verdict::Killed(signal),
        Outcome::Over(conversation::Outcome::Interrupted) => Verdict::Killed(SIGINT),
        Outcome::Over(Left) if input_broken.is_some() => Verdict::Status(1),
        Outcome::Over(outcome) => Verdict::Status(outcome.status(unsaid, is_interactive)),
    };
    let failure = match outcome {
        // It was shown.
        Outcome::Over(Full) if options.send.is_none() => return verdict,
        Outcome::Over(Full) => Failure::Full { server },
        Outcome::Over(Unseen) => return verdict,
        Outcome::Over(Lost) => Failure::Lost { server, error: broken, unsaid },
        Outcome::Over(Encrypted) => Failure::Encrypted { server, unsaid },
        Outcome::Over(Unconnected) => match unconnected {
            Some(error) => connect_failure(error, options, server),
            None => Failure::Connect { server, error: io::ErrorKind::NotConnected.into() },
        },
        Outcome::Over(NameRefused | MessageRefused) => Failure::Refused { refused, unsaid },
        Outcome::Over(Left | Stalled) => match input_broken {
            Some(error) => Failure::local("standard input")(error),
            None if verdict == Verdict::Status(0) => return left(verdict, unsaid, is_interactive),
            None => Failure::Unanswered { server, unsaid, is_unread: outcome == Outcome::Over(Stalled) },
        },
        _ => return left(verdict, unsaid, is_interactive),
    };
    log::say("chinwag", &failure);
    verdict
}

/// Who has left is told of what was not sent.
fn left(verdict: Verdict, unsaid: Unsaid, is_interactive: bool) -> Verdict {
    let unanswered = if is_interactive { 0 } else { unsaid.unanswered };
    let unsaid = Unsaid { unanswered, ..unsaid };
    if unsaid != Unsaid::default() {
        log::say("chinwag", &format_args!("left with {}", Words(unsaid)));
    }
    verdict
}
