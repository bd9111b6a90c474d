//! A search backwards through the history, which stands in place of the line while it goes on.

use alloc::vec::Vec;

use super::history::History;
use super::keys::Key;
use super::line::{Line, push_with_line_ends};
use super::text;
use crate::wire::copy::append;

/// What is looked for, and what was found.
#[derive(Debug, Default)]
pub(super) struct Search {
    wanted: Vec<u8>,
    /// The entry found last, and the place in it; the line itself until there is one.
    found: Option<(usize, usize)>,
    /// Nothing older holds what is wanted.
    failed: bool,
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
            Key::Text(text) | Key::Pasted(text) => {
                push_with_line_ends(text, &mut self.wanted);
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

    /// What is shown in place of the line, its prompt before all, and the cursor in that.
    pub(super) fn picture(&self, line: &Line, history: &History) -> (Vec<u8>, usize) {
        // Until something is found, the line itself is what Enter would send.
        let here = (line.text(), line.cursor() - line.home());
        let (found, place) = self.found(history).unwrap_or(here);
        let title: &[u8] = if self.failed { b"(failed reverse-i-search)`" } else { b"(reverse-i-search)`" };
        let mut picture = [line.prompt(), title, &self.wanted, b"': "].concat();
        let cursor = picture.len() + place;
        append(&mut picture, found);
        (picture, cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown after these keys, with a `|` at the cursor, and the last step.
    fn search(keys: &[Key<'_>]) -> (String, Step) {
        let (mut history, mut line) = (History::default(), Line::default());
        for entry in ["say hay", "nay", "okay"] {
            history.add(entry.as_bytes());
        }
        line.set_prompt(b"> ");
        line.insert(b"half");
        let (mut search, mut step) = (Search::default(), Step::Changed);
        for key in keys {
            step = search.press(*key, &history);
        }
        let (mut picture, cursor) = search.picture(&line, &history);
        picture.insert(cursor, b'|');
        (String::from_utf8(picture).unwrap(), step)
    }

    #[test]
    fn each_key_finds_what_is_wanted_by_then() {
        const AGAIN: Key<'_> = Key::Ctrl(b'R');
        let text = |text: &'static str| Key::Text(text.as_bytes());
        let table: &[(&[Key<'_>], &str)] = &[
            (&[], "(reverse-i-search)`': half|"),
            (&[AGAIN], "(reverse-i-search)`': half|"),
            (&[text("ay")], "(reverse-i-search)`ay': ok|ay"),
            (&[text("ay"), AGAIN], "(reverse-i-search)`ay': n|ay"),
            (&[text("a"), AGAIN, text("y h")], "(reverse-i-search)`ay h': s|ay hay"),
            (&[text("ay"), AGAIN, AGAIN, AGAIN], "(failed reverse-i-search)`ay': say h|ay"),
            (&[text("k"), text("é")], "(failed reverse-i-search)`ké': o|kay"),
            (&[text("k"), text("é"), Key::Backspace], "(reverse-i-search)`k': o|kay"),
            (&[text("k"), Key::Backspace, Key::Backspace], "(reverse-i-search)`': half|"),
            (&[text("x")], "(failed reverse-i-search)`x': half|"),
        ];
        for (keys, expected) in table {
            assert_eq!(search(keys), (format!("> {expected}"), Step::Changed), "{keys:?}");
        }
    }

    #[test]
    fn key_that_is_not_for_the_search_leaves_it_or_ends_it() {
        for (key, step) in [
            (Key::Ctrl(b'L'), Step::Unchanged),
            (Key::Ctrl(b'Z'), Step::Unchanged),
            (Key::Ctrl(b'C'), Step::GivenUp),
            (Key::Ctrl(b'G'), Step::GivenUp),
            (Key::Enter, Step::Accepted),
            (Key::Left, Step::Accepted),
        ] {
            assert_eq!(
                search(&[Key::Text(b"ay"), key]),
                ("> (reverse-i-search)`ay': ok|ay".into(), step),
                "{key:?}"
            );
        }
    }
}
