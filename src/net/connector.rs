//! The connection to the server: every address in turn, without blocking, each with a share of the
//! time.

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustix::io::Errno;
use rustix::net::sockopt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// A connection over which nothing goes is probed after this time, and then every
/// [`KEEPALIVE_INTERVAL`].
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
const KEEPALIVE_PROBES: u32 = 4;
/// What was sent and not acknowledged for so long will not be: the connection is dead (RFC 5482).
#[cfg(target_os = "linux")]
const USER_TIMEOUT: Duration = Duration::from_secs(120);

/// What makes connections.
#[derive(Debug)]
pub(crate) struct Connector {
    token: Token,
    addresses: Vec<SocketAddr>,
    timeout: Duration,
    attempt: Option<Attempt>,
}

#[derive(Debug)]
struct Attempt {
    stream: TcpStream,
    /// Which of the addresses it is.
    index: usize,
    /// When to give this attempt up.
    deadline: Duration,
    /// When to give all of them up.
    last_deadline: Duration,
}

impl Connector {
    /// No connection yet, to any of `addresses` (at least one) within `timeout` in all.
    pub(crate) fn new(addresses: Vec<SocketAddr>, timeout: Duration, token: Token) -> Self {
        Self { token, addresses, timeout, attempt: None }
    }

    /// When [`Connector::advance`] has to be called even if nothing happens.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.attempt.as_ref().map(|attempt| attempt.deadline)
    }

    /// Starts to connect.
    pub(crate) fn start(&mut self, registry: &Registry, now: Duration) -> io::Result<()> {
        self.try_from(0, now + self.timeout, registry, now)
    }

    /// Goes on with connecting. Returns the connection if it has come to stand just now.
    ///
    /// # Errors
    /// The one of the last address, when there is none left to try.
    pub(crate) fn advance(&mut self, registry: &Registry, now: Duration) -> io::Result<Option<TcpStream>> {
        loop {
            let Some(attempt) = &self.attempt else { return Ok(None) };
            let error = match established(&attempt.stream) {
                Ok(true) => break,
                Ok(false) if now < attempt.deadline => return Ok(None),
                Ok(false) => io::ErrorKind::TimedOut.into(),
                Err(error) => error,
            };
            let (next, last_deadline) = (attempt.index + 1, attempt.last_deadline);
            log::info!("{}: {error}", self.addresses[attempt.index]);
            self.attempt = None;
            if next == self.addresses.len() {
                return Err(error);
            }
            self.try_from(next, last_deadline, registry, now)?;
        }
        Ok(self.attempt.take().map(|attempt| {
            log::info!("connected to {}", self.addresses[attempt.index]);
            configure(&attempt.stream);
            attempt.stream
        }))
    }

    /// Tries the addresses from number `first` on, until one of them does not fail at once.
    fn try_from(
        &mut self,
        first: usize,
        last_deadline: Duration,
        registry: &Registry,
        now: Duration,
    ) -> io::Result<()> {
        let mut failure = io::ErrorKind::AddrNotAvailable.into();
        for (index, &address) in self.addresses.iter().enumerate().skip(first) {
            log::debug!("connecting to {address}");
            let mut stream = match TcpStream::connect(address) {
                Ok(stream) => stream,
                Err(error) => {
                    failure = error;
                    continue;
                }
            };
            registry.register(&mut stream, self.token, Interest::READABLE | Interest::WRITABLE)?;
            let share = (self.addresses.len() - index) as u32;
            let deadline = now + last_deadline.saturating_sub(now) / share;
            self.attempt = Some(Attempt { stream, index, deadline, last_deadline });
            return Ok(());
        }
        Err(failure)
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
