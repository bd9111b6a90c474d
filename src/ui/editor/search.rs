//! A search backwards through the history, which stands in place of the line while it goes on.

use alloc::vec::Vec;

use super::history::History;
use super::keys::Key;
use super::line::Line;
use super::text;

/// What is looked for, what was found, and how the two are shown.
#[derive(Debug, Default)]
pub(super) struct Search {
    wanted: Vec<u8>,
    /// The entry found last, and the place in it; the line itself until there is one.
    found: Option<(usize, usize)>,
    /// Nothing older holds what is wanted.
    failed: bool,
    /// Prompt and search as they are shown, and the cursor there.
    picture: Vec<u8>,
    cursor: usize,
}

/// What a key does to a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It is another search now.
    Changed,
    /// It stays as it is, and the key has its own meaning.
    Unchanged,
    /// It ends, and the line is what it was.
    GivenUp,
    /// It ends with what was found, and the key has its own meaning for that.
    Accepted,
}

impl Search {
    /// Takes a key.
    pub(super) fn press(&mut self, key: Key<'_>, history: &History) -> Step {
        let newest = history.len();
        let end = match key {
            Key::Text(text) => {
                self.wanted.extend_from_slice(text);
                // The entry found may hold the longer text, too.
                self.found.map_or(newest, |(index, _)| index + 1)
            }
            Key::Backspace => {
                self.wanted.truncate(text::previous(&self.wanted, self.wanted.len()));
                newest
            }
            Key::Ctrl(b'R') => self.found.map_or(newest, |(index, _)| index),
            Key::Ctrl(b'C' | b'G') => return Step::GivenUp,
            Key::Ctrl(b'L' | b'Z') => return Step::Unchanged,
            _ => return Step::Accepted,
        };
        let found = history.find(&self.wanted, end);
        self.failed = found.is_none() && !self.wanted.is_empty();
        if !self.failed {
            self.found = found;
        }
        Step::Changed
    }

    /// The line found and the place in it, if there is one.
    pub(super) fn found<'a>(&self, history: &'a History) -> Option<(&'a [u8], usize)> {
        let (index, place) = self.found?;
        Some((history.get(index)?, place))
    }

    /// Makes the picture anew, in place of this line's.
    pub(super) fn draw(&mut self, line: &Line, history: &History) {
        // Until something is found, the line itself is what Enter would send.
        let here = (line.text(), line.cursor() - line.home());
        let (found, place) = self.found(history).unwrap_or(here);
        let title: &[u8] = if self.failed { b"(failed reverse-i-search)`" } else { b"(reverse-i-search)`" };
        self.picture.clear();
        for part in [line.prompt(), title, &self.wanted, b"': "] {
            self.picture.extend_from_slice(part);
        }
        self.cursor = self.picture.len() + place;
        self.picture.extend_from_slice(found);
    }

    /// What is to be shown, and the cursor in it.
    pub(super) fn picture(&self) -> (&[u8], usize) {
        (&self.picture, self.cursor)
    }
}
