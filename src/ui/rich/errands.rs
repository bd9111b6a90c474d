//! Messages that wait for the user's command (`--on-message`): as many as there is room for, each with as
//! much of its text as a command gets.

use crate::wire::escape;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// So many messages wait at most,
const MOST: usize = 64;
/// and so many bytes of them.
const MOST_BYTES: usize = 256 * 1024;
/// A command gets so much of a text, with the line end behind it: what a fresh pipe takes at once.
const MOST_TEXT: usize = 64 * 1024 - 1;
/// So much of a name.
const MOST_NAME: usize = 1024;

/// A message for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The name of its sender.
    pub from: Vec<u8>,
    /// The message, or the start of a long one.
    pub text: Vec<u8>,
}

/// Those that wait.
#[derive(Debug, Default)]
pub(in crate::ui) struct Errands {
    waiting: VecDeque<Message>,
    /// How many bytes they have.
    held: usize,
    /// How many were left out for want of room.
    left_out: u64,
}

impl Errands {
    pub(in crate::ui) fn add(&mut self, from: &[u8], text: &[u8]) {
        let (from, text) = (escape::piece(from, MOST_NAME), escape::piece(text, MOST_TEXT));
        let held = self.held + from.len() + text.len();
        if self.waiting.len() >= MOST || held > MOST_BYTES {
            self.left_out += 1;
            return;
        }
        self.held = held;
        self.waiting.push_back(Message { from: from.to_vec(), text: text.to_vec() });
    }

    pub(in crate::ui) fn next(&mut self) -> Option<Message> {
        let message = self.waiting.pop_front()?;
        self.held -= message.from.len() + message.text.len();
        Some(message)
    }

    pub(in crate::ui) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(in crate::ui) fn left_out(&self) -> u64 {
        self.left_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_bounded_and_what_is_left_out_is_counted() {
        let mut errands = Errands::default();
        for number in 0..MOST + 3 {
            errands.add(b"bob", format!("{number}").as_bytes());
        }
        assert_eq!((errands.waiting.len(), errands.left_out()), (MOST, 3));
        assert_eq!(errands.next().map(|message| message.text), Some(b"0".to_vec()));
        errands.add(b"bob", b"again there is room");
        assert_eq!((errands.waiting.len(), errands.left_out()), (MOST, 3));

        let mut errands = Errands::default();
        for _ in 0..10 {
            errands.add(&[b'n'; 5000], &[b'x'; 1_000_000]);
        }
        assert_eq!((errands.waiting.len(), errands.left_out()), (3, 7));
        let message = errands.next().unwrap();
        assert_eq!((message.from.len(), message.text.len()), (MOST_NAME, MOST_TEXT));
        while errands.next().is_some() {}
        assert_eq!(errands.held, 0);
    }

    #[test]
    fn no_character_is_cut_in_two() {
        let mut errands = Errands::default();
        errands.add(b"bob", "é".repeat(MOST_TEXT).as_bytes());
        assert!(String::from_utf8(errands.next().unwrap().text).is_ok());
    }
}
