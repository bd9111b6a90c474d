//! One client's connection: its stream, the lines that come from it, and whose turn it waits for. What
//! goes to it is in the hub.

use super::hub::{Hub, Id, LOG_IN_LIMIT, Wait};
use crate::wire::lines::{CHUNK, Line, Lines};
use crate::wire::outbox::Outbox;
use crate::wire::protocol::TLS_HANDSHAKE;
use crate::wire::source::{Filled, Source, Transport};
use alloc::vec::Vec;
use core::time::Duration;

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// An event.
    Idle,
    /// Its place in a turn; it was idle before.
    Woken,
    /// The same; it has more to say than was taken at once, or had to wait.
    Queued,
    /// The same; the line that was put off is then taken, however long the queue it is for, or dropped.
    Insisting,
    /// The same; it is broken, so that it is only read up to its end, and waits for nobody.
    Broken,
    /// That a queue, perhaps its own, becomes shorter, or for memory. It is not read meanwhile.
    Held { on: Wait, since: At },
    /// The client sends no more: that it takes what waits for it.
    Ended,
}

impl State {
    pub(super) fn is_queued(self) -> bool {
        matches!(self, Self::Woken | Self::Queued | Self::Insisting | Self::Broken)
    }
}

/// What became of serving a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Served<E> {
    /// All that was there was taken.
    All,
    /// Perhaps more is there.
    Part,
    /// What is there waits.
    Waits(Wait),
    /// The client sends no more.
    End,
    /// The connection is broken.
    Broken(E),
}

#[derive(Debug)]
pub(super) struct Connection<T> {
    pub(super) source: Source<T>,
    lines: Lines,
    pub(super) state: State,
    /// When the stream last took something.
    pub(super) moved: At,
}

/// A point in time, in half the memory of a [`Duration`]: each connection has one or two. It ends after 584
/// years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At(u64);

impl At {
    pub(super) fn time(self) -> Duration {
        Duration::from_nanos(self.0)
    }
}

impl From<Duration> for At {
    fn from(time: Duration) -> Self {
        Self(time.as_nanos() as u64)
    }
}

impl<T: Transport> Connection<T> {
    pub(super) fn new(transport: T, max_line: usize, now: Duration) -> Self {
        Self {
            source: Source::new(transport),
            lines: Lines::new(Some(max_line)),
            state: State::Idle,
            moved: now.into(),
        }
    }

    /// Whether it is still to be agreed on how to talk.
    #[inline]
    pub(super) fn is_greeting(&self) -> bool {
        self.source.transport().is_greeting()
    }

    /// Takes the lines that were put off, then reads once, into `spare` if nothing larger is at hand,
    /// and takes those. One whose end was announced is read on until `last_bytes` is used up.
    pub(super) fn serve(
        &mut self,
        id: Id,
        hub: &mut Hub,
        spare: &mut Vec<u8>,
        last_bytes: &mut usize,
    ) -> Served<T::Error> {
        let mut counted = self.lines.capacity();
        let served = self.take_and_read(id, hub, spare, last_bytes, &mut counted);
        hub.budget().note(counted, self.lines.capacity());
        served
    }

