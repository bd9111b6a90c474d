//! The server's sockets, for any program's [`mio::Poll`]: what is to be done with them is the matter of
//! the [intake](Intake).

use super::transport;
use crate::server::Config;
use crate::server::doors::{Doors, Seat};
use crate::server::hub::Id;
use crate::server::intake::{self, Intake};
use crate::wire::format::note;
use crate::wire::source::{Stop, Transport};
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// Out of descriptors, accepting is tried again after this time, or when a connection ends.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

/// At most so many connections are accepted in one turn.
const ACCEPTS: usize = 64;

/// So many connections may wait to be accepted; the system lowers it to what it allows.
const BACKLOG: i32 = 65_535;

/// A listening socket and everybody who came through it.
#[derive(Debug)]
pub(crate) struct Server {
    listener: TcpListener,
    accepting: Accepting,
    /// The token of the listener; the connection with id `n` has the one `n + 1` after it.
    tokens_from: usize,
    doors: Doors,
    intake: Intake<Visitor>,
}

/// A connection, and the place that it has among those of its address.
#[derive(Debug)]
struct Visitor {
    stream: TcpStream,
    _seat: Seat,
}

impl Transport for Visitor {
    type Error = io::Error;

    fn read(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<io::Error>> {
        Transport::read(&mut self.stream, near, far)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<io::Error>> {
        Transport::write(&mut self.stream, bytes)
    }

    fn drains_by_short_read(&self) -> bool {
        self.stream.drains_by_short_read()
    }

    fn end(&mut self) {
        self.stream.end();
    }
}

/// What is known about those who wait to be accepted.
#[derive(Debug, Clone, Copy)]
enum Accepting {
    /// Nobody waits; an event says when somebody comes.
    Idle,
    /// Somebody may wait.
    Ready,
    /// The system accepts nobody, for want of descriptors, as a rule. An edge-triggered listener says
    /// nothing more about those who wait already, so it is tried again at this time, or when there are
    /// fewer connections than these.
    Stalled { until: Duration, connections: usize },
}

impl Server {
    /// Listens on `address`, with tokens of `registry` from `tokens_from` up; all of those are the
    /// server's.
    ///
    /// # Errors
    /// Those of the system, when it does not let the server listen there.
    pub(crate) fn bind(
        address: SocketAddr,
        config: Config,
        registry: &Registry,
        tokens_from: usize,
    ) -> io::Result<Self> {
        let mut listener = TcpListener::bind(address)?;
        transport::configure(&listener);
        // mio listens with room for 128. To listen again only changes that.
        rustix::net::listen(&listener, BACKLOG)?;
        registry.register(&mut listener, Token(tokens_from), Interest::READABLE)?;
        let doors = Doors::new(config.limits.max_per_address);
        let intake = Intake::new(&config);
        Ok(Self { listener, accepting: Accepting::Idle, tokens_from, doors, intake })
    }

    /// Where it listens: with the port that the system chose, if it was asked to.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Notes what an event says; [`turn`](Server::turn) acts on it. Events of others are ignored.
    pub(crate) fn handle_event(&mut self, event: &Event) {
        let Some(offset) = event.token().0.checked_sub(self.tokens_from) else { return };
        let Some(index) = offset.checked_sub(1) else {
            self.accepting = match self.accepting {
                Accepting::Stalled { connections, .. } => {
                    Accepting::Stalled { until: Duration::ZERO, connections }
                }
                Accepting::Idle | Accepting::Ready => Accepting::Ready,
            };
            return;
        };
        let Some(id) = Id::from_index(index) else { return };
        if event.is_error() {
            self.intake.handle_broken(id);
        } else if event.is_read_closed() {
            self.intake.handle_ending(id);
        } else if event.is_readable() {
            self.intake.handle_readable(id);
        }
        if event.is_writable() || event.is_write_closed() {
            self.intake.handle_writable(id);
        }
    }

    /// Does what is to be done, a bounded part of it.
    pub(crate) fn turn(&mut self, registry: &Registry, now: Duration) {
        // Who was let in is listened to before they make way for the next one.
        self.intake.turn(now);
        if self.can_accept(now) {
            self.accept(registry, now);
        }
    }

    /// After a turn: whether more is to be done at once.
    pub(crate) fn has_work(&self) -> bool {
        self.can_accept(Duration::ZERO) || self.intake.has_work()
    }

    /// When a turn is due though no event has come; `None` if events are all there is to wait for.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let accept_again = match self.accepting {
            Accepting::Stalled { until, .. } => Some(until),
            Accepting::Idle | Accepting::Ready => None,
        };
        [accept_again, self.intake.next_deadline()].into_iter().flatten().min()
    }

