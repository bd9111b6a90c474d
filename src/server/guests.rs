//! Who has come and not logged in, the oldest first.

use super::hub::Id;
use alloc::collections::VecDeque;
use core::time::Duration;

/// The guests of a server.
///
/// To come is one step; to log in or leave, as many as there are guests who came since: few, as who means
/// to log in does so at once.
#[derive(Debug)]
pub(super) struct Guests {
    /// How long each may stay.
    timeout: Duration,
    /// With the time at which each came.
    arrivals: VecDeque<(Id, Duration)>,
}

impl Guests {
    pub(super) const fn new(timeout: Duration) -> Self {
        Self { timeout, arrivals: VecDeque::new() }
    }

    pub(super) fn insert(&mut self, id: Id, now: Duration) {
        self.arrivals.push_back((id, now));
    }

    /// `id` is a guest no more, if it was one.
    pub(super) fn remove(&mut self, id: Id) {
        if let Some(place) = self.arrivals.iter().rposition(|&(guest, _)| guest == id) {
            self.arrivals.remove(place);
        }
    }

    pub(super) fn oldest(&self) -> Option<Id> {
        self.arrivals.front().map(|&(id, _)| id)
    }

    /// One whose time is over.
    pub(super) fn overdue(&self, now: Duration) -> Option<Id> {
        self.oldest().filter(|_| self.next_deadline().is_some_and(|deadline| deadline <= now))
    }

    /// When the time of the next one is over.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.arrivals.front().map(|&(_, since)| since.saturating_add(self.timeout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guests_have_to_leave_in_the_order_in_which_they_came() {
        let [ann, bob, cid] = [0, 1, 2].map(|index| Id::from_index(index).unwrap());
        let seconds = Duration::from_secs;
        let mut guests = Guests::new(seconds(10));
        assert_eq!(
            (guests.oldest(), guests.next_deadline(), guests.overdue(seconds(99))),
            (None, None, None)
        );
        for (id, at) in [(ann, 1), (bob, 2), (cid, 3)] {
            guests.insert(id, seconds(at));
        }
        guests.remove(bob);
        guests.remove(bob);
        assert_eq!((guests.oldest(), guests.next_deadline()), (Some(ann), Some(seconds(11))));
        assert_eq!((guests.overdue(seconds(10)), guests.overdue(seconds(11))), (None, Some(ann)));
        guests.remove(ann);
        assert_eq!((guests.oldest(), guests.next_deadline()), (Some(cid), Some(seconds(13))));
    }
}
