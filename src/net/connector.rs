//! Makes a connection: looks a host's name up, and tries its addresses, or enters a socket of this machine, without
//! blocking.
//!
//! What is tried when is decided by [`Attempts`].

use super::child::Ended;
use super::endpoint::{self, Place};
use super::lookup::Lookup;
use super::stream::{Socket, Stream, plain};
use super::tls::caller::{Caller, Refused};
use super::transport;
use super::via::Via;
use crate::client::attempts::{Attempts, interleave};
use crate::client::known::Fingerprint;
use crate::wire::format::note;
use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};
use rustix::io::Errno;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net;
use std::time::Duration;

/// A Unix socket whose queue is full is tried again after this time: no event says when there is room
/// (unix(7): EAGAIN).
const ENTER_AGAIN: Duration = Duration::from_millis(20);

/// Makes one connection at a time. Points in time are counted from any fixed start.
#[derive(Debug)]
pub(crate) struct Connector {
    target: Target,
    timeout: Duration,
    token: Token,
    lookup_token: Token,
    state: State,
    /// What encrypts the connection, if it is to be encrypted.
    caller: Option<Caller>,
}

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum ConnectError {
    /// The name could not be looked up, or not in time.
    Unknown(io::Error),
    /// No address could be connected to.
    Refused(io::Error),
    /// It could not be encrypted, or not to whom it was meant.
    Untrusted(Refused),
}

/// What to connect to.
#[derive(Debug)]
pub(crate) enum Target {
    /// A name, and the port; what it stands for can change from one connection to the next.
    Name(String, u16),
    Known(Vec<SocketAddr>),
    Local(net::SocketAddr),
    Via(Via),
}

impl Target {
    /// What stands at a place.
    pub(crate) fn at(place: &Place) -> Self {
        match place {
            Place::Tcp { host, port } => {
                let name = || Self::Name(host.clone(), *port);
                endpoint::known(host, *port).map_or_else(name, Self::Known)
            }
            Place::Unix(path) => {
                endpoint::unix_address(path).map_or_else(|_| Self::Known(Vec::new()), Self::Local)
            }
        }
    }
}

#[derive(Debug)]
enum State {
    Idle,
    LookingUp {
        lookup: Lookup,
        deadline: Duration,
    },
    Trying(Race),
    Entering {
        again: Duration,
        deadline: Duration,
    },
    /// The connection stands, and the caller is at it.
    Greeting,
    /// It was made beforehand.
    Ready(Stream),
}

impl Connector {
    /// Is to connect to `target`, within `timeout` for the look-up and all attempts together. The sockets have one
    /// token, and the look-up another.
    pub(crate) fn new(target: Target, timeout: Duration, token: Token, lookup_token: Token) -> Self {
        Self { target, timeout, token, lookup_token, state: State::Idle, caller: None }
    }

