//! What bounds the clients of one hub.

use crate::wire::sizes::{MARK, MAX_MESSAGE, MAX_NAME, MAX_QUEUE};

pub use crate::wire::sizes::{LOG_IN_LIMIT, OWN_MARK, QUEUE_ROOM};

/// What bounds the clients of one hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many may be logged in at once; the echobot does not count.
    pub max_users: usize,
    /// The longest name, in bytes. A log-in longer than [`LOG_IN_LIMIT`] is refused all the same.
    pub max_name: usize,
    /// The longest text of a message, in bytes.
    pub max_message: usize,
    /// The most that may wait for one client, in bytes. At least [`QUEUE_ROOM`] more than
    /// `max_message`, or a single message might end its receiver.
    pub max_queue: usize,
}

impl Default for Limits {
    /// As many users as the reference server has; names of 64 bytes (32 without the standard library);
    /// texts of 16 MiB (1 KiB); room for two of them in a queue.
    fn default() -> Self {
        Self { max_users: 16, max_name: MAX_NAME, max_message: MAX_MESSAGE, max_queue: MAX_QUEUE }
    }
}

impl Limits {
    /// While more than this waits for a client, in bytes, messages to it are put off.
    ///
    /// Below it there is always room for one message, so that a receiver that reads is never ended
    /// by one, however many senders there are.
    pub fn mark(&self) -> usize {
        let room = self.max_queue.saturating_sub(self.max_message.saturating_add(2 * LOG_IN_LIMIT));
        room.min(MARK)
    }

    /// The longest line worth keeping, in bytes: the longest message and what goes before it.
    pub fn max_line(&self) -> usize {
        self.max_message.saturating_add(LOG_IN_LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Limits =
        Limits { max_users: 3, max_name: 8, max_message: 1000, max_queue: 1000 + QUEUE_ROOM };

    #[test]
    fn below_the_mark_any_message_fits() {
        for limits in [SMALL, Limits::default(), Limits { max_queue: usize::MAX, ..Limits::default() }] {
            let longest = limits.mark() + limits.max_message + LOG_IN_LIMIT + b"DELIVERY  \n".len();
            assert!(longest <= limits.max_queue && limits.mark() > 0);
        }
    }
}
