//! What bounds the clients of one hub.

use crate::wire::sizes::{CHUNK, MARK, MAX_MEMORY, MAX_MESSAGE, MAX_NAME, MAX_QUEUE, PER_CLIENT, STEP};
use core::time::Duration;

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
    /// The most that all clients together may make the server hold, in bytes: lines that are not
    /// complete, what waits for those who read slowly, and 512 (256) for each connection. So much that
    /// [`Limits::above_shares`] is at least [`Limits::least_above_shares`].
    pub max_memory: usize,
    /// How many may be connected at once. One more makes the oldest leave that has not logged in.
    pub max_connections: usize,
    /// How many connections one address may have; those of this machine may have any number. (What
    /// counts as one is decided where addresses are known.)
    pub max_per_address: usize,
    /// How long a connection may take to log in.
    pub login_timeout: Duration,
}

/// How many connections there may be beyond the number of users.
const MORE_CONNECTIONS: usize = 1000;

impl Default for Limits {
    /// As many users as the reference server has; names of 64 bytes (32 without the standard library);
    /// texts of 16 MiB (1 KiB); room for two of them in a queue; 64 MiB (32 KiB) for everybody together;
    /// five minutes to log in.
    fn default() -> Self {
        Self {
            max_users: 16,
            max_name: MAX_NAME,
            max_message: MAX_MESSAGE,
            max_queue: MAX_QUEUE,
            max_memory: MAX_MEMORY,
            max_connections: 0,
            max_per_address: 0,
            login_timeout: Duration::from_secs(300),
        }
        .for_users(16)
        .for_memory(MAX_MEMORY)
    }
}

impl Limits {
    /// The same for so many users: there may be a thousand connections more, and half of the users may have
    /// the same address.
    #[must_use]
    pub fn for_users(self, max_users: usize) -> Self {
        Self {
            max_users,
            max_connections: max_users.saturating_add(MORE_CONNECTIONS),
            max_per_address: max_users.div_ceil(2),
            ..self
        }
    }

    /// The same for so much memory: there are no more connections than leave each a share that holds a
    /// short message, but some more than users; the longest message fits; and no queue takes more than
    /// five eighths.
    #[must_use]
    pub fn for_memory(self, max_memory: usize) -> Self {
        let connections = (max_memory / 4 / (3 * PER_CLIENT)).max(self.max_users.saturating_add(16));
        let max_connections = self.max_connections.min(connections);
        let limits = Self { max_memory, max_connections, ..self };
        let above = limits.above_shares().saturating_sub(CHUNK);
        let max_message = self.max_message.min((above / 3).max(above.saturating_sub(STEP) / 2));
        let max_queue = self.max_queue.min(max_memory / 8 * 5).max(max_message.saturating_add(QUEUE_ROOM));
        Self { max_message, max_queue, ..limits }
    }

    /// What each connection may hold of lines, and as much in a queue, whatever the others hold: so much
    /// that all together take a quarter of the memory.
    pub fn share(&self) -> usize {
        (self.max_memory / 4 / self.max_connections.max(1)).saturating_sub(PER_CLIENT) / 2
    }

    /// What is left of the memory for those who hold more.
    pub fn above_shares(&self) -> usize {
        let shares = self.max_connections.saturating_mul(PER_CLIENT + 2 * self.share());
        self.max_memory.saturating_sub(shares)
    }

    /// What is needed of that for a message of the longest kind: it may take twice its length while it
    /// comes in, or a step more than its length, and is then copied.
    pub fn least_above_shares(&self) -> usize {
        let message = self.max_message;
        message
            .saturating_mul(2)
            .min(message.saturating_add(STEP))
            .saturating_add(message)
            .saturating_add(CHUNK)
    }

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

    #[test]
    fn limits_follow_users_and_memory() {
        let limits = Limits::default();
        assert_eq!((limits.max_users, limits.max_connections, limits.max_per_address), (16, 1016, 8));
        assert_eq!(limits.for_users(3).max_per_address, 2);
        assert_eq!(limits.for_users(usize::MAX).max_connections, usize::MAX);
        assert_eq!(limits.for_memory(MAX_MEMORY), limits, "the defaults go together");
        for memory in [1 << 20, 3 << 19, 1 << 23, 1 << 24, usize::MAX] {
            let limits = limits.for_memory(memory);
            assert!(limits.above_shares() >= limits.least_above_shares(), "{memory}");
            assert!(limits.max_queue >= limits.max_message + QUEUE_ROOM, "{memory}");
            assert!(limits.max_message >= 200_000 && limits.share() >= 512, "{memory}: {limits:?}");
        }
    }

    #[test]
    fn below_the_mark_any_message_fits() {
        let small = Limits { max_message: 1000, max_queue: 1000 + QUEUE_ROOM, ..Limits::default() };
        for limits in [small, Limits::default(), Limits { max_queue: usize::MAX, ..Limits::default() }] {
            let longest = limits.mark() + limits.max_message + LOG_IN_LIMIT + b"DELIVERY  \n".len();
            assert!(longest <= limits.max_queue && limits.mark() > 0);
        }
    }
}
