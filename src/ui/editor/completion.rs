//! What Tab adds: commands after a leading `!`, the names seen lately after a leading `@`, and in front of all the names of
//! those who wrote last.

use crate::client::command::WORDS;
use crate::wire::sizes::editor::{COMPLETED_NAME, COMPLETED_NAMES, SENDERS};
use alloc::vec::Vec;

/// The names, and the round that Tab goes through.
#[derive(Debug, Default)]
pub(super) struct Completion {
    /// The oldest first.
    names: Vec<Vec<u8>>,
    /// Those who wrote; the one who did so last is the last.
    senders: Vec<Vec<u8>>,
    /// What the first Tab found; empty unless the last key was Tab.
    found: Vec<Vec<u8>>,
    next: usize,
}

impl Completion {
    /// Remembers a name as the latest one; the one longest not seen is forgotten.
    pub(super) fn add_name(&mut self, name: &[u8]) {
        add(name, &mut self.names, COMPLETED_NAMES);
    }

    /// Remembers whom an answer would be for.
    pub(super) fn add_sender(&mut self, name: &[u8]) {
        self.add_name(name);
        add(name, &mut self.senders, SENDERS);
    }

    /// What the first Tab would add to `before`, if it replaces nothing.
    pub(super) fn rest(&self, before: &[u8]) -> Option<Vec<u8>> {
        let found = self.find(before);
        let rest = found.first()?.strip_prefix(before)?;
        // A name that is there needs no more than a space, which is soon typed.
        (!matches!(rest, b"" | b" ")).then(|| rest.to_vec())
    }

    /// What is to stand in place of all that is before the cursor.
    pub(super) fn next(&mut self, before: &[u8]) -> Option<&[u8]> {
        if self.found.is_empty() {
            self.found = self.find(before);
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

    fn find(&self, before: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let (names, start) = match before {
            [b'!', ..] => {
                for command in WORDS.iter().filter(|command| command.starts_with(before)) {
                    found.push(command.to_vec());
                }
                return found;
            }
            [b'@', start @ ..] => (&self.names, start),
            [_, ..] => return found,
            [] => (&self.senders, before),
        };
        for name in names.iter().rev().filter(|name| name.starts_with(start)) {
            found.push([b"@", name.as_slice(), b" "].concat());
        }
        found
    }
}

/// Makes a name the last one of at most so many.
fn add(name: &[u8], names: &mut Vec<Vec<u8>>, most: usize) {
    if let Some(known) = names.iter().rposition(|n| n == name) {
        let name = names.remove(known);
        return names.push(name);
    }
    if name.is_empty() || name.len() > COMPLETED_NAME || name.contains(&b' ') {
        return;
    }
    if names.len() == most {
        names.remove(0);
    }
    names.push(name.to_vec());
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
    fn an_answer_is_for_who_wrote_last_or_before() {
        let mut completion = Completion::default();
        assert_eq!(completion.next(b""), None);
        for name in ["ann", "bob", "ann", "carl"] {
            completion.add_sender(name.as_bytes());
        }
        completion.add_name(b"dora");
        completion.add_name(b"bob");
        for (before, name) in [("", "@carl "), ("@carl ", "@ann "), ("@ann ", "@bob "), ("@bob ", "@carl ")] {
            assert_eq!(completion.next(before.as_bytes()), Some(name.as_bytes()));
            // Who writes meanwhile changes nothing.
            completion.add_sender(b"eve");
        }
        completion.end();
        assert_eq!(completion.next(b""), Some(&b"@eve "[..]));
        for n in 0..=SENDERS {
            completion.add_sender(format!("n{n}").as_bytes());
        }
        assert_eq!((completion.senders.len(), completion.senders[0].as_slice()), (SENDERS, &b"n1"[..]));
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
