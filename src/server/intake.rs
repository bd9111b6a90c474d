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
//! cost one write. Nor does anybody wait for many who send a lot: of those, and of those who have not
//! logged in, some are served in each turn, after those who were idle until now. All connections share one buffer to read into; an idle one owns none. The time is a
//! duration since any fixed point.
//!
//! # A receiver slower than its senders
//!
//! The hub puts a line off while the queue it would go to is too long. Its connection is then *held*:
//! the line stays where it is and nothing more is read, so that TCP slows the sender down. It goes on
//! when the queue is shorter. For somebody else's queue it goes on as well when the receiver took
//! nothing for [`PATIENCE`], insisting then for as much as was read: a receiver that reads sets its
//! senders' pace, and is not dropped while there is memory; one that does not delays those who write to it,
//! nobody else at all, and is dropped when its queue is full. A system takes nothing for seconds though its user
//! reads on, as it makes room by the megabyte: so a sender waits for as long as the receiver has been still, up
//! to [`MOST_PATIENCE`], and less comes in meanwhile than goes out in the end.
//!
//! # Memory
//!
//! All together have one [bound](super::hub::Limits::max_memory), and each has a [share](super::hub::Limits::share) of
//! that which nobody can take. At the bound a line that would grow beyond its share is not read on,
//! and a message that would queue is not taken: their senders are held, until somebody gives memory back.
//! After [`PATIENCE`] whoever has the most and has read nothing for a second is dropped; while somebody
//! reads who has much, that gives memory back, for [`SHORTAGE`]. Else whoever has the most has to give way: a reader is
//! dropped, or a line that is not complete, as one that is too long. If nobody has more than its share, those who
//! wait insist, and what there is no memory for is refused.
//!
//! # Strangers
//!
//! Who has not logged in is a guest. Guests are read little at a time, wait once they have a few answers
//! to read, have a [time](super::hub::Limits::login_timeout) to log in, and make way, the oldest first, when there are
//! no connections left for those who come.
//!
//! Where both sides have to agree on how to talk before a guest can say anything, as with TLS, they have
//! [`GREETING_TIMEOUT`] for that; and as it costs much more than a line, a few are served in each turn, after all others.
//! A guest who begins so where that is not done is told at once that this is no request, and closed.
//!
//! A transport can know who is behind it: such a guest logs in under that [name](Transport::name) or not at all.
//!
//! # Those who leave and those who come back
//!
//! Whoever loses its connection and comes back at once must not meet its own ghost: neither its name
//! nor its place may be taken still. So a turn begins with those whose end was announced, up to that
//! end, and log-ins come last, after the ends that nobody announced. A broken connection waits for
//! nobody: what came through it is taken if that can be done at once, or else is lost.
//!
//! Whoever sends no more may still read: what waits for it is written before it is closed, unless it takes
//! nothing for [`STALL_TIMEOUT`].

use super::Config;
use super::connection::{Connection, Served, State};
use super::guests::Guests;
use super::hub::{Hub, Id, Wait};
use crate::wire::format::note;
use crate::wire::sizes::LAST_BYTES;
use crate::wire::source::{Source, TRY_AGAIN, Transport};
use alloc::vec::Vec;
use core::fmt::Display;
use core::mem;
use core::time::Duration;

mod arrivals;
mod held;

#[cfg(feature = "slim")]
pub(crate) use self::arrivals::turn_away;
pub use super::guests::GREETING_TIMEOUT;

/// For so long a sender waits for a receiver that takes nothing, before it insists.
pub const PATIENCE: Duration = Duration::from_millis(100);

/// For so long at most, if it has taken nothing for as long before that.
pub const MOST_PATIENCE: Duration = Duration::from_secs(1);

/// For so long those who wait for memory wait for readers who read slowly, before the slowest is dropped.
pub const SHORTAGE: Duration = Duration::from_secs(10);

/// Who sends no more and takes nothing for so long is closed, whatever waits for it: so long, a connection
/// may be interrupted (the same as the time after which the system gives up on what it sends).
pub const STALL_TIMEOUT: Duration = Duration::from_secs(120);

/// At most so many guests are served in a turn, and as many who have a lot to say: however many there are,
/// those who say something now and then do not wait for all of them.
const SERVED_PER_TURN: usize = 64;

/// So many who still have to agree on how to talk: that takes some two tenths of a millisecond each time.
const GREETED_PER_TURN: usize = 4;

/// When in a turn a connection is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    Leaving,
    User,
    /// A user who has a lot to say.
    Backlog,
    Guest,
    /// A guest with whom it is still to be agreed on how to talk, though its end be near.
    Greeting,
}

impl Rank {
    const ALL: [Self; 5] = [Self::Leaving, Self::User, Self::Backlog, Self::Guest, Self::Greeting];