    /// When [`Connector::advance`] is to be called even if nothing happens.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        match &self.state {
            State::Idle => None,
            State::LookingUp { deadline, .. } => Some(*deadline),
            State::Trying(race) => race.attempts.next_deadline(),
            State::Entering { again, deadline } => Some(*again.min(deadline)),
            State::Greeting => self.caller.as_ref().and_then(Caller::next_deadline),
            State::Ready(_) => None,
        }
    }

    /// There is an event with the token of the look-up.
    pub(crate) fn handle_event(&mut self) {
        if let Target::Via(via) = &mut self.target {
            via.relay();
        }
    }

    /// How the command behind a connection that has ended did so, if it is a command, and that is known.
    pub(crate) fn last_words(&mut self) -> Option<Ended> {
        match &mut self.target {
            Target::Via(via) => via.last_words(),
            _ => None,
        }
    }

    /// Begins to connect, anew if it was at it. [`Connector::advance`] is to be called next.
    pub(crate) fn start(&mut self, registry: &Registry, now: Duration) {
        if matches!(self.state, State::Ready(_)) {
            return;
        }
        self.give_up(registry);
        let deadline = now.saturating_add(self.timeout);
        if let Some(caller) = &mut self.caller {
            caller.start(deadline);
        }
        self.state = match &self.target {
            Target::Local(_) | Target::Via(_) => State::Entering { again: now, deadline },
            Target::Known(addresses) => State::Trying(Race::new(addresses.clone(), self.timeout, now)),
            Target::Name(host, port) => {
                State::LookingUp { lookup: Lookup::start(host, *port, registry, self.lookup_token), deadline }
            }
        };
    }

    /// Goes on, after an event with either token or at the deadline. Returns the connection when it
    /// stands: registered for reading and writing, and whatever it is ready for will be an event.
    ///
    /// # Errors
    /// When there is nothing left to be tried, or no time. Nothing is being done after that.
    pub(crate) fn advance(
        &mut self,
        registry: &Registry,
        now: Duration,
    ) -> Result<Option<Stream>, ConnectError> {
        if let State::Ready(_) = self.state
            && let State::Ready(stream) = std::mem::replace(&mut self.state, State::Idle)
        {
            return Ok(Some(stream));
        }
        let result = self.take_steps(registry, now);
        let result = self.encrypt(result, registry, now);
        if !matches!(result, Ok(None)) {
            self.give_up(registry);
        }
        result
    }

    fn take_steps(&mut self, registry: &Registry, now: Duration) -> Result<Option<Socket>, ConnectError> {
        if let State::LookingUp { lookup, deadline } = &mut self.state {
            let deadline = *deadline;
            let Some(addresses) = lookup.poll().map_err(ConnectError::Unknown)? else {
                let expired = now >= deadline;
                return if expired {
                    Err(ConnectError::Unknown(io::ErrorKind::TimedOut.into()))
                } else {
                    Ok(None)
                };
            };
            self.give_up(registry);
            self.state = State::Trying(Race::new(interleave(&addresses), deadline.saturating_sub(now), now));
        }
        let stream = match (&mut self.state, &mut self.target) {
            (State::Trying(race), _) => {
                race.advance(registry, self.token, now).map(|it| it.map(Socket::from))
            }
            (State::Entering { again, deadline }, Target::Local(address)) => {
                enter(address, again, *deadline, now).and_then(|stream| {
                    let Some(mut stream) = stream else { return Ok(None) };
                    registry.register(&mut stream, self.token, Interest::READABLE | Interest::WRITABLE)?;
                    Ok(Some(stream))
                })
            }
            (State::Entering { .. }, Target::Via(via)) => {
                via.start(registry, self.token, self.lookup_token).map(Some)
            }
            _ => Ok(None),
        };
        stream.map_err(ConnectError::Refused)
    }

    /// Ends what is being done.
    pub(crate) fn give_up(&mut self, registry: &Registry) {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle | State::Entering { .. } => {}
            State::LookingUp { lookup, .. } => lookup.give_up(registry),
            State::Trying(race) => race.give_up(registry),
            State::Greeting => {
                if let Some(caller) = &mut self.caller {
                    caller.give_up();
                }
            }
            State::Ready(_) => {}
        }
    }
}

/// What it does to have the connection encrypted.
impl Connector {
    /// The same, encrypted.
    pub(crate) fn encrypted(mut self, caller: Option<Caller>) -> Self {
        self.caller = caller;
        self
    }

    /// Whether a server that nobody vouches for may be asked about.
    pub(crate) fn can_ask(&self) -> bool {
        self.caller.as_ref().is_some_and(Caller::can_ask)
    }

    /// From now on the server with this certificate is the right one.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn remember(&self, shown: &Fingerprint) -> io::Result<()> {
        self.caller.as_ref().map_or(Ok(()), |caller| caller.remember(shown))
    }

    /// This is the connection that is made next.
    pub(crate) fn keep(&mut self, stream: Stream) {
        self.state = State::Ready(stream);
    }

    /// What became of a connection that stands.
    fn encrypt(
        &mut self,
        result: Result<Option<Socket>, ConnectError>,
        registry: &Registry,
        now: Duration,
    ) -> Result<Option<Stream>, ConnectError> {
        let socket = result?;
        if self.caller.is_none() {
            return Ok(socket.map(plain));
        }
        if socket.is_some() {
            self.give_up(registry);
            self.state = State::Greeting;
        }
        let Some(caller) = &mut self.caller else { return Ok(None) };
        if let Some(socket) = socket {
            caller.greet(socket).map_err(ConnectError::Untrusted)?;
        }
        caller.advance(now).map_err(ConnectError::Untrusted)
    }
}

/// Connects to a Unix socket, which is done at once or refused; `None` if that is to be tried again.
fn enter(
    address: &net::SocketAddr,
    again: &mut Duration,
    deadline: Duration,
    now: Duration,
) -> io::Result<Option<Socket>> {
    if now < *again {
        return Ok(None);
    }
    match UnixStream::connect_addr(address) {
        Ok(stream) => Ok(Some(stream.into())),
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        Err(_) if now >= deadline => Err(io::ErrorKind::TimedOut.into()),
        Err(_) => {
            *again = now + ENTER_AGAIN;
            Ok(None)
        }
    }
}

