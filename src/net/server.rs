//! The server's sockets, for any program's [`mio::Poll`]: what is to be done with them is the matter of
//! the [intake](Intake).

use super::listener::{Listener, Peer};
use super::peer;
use super::stream::{Socket, Stream, plain};
use super::tls::keeper::Keeper;
use crate::server::Config;
use crate::server::doors::{Admission, Doors, Networks, Seat};
use crate::server::hub::Id;
use crate::server::intake::{self, Intake};
use crate::wire::format::note;
use crate::wire::source::{Stop, Transport};
use mio::event::Event;
use mio::{Interest, Registry, Token};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// Out of descriptors, accepting is tried again after this time, or when a connection ends.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

/// At most so many connections are accepted in one turn.
const ACCEPTS: usize = 64;

/// Listening sockets and everybody who came through them.
#[derive(Debug)]
pub(crate) struct Server {
    entrances: Vec<Entrance>,
    /// The token of the first entrance; behind those of all of them comes the connection with id 0, and so on.
    tokens_from: usize,
    doors: Doors,
    /// Those who come through Unix sockets have the names that this tells.
    naming: Option<Naming>,
    intake: Intake<Visitor>,
    /// What encrypts the connections of some entrances.
    keeper: Option<Keeper>,
}

/// A socket that listens.
#[derive(Debug)]
struct Entrance {
    listener: Listener,
    accepting: Accepting,
}

/// A connection, and the place that it has among those of its address.
#[derive(Debug)]
struct Visitor {
    stream: Stream,
    _seat: Seat,
}

/// Who is behind a Unix socket. (By a pointer, it is in no program that does not ask for it.)
type Naming = fn(&mut Intake<Visitor>, BorrowedFd<'_>) -> io::Result<Box<[u8]>>;

/// The name that the system has for somebody.
///
/// # Errors
/// When there is no descriptor left to look it up with.
fn name_peer(intake: &mut Intake<Visitor>, socket: BorrowedFd<'_>) -> io::Result<Box<[u8]>> {
    let mut named = peer::name(socket);
    // Who came earlier makes way, as for who comes.
    if named.as_ref().is_err_and(is_out_of_descriptors) && intake.dismiss_guest() {
        named = peer::name(socket);
    }
    named.or_else(|error| {
        if is_out_of_descriptors(&error) {
            return Err(error);
        }
        note!(Warn, "somebody has no name: {error}");
        Ok(Box::default())
    })
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

    fn ends_with_a_word(&self) -> bool {
        self.stream.ends_with_a_word()
    }

    fn has_unwritten(&self) -> bool {
        self.stream.has_unwritten()
    }

    fn push(&mut self) -> Result<(), Stop<io::Error>> {
        self.stream.push()
    }

    fn is_greeting(&self) -> bool {
        self.stream.is_greeting()
    }

    fn name(&self) -> Option<&[u8]> {
        self.stream.name()
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
    /// Serves those who come through these listeners, with tokens of `registry` from `tokens_from` up; all of those
    /// are the server's.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn new(
        listeners: Vec<Listener>,
        config: Config,
        registry: &Registry,
        tokens_from: usize,
    ) -> io::Result<Self> {
        let mut entrances = Vec::with_capacity(listeners.len());
        for mut listener in listeners {
            listener.register(registry, Token(tokens_from + entrances.len()))?;
            entrances.push(Entrance { listener, accepting: Accepting::Idle });
        }
        let doors = Doors::new(config.limits.max_per_address);
        Ok(Self { entrances, tokens_from, doors, naming: None, intake: Intake::new(&config), keeper: None })
    }

    /// From now on the connections through those entrances are encrypted that the keeper is for.
    pub(crate) fn encrypt(&mut self, keeper: Option<Keeper>) {
        self.keeper = keeper;
    }

    /// What encrypts them.
    pub(crate) fn keeper(&mut self) -> Option<&mut Keeper> {
        self.keeper.as_mut()
    }

    /// From now on one comes in from these networks only.
    pub(crate) fn guard(&mut self, networks: Networks) {
        self.doors.guard(networks);
    }

    /// From now on those who come through Unix sockets have the names that the system gives them.
    pub(crate) fn name_peers(&mut self) {
        self.naming = Some(name_peer);
    }

    /// Notes what an event says; [`turn`](Server::turn) acts on it. Events of others are ignored.
    pub(crate) fn handle_event(&mut self, event: &Event) {
        let Some(offset) = event.token().0.checked_sub(self.tokens_from) else { return };
        let Some(index) = offset.checked_sub(self.entrances.len()) else {
            return self.entrances[offset].handle_event();
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
        for index in 0..self.entrances.len() {
            if self.entrances[index].can_accept(now, self.intake.len()) {
                self.entrances[index].accepting = self.accept(index, registry, now);
            }
        }
    }

    /// After a turn: whether more is to be done at once.
    pub(crate) fn has_work(&self) -> bool {
        let connections = self.intake.len();
        let can_accept = |entrance: &Entrance| entrance.can_accept(Duration::ZERO, connections);
        self.entrances.iter().any(can_accept) || self.intake.has_work()
    }

    /// When a turn is due though no event has come; `None` if events are all there is to wait for.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let accept_again = self.entrances.iter().filter_map(|entrance| match entrance.accepting {
            Accepting::Stalled { until, .. } => Some(until),
            Accepting::Idle | Accepting::Ready => None,
        });
        accept_again.chain(self.intake.next_deadline()).min()
    }

    /// Lets nobody in any more. Who has come to a socket that somebody else keeps open waits there for the next server.
    pub(crate) fn close_entrances(&mut self) {
        self.entrances.clear();
    }

    /// Writes what waits, as far as the sockets take it, and closes them.
    pub(crate) fn shut_down(self) {
        self.intake.shut_down();
    }

    /// Accepts who waits at an entrance, a bounded number; returns what is known about those who wait then.
    fn accept(&mut self, index: usize, registry: &Registry, now: Duration) -> Accepting {
        let mut last_failure = None;
        let mut has_admitted = false;
        for _ in 0..ACCEPTS {
            match self.entrances[index].listener.accept() {
                Ok((socket, peer)) => {
                    last_failure = None;
                    has_admitted = true;
                    if let Err(error) = self.admit(index, socket, peer, registry, now) {
                        return self.stall(index, &error, now);
                    }
                }
                Err(error) => match error.kind() {
                    // The one who had come has gone already, or a signal came.
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted => {
                        last_failure = Some(error);
                    }
                    io::ErrorKind::WouldBlock => return Accepting::Idle,
                    _ if is_out_of_descriptors(&error) => {
                        if !self.entrances[index].somebody_waits() {
                            return Accepting::Idle;
                        }
                        if has_admitted {
                            break;
                        }
                        // One who came earlier and has not logged in makes way.
                        if !self.intake.dismiss_guest() {
                            return self.stall(index, &error, now);
                        }
                    }
                    _ => return self.stall(index, &error, now),
                },
            }
        }
        match last_failure {
            // Nor may that go on for ever.
            Some(error) => self.stall(index, &error, now),
            None => Accepting::Ready,
        }
    }

    fn stall(&self, index: usize, error: &io::Error, now: Duration) -> Accepting {
        if !matches!(self.entrances[index].accepting, Accepting::Stalled { .. }) {
            note!(Warn, "new connections have to wait: {error}");
        }
        Accepting::Stalled { until: now + ACCEPT_AGAIN, connections: self.intake.len() }
    }

    /// Lets somebody in who came through an entrance, if there is a place.
    fn admit(
        &mut self,
        index: usize,
        socket: Socket,
        peer: Peer,
        registry: &Registry,
        now: Duration,
    ) -> io::Result<()> {
        let (seat, name) = match (peer.ip(), self.naming) {
            (Some(ip), _) => match self.doors.admit(ip) {
                Admission::Seat(seat) => (seat, None),
                Admission::Full => {
                    note!(Info, "{peer} has enough connections");
                    intake::turn_away(&mut self.stream(index, socket)?);
                    return Ok(());
                }
                // Who may not come in is told nothing, and costs nothing.
                Admission::Denied => {
                    note!(Info, "{peer} may not come in");
                    return Ok(());
                }
            },
            (None, Some(naming)) => (None, Some(naming(&mut self.intake, socket.as_fd())?)),
            (None, None) => (None, None),
        };
        let stream = self.stream(index, socket)?;
        let Some(id) = self.intake.admit(Visitor { stream, _seat: seat }, now) else { return Ok(()) };
        if let Some(name) = name {
            self.intake.restrict(id, &name);
        }
        let Some(visitor) = self.intake.transport_mut(id) else { return Ok(()) };
        let token = Token(self.tokens_from + self.entrances.len() + id.index());
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

    /// What somebody talks through who came through an entrance.
    fn stream(&self, index: usize, socket: Socket) -> io::Result<Stream> {
        if let Some(keeper) = &self.keeper
            && keeper.is_for(index, self.entrances[index].listener.address().is_some())
        {
            return keeper.admit(socket);
        }
        Ok(plain(socket))
    }
}

