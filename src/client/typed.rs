//! What the user typed and was not taken yet, and how it ended.

use super::command::{Command, Reading};
use super::frontend::{Frontend, KeyEvent};
use crate::wire::lines::{Lines, Take};
use crate::wire::protocol::without_carriage_return;
use crate::wire::sizes::{EXPANDED, TYPED_AHEAD};
use core::mem;
use core::time::Duration;

/// Typed lines that wait.
#[derive(Debug)]
pub(crate) struct Typed {
    lines: Lines,
    end: End,
    /// So many of the oldest bytes were looked through for a `!quit`.
    looked: usize,
    /// Since when they have waited for a server that is silent, and nothing more is read.
    stalled: Option<Duration>,
    reading: Reading,
    /// So much of them was entered as texts of many lines: behind these, too, keys count that may ask to leave.
    entered: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// More may come.
    Open,
    /// Nothing more is read, and the end is known to come behind what was not read, since this time.
    Near(Duration),
    /// The input has ended, at this time.
    OfInput(Duration),
    /// A `!quit` was read, at this time: what came behind it does not count.
    Quit(Duration),
}

impl Typed {
    pub(crate) const fn new(reading: Reading) -> Self {
        Self { lines: Lines::new(None), end: End::Open, looked: 0, stalled: None, reading, entered: 0 }
    }

    /// Whether there is room for more, and it would count.
    pub(crate) fn wants_more(&self) -> bool {
        let behind = self.lines.refused().map_or(0, |first| self.lines.len() - first);
        !self.has_ended() && behind < TYPED_AHEAD + self.entered.min(EXPANDED)
    }

    /// Whether a line waits that was not taken when it was offered.
    pub(crate) fn is_refused(&self) -> bool {
        self.lines.refused().is_some()
    }

    /// Whether everything was read, or what was not does not count.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.end, End::OfInput(_) | End::Quit(_))
    }

    /// Whether everything was read and taken.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.has_ended() && self.lines.is_empty()
    }

    /// Since when the user has wanted to leave, even if some lines before that still wait.
    pub(crate) fn over_since(&self) -> Option<Duration> {
        match self.end {
            End::Open => None,
            End::Near(since) | End::OfInput(since) | End::Quit(since) => Some(since),
        }
    }

    /// Since when what was typed has waited for a silent server, though more may come.
    pub(crate) fn stalled_since(&self) -> Option<Duration> {
        self.stalled
    }

    /// Says whether the input is known to end, and whether the server is waited for that is silent: what
    /// follows from that when nothing more is read.
    pub(crate) fn note_waiting(&mut self, is_finite: bool, is_silent: bool, now: Duration) {
        let is_full = self.end == End::Open && !self.wants_more();
        if is_full && is_finite {
            self.end = End::Near(now);
        }
        let is_stalled = is_full && !is_finite && is_silent;
        self.stalled = is_stalled.then(|| self.stalled.unwrap_or(now));
    }

    /// Whether a `!quit` was read.
    pub(crate) fn is_quit(&self) -> bool {
        matches!(self.end, End::Quit(_))
    }

    /// Whether they are texts, and no commands.
    pub(crate) fn are_texts(&self) -> bool {
        self.reading == Reading::Texts
    }

    /// How many bytes wait.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Where to read lines to.
    pub(crate) fn lines(&mut self) -> &mut Lines {
        &mut self.lines
    }

    /// Makes lines of keys; returns what else they ask for, if that comes up, and how many were taken.
    pub(crate) fn handle_keys(
        &mut self,
        keys: &[u8],
        frontend: &mut impl Frontend,
        now: Duration,
    ) -> (usize, Option<KeyEvent>) {
        let (taken, event) = frontend.handle_keys(keys);
        match event {
            Some(KeyEvent::Line(line)) => {
                self.lines.push(&line);
                self.lines.push(b"\n");
                self.entered += if line.contains(&b'\n') { line.len() } else { 0 };
            }
            Some(KeyEvent::EndOfInput) => self.end(now),
            other => return (taken, other),
        }
        (taken, None)
    }

    /// Offers the lines, oldest first, until one is not taken. Then a `!quit` among the others counts
    /// all the same.
    pub(crate) fn drain_to(&mut self, take: &mut impl Take, now: Duration) {
        let before = self.lines.len();
        self.lines.drain_to(take);
        self.note_drained(before, now);
    }

    /// The same, for what happens rarely.
    pub(crate) fn drain_rarely(&mut self, take: &mut dyn FnMut(&[u8]) -> bool, now: Duration) {
        let before = self.lines.len();
        self.lines.drain_rarely(take);
        self.note_drained(before, now);
    }

    /// Before lines were taken, there were so many bytes.
    fn note_drained(&mut self, before: usize, now: Duration) {
        if self.lines.is_empty() {
            self.entered = 0;
        }
        self.looked = self.looked.saturating_sub(before - self.lines.len());
        if self.is_refused() && !self.is_quit() && self.reading != Reading::Texts {
            self.look_for_quit(now);
        }
    }

    /// Nothing more will come.
    pub(crate) fn end(&mut self, now: Duration) {
        if !self.has_ended() {
            self.lines.finish();
            self.end = End::OfInput(now);
        }
    }

    /// The first line, of which a part may have been sent, is to be sent from its start; or not at all, if
    /// that part has been answered.
    pub(crate) fn start_over(&mut self, mut is_answered: bool) {
        self.lines.start_over();
        if is_answered {
            self.looked = 0;
            self.lines.drain_rarely(&mut |_| mem::take(&mut is_answered));
        }
    }

    /// How many of the lines that wait are commands.
    pub(crate) fn commands(&self) -> u64 {
        let mut commands = 0;
        let _ = self.lines.find(0, &mut |line| {
            let line = without_carriage_return(line);
            commands += u64::from(Command::read(line, self.reading).is_some());
            false
        });
        commands
    }

    fn look_for_quit(&mut self, now: Duration) {
        match self.lines.find(self.looked, &mut is_quit) {
            Ok(start) => {
                self.lines.truncate(start);
                self.looked = start;
                self.end = End::Quit(self.over_since().unwrap_or(now));
            }
            Err(looked) => self.looked = looked,
        }
    }
}

/// Whether a typed line says that the user wants to leave: what `Command::parse` makes of it, sooner,
/// as it is asked of every line that waits.
fn is_quit(line: &[u8]) -> bool {
    line.trim_ascii() == b"!quit"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quit_is_the_command_and_nothing_else() {
        for line in
            ["!quit", " !quit\t", "!quit\r", "\r!quit \r", "!quit now", "!Quit", "!", "", "@ann !quit"]
        {
            let command = Command::parse(without_carriage_return(line.as_bytes()));
            assert_eq!(is_quit(line.as_bytes()), command == Some(Command::Quit), "{line:?}");
        }
    }

    /// What waits behind the first line is bounded, however long that is.
    #[test]
    fn room_is_counted_from_the_end_of_the_first_line() {
        for first in [0, 10, 2 * TYPED_AHEAD] {
            let mut typed = Typed::new(Reading::Commands);
            typed.lines().push(&[b"x".repeat(first), b"\n".to_vec()].concat());
            typed.lines().drain(|_| false);
            typed.lines().push(&b"y".repeat(TYPED_AHEAD - 2));
            assert!(typed.wants_more(), "a byte less, with the end of the first line");
            typed.lines().push(b"y");
            assert!(!typed.wants_more());
        }
    }
}