/// Attempts of which the first to stand wins.
#[derive(Debug)]
struct Race {
    addresses: Vec<SocketAddr>,
    attempts: Attempts,
    /// The attempts under way, with the numbers of their addresses.
    streams: Vec<(usize, TcpStream)>,
    /// What is to be said if none stands.
    failure: Option<io::Error>,
}

impl Race {
    fn new(addresses: Vec<SocketAddr>, timeout: Duration, now: Duration) -> Self {
        let attempts = Attempts::new(addresses.len(), timeout, now);
        Self { addresses, attempts, streams: Vec::new(), failure: None }
    }

    fn advance(&mut self, registry: &Registry, token: Token, now: Duration) -> io::Result<Option<TcpStream>> {
        loop {
            if let Some(mut stream) = self.take_established(registry) {
                // Events of the others were under the same token: what they said is no longer true,
                // and what is true of this one is said again.
                registry.reregister(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
                transport::configure(&stream);
                return Ok(Some(stream));
            }
            if self.attempts.has_expired(now) {
                self.note_failure(io::ErrorKind::TimedOut.into());
            } else if let Some(index) = self.attempts.next_start(now) {
                self.start(index, registry, token);
                // On this machine a connection stands, or is refused, at once.
                continue;
            } else if !self.attempts.is_over() {
                return Ok(None);
            }
            return Err(self.failure.take().unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()));
        }
    }

    fn start(&mut self, index: usize, registry: &Registry, token: Token) {
        note!(Debug, "connecting to {}", self.addresses[index]);
        let started = TcpStream::connect(self.addresses[index]).and_then(|mut stream| {
            registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            Ok(stream)
        });
        match started {
            Ok(stream) => self.streams.push((index, stream)),
            Err(error) => self.handle_failed(index, error),
        }
    }

    /// Looks at all attempts; gives away the one that stands, and forgets those that have failed.
    fn take_established(&mut self, registry: &Registry) -> Option<TcpStream> {
        let mut position = 0;
        while let Some((_, stream)) = self.streams.get(position) {
            let result = established(stream);
            if matches!(result, Ok(false)) {
                position += 1;
                continue;
            }
            let (index, mut stream) = self.streams.remove(position);
            let Err(error) = result else {
                note!(Info, "connected to {}", self.addresses[index]);
                self.attempts.handle_established();
                return Some(stream);
            };
            let _ = registry.deregister(&mut stream);
            self.handle_failed(index, error);
        }
        None
    }

    fn handle_failed(&mut self, index: usize, error: io::Error) {
        note!(Info, "{}: {error}", self.addresses[index]);
        self.attempts.handle_failed(index);
        self.note_failure(error);
    }

    /// A refusal is an answer of the host, and says more than what any other attempt met.
    fn note_failure(&mut self, error: io::Error) {
        let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
        if !self.failure.as_ref().is_some_and(refused) {
            self.failure = Some(error);
        }
    }

    fn give_up(mut self, registry: &Registry) {
        for (_, stream) in &mut self.streams {
            let _ = registry.deregister(stream);
        }
    }
}

/// Whether a non-blocking connect has succeeded; the steps are those of mio's `TcpStream::connect`.
fn established(stream: &TcpStream) -> io::Result<bool> {
    if let Some(error) = stream.take_error()? {
        // A server may have accepted, said why not, and reset the connection already (spec L4).
        return if matches!(stream.peek(&mut [0]), Ok(1..)) { Ok(true) } else { Err(error) };
    }
    match stream.peer_addr() {
        // On loopback a connect to a port that nobody listens on can meet itself (RFC 9293, 3.5).
        Ok(peer) if stream.local_addr()? == peer => Err(io::ErrorKind::ConnectionRefused.into()),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) if error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error()) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(feature = "tls")]
impl ConnectError {
    /// Why the server is not the one that is meant, if that is why.
    pub(crate) fn distrust(&self) -> Option<&str> {
        match self {
            Self::Untrusted(refused) => refused.distrust(),
            _ => None,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(error) => write!(formatter, "the look-up failed: {error}"),
            Self::Refused(error) => error.fmt(formatter),
            Self::Untrusted(refused) => refused.fmt(formatter),
        }
    }
}

impl std::error::Error for ConnectError {}

#[cfg(test)]
mod tests;
