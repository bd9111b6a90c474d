//! A server that nobody vouches for is asked about once, on a terminal, before the conversation begins.

use crate::client::known::Fingerprint;
use crate::net::connector::{ConnectError, Connector};
use crate::net::log;
use crate::wire::escape;
use mio::{Events, Poll};
use rustix::io::{read, retry_on_intr};
use rustix::stdio::{stderr, stdin};
use rustix::termios::isatty;
use std::io::{self, Write};
use std::time::Instant;

/// Whether somebody is there who can be asked.
pub(crate) fn is_possible() -> bool {
    isatty(stdin()) && isatty(stderr())
}

/// Makes the first connection, which the connector then has at hand.
///
/// # Errors
/// Those of the poll; within, why there is no connection.
pub(crate) fn connect(
    connector: &mut Connector,
    poll: &mut Poll,
    server: &str,
) -> io::Result<Result<(), ConnectError>> {
    loop {
        let error = match try_once(connector, poll)? {
            Ok(()) => return Ok(Ok(())),
            Err(error) => error,
        };
        let unknown = match &error {
            ConnectError::Untrusted(refused) => refused.unknown(),
            _ => None,
        };
        let Some(shown) = unknown else { return Ok(Err(error)) };
        if !is_right(server, &shown)? {
            return Ok(Err(error));
        }
        if let Err(why) = connector.remember(&shown) {
            log::say("chinwag", &format_args!("it cannot be remembered: {why}; give another --tls-known"));
            return Ok(Err(error));
        }
    }
}

fn try_once(connector: &mut Connector, poll: &mut Poll) -> io::Result<Result<(), ConnectError>> {
    let start = Instant::now();
    let mut events = Events::with_capacity(16);
    connector.start(poll.registry(), start.elapsed());
    loop {
        let now = start.elapsed();
        match connector.advance(poll.registry(), now) {
            Ok(Some(stream)) => {
                connector.keep(stream);
                return Ok(Ok(()));
            }
            Ok(None) => {}
            Err(error) => return Ok(Err(error)),
        }
        let rest = connector.next_deadline().map(|at| at.saturating_sub(now));
        match poll.poll(&mut events, rest) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
    }
}

/// Asks, until the answer is yes or no. The terminal is still in its own line mode, and signals do what they do.
fn is_right(server: &str, shown: &Fingerprint) -> io::Result<bool> {
    log::finish();
    let server = escape::harmless(server);
    let mut question = format!(
        "Nobody who is trusted here vouches for {server}. Its certificate has the fingerprint\n{shown}\n\
         Is that the right one, and to be remembered (yes/no)? "
    );
    let mut answer = [0; 1024];
    loop {
        io::stderr().write_all(question.as_bytes())?;
        // A terminal gives a line at a time: nothing behind it is taken away from the conversation.
        let count = retry_on_intr(|| read(stdin(), &mut answer))?;
        match answer[..count].trim_ascii() {
            b"yes" => return Ok(true),
            b"no" => return Ok(false),
            _ if count == 0 => return Ok(false),
            _ => question = "Please type yes or no: ".to_owned(),
        }
    }
}
