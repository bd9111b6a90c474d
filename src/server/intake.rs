//! All that a server decides about its connections: who is read and when, who waits for whom, who may
//! insist, who is closed.
//!
//! Whoever owns the streams and the clock admits the connections, passes on what events say, and lets
//! the intake take turns; in a program that is an event loop, in a test a script.
//!
//! ```text
//!   admit               --> register the stream; an event says when something can be read
//!   handle_...          --> noted, for the next turn
//!   turn                --> reads, relays and writes, a bounded part of it
//!   has_work            --> another turn would move something: do not wait
//!   next_deadline       --> a turn is due at this time, though nothing happens
//! ```
//!
//! A turn reads each stream that has something at most once and writes each queue that has something
//! new once, so that nobody waits for one who sends a lot, and a thousand messages to one receiver
//! cost one write. All connections share one buffer to read into; an idle one owns none. The time is a
//! duration since any fixed point.
//!
//! # A receiver slower than its senders
//!
//! The hub puts a line off while the queue it would go to is too long. Its connection is then *held*:
//! the line stays where it is and nothing more is read, so that TCP slows the sender down. It goes on
//! when the queue is shorter. For somebody else's queue it goes on as well when the receiver took
//! nothing for [`PATIENCE`], insisting then for as much as was read: a receiver that reads, however
//! slowly, sets its senders' pace and is never dropped; one that does not delays those who write to it
//! by no more than that a read, nobody else at all, and is dropped when its queue is full.
//!
//! # Those who leave and those who come back
//!
//! Whoever loses its connection and comes back at once must not meet its own ghost: neither its name
//! nor its place may be taken still. So a turn begins with those whose end was announced, up to that
//! end, and log-ins come last, after the ends that nobody announced. A broken connection waits for
//! nobody: what came through it is taken if that can be done at once, or else is lost.
//!
//! Whoever sends no more may still read: what waits for it is written before it is closed.

use super::Config;
use super::connection::{Connection, Served, State};
use super::hub::{Hub, Id};
use crate::wire::format::note;
use crate::wire::sizes::LAST_BYTES;
use crate::wire::source::{Source, Transport};
use alloc::vec::Vec;
use core::fmt::Display;
use core::mem;
use core::time::Duration;

/// For so long a sender waits for a receiver that takes nothing, before it insists.
pub const PATIENCE: Duration = Duration::from_millis(100);

/// When in a turn a connection is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    Leaving,
    User,
    Guest,
}

/// Everybody who is connected, and what is to be done for them.
///
/// ```
/// # use chinwag::wire::source::{Stop, Transport};
/// # struct Stream(Option<&'static [u8]>, Vec<u8>);
/// # impl Transport for Stream {
/// #     type Error = &'static str;
/// #     fn read(&mut self, near: &mut [u8], _: &mut [u8]) -> Result<usize, Stop<&'static str>> {
/// #         let bytes = self.0.take().ok_or(Stop::Blocked)?;
/// #         near[..bytes.len()].copy_from_slice(bytes);
/// #         Ok(bytes.len())
/// #     }
/// #     fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<&'static str>> {
/// #         self.1.extend_from_slice(bytes);
/// #         Ok(bytes.len())
/// #     }
/// # }
/// # let stream = Stream(Some(b"HELLO-FROM ann\nLIST\n"), Vec::new());
/// # let now = core::time::Duration::ZERO;
/// use chinwag::server::{Config, intake::Intake};
/// let mut intake = Intake::new(&Config::default());
/// let id = intake.admit(stream, now).unwrap();
/// intake.handle_readable(id);
/// while intake.has_work() {
///     intake.turn(now);
/// }
/// # let Stream(_, written) = intake.transport_mut(id).unwrap();
/// assert_eq!(written, b"HELLO ann\nLIST-OK ann\n");
/// ```
#[derive(Debug)]
pub struct Intake<T> {
    hub: Hub,
    /// By the hub's ids.
    connections: Vec<Option<Connection<T>>>,
    /// Those who wait for their place in a turn, as their state says.
    queued: Vec<Id>,
    /// Those who were queued when the turn began; empty between turns.
    serving: Vec<Id>,
    /// Those whose state is `Held`.
    held: Vec<Id>,
    /// What everybody's reads go into.
    spare: Vec<u8>,
}

