//! What all clients of a server together make it hold, and how much that may be.

use super::limits::Limits;

/// The memory that strangers have made the server take, in bytes.
///
/// A quarter of it is shared out: each connection may hold its [share](Limits::share) of lines, and as much
/// of a queue, whatever the others do, so that short messages always pass. What is more than a share comes
/// out of the rest, for whoever needs it first.
#[derive(Debug)]
pub(super) struct Budget {
    used: usize,
    share: usize,
    /// How much of it is above the shares, and may be.
    above: usize,
    most_above: usize,
    /// Some of that was given back since that was last asked.
    was_eased: bool,
}

impl Budget {
    /// Nothing is held yet.
    pub(super) fn new(limits: &Limits) -> Self {
        let most_above = limits.above_shares();
        Self { used: 0, share: limits.share(), above: 0, most_above, was_eased: false }
    }

    /// How much is held.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// What each may hold in any case.
    pub(super) fn share(&self) -> usize {
        self.share
    }

    /// Whether what is held for one client, of lines or in a queue, may grow `from` so much `to` so much.
    pub(super) fn allows(&self, from: usize, to: usize) -> bool {
        let above = to.saturating_sub(self.share.max(from));
        above == 0 || self.above.saturating_add(above) <= self.most_above
    }

    /// That has changed `from` so much `to` so much.
    #[inline]
    pub(super) fn note(&mut self, from: usize, to: usize) {
        if from != to {
            self.used = self.used + to - from;
            let before = self.above;
            self.above = before + to.saturating_sub(self.share) - from.saturating_sub(self.share);
            self.was_eased |= self.above < before;
        }
    }

    /// Whether some of it was given back since the last time this was asked.
    pub(super) fn take_eased(&mut self) -> bool {
        core::mem::take(&mut self.was_eased)
    }

    /// Somebody has come, or has left: the bookkeeping for so many bytes.
    pub(super) fn note_client(&mut self, from: usize, to: usize) {
        self.used = self.used + to - from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_share_whatever_the_others_hold() {
        let limits = Limits { max_memory: 1 << 20, max_connections: 100, ..Limits::default() };
        let mut budget = Budget::new(&limits);
        let (share, rest) = (budget.share(), limits.above_shares());
        assert_eq!((share, rest), (1054, (1 << 20) - 100 * (512 + 2 * 1054)));
        assert!(budget.allows(0, share + rest) && !budget.allows(0, share + rest + 1));
        budget.note(0, share + rest);
        assert!(budget.allows(0, share) && !budget.allows(0, share + 1));
        assert!(!budget.allows(share, share + 1) && budget.allows(9 * share, share));
        assert!(!budget.allows(0, usize::MAX));
        for _ in 1..200 {
            assert!(budget.allows(0, share));
            budget.note(0, share);
        }
        budget.note_client(0, 100 * 512);
        assert_eq!(budget.used(), limits.max_memory, "and that is all");
    }

    #[test]
    fn what_is_given_back_is_said_once() {
        let mut budget = Budget::new(&Limits::default());
        let share = budget.share();
        budget.note(0, share + 2);
        assert!(!budget.take_eased());
        budget.note(share + 2, share + 1);
        assert!(budget.take_eased() && !budget.take_eased());
        budget.note(0, share);
        budget.note(share, 0);
        assert!(!budget.take_eased(), "a share is nobody else's");
        assert_eq!(budget.used(), share + 1);
    }
}