    /// How many of them are served in one turn.
    fn most(self) -> usize {
        match self {
            Self::Leaving | Self::User => usize::MAX,
            Self::Backlog | Self::Guest => SERVED_PER_TURN,
            Self::Greeting => GREETED_PER_TURN,
        }
    }
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
    /// Those whose state is `Held` or `Ended`.
    held: Vec<Id>,
    guests: Guests,
    /// Since when somebody waits for memory, and when somebody else has to give way.
    short_since: Option<Duration>,
    relief_at: Duration,
    /// When those are tried again for whom the system had no memory.
    again: Option<Duration>,
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
            guests: Guests::new(config.limits.login_timeout),
            short_since: None,
            relief_at: Duration::ZERO,
            again: None,
            spare: Vec::new(),
        }
    }

    /// The stream of `id`, if that is here: for its owner to register it.
    pub fn transport_mut(&mut self, id: Id) -> Option<&mut T> {
        Some(self.connection(id)?.source.transport_mut())
    }

    /// From now on this is the only name with which the guest `id` may log in; an empty one is none.
    pub fn restrict(&mut self, id: Id, name: &[u8]) {
        self.hub.restrict(id, name);
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
        // Who has not greeted has said nothing.
        if matches!(state, State::Held { .. } | State::Ended) || connection.is_greeting() {
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
            self.retry(id);
        }
    }

    /// Does what is to be done, a bounded part of it.
    pub fn turn(&mut self, now: Duration) {
        if self.again.is_some_and(|again| again <= now) {
            self.try_again();
        }
        self.flush(now);
        self.dismiss_overdue(now);
        self.release_held(now);
        mem::swap(&mut self.queued, &mut self.serving);
        let mut left = Vec::new();
        let mut last_bytes = LAST_BYTES;
        for rank in Rank::ALL {
            if self.serving.is_empty() {
                break;
            }
            let mut served = 0;
            let mut serving = mem::take(&mut self.serving);
            serving.retain(|&id| {
                if self.rank(id) != Some(rank) {
                    return true;
                }
                served += 1;
                if served > rank.most() {
                    left.push(id);
                } else {
                    self.serve(id, now, &mut last_bytes);
                }
                false
            });
            self.serving = serving;
        }
        self.serving.clear();
        // They are the first next time.
        left.append(&mut self.queued);
        self.queued = left;
        self.hub.end_turn();
        if self.short_since.is_some() && !self.held.iter().any(|&id| self.waits_for_memory(id)) {
            self.short_since = None;
        }
        self.flush(now);
        self.release_held(now);
    }

    /// After a turn: whether another one would move something though nothing happens.
    pub fn has_work(&self) -> bool {
        !self.queued.is_empty() || self.hub.has_dirty()
    }

    /// When a turn is due though nothing happens.
    pub fn next_deadline(&self) -> Option<Duration> {
        [self.next_release(), self.guests.next_deadline(), self.again].into_iter().flatten().min()
    }

    /// Whether all that came was taken, and written as far as the streams take it: nothing will
    /// happen unless a client does something, or does nothing for long.
    pub fn is_quiet(&self) -> bool {
        !self.has_work() && self.next_release().is_none()
    }

    /// How much the clients together make this hold, in bytes, as [`Limits::max_memory`](super::hub::Limits::max_memory) counts.
    pub fn memory(&mut self) -> usize {
        self.hub.budget().used()
    }

    /// Reads, and writes to, those for whom the system had no memory.
    #[cold]
    fn try_again(&mut self) {
        self.again = None;
        for index in 0..self.connections.len() {
            let Some(id) = Id::from_index(index) else { return };
            if self.connection(id).is_some_and(|connection| connection.source.is_starved()) {
                self.wake(id, Source::try_again);
                self.retry(id);
            }
        }
    }

    /// Writes what waits, as far as the streams take it, and ends them. What they do not take is lost:
    /// nobody waits for a reader that may never come.
    pub fn shut_down(mut self) {
        for (index, connection) in self.connections.into_iter().enumerate() {
            if let (Some(mut connection), Some(id)) = (connection, Id::from_index(index)) {
                let _ = self.hub.drain(id, |outbox| connection.source.flush(outbox));
                connection.source.end();
            }
        }
    }

    fn connection(&mut self, id: Id) -> Option<&mut Connection<T>> {
        self.connections.get_mut(id.index())?.as_mut()
    }

    /// Whether something is to be written to it that has not been, in its queue or in its transport.
    fn has_output(&self, id: Id) -> bool {
        let connection = self.connections[id.index()].as_ref();
        self.hub.has_output(id) || connection.is_some_and(|connection| connection.source.has_unwritten())
    }

    /// The stream takes bytes again: what waits for it is new once more.
    fn retry(&mut self, id: Id) {
        if self.has_output(id) {
            self.hub.mark_dirty(id);
        }
    }

    fn wake(&mut self, id: Id, note: impl FnOnce(&mut Source<T>)) {
        let Some(connection) = self.connection(id) else { return };
        note(&mut connection.source);
        if connection.state == State::Idle && connection.source.is_readable() {
            self.enqueue(id, State::Woken);
        }
    }

    /// It is to be served in the next turn, in this state; it must not wait for that already.
    fn enqueue(&mut self, id: Id, state: State) {
        if let Some(connection) = self.connection(id) {
            connection.state = state;
            self.queued.push(id);
        }
    }

    /// None of one who is to be closed for not reading.
    fn rank(&self, id: Id) -> Option<Rank> {
        let connection = self.connections[id.index()].as_ref()?;
        if !connection.state.is_queued() || self.hub.is_overfull(id) {
            return None;
        }
        Some(match connection.source.is_ending() {
            _ if connection.is_greeting() => Rank::Greeting,
            true => Rank::Leaving,
            false if !self.hub.is_logged_in(id) => Rank::Guest,
            false if connection.state == State::Woken => Rank::User,
            false => Rank::Backlog,
        })
    }

    fn serve(&mut self, id: Id, now: Duration, last_bytes: &mut usize) {
        let Some(connection) = &mut self.connections[id.index()] else { return };
        let was_guest = !self.hub.is_logged_in(id);
        let served = connection.serve(id, &mut self.hub, &mut self.spare, last_bytes);
        if was_guest && self.hub.is_logged_in(id) {
            self.guests.remove(id);
        }
        if connection.source.is_starved() {
            self.again = self.again.or(Some(now + TRY_AGAIN));
        }
        // To read can make it necessary to write, though nothing was asked and answered.
        if connection.source.can_push() {
            self.hub.mark_dirty(id);
        }
        let is_broken = connection.state == State::Broken;
        match served {
            Served::All if connection.source.is_broken() => self.close(id, &"it is broken"),
            Served::All => connection.state = State::Idle,
            Served::Part => self.enqueue(id, if is_broken { State::Broken } else { State::Queued }),
            Served::Waits(_) if is_broken => self.close(id, &"it is broken"),
            Served::Waits(on) => {
                connection.state = State::Held { on, since: now.into() };
                self.held.push(id);
                if on == Wait::Memory && self.short_since.is_none() {
                    self.short_since = Some(now);
                    self.relief_at = now + PATIENCE;
                    self.hub.forget_spares();
                }
            }
            Served::End => self.end(id, now),
            Served::Broken(error) => self.close(id, &error),
        }
    }

    /// Writes what is new by now, to each stream as far as it takes it.
    fn flush(&mut self, now: Duration) {
        for _ in 0..self.hub.dirty_len() {
            let Some(id) = self.hub.next_dirty() else { return };
            let Some(connection) = &mut self.connections[id.index()] else { continue };
            if self.hub.is_overfull(id) {
                self.close(id, &"it did not read");
                continue;
            }
            let flushed = self.hub.drain(id, |outbox| connection.flush(outbox, now));
            if connection.source.is_starved() {
                self.again = self.again.or(Some(now + TRY_AGAIN));
            }
            match flushed {
                Err(error) => {
                    note!(Debug, "client {} takes no more: {error}", id.index());
                    self.handle_broken(id);
                }
                Ok(()) if self.hub.has_output(id) => {}
                Ok(()) if connection.state == State::Ended && !connection.source.has_unwritten() => {
                    self.close(id, &"it left")
                }
                Ok(()) => self.hub.reclaim(id),
            }
        }
    }

    /// The client sends no more. It may still read: what waits for it is written before it is closed.
    fn end(&mut self, id: Id, now: Duration) {
        self.hub.log_out(id);
        let has_output = self.has_output(id);
        match &mut self.connections[id.index()] {
            Some(connection) if !connection.source.is_broken() && has_output => {
                self.hub.budget().note(connection.memory(), 0);
                connection.end(now);
                self.held.push(id);
            }
            _ => self.close(id, &"it left"),
        }
    }

    fn close(&mut self, id: Id, why: &dyn Display) {
        let Some(connection) = self.connections.get_mut(id.index()).and_then(Option::take) else { return };
        match connection.state {
            State::Woken | State::Queued | State::Insisting | State::Broken => {
                self.queued.retain(|&other| other != id)
            }
            State::Held { .. } | State::Ended => self.held.retain(|&other| other != id),
            State::Idle => {}
        }
        if !self.hub.is_logged_in(id) {
            self.guests.remove(id);
        }
        self.hub.budget().note(connection.memory(), 0);
        connection.source.end();
        self.hub.disconnect(id);
        note!(Debug, "client {} is gone: {why}", id.index());
    }
}

#[cfg(test)]
mod tests;