impl<T: Transport<Error: Display>> Intake<T> {
    /// Nobody is here yet.
    pub fn new(config: &Config) -> Self {
        Self {
            hub: Hub::new(config.limits, config.echobot),
            connections: Vec::new(),
            queued: Vec::new(),
            serving: Vec::new(),
            held: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Somebody has come. Nothing is read until an event says that something can be. `None` if there
    /// are more than ids.
    pub fn admit(&mut self, transport: T, now: Duration) -> Option<Id> {
        let id = self.hub.connect()?;
        if self.connections.len() <= id.index() {
            self.connections.resize_with(id.index() + 1, || None);
        }
        self.connections[id.index()] = Some(Connection::new(transport, self.hub.limits().max_line(), now));
        Some(id)
    }

    /// The stream of `id`, if that is here: for its owner to register it.
    pub fn transport_mut(&mut self, id: Id) -> Option<&mut T> {
        Some(self.connection(id)?.source.transport_mut())
    }

    /// Closes the connection of `id`, whatever waits for it.
    pub fn dismiss(&mut self, id: Id) {
        self.close(id, &"it was dismissed");
    }

    /// How many connections there are: each of them holds one of the system's descriptors.
    pub fn len(&self) -> usize {
        self.hub.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.hub.is_empty()
    }

    /// An event says that something can be read. Of those who have left, events are ignored.
    pub fn handle_readable(&mut self, id: Id) {
        self.wake(id, Source::handle_readable);
    }

    /// An event says that the end is near, with or without bytes before it.
    pub fn handle_ending(&mut self, id: Id) {
        self.wake(id, Source::handle_ending);
    }

    /// An event says that the connection is broken; bytes that came before may still be there.
    pub fn handle_broken(&mut self, id: Id) {
        let Some(connection) = self.connection(id) else { return };
        let state = connection.state;
        if matches!(state, State::Held { .. } | State::Ended) {
            return self.close(id, &"it is broken");
        }
        connection.state = State::Broken;
        connection.source.handle_ending();
        if !state.is_queued() {
            self.queued.push(id);
        }
        // To write will tell as well; then its own queue keeps nothing from being read.
        self.handle_writable(id);
    }

    /// An event says that something can be written.
    pub fn handle_writable(&mut self, id: Id) {
        let Some(connection) = self.connection(id) else { return };
        if connection.source.is_blocked() {
            connection.source.handle_writable();
            self.hub.retry(id);
        }
    }

    /// Does what is to be done, a bounded part of it.
    pub fn turn(&mut self, now: Duration) {
        self.flush(now);
        self.release_held(now);
        mem::swap(&mut self.queued, &mut self.serving);
        let mut last_bytes = LAST_BYTES;
        for rank in [Rank::Leaving, Rank::User, Rank::Guest] {
            for place in 0..self.serving.len() {
                let id = self.serving[place];
                if self.rank(id) == Some(rank) {
                    self.serve(id, now, &mut last_bytes);
                }
            }
        }
        self.serving.clear();
        self.flush(now);
        self.release_held(now);
    }

    /// After a turn: whether another one would move something though nothing happens.
    pub fn has_work(&self) -> bool {
        !self.queued.is_empty() || self.hub.has_dirty()
    }

    /// When a turn is due though nothing happens.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.held.iter().filter_map(|&id| self.patience(id)).min()
    }

    /// Whether all that came was taken, and written as far as the streams take it: nothing will
    /// happen unless a client does something.
    pub fn is_quiet(&self) -> bool {
        !self.has_work() && self.next_deadline().is_none()
    }

    /// Writes what waits, as far as the streams take it, and ends them. What they do not take is lost:
    /// nobody waits for a reader that may never come.
    pub fn shut_down(mut self) {
        for (index, connection) in self.connections.into_iter().enumerate() {
            if let (Some(mut connection), Some(id)) = (connection, Id::from_index(index)) {
                let _ = connection.source.flush(self.hub.outbox_mut(id));
                connection.source.end();
            }
        }
    }

    fn connection(&mut self, id: Id) -> Option<&mut Connection<T>> {
        self.connections.get_mut(id.index())?.as_mut()
    }

    fn wake(&mut self, id: Id, note: impl FnOnce(&mut Source<T>)) {
        let Some(connection) = self.connection(id) else { return };
        note(&mut connection.source);
        if connection.state == State::Idle && connection.source.is_readable() {
            self.enqueue(id, State::Queued);
        }
    }

    /// It is to be served in the next turn, in this state; it must not wait for that already.
    fn enqueue(&mut self, id: Id, state: State) {
        if let Some(connection) = self.connection(id) {
            connection.state = state;
            self.queued.push(id);
        }
    }

    /// None of one who was served already, or is to be closed for not reading.
    fn rank(&self, id: Id) -> Option<Rank> {
        let connection = self.connections[id.index()].as_ref()?;
        if !connection.state.is_queued() || self.hub.is_overfull(id) {
            return None;
        }
        Some(match connection.source.is_ending() {
            true => Rank::Leaving,
            false if self.hub.is_logged_in(id) => Rank::User,
            false => Rank::Guest,
        })
    }

    fn serve(&mut self, id: Id, now: Duration, last_bytes: &mut usize) {
        let Some(connection) = &mut self.connections[id.index()] else { return };
        let served = connection.serve(id, &mut self.hub, &mut self.spare, last_bytes);
        let is_broken = connection.state == State::Broken;
        match served {
            Served::All if connection.source.is_broken() => self.close(id, &"it is broken"),
            Served::All => connection.state = State::Idle,
            Served::Part => self.enqueue(id, if is_broken { State::Broken } else { State::Queued }),
            Served::Waits(_) if is_broken => self.close(id, &"it is broken"),
            Served::Waits(on) => {
                connection.state = State::Held { on, since: now };
                self.held.push(id);
            }
            Served::End => self.end(id),
            Served::Broken(error) => self.close(id, &error),
        }
    }

    /// When the one that is held insists; `None` if it never does, or is not held.
    fn patience(&self, id: Id) -> Option<Duration> {
        let State::Held { on, since } = self.connections[id.index()].as_ref()?.state else { return None };
        let receiver = self.connections[on.index()].as_ref()?;
        (on != id).then(|| receiver.moved.max(since) + PATIENCE)
    }

    /// Lets those go on whose receiver has read, or has left, or has been waited for long enough.
    fn release_held(&mut self, now: Duration) {
        let mut held = mem::take(&mut self.held);
        held.retain(|&id| match self.released(id, now) {
            Some(state) => {
                self.enqueue(id, state);
                false
            }
            None => true,
        });
        self.held = held;
    }

    /// The next state of one that is held; `None` if it still is.
    fn released(&self, id: Id, now: Duration) -> Option<State> {
        let State::Held { on, .. } = self.connections[id.index()].as_ref()?.state else { return None };
        if !self.hub.must_wait(id, on) {
            return Some(State::Queued);
        }
        self.patience(id).filter(|&at| at <= now).map(|_| State::Insisting)
    }

    /// Writes what is new, to each stream as far as it takes it.
    fn flush(&mut self, now: Duration) {
        while let Some(id) = self.hub.next_dirty() {
            let Some(connection) = &mut self.connections[id.index()] else { continue };
            if self.hub.is_overfull(id) {
                self.close(id, &"it did not read");
                continue;
            }
            let outbox = self.hub.outbox_mut(id);
            match connection.flush(outbox, now) {
                Err(error) => {
                    note!(Debug, "client {} takes no more: {error}", id.index());
                    self.handle_broken(id);
                }
                Ok(()) if !outbox.is_empty() => {}
                Ok(()) if connection.state == State::Ended => self.close(id, &"it left"),
                Ok(()) => self.hub.reclaim(id),
            }
        }
    }

    /// The client sends no more. It may still read: what waits for it is written before it is closed.
    fn end(&mut self, id: Id) {
        self.hub.log_out(id);
        match &mut self.connections[id.index()] {
            Some(connection) if !connection.source.is_broken() && !self.hub.outbox(id).is_empty() => {
                connection.end()
            }
            _ => self.close(id, &"it left"),
        }
    }

    fn close(&mut self, id: Id, why: &dyn Display) {
        let Some(connection) = self.connections.get_mut(id.index()).and_then(Option::take) else { return };
        match connection.state {
            State::Queued | State::Insisting | State::Broken => self.queued.retain(|&other| other != id),
            State::Held { .. } => self.held.retain(|&other| other != id),
            State::Idle | State::Ended => {}
        }
        connection.source.end();
        self.hub.disconnect(id);
        note!(Debug, "client {} is gone: {why}", id.index());
    }
}

#[cfg(test)]
mod tests;
