//! Who has come and not logged in, the oldest first.

use super::hub::Id;
use alloc::collections::VecDeque;
use core::time::Duration;

/// How long a guest has until it has agreed with the server on how to talk, where that is needed: that costs the
/// server more than anything else that a guest can ask for, and takes others a few round trips.
pub const GREETING_TIMEOUT: Duration = Duration::from_secs(10);

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
    /// The same of those of them who were greeting when they came.
    greetings: VecDeque<(Id, Duration)>,
}

impl Guests {
    pub(super) const fn new(timeout: Duration) -> Self {
        Self { timeout, arrivals: VecDeque::new(), greetings: VecDeque::new() }
    }

    pub(super) fn insert(&mut self, id: Id, is_greeting: bool, now: Duration) {
        self.arrivals.push_back((id, now));
        if is_greeting {
            self.greetings.push_back((id, now));
        }
    }

    /// `id` is a guest no more, if it was one.
    pub(super) fn remove(&mut self, id: Id) {
        remove(&mut self.arrivals, id);
        self.handle_greeted(id);
    }

    /// `id` has greeted, if it was to.
    pub(super) fn handle_greeted(&mut self, id: Id) {
        remove(&mut self.greetings, id);
    }

    pub(super) fn oldest(&self) -> Option<Id> {
        self.arrivals.front().map(|&(id, _)| id)
    }

    /// One whose time is over.
    pub(super) fn overdue(&self, now: Duration) -> Option<Id> {
        self.next().filter(|next| next.1 <= now).map(|next| next.0)
    }

    /// When the time of the next one is over.
    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.next().map(|next| next.1)
    }

    fn next(&self) -> Option<(Id, Duration)> {
        let &(id, since) = self.arrivals.front()?;
        let next = (id, since.saturating_add(self.timeout));
        let Some(&(id, since)) = self.greetings.front() else { return Some(next) };
        let greeting = (id, since.saturating_add(GREETING_TIMEOUT));
        Some(if greeting.1 < next.1 { greeting } else { next })
    }
}

fn remove(queue: &mut VecDeque<(Id, Duration)>, id: Id) {
    if let Some(place) = queue.iter().rposition(|&(guest, _)| guest == id) {
        queue.remove(place);
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
            guests.insert(id, false, seconds(at));
        }
        guests.remove(bob);
        guests.remove(bob);
        assert_eq!((guests.oldest(), guests.next_deadline()), (Some(ann), Some(seconds(11))));
        assert_eq!((guests.overdue(seconds(10)), guests.overdue(seconds(11))), (None, Some(ann)));
        guests.remove(ann);
        assert_eq!((guests.oldest(), guests.next_deadline()), (Some(cid), Some(seconds(13))));
    }

    #[test]
    fn who_greets_has_less_time_until_it_has_greeted() {
        let [ann, bob, cid] = [0, 1, 2].map(|index| Id::from_index(index).unwrap());
        let seconds = Duration::from_secs;
        let mut guests = Guests::new(seconds(300));
        guests.insert(ann, false, seconds(0));
        guests.insert(bob, true, seconds(1));
        guests.insert(cid, true, seconds(2));
        assert_eq!((guests.oldest(), guests.next_deadline()), (Some(ann), Some(seconds(11))));
        assert_eq!((guests.overdue(seconds(10)), guests.overdue(seconds(11))), (None, Some(bob)));
        guests.handle_greeted(bob);
        assert_eq!(guests.overdue(seconds(12)), Some(cid));
        guests.remove(cid);
        guests.remove(ann);
        assert_eq!(guests.next_deadline(), Some(seconds(301)), "bob has not logged in");
        let mut hasty = Guests::new(seconds(3));
        hasty.insert(ann, true, seconds(0));
        assert_eq!(hasty.next_deadline(), Some(seconds(3)));
    }
}
