//! Those who come: who is let in, who makes way, whose time is over before they have logged in.

use super::Intake;
use crate::server::connection::Connection;
use crate::server::hub::Id;
use crate::wire::outbox::Outbox;
use crate::wire::protocol::Reply;
use crate::wire::source::Transport;
use core::fmt::Display;
use core::time::Duration;

impl<T: Transport<Error: Display>> Intake<T> {
    /// Somebody has come. Nothing is read until an event says that something can be. If there is room for
    /// no more, the oldest guest makes way; if there is none, who comes is told `BUSY`, and the answer here
    /// is `None`.
    pub fn admit(&mut self, mut transport: T, now: Duration) -> Option<Id> {
        let Some(id) = self.has_place().then(|| self.hub.connect()).flatten() else {
            turn_away(&mut transport);
            return None;
        };
        if self.connections.len() <= id.index() {
            self.connections.resize_with(id.index() + 1, || None);
        }
        self.guests.insert(id, transport.is_greeting(), now);
        self.connections[id.index()] = Some(Connection::new(transport, self.hub.limits().max_line(), now));
        Some(id)
    }

    /// Closes the connection of the one that came first and has not logged in; says whether there was one.
    pub fn dismiss_guest(&mut self) -> bool {
        let Some(id) = self.guests.oldest() else { return false };
        self.close(id, &"others want to come in");
        true
    }

    /// Closes the connections of those whose time to greet, or to log in, is over.
    pub(super) fn dismiss_overdue(&mut self, now: Duration) {
        while let Some(id) = self.guests.overdue(now) {
            self.handle_overdue(id, now);
        }
    }

    #[cold]
    fn handle_overdue(&mut self, id: Id, now: Duration) {
        self.guests.handle_greeted(id);
        if self.connection(id).is_some_and(|connection| connection.is_greeting()) {
            self.close(id, &"it did not greet in time");
        } else if self.guests.overdue(now) == Some(id) {
            self.close(id, &"it did not log in in time");
        }
    }

    /// Whether one more may come, perhaps because a guest leaves.
    fn has_place(&mut self) -> bool {
        self.len() < self.hub.limits().max_connections || self.dismiss_guest()
    }
}

/// There is no place for it: says so, as far as that can be said at once, and ends it.
pub(crate) fn turn_away<T: Transport>(transport: &mut T) {
    let mut words = Outbox::new();
    Reply::Busy.write(words.tail());
    let _ = transport.write(words.as_slice());
    let _ = transport.push();
    transport.end();
}
