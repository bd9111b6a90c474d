//! What the programs say on standard error: messages for the user, and the log that was asked for.
//!
//! Both go through one queue, which the event loop empties as far as standard error takes it: a
//! paused terminal must not freeze a program that has something to say (spec S16). The queue is
//! bounded; what does not fit is dropped, and counted in the next line.

use super::filters;
use crate::net::stdio::{self, Stdio};
use crate::wire::escape;
use crate::wire::outbox::Outbox;
use crate::wire::source::{Stop, Transport};
use log::{Level, LevelFilter, Record};
use std::fmt::Display;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// At most so many bytes wait for standard error.
const QUEUE_FULL: usize = 64 * 1024;

/// How long the last words of a program wait for a standard error that takes no more,
const LAST_WORDS: Duration = Duration::from_millis(500);

/// and after how long they are tried again: the poll may see room where a write finds none.
const LAST_WORDS_RETRY: Duration = Duration::from_millis(5);

static QUEUE: Mutex<Queue> = Mutex::new(Queue { waiting: Outbox::new(), error: None, dropped: 0 });

struct Queue {
    waiting: Outbox,
    error: Option<Stdio>,
    dropped: u64,
}

/// Sets the log up: nothing below `least`, more with each `-v`, or what `RUST_LOG` says.
pub(crate) fn init(program: &'static str, least: LevelFilter, verbose: u8) {
    let level = [least, LevelFilter::Info, LevelFilter::Debug, LevelFilter::Trace];
    let level = level[usize::from(verbose).min(level.len() - 1)];
    queue().error = Stdio::error().ok();
    let asked = std::env::var("RUST_LOG").map(|asked| escape::harmless(&asked));
    filters::install(program, asked.as_deref().unwrap_or(level.as_str()));
    std::panic::set_hook(Box::new(move |panic| {
        // Whoever panics may be writing to the queue.
        if !matches!(QUEUE.try_lock(), Err(TryLockError::WouldBlock)) {
            say_lines(program, panic);
            finish();
        }
    }));
}

/// Says something to the user, whatever the level of the log is. At the end of a program there is
/// always room for it.
pub(crate) fn say(program: &str, message: &dyn Display) {
    let mut queue = queue();
    let out = queue.waiting.tail();
    escape::append(format!("{program}: {message}").as_bytes(), out);
    out.push(b'\n');
}

/// The same of a message of several lines; one without a program speaks for itself.
#[cold]
pub(crate) fn say_lines(program: &str, message: &dyn Display) {
    let text = message.to_string();
    let mut queue = queue();
    for line in text.lines() {
        let out = queue.waiting.tail();
        if !program.is_empty() {
            out.extend_from_slice(program.as_bytes());
            out.extend_from_slice(b": ");
        }
        escape::append(line.as_bytes(), out);
        out.push(b'\n');
    }
}

/// Writes as much of what waits as standard error takes; returns whether all of it went.
pub(crate) fn flush() -> bool {
    queue().flush()
}

/// Whether standard error is the same terminal as `other`: what is written here is seen there, in the
/// middle of what stands there.
pub(crate) fn shares_terminal_with(other: &Stdio) -> bool {
    queue().error.as_ref().is_some_and(|error| error.shares_terminal_with(other))
}

/// Whether something waits.
pub(crate) fn is_waiting() -> bool {
    let queue = queue();
    !queue.waiting.is_empty() || queue.dropped > 0
}

/// Hands what waits to somebody else, who shows it, or says that there is no room for it; returns
/// whether nothing waits after that.
pub(crate) fn take(show: impl FnOnce(&[u8]) -> bool) -> bool {
    let mut queue = queue();
    queue.say_dropped();
    let taken = queue.waiting.is_empty() || show(queue.waiting.as_slice());
    if taken {
        queue.waiting.clear();
    }
    taken
}

/// Writes what waits before the program ends, waiting a moment for a standard error that is slow.
pub(crate) fn finish() {
    let deadline = Instant::now() + LAST_WORDS;
    let mut queue = queue();
    if queue.error.is_none() {
        queue.error = Stdio::error().ok();
    }
    while !queue.flush() {
        let left = deadline.saturating_duration_since(Instant::now());
        let Some(error) = queue.error.as_ref().filter(|_| !left.is_zero()) else { return };
        error.wait_writable(left);
        std::thread::sleep(LAST_WORDS_RETRY);
    }
}

impl Queue {
    fn flush(&mut self) -> bool {
        let Some(error) = &mut self.error else {
            // There was no descriptor for one of our own: the shared one may block, but it is heard.
            stdio::print(rustix::stdio::stderr(), self.waiting.as_slice());
            self.waiting.clear();
            return true;
        };
        match self.waiting.drain(|bytes| Transport::write(error, bytes)) {
            Err(Stop::Blocked | Stop::Starved) => return false,
            // Nobody is left who could be told.
            Err(Stop::Broken(_)) => self.waiting.clear(),
            Ok(_) => {}
        }
        self.dropped == 0 || {
            self.say_dropped();
            self.flush()
        }
    }

    fn say_dropped(&mut self) {
        if self.dropped > 0 {
            let _ = writeln!(self.waiting.tail(), "({} lines of the log did not fit)", self.dropped);
            self.dropped = 0;
        }
    }
}

fn queue() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts a line of the log into the queue, or counts it if there is no room.
pub(super) fn write(program: &str, record: &Record<'_>) {
    let mut line = match record.level() {
        Level::Error => format!("{program}: "),
        level => format!("{program}: {level}: "),
    }
    .into_bytes();
    escape::append(record.args().to_string().as_bytes(), &mut line);
    line.push(b'\n');
    let mut queue = queue();
    if queue.waiting.len() + line.len() > QUEUE_FULL {
        queue.dropped += 1;
    } else {
        queue.waiting.tail().extend_from_slice(&line);
    }
}

#[cfg(test)]
#[cfg(not(target_os = "netbsd"))]
mod tests {
    use super::*;
    use crate::net::stdio::tests::{inherited, terminal};

    #[test]
    fn terminal_of_standard_error_is_told_from_others() {
        let ((_one, first), (_two, second)) = (terminal(), terminal());
        assert!(!shares_terminal_with(&inherited(&first)));
        queue().error = Some(inherited(&first));
        assert!(shares_terminal_with(&inherited(&first)));
        assert!(!shares_terminal_with(&inherited(&second)));
        queue().error = None;
    }
}
