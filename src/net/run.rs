//! The client as a whole: with the server that it hosts, if it is to host one; and what its end means.

use super::client::{Client, LOOK_UP, SERVER, SOCKET};
use super::connector::{ConnectError, Connector};
use super::daemon;
use super::endpoint;
use super::failure::{Failure, Words};
use super::log;
use super::options::Options;
use super::server::Server;
use crate::client::conversation;
use crate::client::session::Unsaid;
use crate::server;
use crate::wire::sizes::{CAN_ASK, LEAST, is_there};
use mio::Poll;
use signal_hook::consts::SIGINT;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

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
    let poll = Poll::new().map_err(Failure::local("the poll"))?;
    let mut target = endpoint::join(&options.address, options.port);
    let timeout = options.connect_timeout;
    let (connector, server) = if options.host {
        let server = bind(options, &target, &poll)?;
        let address = server.local_addr().map_err(|error| Failure::Host { server: target.clone(), error })?;
        say_where(address);
        let addresses = reachable(address);
        target = addresses[0].to_string();
        (Connector::to(addresses, timeout, SOCKET, LOOK_UP), Some(server))
    } else {
        (Connector::new(&options.address, options.port, timeout, SOCKET, LOOK_UP), None)
    };
    let ending = Client::new(options, target.clone(), connector, poll, server)?.run()?;
    Ok(judge(ending, options, target))
}

/// Tells whoever hosts what others have to type, before anything is asked on standard output.
fn say_where(address: SocketAddr) {
    log::say("chinwag", &format_args!("hosting at {address}"));
    let (ip, port) = (address.ip(), address.port());
    if ip.is_unspecified() {
        log::say("chinwag", &format_args!("others enter: chinwag HOST:{port}, HOST being this machine"));
    } else {
        let whose = if ip.is_loopback() { " on this machine" } else { "" };
        log::say("chinwag", &format_args!("others{whose} enter: chinwag {address}"));
    }
    log::say("chinwag", &"once logged in, try: @echobot hello, !who, !quit (which ends the chat)");
    log::flush();
}

/// The server of `--host`.
fn bind(options: &Options, target: &str, poll: &Poll) -> Result<Server, Failure> {
    daemon::raise_descriptor_limit();
    let elsewhere = |error| io::Error::new(io::ErrorKind::AddrNotAvailable, error);
    let failure = |error| Failure::Host { server: target.to_owned(), error };
    let addresses = endpoint::resolve(&options.address, options.port);
    let addresses = addresses.map_err(elsewhere).map_err(failure)?;
    let config = server::Config { echobot: true, ..server::Config::default() };
    endpoint::bind_first(&addresses, |address| Server::bind(address, config, poll.registry(), SERVER))
        .map_err(failure)
}

/// Where a server that listens at `address` can be reached from this machine. One that listens at all addresses
/// may do so on a machine without any of IPv6, or of IPv4.
fn reachable(address: SocketAddr) -> Vec<SocketAddr> {
    let local = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let ips = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => &local[..1],
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => &[local[1], local[0]],
        _ => return vec![address],
    };
    ips.iter().map(|&ip| SocketAddr::new(ip, address.port())).collect()
}

/// What the end means for the program, which is said, if there is something to say. Who leaves a terminal need
/// not be told what was not answered.
fn judge(ending: Ending, options: &Options, server: String) -> Verdict {
    use conversation::Outcome::{
        Full, Left, Lost, MessageRefused, NameRefused, Stalled, Unconnected, Unseen,
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
        Outcome::Over(Unconnected) => match unconnected {
            Some(ConnectError::Unknown(error)) => Failure::Unknown { host: options.address.clone(), error },
            Some(ConnectError::Refused(error)) => Failure::Connect { server, error },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_that_listens_everywhere_is_reached_where_there_is_a_way() {
        for (listens, reached) in [
            ("127.0.0.1:9", &["127.0.0.1:9"][..]),
            ("[::1]:9", &["[::1]:9"]),
            ("192.0.2.1:9", &["192.0.2.1:9"]),
            ("0.0.0.0:9", &["127.0.0.1:9"]),
            ("[::]:9", &["[::1]:9", "127.0.0.1:9"]),
        ] {
            let addresses = reachable(listens.parse().unwrap());
            assert_eq!(addresses.iter().map(ToString::to_string).collect::<Vec<_>>(), reached);
        }
    }
}
