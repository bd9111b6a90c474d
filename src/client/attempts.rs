//! Which of a server's addresses is tried when, so that a dead one costs a quarter of a second and
//! not the whole time-out (RFC 8305, "happy eyeballs").
//!
//! The addresses are known by their numbers here; sockets and the clock are the caller's. Points in
//! time are counted from any fixed start.

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::ops::Range;
use core::time::Duration;

/// An attempt that has brought nothing yet has company after this time (RFC 8305, section 5: the
/// recommended "Connection Attempt Delay").
pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// The attempts to connect to any of several addresses, until one of them stands.
///
/// ```
/// use chinwag::client::attempts::{ATTEMPT_DELAY, Attempts};
/// use std::time::Duration;
///
/// let start = Duration::ZERO;
/// let mut attempts = Attempts::new(2, Duration::from_secs(10), start);
/// assert_eq!(attempts.next_start(start), Some(0));
/// assert_eq!(attempts.next_start(start), None);
/// assert_eq!(attempts.next_deadline(), Some(ATTEMPT_DELAY));
/// assert_eq!(attempts.next_start(ATTEMPT_DELAY), Some(1));
/// ```
#[derive(Debug)]
pub struct Attempts {
    /// Those that were not started.
    left: Range<usize>,
    /// How many were started and have not ended.
    under_way: usize,
    /// When the next one may start.
    next_at: Duration,
    /// When all of them are given up.
    deadline: Duration,
}

impl Attempts {
    /// None was started of so many, and all of them together have so much time from `now` on.
    pub fn new(addresses: usize, timeout: Duration, now: Duration) -> Self {
        Self { left: 0..addresses, under_way: 0, next_at: now, deadline: now.saturating_add(timeout) }
    }

    /// The number of the address to connect to now, if one is due. To be asked until it says `None`.
    pub fn next_start(&mut self, now: Duration) -> Option<usize> {
        if now < self.next_at || now >= self.deadline {
            return None;
        }
        let index = self.left.next()?;
        self.under_way += 1;
        self.next_at = now.saturating_add(ATTEMPT_DELAY);
        Some(index)
    }

    /// An attempt under way has failed. If it was the newest, the next one need not wait; an older
    /// one had its company already. (One that nobody started, or that was given up, counts for nothing.)
    pub fn handle_failed(&mut self, index: usize) {
        self.under_way = self.under_way.saturating_sub(1);
        if self.under_way == 0 || index.wrapping_add(1) == self.left.start {
            self.next_at = Duration::ZERO;
        }
    }

    /// One of the attempts stands: the others are to be given up, and none is started any more.
    pub fn handle_established(&mut self) {
        self.left = 0..0;
        self.under_way = 0;
    }

    /// Whether none is under way and none is left.
    pub fn is_over(&self) -> bool {
        self.left.is_empty() && self.under_way == 0
    }

    /// Whether the time of all attempts has run out while there was still something to hope for.
    pub fn has_expired(&self, now: Duration) -> bool {
        !self.is_over() && now >= self.deadline
    }

    /// When there is something to do even if no attempt ends before.
    pub fn next_deadline(&self) -> Option<Duration> {
        if self.is_over() {
            return None;
        }
        Some(if self.left.is_empty() { self.deadline } else { self.next_at.min(self.deadline) })
    }
}

