//! How long one who wants to leave waits for what is still to come (spec C3).
//!
//! The wait is counted from the last answer, or from what was sent or shown last. What others do must not
//! prolong it without end: that is bounded here.

use core::time::Duration;

/// So many bytes have to move before it counts that they do, or the last of those that wait: a peer that
/// takes a byte a second keeps nobody.
pub(crate) const TRICKLE: usize = 256;

/// So much of what others write may be shown without an answer in between: that they write has no end.
pub(crate) const OTHERS: usize = 1024 * 1024;

/// A connection that is lost so often without an answer in between is no longer worth the wait.
pub(crate) const LOSSES: u8 = 2;

/// A server is silent that moves nothing for so long, while more than is read ahead waits for it.
pub(crate) const SILENT: Duration = Duration::from_secs(60);

/// The wait of one who wants to leave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linger {
    time: Duration,
    /// Who wants to leave does so at once.
    pub(crate) is_interactive: bool,
    /// When the last sign of life came.
    last_progress: Duration,
    /// So much was sent and shown since.
    moved: usize,
    /// So much that others wrote was shown since the last answer.
    others: usize,
    /// So often the connection was lost since the last answer.
    losses: u8,
}

impl Linger {
    pub(crate) const fn new(time: Duration, is_interactive: bool) -> Self {
        Self { time, is_interactive, last_progress: Duration::ZERO, moved: 0, others: 0, losses: 0 }
    }

    /// When to leave, for one who has wanted to since then.
    pub(crate) fn deadline(&self, since: Duration) -> Duration {
        since.max(self.last_progress) + self.time
    }

    /// When to leave a server for which an input has waited since then that may go on; it may hold back who
    /// writes to somebody slow.
    pub(crate) fn deadline_of_stall(&self, since: Duration, may_be_held: bool) -> Duration {
        since.max(self.last_progress) + if may_be_held { self.time.max(SILENT) } else { self.time }
    }

    /// What was asked has been answered.
    pub(crate) fn handle_answer(&mut self, now: Duration) {
        (self.others, self.losses) = (0, 0);
        self.handle_progress(now);
    }

    /// A connection stands, or the user is logged in again.
    pub(crate) fn handle_progress(&mut self, now: Duration) {
        if self.losses < LOSSES {
            self.last_progress = now;
            self.moved = 0;
        }
    }

    /// So many bytes were sent, or shown that are waited for, and so many are left.
    pub(crate) fn handle_moved(&mut self, count: usize, left: usize, now: Duration) {
        self.moved = self.moved.saturating_add(count);
        if self.moved >= TRICKLE || left == 0 && count > 0 {
            self.handle_progress(now);
        }
    }

    /// So many bytes were shown that stand before what is waited for.
    pub(crate) fn handle_others_shown(&mut self, count: usize, left: usize, now: Duration) {
        self.others = self.others.saturating_add(count);
        if self.others <= OTHERS {
            self.handle_moved(count, left, now);
        }
    }

    /// The connection was lost while the user wanted to leave.
    pub(crate) fn handle_lost(&mut self) {
        self.losses = self.losses.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(2);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn deadline(linger: &Linger) -> u64 {
        (linger.deadline(Duration::ZERO) - TIME).as_secs()
    }

    #[test]
    fn what_trickles_is_no_progress() {
        let mut linger = Linger::new(TIME, false);
        for second in 1..TRICKLE as u64 {
            linger.handle_moved(1, 1, at(second));
            assert_eq!(deadline(&linger), 0);
        }
        linger.handle_moved(1, 1, at(1000));
        assert_eq!(deadline(&linger), 1000, "it is no trickle");
        linger.handle_moved(1, 1, at(2000));
        linger.handle_moved(0, 0, at(2001));
        assert_eq!(deadline(&linger), 1000);
        linger.handle_moved(1, 0, at(2002));
        assert_eq!(deadline(&linger), 2002, "it is the last");
    }

    #[test]
    fn what_others_write_is_no_progress_for_long() {
        let mut linger = Linger::new(TIME, false);
        for round in [0, 1000] {
            linger.handle_others_shown(OTHERS, 1, at(round + 1));
            linger.handle_others_shown(OTHERS, 1, at(round + 2));
            assert_eq!(deadline(&linger), round + 1);
            linger.handle_answer(at(round + 3));
            assert_eq!(deadline(&linger), round + 3);
        }
    }

    #[test]
    fn only_an_answer_counts_over_a_connection_that_is_lost_again_and_again() {
        let mut linger = Linger::new(TIME, false);
        linger.handle_lost();
        linger.handle_progress(at(1));
        assert_eq!(deadline(&linger), 1);
        linger.handle_lost();
        linger.handle_progress(at(2));
        linger.handle_moved(TRICKLE, 0, at(3));
        assert_eq!(deadline(&linger), 1);
        linger.handle_answer(at(4));
        assert_eq!(deadline(&linger), 4);
    }
}
