//! The lines sent before: a bounded memory to walk through and to search.

use crate::wire::sizes::editor::{HISTORY, HISTORY_LINES};
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// Lines from the oldest to the newest, and the one that is looked at.
#[derive(Debug, Default)]
pub(super) struct History {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Which line is looked at; the number of lines stands for the one being edited.
    at: usize,
    /// The line being edited, while another is looked at.
    edited: Vec<u8>,
}

impl History {
    /// Remembers a line, unless it is empty, the same as the one before, or too long; forgets the oldest ones.
    pub(super) fn add(&mut self, line: &[u8]) {
        if !line.is_empty() && line.len() <= HISTORY && self.lines.back().is_none_or(|last| last != line) {
            self.lines.push_back(line.to_vec());
            self.bytes += line.len();
            while self.lines.len() > HISTORY_LINES || self.bytes > HISTORY {
                self.bytes -= self.lines.pop_front().map_or(0, |oldest| oldest.len());
            }
        }
        self.rewind();
    }

    /// Looks at the line being edited again.
    pub(super) fn rewind(&mut self) {
        self.at = self.lines.len();
        self.edited = Vec::new();
    }

    /// The next older line; `current` is kept if it is the one being edited.
    pub(super) fn older(&mut self, current: &[u8]) -> Option<&[u8]> {
        let older = self.at.checked_sub(1)?;
        if self.at == self.lines.len() {
            self.edited = current.to_vec();
        }
        self.at = older;
        self.get(older)
    }

    /// The next newer line, in the end the one being edited.
    pub(super) fn newer(&mut self) -> Option<&[u8]> {
        if self.at == self.lines.len() {
            return None;
        }
        self.at += 1;
        if self.at == self.lines.len() { Some(&self.edited) } else { self.get(self.at) }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&[u8]> {
        self.lines.get(index).map(Vec::as_slice)
    }

    /// What the newest line that begins with `start` has behind that.
    pub(super) fn rest(&self, start: &[u8]) -> Option<&[u8]> {
        (0..self.lines.len())
            .rev()
            .find_map(|index| self.get(index)?.strip_prefix(start).filter(|rest| !rest.is_empty()))
    }

    /// The newest line before `end` that holds `wanted`, and where.
    pub(super) fn find(&self, wanted: &[u8], end: usize) -> Option<(usize, usize)> {
        if wanted.is_empty() {
            return None;
        }
        (0..end.min(self.lines.len())).rev().find_map(|index| {
            self.lines[index]
                .windows(wanted.len())
                .rposition(|part| part == wanted)
                .map(|place| (index, place))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edited_line_is_the_last_entry() {
        let mut history = History::default();
        assert_eq!(history.older(b"x"), None);
        for line in ["one", "two", "two", ""] {
            history.add(line.as_bytes());
        }
        assert_eq!(history.newer(), None);
        assert_eq!(history.older(b"half"), Some(&b"two"[..]));
        assert_eq!(history.older(b"two"), Some(&b"one"[..]));
        assert_eq!(history.older(b"one"), None);
        assert_eq!(history.newer(), Some(&b"two"[..]));
        assert_eq!(history.newer(), Some(&b"half"[..]));
        assert_eq!(history.newer(), None);
    }

    #[test]
    fn memory_is_bounded_in_lines_and_bytes() {
        let mut history = History::default();
        for n in 0..2 * HISTORY_LINES {
            history.add(n.to_string().as_bytes());
        }
        assert_eq!(history.len(), HISTORY_LINES);
        assert_eq!(history.get(0), Some((HISTORY_LINES.to_string()).as_bytes()));
        history.add(&vec![b'x'; HISTORY + 1]);
        assert_eq!(history.len(), HISTORY_LINES);
        history.add(&vec![b'x'; HISTORY]);
        assert_eq!((history.len(), history.bytes), (1, HISTORY));
    }

    #[test]
    fn search_goes_from_the_newest_to_the_oldest() {
        let mut history = History::default();
        for line in ["say hay", "nay", "okay"] {
            history.add(line.as_bytes());
        }
        assert_eq!(history.find(b"ay", 3), Some((2, 2)));
        assert_eq!(history.find(b"ay", 2), Some((1, 1)));
        assert_eq!(history.find(b"ay", 1), Some((0, 5)));
        assert_eq!(history.find(b"ay", 0), None);
        assert_eq!(history.find(b"", 3), None);
    }
}