    /// Writes what waits, as far as the sockets take it, and closes them.
    pub(crate) fn shut_down(self) {
        self.intake.shut_down();
    }

    fn can_accept(&self, now: Duration) -> bool {
        match self.accepting {
            Accepting::Idle => false,
            Accepting::Ready => true,
            Accepting::Stalled { until, connections } => until <= now || self.intake.len() < connections,
        }
    }

    fn accept(&mut self, registry: &Registry, now: Duration) {
        let mut last_failure = None;
        let mut has_admitted = false;
        for _ in 0..ACCEPTS {
            match self.listener.accept() {
                Ok((stream, peer)) => {
                    last_failure = None;
                    has_admitted = true;
                    if let Err(error) = self.admit(stream, peer, registry, now) {
                        return self.stall(&error, now);
                    }
                }
                Err(error) => match error.kind() {
                    // The one who had come has gone already, or a signal came.
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted => {
                        last_failure = Some(error);
                    }
                    io::ErrorKind::WouldBlock => {
                        self.accepting = Accepting::Idle;
                        return;
                    }
                    _ if is_out_of_descriptors(&error) => {
                        if !self.somebody_waits() {
                            self.accepting = Accepting::Idle;
                            return;
                        }
                        if has_admitted {
                            break;
                        }
                        // One who came earlier and has not logged in makes way.
                        if !self.intake.dismiss_guest() {
                            return self.stall(&error, now);
                        }
                    }
                    _ => return self.stall(&error, now),
                },
            }
        }
        match last_failure {
            // Nor may that go on for ever.
            Some(error) => self.stall(&error, now),
            None => self.accepting = Accepting::Ready,
        }
    }

    /// Without a descriptor, accept(2) fails whether somebody waits or not.
    fn somebody_waits(&self) -> bool {
        let mut listener = [PollFd::new(&self.listener, PollFlags::IN)];
        let asked = retry_on_intr(|| poll(&mut listener, Some(&Timespec::default())));
        asked.is_ok_and(|ready| ready > 0)
    }

    fn stall(&mut self, error: &io::Error, now: Duration) {
        if !matches!(self.accepting, Accepting::Stalled { .. }) {
            note!(Warn, "new connections have to wait: {error}");
        }
        self.accepting = Accepting::Stalled { until: now + ACCEPT_AGAIN, connections: self.intake.len() };
    }

    fn admit(
        &mut self,
        mut stream: TcpStream,
        peer: SocketAddr,
        registry: &Registry,
        now: Duration,
    ) -> io::Result<()> {
        transport::configure_accepted(&stream);
        let Some(seat) = self.doors.admit(peer.ip()) else {
            note!(Info, "{peer} has enough connections");
            intake::turn_away(&mut stream);
            return Ok(());
        };
        let Some(id) = self.intake.admit(Visitor { stream, _seat: seat }, now) else { return Ok(()) };
        let Some(visitor) = self.intake.transport_mut(id) else { return Ok(()) };
        let token = Token(self.tokens_from + 1 + id.index());
        // Both at once and for good: edges come when something changes, so that a socket that can be
        // written to, as almost all can be, wakes nobody up.
        let registered =
            registry.register(&mut visitor.stream, token, Interest::READABLE | Interest::WRITABLE);
        match &registered {
            Ok(()) => note!(Info, "client {} has come from {peer}", id.index()),
            Err(_) => self.intake.dismiss(id),
        }
        registered
    }
}

/// Whether this program, or the system, has no descriptor left.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    let lacks = [Errno::MFILE, Errno::NFILE];
    lacks.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}