impl Entrance {
    /// Somebody may have come.
    fn handle_event(&mut self) {
        self.accepting = match self.accepting {
            Accepting::Stalled { connections, .. } => {
                Accepting::Stalled { until: Duration::ZERO, connections }
            }
            Accepting::Idle | Accepting::Ready => Accepting::Ready,
        };
    }

    /// Whether to try, there being so many connections by now.
    fn can_accept(&self, now: Duration, connections: usize) -> bool {
        match self.accepting {
            Accepting::Idle => false,
            Accepting::Ready => true,
            Accepting::Stalled { until, connections: before } => until <= now || connections < before,
        }
    }

    /// Without a descriptor, accept(2) fails whether somebody waits or not.
    fn somebody_waits(&self) -> bool {
        let mut listener = [PollFd::new(&self.listener, PollFlags::IN)];
        let asked = retry_on_intr(|| poll(&mut listener, Some(&Timespec::default())));
        asked.is_ok_and(|ready| ready > 0)
    }
}

/// Whether this program, or the system, has no descriptor left.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    let lacks = [Errno::MFILE, Errno::NFILE];
    lacks.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::{Events, Poll};
    use std::net::{TcpListener, TcpStream};

    /// A connection that comes together with the signal that ends the server.
    #[test]
    fn who_comes_when_the_doors_are_closed_waits_for_the_next_server() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut poll = Poll::new().unwrap();
        let listener = Listener::handed_tcp(socket.try_clone().unwrap()).unwrap();
        let mut server = Server::new(vec![listener], Config::default(), poll.registry(), 0).unwrap();
        let client = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
        let mut events = Events::with_capacity(8);
        poll.poll(&mut events, Some(Duration::from_secs(30))).unwrap();
        events.iter().for_each(|event| server.handle_event(event));
        assert!(server.has_work());
        server.close_entrances();
        server.turn(poll.registry(), Duration::ZERO);
        assert_eq!(socket.accept().unwrap().1, client.local_addr().unwrap());
    }
}
