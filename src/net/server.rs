//! The server: sockets around the [hub](Hub), for any program's [`mio::Poll`].
//!
//! A turn reads each socket that has something at most once and writes each queue that has something
//! new once, so that nobody waits for one who sends a lot, and a thousand messages to one receiver
//! cost one write. All connections share one buffer to read into; an idle one owns none.
//!
//! # A receiver slower than its senders
//!
//! The hub puts a line off while the queue it would go to is too long. Its connection is then *held*:
//! the line stays where it is and nothing more is read, so that TCP slows the sender down. It goes on
//! when the queue is shorter. For somebody else's queue it goes on as well when the receiver took
//! nothing for [`PATIENCE`], insisting then for as much as was read: a receiver that reads, however
//! slowly, sets its senders' pace and is never dropped; one that does not delays those who write to it
//! by no more than that a read, nobody else at all, and is dropped when its queue is full.

use super::guest::{Connection, Filled, Hold};
use super::transport;
use crate::server::Config;
use crate::server::hub::{Hub, Id};
use crate::wire::lines::CHUNK;
use crate::wire::source::{Stop, Transport};
use log::{debug, info, warn};
use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry, Token};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// For so long a sender waits for a receiver that takes nothing, before it insists.
pub(crate) const PATIENCE: Duration = Duration::from_millis(100);

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
    /// The token of the listener; the connection with id `n` has the one `n + 1` after it.
    tokens_from: usize,
    hub: Hub,
    max_line: usize,
    /// By the hub's ids.
    connections: Vec<Option<Connection>>,
    /// Who has something to be read, or lines that were put off and may go on.
    queued: VecDeque<Id>,
    /// Who is held, and perhaps some who have left since.
    held: Vec<Id>,
    /// What everybody's reads go into.
    spare: Vec<u8>,
    /// Whether the listener may have somebody to accept.
    is_accepting: bool,
    /// When to try to accept again, while the system refuses it.
    accept_at: Option<Duration>,
    /// Whether the log knows that it does.
    is_stalled: bool,
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
        prepare(&listener)?;
        registry.register(&mut listener, Token(tokens_from), Interest::READABLE)?;
        Ok(Self {
            listener,
            tokens_from,
            hub: Hub::new(config.limits, config.echobot),
            max_line: config.limits.max_line(),
            connections: Vec::new(),
            queued: VecDeque::new(),
            held: Vec::new(),
            spare: Vec::new(),
            is_accepting: false,
            accept_at: None,
            is_stalled: false,
        })
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
            self.is_accepting = true;
            return;
        };
        let Some(id) = Id::from_index(index) else { return };
        let Some(connection) = self.connections.get_mut(index).and_then(Option::as_mut) else { return };
        let ending = event.is_read_closed() || event.is_error();
        if event.is_readable() || ending {
            connection.is_readable = true;
            connection.is_ending |= ending;
            enqueue(&mut self.queued, connection, id);
        }
        if event.is_writable() || event.is_write_closed() || event.is_error() {
            connection.is_blocked = false;
            self.hub.retry(id);
        }
    }

    /// Does what is to be done, a bounded part of it.
    pub(crate) fn turn(&mut self, registry: &Registry, now: Duration) {
        self.accept(registry, now);
        self.release_held(now);
        for _ in 0..self.queued.len() {
            if let Some(id) = self.queued.pop_front() {
                self.serve(id, now);
            }
        }
        self.flush(now);
        self.release_held(now);
    }

    /// When a turn is due though no event has come; `None` if events are all there is to wait for.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let patience = self.held.iter().filter_map(|&id| self.patience(id)).min();
        [patience, self.accept_at].into_iter().flatten().min()
    }

    /// Writes what waits, as far as the sockets take it, and closes them.
    pub(crate) fn shut_down(mut self) {
        for (index, connection) in self.connections.iter_mut().enumerate() {
            if let (Some(connection), Some(id)) = (connection, Id::from_index(index)) {
                // What a socket does not take now is lost: nobody waits for a reader that may never come.
                let _ =
                    self.hub.outbox_mut(id).drain(|bytes| Transport::write(&mut connection.stream, bytes));
                connection.stream.end();
            }
        }
    }

    /// Whether more is to be done at once.
    pub(crate) fn has_work(&self) -> bool {
        self.is_accepting || !self.queued.is_empty()
    }

    fn accept(&mut self, registry: &Registry, now: Duration) {
        if !self.is_accepting && self.accept_at.is_none_or(|at| now < at) {
            return;
        }
        self.accept_at = None;
        for _ in 0..ACCEPTS {
            match self.listener.accept() {
                Ok((stream, peer)) => self.admit(stream, peer, registry, now),
                Err(error) => match error.kind() {
                    // The one who had come has gone already, or a signal came.
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock => {
                        self.is_accepting = false;
                        self.is_stalled = false;
                        return;
                    }
                    _ => return self.stall(&error, now),
                },
            }
        }
        self.is_accepting = true;
    }

    /// Out of descriptors, as a rule: an edge-triggered listener says nothing more about those who
    /// wait already, so try again after a while, or when a connection ends.
    fn stall(&mut self, error: &io::Error, now: Duration) {
        self.is_accepting = false;
        self.accept_at = Some(now + ACCEPT_AGAIN);
        if !self.is_stalled {
            self.is_stalled = true;
            warn!("new connections have to wait: {error}");
        }
    }

    fn admit(&mut self, mut stream: TcpStream, peer: SocketAddr, registry: &Registry, now: Duration) {
        let Some(id) = self.hub.connect() else { return };
        let token = Token(self.tokens_from + 1 + id.index());
        // Both at once and for good: edges come when something changes, so that a socket that can be
        // written to, as almost all can be, wakes nobody up.
        if let Err(error) = registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE) {
            warn!("no connection with {peer}: {error}");
            self.hub.disconnect(id);
            return;
        }
        transport::configure_accepted(&stream);
        info!("client {} has come from {peer}", id.index());
        if self.connections.len() <= id.index() {
            self.connections.resize_with(id.index() + 1, || None);
        }
        self.connections[id.index()] = Some(Connection::new(stream, self.max_line, now));
    }

    /// Takes the lines that were put off, then reads once and takes those.
    fn serve(&mut self, id: Id, now: Duration) {
        let Some(connection) = &mut self.connections[id.index()] else { return };
        connection.is_queued = false;
        if connection.hold.is_some() || connection.has_ended {
            return;
        }
        let mut wait = connection.take_lines(id, &mut self.hub);
        connection.insists = false;
        if self.hub.must_wait(id, id) {
            wait = Some(id);
        }
        let mut filled = Filled::Read;
        if wait.is_none() && connection.is_readable {
            if self.spare.is_empty() {
                self.spare = vec![0; CHUNK];
            }
            filled = connection.fill(&mut self.spare);
            wait = connection.take_lines(id, &mut self.hub);
        }
        match (filled, wait) {
            (Filled::Broken(error), _) => self.close(id, error),
            (Filled::End, _) => self.end(id),
            (Filled::Read, Some(on)) => {
                connection.hold = Some(Hold { on, since: now });
                self.held.push(id);
            }
            (Filled::Read, None) if connection.is_readable => enqueue(&mut self.queued, connection, id),
            (Filled::Read, None) => {}
        }
    }

    /// When the one that is held insists; `None` if it never does, or is not held.
    fn patience(&self, id: Id) -> Option<Duration> {
        let hold = self.connections[id.index()].as_ref()?.hold?;
        let receiver = self.connections[hold.on.index()].as_ref()?;
        (hold.on != id).then(|| receiver.moved.max(hold.since) + PATIENCE)
    }

    /// Lets those go on whose receiver has read, or has left, or has been waited for long enough.
    fn release_held(&mut self, now: Duration) {
        if self.held.is_empty() {
            return;
        }
        let mut held = std::mem::take(&mut self.held);
        held.retain(|&id| {
            let insists = self.patience(id).is_some_and(|at| at <= now);
            let Some(connection) = &mut self.connections[id.index()] else { return false };
            let Some(hold) = connection.hold else { return false };
            if self.hub.must_wait(id, hold.on) && !insists {
                return true;
            }
            connection.hold = None;
            connection.insists = insists;
            enqueue(&mut self.queued, connection, id);
            false
        });
        self.held = held;
    }

    /// Writes what is new, to each socket as far as it takes it.
    fn flush(&mut self, now: Duration) {
        while let Some(id) = self.hub.next_dirty() {
            if self.hub.is_overfull(id) {
                self.close(id, "it did not read");
                continue;
            }
            let Some(connection) = &mut self.connections[id.index()] else { continue };
            if connection.is_blocked {
                continue;
            }
            let outbox = self.hub.outbox_mut(id);
            let before = outbox.len();
            match outbox.drain(|bytes| Transport::write(&mut connection.stream, bytes)) {
                Ok(_) if connection.has_ended => self.close(id, "it left"),
                Ok(_) => self.hub.reclaim(id),
                Err(Stop::Blocked) => {
                    connection.is_blocked = true;
                    if outbox.len() < before {
                        connection.moved = now;
                    }
                }
                Err(Stop::Broken(error)) => self.close(id, error),
            }
        }
    }

    /// The client sends no more. It may still read: what waits for it is written before it is closed.
    fn end(&mut self, id: Id) {
        self.hub.log_out(id);
        if self.hub.outbox(id).is_empty() {
            self.close(id, "it left");
        } else if let Some(connection) = &mut self.connections[id.index()] {
            connection.end();
        }
    }

    fn close(&mut self, id: Id, why: impl std::fmt::Display) {
        if self.connections[id.index()].take().is_none() {
            return;
        }
        self.hub.disconnect(id);
        debug!("client {} is gone: {why}", id.index());
        // Its descriptor is free for one who waits for it.
        self.is_accepting |= self.accept_at.is_some();
    }
}

fn enqueue(queued: &mut VecDeque<Id>, connection: &mut Connection, id: Id) {
    if !connection.is_queued {
        connection.is_queued = true;
        queued.push_back(id);
    }
}

/// Sets once what accepted sockets inherit.
fn prepare(listener: &TcpListener) -> io::Result<()> {
    transport::configure(listener);
    // mio listens with room for 128. To listen again only changes that.
    Ok(rustix::net::listen(listener, BACKLOG)?)
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
