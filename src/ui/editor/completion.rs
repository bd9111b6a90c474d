//! What Tab adds: commands after a leading `!`, the names seen lately after a leading `@`.

use crate::wire::sizes::{COMPLETED_NAME, COMPLETED_NAMES};
use alloc::vec::Vec;

const COMMANDS: [&[u8]; 2] = [b"!quit", b"!who"];

/// The names, and the round that Tab goes through.
#[derive(Debug, Default)]
pub(super) struct Completion {
    /// The oldest first.
    names: Vec<Vec<u8>>,
    /// What the first Tab found; empty unless the last key was Tab.
    found: Vec<Vec<u8>>,
    next: usize,
}

impl Completion {
    /// Remembers a name as the latest one; the one longest not seen is forgotten.
    pub(super) fn add_name(&mut self, name: &[u8]) {
        if let Some(known) = self.names.iter().rposition(|n| n == name) {
            self.names[known..].rotate_left(1);
            return;
        }
        if name.is_empty() || name.len() > COMPLETED_NAME || name.contains(&b' ') {
            return;
        }
        if self.names.len() == COMPLETED_NAMES {
            self.names.remove(0);
        }
        self.names.push(name.to_vec());
    }

    /// What is to stand in place of all that is before the cursor.
    pub(super) fn next(&mut self, before: &[u8]) -> Option<&[u8]> {
        if self.found.is_empty() {
            self.find(before);
        }
        let index = self.next;
        self.next = (index + 1).checked_rem(self.found.len())?;
        self.found.get(index).map(Vec::as_slice)
    }

    /// Another key than Tab: the next Tab starts a new round.
    pub(super) fn end(&mut self) {
        self.found.clear();
        self.next = 0;
    }

    fn find(&mut self, before: &[u8]) {
        match before.split_first() {
            Some((b'!', _)) => {
                self.found.extend(COMMANDS.iter().filter(|c| c.starts_with(before)).map(|c| c.to_vec()));
            }
            Some((b'@', start)) => {
                let names = self.names.iter().rev().filter(|name| name.starts_with(start));
                self.found.extend(names.map(|name| [b"@", name.as_slice(), b" "].concat()));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_goes_round_from_the_latest_name() {
        let mut completion = Completion::default();
        for name in ["ann", "bob", "anton", "ann", "", "a b"] {
            completion.add_name(name.as_bytes());
        }
        let mut round: Vec<Option<Vec<u8>>> = Vec::new();
        for _ in 0..3 {
            round.push(completion.next(b"@an").map(<[u8]>::to_vec));
        }
        assert_eq!(round, [Some(b"@ann ".to_vec()), Some(b"@anton ".to_vec()), Some(b"@ann ".to_vec())]);
        completion.end();
        assert_eq!(completion.next(b"@b"), Some(&b"@bob "[..]));
        completion.end();
        for (before, after) in [
            ("!", Some("!quit")),
            ("!w", Some("!who")),
            ("!x", None),
            ("", None),
            ("hi @an", None),
            ("@z", None),
        ] {
            assert_eq!(completion.next(before.as_bytes()), after.map(str::as_bytes), "{before}");
            completion.end();
        }
    }

    #[test]
    fn the_name_longest_not_seen_is_forgotten() {
        let mut completion = Completion::default();
        for n in 0..=COMPLETED_NAMES {
            completion.add_name(format!("n{n}").as_bytes());
            completion.add_name(b"n0");
        }
        assert_eq!(completion.names.len(), COMPLETED_NAMES);
        assert_eq!(completion.next(b"@n1 "), None);
        assert_eq!(completion.next(b"@n0"), Some(&b"@n0 "[..]));
        completion.end();
        assert!(!completion.names.contains(&b"n1".to_vec()));
        completion.add_name(&[b'x'; COMPLETED_NAME + 1]);
        assert_eq!(completion.names.len(), COMPLETED_NAMES);
    }
}