    /// `counted` is what the budget knows of.
    fn take_and_read(
        &mut self,
        id: Id,
        hub: &mut Hub,
        spare: &mut Vec<u8>,
        last_bytes: &mut usize,
        counted: &mut usize,
    ) -> Served<T::Error> {
        let insists = self.state == State::Insisting;
        if let Some(wait) = take_lines(&mut self.lines, id, hub, insists) {
            return Served::Waits(wait);
        }
        if !self.source.is_readable() {
            return Served::All;
        }
        let most = match self.readable(id, hub) {
            Some(most) => most,
            None if insists => {
                self.drop_line(id, hub);
                LOG_IN_LIMIT
            }
            None => return Served::Waits(Wait::Memory),
        };
        let mut lines = self.lines.borrow(spare);
        loop {
            if hub.must_wait(id, id) {
                return Served::Waits(Wait::Queue(id));
            }
            match self.source.fill_with(&mut lines, most) {
                Filled::Bytes(count) => *last_bytes = last_bytes.saturating_sub(count),
                Filled::End => return Served::End,
                Filled::Broken(error) => return Served::Broken(error),
            }
            if !hub.is_logged_in(id) && !meet(self.source.transport(), &lines, id, hub) {
                return Served::End;
            }
            if lines.capacity() > CHUNK.max(*counted) {
                hub.budget().note(*counted, lines.capacity());
                *counted = lines.capacity();
            }
            if let Some(wait) = take_lines(&mut lines, id, hub, false) {
                return Served::Waits(wait);
            }
            if !self.source.is_readable() {
                return Served::All;
            }
            if !self.source.is_ending() || *last_bytes == 0 {
                return Served::Part;
            }
        }
    }

    /// How much may be read at once: little of a guest, or while there is no memory for more; `None` if
    /// there is none even for that.
    fn readable(&self, id: Id, hub: &mut Hub) -> Option<usize> {
        let is_user = hub.is_logged_in(id);
        let held = self.lines.capacity();
        let budget = hub.budget();
        let allows = |count| budget.allows(held, self.lines.memory_after(count));
        if is_user && allows(CHUNK) {
            return Some(usize::MAX);
        }
        let rest = budget.share().saturating_sub(held);
        [LOG_IN_LIMIT, rest].into_iter().find(|&most| most > 0 && allows(most))
    }

    /// There is no memory for the line that has begun.
    pub(super) fn drop_line(&mut self, id: Id, hub: &mut Hub) {
        if self.lines.refused().is_none() {
            self.lines.skip_partial();
            self.lines.release();
            let _ = hub.handle_line(id, Line::TooLong, false);
        }
    }

    /// How much memory a line takes that has begun and is not complete.
    pub(super) fn begun(&self) -> usize {
        if self.lines.refused().is_none() { self.lines.capacity() } else { 0 }
    }

    /// Writes what waits, as far as it is taken; forgets it, if nothing will be taken any more.
    ///
    /// # Errors
    /// Why that is so, once.
    pub(super) fn flush(&mut self, outbox: &mut Outbox, now: Duration) -> Result<(), T::Error> {
        let before = outbox.len();
        // The system says that it takes more: it does so of what the transport holds first.
        let can_push = self.source.can_push();
        let flushed = self.source.flush(outbox);
        if outbox.len() < before || can_push {
            self.moved = now.into();
        }
        if self.source.is_broken() {
            outbox.clear();
        }
        flushed
    }

    /// How many bytes of lines were read and not taken.
    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.lines.len()
    }

    /// How many bytes of memory it owns for them.
    pub(super) fn memory(&self) -> usize {
        self.lines.capacity()
    }

    /// Nothing more is to be read, and what was is to be forgotten.
    pub(super) fn end(&mut self, now: Duration) {
        self.state = State::Ended;
        self.moved = now.into();
        self.lines = Lines::new(None);
    }
}

/// A guest has said something; returns whether it is to be listened to.
#[cold]
fn meet(transport: &impl Transport, lines: &Lines, id: Id, hub: &mut Hub) -> bool {
    if let Some(name) = transport.name() {
        hub.restrict(id, name);
    }
    !(lines.starts_with(&TLS_HANDSHAKE) && hub.turn_down(id))
}

/// Hands the whole lines to the hub; returns what the first of the rest waits for.
fn take_lines(lines: &mut Lines, id: Id, hub: &mut Hub, insists: bool) -> Option<Wait> {
    let mut wait = None;
    lines.drain(|line| {
        wait = hub.handle_line(id, line, insists).wait();
        wait.is_none()
    });
    if wait.is_none() && lines.len() > LOG_IN_LIMIT && !hub.is_logged_in(id) {
        lines.skip_partial();
        let _ = hub.handle_line(id, Line::TooLong, insists);
    }
    wait
}
