//! Those who are held: what each waits for, how long, and who has to give way in the end.

use super::{Intake, MOST_PATIENCE, PATIENCE, SHORTAGE, STALL_TIMEOUT};
use crate::server::connection::{Connection, State};
use crate::server::hub::{Id, Wait};
use crate::wire::sizes::LOG_IN_LIMIT;
use crate::wire::source::Transport;
use core::fmt::Display;
use core::mem;
use core::time::Duration;

impl<T: Transport<Error: Display>> Intake<T> {
    /// When one that is held insists, or one that has ended is closed; `None` if that is never, or it is
    /// neither.
    fn patience(&self, id: Id) -> Option<Duration> {
        let connection = self.connections[id.index()].as_ref()?;
        match connection.state {
            State::Held { on: Wait::Queue(on), since } if on != id => {
                let receiver = self.connections[on.index()].as_ref()?;
                // As long again as it has been still when this wait began.
                let still = since.time().saturating_sub(receiver.moved.time());
                Some(receiver.moved.max(since).time() + still.clamp(PATIENCE, MOST_PATIENCE))
            }
            State::Ended => Some(connection.moved.time() + STALL_TIMEOUT),
            _ => None,
        }
    }

    pub(super) fn next_release(&self) -> Option<Duration> {
        let shortage = self.short_since.map(|_| self.relief_at);
        self.held.iter().filter_map(|&id| self.patience(id)).chain(shortage).min()
    }

    /// Lets those go on whose receiver has read, or has left, or has been waited for long enough, or for
    /// whom there is memory again.
    pub(super) fn release_held(&mut self, now: Duration) {
        let for_memory = self.relieve(now);
        let mut held = mem::take(&mut self.held);
        held.retain(|&id| match self.released(id, for_memory, now) {
            Some(state) => {
                self.enqueue(id, state);
                false
            }
            None => !self.is_stalled(id, now),
        });
        self.held.append(&mut held);
    }

    /// The next state of one that is held; `None` if it still is.
    fn released(&self, id: Id, for_memory: Option<State>, now: Duration) -> Option<State> {
        match self.connections[id.index()].as_ref()?.state {
            State::Held { on: Wait::Memory, .. } => for_memory,
            State::Held { on: Wait::Queue(on), .. } if !self.hub.must_wait(id, on) => Some(State::Queued),
            State::Held { .. } => self.patience(id).filter(|&at| at <= now).map(|_| State::Insisting),
            _ => None,
        }
    }

    pub(super) fn waits_for_memory(&self, id: Id) -> bool {
        let connection = self.connections[id.index()].as_ref();
        connection.is_some_and(|held| matches!(held.state, State::Held { on: Wait::Memory, .. }))
    }

    /// The next state of those who wait for memory; `None` if they still have to. After [`PATIENCE`]
    /// whoever has the most and has taken nothing for a second gives it back; after [`SHORTAGE`], whoever
    /// has the most.
    fn relieve(&mut self, now: Duration) -> Option<State> {
        let is_eased = self.hub.budget().take_eased();
        let since = self.short_since.filter(|_| self.relief_at <= now);
        let Some(since) = since else { return is_eased.then_some(State::Queued) };
        self.relief_at = now + PATIENCE;
        self.relieve_worst(now, now < since + SHORTAGE)
    }

    #[cold]
    fn relieve_worst(&mut self, now: Duration, is_patient: bool) -> Option<State> {
        let Self { hub, connections, .. } = self;
        let least = hub.budget().share().max(LOG_IN_LIMIT);
        let begun = |place: &Option<Connection<T>>| place.as_ref().map_or(0, Connection::begun);
        let (index, longest) = connections.iter().map(begun).enumerate().max_by_key(|&(_, length)| length)?;
        let reads = |id: Id| {
            let connection = connections[id.index()].as_ref();
            is_patient && connection.is_some_and(|reader| now < reader.moved.time() + SHORTAGE / 10)
        };
        let worst = hub.worst_reader(least, |id| !reads(id)).or_else(|| hub.worst_reader(least, |_| true));
        match worst {
            // It reads: that gives memory back.
            Some((id, _)) if reads(id) => return None,
            Some((id, waiting)) if is_patient || waiting > longest => {
                hub.end_reader(id);
                return Some(State::Queued);
            }
            _ => {}
        }
        let Some(Some(connection)) = connections.get_mut(index) else { return None };
        let id = Id::from_index(index).filter(|_| longest > least);
        let Some(id) = id else { return Some(State::Insisting) };
        let before = connection.memory();
        connection.drop_line(id, hub);
        hub.budget().note(before, connection.memory());
        Some(State::Queued)
    }

    /// Closes one that has ended and takes nothing; returns whether it was that.
    fn is_stalled(&mut self, id: Id, now: Duration) -> bool {
        let is_stalled = self.patience(id).is_some_and(|at| at <= now);
        if is_stalled {
            self.close(id, &"it sends no more and does not read");
        }
        is_stalled
    }
}
