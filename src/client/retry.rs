//! When to try a lost connection again: at once, and then after 1, 2, 4 ... 60 seconds.

use core::time::Duration;

const LONGEST: Duration = Duration::from_secs(60);

/// The waits between the tries.
#[derive(Debug, Default)]
pub(crate) struct Retry {
    at: Option<Duration>,
    /// The wait after the next failure.
    wait: Duration,
}

impl Retry {
    /// The connection was lost, or a try has failed.
    pub(crate) fn schedule(&mut self, now: Duration) {
        self.at = Some(now + self.wait);
        self.wait = (self.wait * 2).clamp(Duration::from_secs(1), LONGEST);
    }

    /// Whether the next try is still to be waited for.
    pub(crate) fn is_waiting(&self, now: Duration) -> bool {
        self.at.is_some_and(|at| now < at)
    }

    /// When the next try is due, unless it is being made.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.at
    }

    /// The wait is over: the try is being made.
    pub(crate) fn start(&mut self) {
        self.at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute() {
        let mut retry = Retry::default();
        let now = Duration::from_secs(1000);
        for seconds in [0, 1, 2, 4, 8, 16, 32, 60, 60] {
            retry.schedule(now);
            assert_eq!(retry.deadline(), Some(now + Duration::from_secs(seconds)));
            assert_eq!(retry.is_waiting(now), seconds > 0);
            assert!(!retry.is_waiting(now + Duration::from_secs(seconds)));
            retry.start();
            assert_eq!(retry.deadline(), None);
        }
    }
}
