//! What all clients of a server together make it hold, and how much that may be.

use crate::wire::sizes::{LOG_IN_LIMIT, RESERVE_SHARE};

/// What is held for one client and is no more than this may use the reserve.
const SMALL: usize = 4 * LOG_IN_LIMIT;

/// The memory that strangers have made the server take, in bytes.
///
/// A part of it is kept back for those who hold little: long lines and long queues, whoever has them,
/// never keep short messages from passing.
#[derive(Debug)]
pub(super) struct Budget {
    used: usize,
    most: usize,
    /// Some of it was given back since that was last asked.
    was_eased: bool,
}

impl Budget {
    /// Nothing is held yet, and so much may be.
    pub(super) fn new(most: usize) -> Self {
        Self { used: 0, most, was_eased: false }
    }

    /// How much is held.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// Whether what is held for one client may grow `from` so much `to` so much.
    pub(super) fn allows(&self, from: usize, to: usize) -> bool {
        let reserve = if to > SMALL { self.most / RESERVE_SHARE } else { 0 };
        to <= from || self.used.saturating_add(to - from) <= self.most - reserve
    }

    /// What is held for one client has changed `from` so much `to` so much.
    #[inline]
    pub(super) fn note(&mut self, from: usize, to: usize) {
        if from != to {
            self.used = self.used + to - from;
            self.was_eased |= to < from;
        }
    }

    /// Whether some of it was given back since the last time this was asked.
    pub(super) fn take_eased(&mut self) -> bool {
        core::mem::take(&mut self.was_eased)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_holds_little_may_use_the_reserve() {
        let most = 100 * SMALL;
        let mut budget = Budget::new(most);
        let rest = most - most / RESERVE_SHARE;
        assert!(budget.allows(0, rest) && !budget.allows(0, rest + 1));
        budget.note(0, rest);
        assert!(!budget.allows(SMALL, SMALL + 1), "one more than little");
        assert!(budget.allows(0, SMALL));
        budget.note(0, most - rest - SMALL);
        assert!(budget.allows(0, SMALL) && !budget.allows(0, SMALL + 1));
        budget.note(0, 1);
        assert!(!budget.allows(0, SMALL) && budget.allows(0, SMALL - 1) && budget.allows(9 * SMALL, SMALL));
        assert!(!budget.allows(0, usize::MAX));
    }

    #[test]
    fn what_is_given_back_is_said_once() {
        let mut budget = Budget::new(10);
        budget.note(0, 7);
        assert!(!budget.take_eased());
        budget.note(7, 3);
        assert!(budget.take_eased() && !budget.take_eased());
        assert_eq!(budget.used(), 3);
    }
}