/// Orders addresses as they are to be tried: the resolver's order is kept within a family, and the
/// families take turns, beginning with that of the first (RFC 8305, section 4).
pub fn interleave(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_first = |address: &&SocketAddr| address.is_ipv6() == addresses[0].is_ipv6();
    let mut first = addresses.iter().filter(is_first);
    let mut second = addresses.iter().filter(|address| !is_first(address));
    let mut ordered = Vec::with_capacity(addresses.len());
    while ordered.len() < addresses.len() {
        ordered.extend(first.next().into_iter().chain(second.next()));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens to the attempts, in milliseconds.
    enum Step {
        /// At this time exactly these start.
        Starts(u64, &'static [usize]),
        Fails(usize),
        Stands,
        /// The next deadline is this one.
        Waits(u64),
        /// There is nothing to wait for.
        Over,
        /// At this time all are given up.
        Expired(u64),
    }
    use Step::{Expired, Fails, Over, Stands, Starts, Waits};

    fn check(name: &str, addresses: usize, steps: &[Step]) {
        let ms = Duration::from_millis;
        let mut attempts = Attempts::new(addresses, ms(10_000), ms(1000));
        for (number, step) in steps.iter().enumerate() {
            match *step {
                Starts(at, expected) => {
                    let started: Vec<_> = core::iter::from_fn(|| attempts.next_start(ms(at))).collect();
                    assert_eq!(started, expected, "{name}, step {number}");
                    assert!(!attempts.has_expired(ms(at)), "{name}, step {number}");
                }
                Fails(index) => attempts.handle_failed(index),
                Stands => attempts.handle_established(),
                Waits(until) => {
                    assert_eq!(attempts.next_deadline(), Some(ms(until)), "{name}, step {number}");
                }
                Over => {
                    assert!(attempts.is_over(), "{name}, step {number}");
                    assert_eq!(attempts.next_deadline(), None, "{name}, step {number}");
                    assert!(!attempts.has_expired(Duration::MAX), "{name}, step {number}");
                }
                Expired(at) => {
                    assert!(!attempts.has_expired(ms(at - 1)), "{name}, step {number}");
                    assert!(attempts.has_expired(ms(at)), "{name}, step {number}");
                    assert_eq!(attempts.next_start(ms(at)), None, "{name}, step {number}");
                }
            }
        }
    }

    #[test]
    fn attempts_are_made_in_time() {
        check("none", 0, &[Over, Starts(1000, &[]), Over]);
        check("one that stands", 1, &[Waits(1000), Starts(1000, &[0]), Waits(11_000), Stands, Over]);
        check("one that refuses", 1, &[Starts(1000, &[0]), Fails(0), Over]);
        check("one that is dead", 1, &[Starts(1000, &[0]), Waits(11_000), Expired(11_000)]);
        check(
            "the first is dead",
            2,
            &[
                Starts(1000, &[0]),
                Waits(1250),
                Starts(1249, &[]),
                Starts(1250, &[1]),
                Waits(11_000),
                Stands,
                Over,
            ],
        );
        check(
            "all refuse",
            3,
            &[
                Starts(1000, &[0]),
                Fails(0),
                Starts(1001, &[1]),
                Fails(1),
                Starts(1002, &[2]),
                Fails(2),
                Over,
                Starts(1003, &[]),
            ],
        );
        check(
            "a refusal comes before the delay is over, and the delay begins anew",
            3,
            &[Starts(1000, &[0]), Fails(0), Starts(1100, &[1]), Waits(1350), Starts(1350, &[2])],
        );
        check(
            "an older attempt that fails hurries nobody",
            3,
            &[Starts(1000, &[0]), Starts(1250, &[1]), Fails(0), Starts(1300, &[]), Waits(1500)],
        );
        check(
            "the newest fails while an older one is under way",
            3,
            &[Starts(1000, &[0]), Starts(1250, &[1]), Fails(1), Starts(1300, &[2]), Waits(11_000)],
        );
        check("one that was given up fails all the same", 2, &[Starts(1000, &[0]), Stands, Fails(0), Over]);
        check("one that nobody started fails", 1, &[Fails(usize::MAX), Starts(1000, &[0]), Stands, Over]);
        check("nothing starts after a win", 3, &[Starts(1000, &[0]), Stands, Starts(1250, &[]), Over]);
        check("a late turn starts one, not all that were missed", 3, &[Starts(9000, &[0]), Waits(9250)]);
        check("there is one deadline for all", 2, &[Starts(10_900, &[0]), Waits(11_000), Expired(11_000)]);
    }

    #[test]
    fn endless_time_out_does_not_overflow() {
        let mut attempts = Attempts::new(1, Duration::MAX, Duration::from_secs(1));
        assert_eq!(attempts.next_start(Duration::from_secs(1)), Some(0));
        assert!(!attempts.has_expired(Duration::from_secs(1 << 40)));
    }

    #[test]
    fn families_take_turns() {
        let table: [(&[&str], &[&str]); 5] = [
            (&[], &[]),
            (&["1.1.1.1:1"], &["1.1.1.1:1"]),
            (&["[::1]:1", "[::2]:1", "1.1.1.1:1"], &["[::1]:1", "1.1.1.1:1", "[::2]:1"]),
            (&["1.1.1.1:1", "1.1.1.2:1", "[::1]:1"], &["1.1.1.1:1", "[::1]:1", "1.1.1.2:1"]),
            (
                &["[::1]:1", "1.1.1.1:1", "1.1.1.2:1", "1.1.1.3:1"],
                &["[::1]:1", "1.1.1.1:1", "1.1.1.2:1", "1.1.1.3:1"],
            ),
        ];
        for (given, expected) in table {
            let given: Vec<SocketAddr> = given.iter().map(|address| address.parse().unwrap()).collect();
            let ordered: Vec<_> = interleave(&given).iter().map(ToString::to_string).collect();
            assert_eq!(ordered, expected);
        }
    }
}
