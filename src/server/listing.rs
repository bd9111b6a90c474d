//! Lists of users on their way: made once for all who ask, and sent in pieces as they are read.

use super::budget::Budget;
use crate::wire::sizes::LIST_PIECE;
use alloc::rc::Rc;
use alloc::vec::Vec;

/// One who asked is at this place of a list.
#[derive(Debug)]
pub(super) struct Listing {
    line: Rc<[u8]>,
    sent: usize,
}

impl Listing {
    pub(super) fn new(line: Rc<[u8]>) -> Self {
        Self { line, sent: 0 }
    }

    /// What was not sent.
    pub(super) fn rest(&self) -> &[u8] {
        &self.line[self.sent..]
    }

    /// The next piece of it.
    pub(super) fn next_piece(&mut self) -> &[u8] {
        let from = self.sent;
        self.sent = self.line.len().min(from + LIST_PIECE);
        &self.line[from..self.sent]
    }
}

/// The lists that somebody still reads, and the one that is made for all who ask now.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// The last one is `current`, if there is one.
    lines: Vec<Rc<[u8]>>,
    has_current: bool,
}

impl Lists {
    /// What all of them take, in bytes.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lines.iter().map(|line| line.len()).sum()
    }

    /// The list that says who is here now, if it was made.
    pub(super) fn current(&self) -> Option<Rc<[u8]>> {
        self.lines.last().filter(|_| self.has_current).cloned()
    }

    /// It has been made.
    pub(super) fn set_current(&mut self, line: &Rc<[u8]>, budget: &mut Budget) {
        budget.note(0, line.len());
        self.lines.push(Rc::clone(line));
        self.has_current = true;
    }

    /// The list is no longer true, or nobody asks for it now.
    pub(super) fn forget_current(&mut self, budget: &mut Budget) {
        if self.has_current {
            self.has_current = false;
            self.forget_unread(budget);
        }
    }

    /// Somebody reads a list no more: gives the memory of those back that nobody reads.
    pub(super) fn forget_unread(&mut self, budget: &mut Budget) {
        let current = if self.has_current { self.lines.pop() } else { None };
        self.lines.retain(|line| {
            let is_read = Rc::strong_count(line) > 1;
            if !is_read {
                budget.note(line.len(), 0);
            }
            is_read
        });
        self.lines.extend(current);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::hub::Limits;

    #[test]
    fn list_lives_as_long_as_it_is_read() {
        let mut budget = Budget::new(&Limits::default());
        let mut lists = Lists::default();
        assert_eq!(lists.current(), None);
        let line: Rc<[u8]> = Rc::from(*b"LIST-OK ann\n");
        lists.set_current(&line, &mut budget);
        let listing = Listing::new(line);
        lists.forget_unread(&mut budget);
        assert!(lists.current().is_some());
        lists.forget_current(&mut budget);
        assert!(lists.current().is_none() && budget.used() == 12, "it is being read");
        let other: Rc<[u8]> = Rc::from(*b"LIST-OK ann,bob\n");
        lists.set_current(&other, &mut budget);
        assert_eq!(budget.used(), 28);
        drop((listing, other));
        lists.forget_unread(&mut budget);
        assert_eq!(budget.used(), 16);
        lists.forget_current(&mut budget);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn pieces_are_the_whole() {
        let line: Vec<u8> = (0..=255).cycle().take(5 * LIST_PIECE / 2).collect();
        let mut listing = Listing::new(line.clone().into());
        let mut sent = Vec::new();
        while !listing.rest().is_empty() {
            assert!(listing.rest().len() == line.len() - sent.len());
            let piece = listing.next_piece();
            assert!((1..=LIST_PIECE).contains(&piece.len()));
            sent.extend_from_slice(piece);
        }
        assert_eq!(sent, line);
    }
}
