//! The connection to the server: every address in turn, without blocking, each with a share of the
//! time.

use crate::wire::lines::Lines;
use crate::wire::outbox::Outbox;
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustix::io::Errno;
use rustix::net::sockopt;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A connection over which nothing goes is probed after this time, and then every
/// [`KEEPALIVE_INTERVAL`].
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 4;
/// What was sent and not acknowledged for so long will not be: the connection is dead (RFC 5482).
#[cfg(target_os = "linux")]
const USER_TIMEOUT: Duration = Duration::from_secs(120);

/// A connection that is not there, is being made, or stands.
#[derive(Debug)]
pub(crate) struct Connection {
    token: Token,
    addresses: Vec<SocketAddr>,
    timeout: Duration,
    state: State,
    /// A read may bring something. Cleared when it does not: the poll reports only changes.
    readable: bool,
    /// A write may take something.
    writable: bool,
    /// The poll has seen the end coming: read on until it is there.
    ending: bool,
}

#[derive(Debug)]
enum State {
    Closed,
    Connecting {
        stream: TcpStream,
        /// Which of the addresses it is.
        attempt: usize,
        /// When to give this attempt up.
        deadline: Instant,
        /// When to give all of them up.
        last_deadline: Instant,
    },
    Open(TcpStream),
}

impl Connection {
    /// No connection yet, to any of `addresses` (at least one) within `timeout` in all.
    pub(crate) fn new(addresses: Vec<SocketAddr>, timeout: Duration, token: Token) -> Self {
        Self {
            token,
            addresses,
            timeout,
            state: State::Closed,
            readable: false,
            writable: false,
            ending: false,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    pub(crate) fn is_readable(&self) -> bool {
        self.readable && self.is_open()
    }

    /// When [`Connection::advance`] has to be called even if nothing happens.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Connecting { deadline, .. } => Some(deadline),
            _ => None,
        }
    }

    pub(crate) fn handle_event(&mut self, event: &Event) {
        self.readable |= event.is_readable();
        self.writable |= event.is_writable();
        let ended = event.is_read_closed() || event.is_error();
        self.ending |= ended;
        self.readable |= ended;
    }

    /// Starts to connect.
    pub(crate) fn open(&mut self, registry: &Registry, now: Instant) -> io::Result<()> {
        self.attempt(0, now + self.timeout, registry, now)
    }

    /// Goes on with connecting. Returns whether the connection has come to stand just now.
    ///
    /// # Errors
    /// The one of the last address, when there is none left to try.
    pub(crate) fn advance(&mut self, registry: &Registry, now: Instant) -> io::Result<bool> {
        loop {
            let State::Connecting { stream, attempt, deadline, last_deadline } = &self.state else {
                return Ok(false);
            };
            let error = match established(stream) {
                Ok(true) => break,
                Ok(false) if now < *deadline => return Ok(false),
                Ok(false) => io::ErrorKind::TimedOut.into(),
                Err(error) => error,
            };
            let (next, last_deadline) = (attempt + 1, *last_deadline);
            log::info!("{}: {error}", self.addresses[*attempt]);
            self.close(registry);
            if next == self.addresses.len() {
                return Err(error);
            }
            self.attempt(next, last_deadline, registry, now)?;
        }
        if let State::Connecting { stream, attempt, .. } = std::mem::replace(&mut self.state, State::Closed) {
            log::info!("connected to {}", self.addresses[attempt]);
            configure(&stream);
            self.state = State::Open(stream);
        }
        // Whether bytes are there is not known yet: the first read will tell.
        (self.readable, self.writable) = (true, true);
        Ok(true)
    }

    /// Tries the addresses from number `first` on, until one of them does not fail at once.
    fn attempt(
        &mut self,
        first: usize,
        last_deadline: Instant,
        registry: &Registry,
        now: Instant,
    ) -> io::Result<()> {
        let mut failure = io::ErrorKind::AddrNotAvailable.into();
        for (attempt, &address) in self.addresses.iter().enumerate().skip(first) {
            log::debug!("connecting to {address}");
            let mut stream = match TcpStream::connect(address) {
                Ok(stream) => stream,
                Err(error) => {
                    failure = error;
                    continue;
                }
            };
            registry.register(&mut stream, self.token, Interest::READABLE | Interest::WRITABLE)?;
            let share = (self.addresses.len() - attempt) as u32;
            let deadline = now + last_deadline.saturating_duration_since(now) / share;
            self.state = State::Connecting { stream, attempt, deadline, last_deadline };
            self.ending = false;
            return Ok(());
        }
        Err(failure)
    }

    /// Reads once; returns how many bytes came, 0 being the end.
    ///
    /// # Errors
    /// Those of the socket, [`io::ErrorKind::WouldBlock`] among them.
    pub(crate) fn read(&mut self, lines: &mut Lines) -> io::Result<usize> {
        let State::Open(stream) = &mut self.state else { return Err(io::ErrorKind::NotConnected.into()) };
        let result = lines.fill_from(stream);
        match &result {
            // From a stream socket less than was asked for means that no more is there: the next
            // byte, and the end, are a new event (epoll(7), question 9). An end that the poll has
            // seen already would not be one.
            Ok(_) => self.readable = lines.is_full() || self.ending,
            Err(error) => self.readable &= error.kind() != io::ErrorKind::WouldBlock,
        }
        result
    }

    /// Writes what waits, as far as the socket takes it.
    ///
    /// When it takes nothing any more because the connection is broken, what waits is dropped, and
    /// reading goes on to the end: what arrived before it is to be shown.
    pub(crate) fn write(&mut self, outbox: &mut Outbox) {
        let State::Open(stream) = &mut self.state else { return };
        if !self.writable || outbox.is_empty() {
            return;
        }
        let Err(error) = outbox.write_to(stream) else { return };
        self.writable = false;
        if error.kind() != io::ErrorKind::WouldBlock {
            log::debug!("sending: {error}");
            outbox.clear();
            self.ending = true;
            self.readable = true;
        }
    }

    /// Ends the connection so that what was sent arrives: a socket that is closed with unread bytes
    /// in it resets the connection, and that may overtake what is on its way.
    pub(crate) fn close(&mut self, registry: &Registry) {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Open(mut stream) => {
                let _ = registry.deregister(&mut stream);
                let _ = stream.shutdown(std::net::Shutdown::Write);
                let mut rest = [0; 4096];
                // As much as can be there now, and no more: a flood must not hold the program up.
                for _ in 0..256 {
                    match stream.read(&mut rest) {
                        Ok(1..) => {}
                        _ => break,
                    }
                }
            }
            State::Connecting { mut stream, .. } => {
                let _ = registry.deregister(&mut stream);
            }
            State::Closed => {}
        }
        (self.readable, self.writable) = (false, false);
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

/// Small requests go out at once; a dead peer is noticed. Where the system lacks an option the
/// connection works without.
fn configure(stream: &TcpStream) {
    let results = [
        sockopt::set_tcp_nodelay(stream, true),
        sockopt::set_socket_keepalive(stream, true),
        sockopt::set_tcp_keepidle(stream, KEEPALIVE_IDLE),
        sockopt::set_tcp_keepintvl(stream, KEEPALIVE_INTERVAL),
        sockopt::set_tcp_keepcnt(stream, KEEPALIVE_PROBES),
        #[cfg(target_os = "linux")]
        sockopt::set_tcp_user_timeout(stream, USER_TIMEOUT.as_millis() as u32),
    ];
    for error in results.into_iter().filter_map(Result::err) {
        log::debug!("a socket option could not be set: {error}");
    }
}
