//! The text being edited: bytes, a cursor, and what has been cut out last. It may have several lines.

use alloc::vec;
use alloc::vec::Vec;
use core::mem;
use core::ops::Range;

use super::text;
use crate::wire::copy::{append, insert};
use crate::wire::sizes::editor::LONGEST_BY_PASTING;

/// Where the cut text lies as seen from the cursor; several cuts in a row are put together in that order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// A text behind a prompt, and a cursor between two of its clusters.
///
/// The prompt stands in front of the text in the same buffer, so that the screen is a picture of one run of bytes.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The prompt, then the text.
    buffer: Vec<u8>,
    /// Where the text begins.
    start: usize,
    /// `start <= cursor <= buffer.len()`
    cursor: usize,
    /// The lowest place changed since somebody asked.
    changed: Option<usize>,
    cut: Vec<u8>,
    /// The last key cut something.
    cutting: bool,
    /// So many line ends were the end of what was pasted last: they count when more is pasted right behind.
    held: usize,
}

impl Line {
    /// The text, without the prompt.
    pub(super) fn text(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buffer.len() == self.start
    }

    pub(super) fn prompt(&self) -> &[u8] {
        &self.buffer[..self.start]
    }

    /// Prompt and text.
    pub(super) fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// The cursor, counted from the start of the prompt.
    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    /// The lowest place of the buffer that has changed since the last call; its end if nothing has.
    pub(super) fn take_changed(&mut self) -> usize {
        self.changed.take().unwrap_or(usize::MAX)
    }

    pub(super) fn touch(&mut self, at: usize) {
        self.changed = Some(self.changed.map_or(at, |lowest| lowest.min(at)));
    }

    pub(super) fn set_prompt(&mut self, prompt: &[u8]) {
        self.buffer.drain(..self.start);
        insert(&mut self.buffer, 0, prompt);
        self.cursor = self.cursor - self.start + prompt.len();
        self.start = prompt.len();
        self.touch(0);
    }

    /// Puts another text in place of this one, the cursor at its end.
    pub(super) fn set(&mut self, text: &[u8]) {
        self.buffer.truncate(self.start);
        append(&mut self.buffer, text);
        self.cursor = self.buffer.len();
        self.touch(self.start);
    }

    /// Hands out the text; nothing remains, not even the prompt.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let mut text = mem::take(&mut self.buffer);
        text.drain(..self.start);
        (self.start, self.cursor, self.changed, self.cutting) = (0, 0, Some(0), false);
        text
    }

    /// Inserts pasted text. Whoever pastes whole lines did not mean to begin another.
    pub(super) fn paste(&mut self, pasted: &[u8]) {
        let mut text = vec![b'\n'; mem::take(&mut self.held)];
        push_with_line_ends(pasted, &mut text);
        let end = without_line_ends(&text).len();
        self.held = text.len() - end;
        if end > 0 {
            self.insert(&text[..end]);
        }
    }

    /// To be called for each key that is not pasted: what is pasted next is another text.
    pub(super) fn end_pasting(&mut self) {
        self.held = 0;
    }

    /// Takes away what line ends the text ends with.
    pub(super) fn trim_line_ends(&mut self) {
        let end = self.start + without_line_ends(self.text()).len();
        if end < self.buffer.len() {
            self.buffer.truncate(end);
            self.cursor = self.cursor.min(end);
            self.touch(end);
        }
    }

    /// To be called for each key that cuts nothing: the next cut starts afresh.
    pub(super) fn end_cutting(&mut self) {
        self.cutting = false;
    }

    pub(super) fn insert(&mut self, text: &[u8]) {
        let at = self.cursor;
        insert(&mut self.buffer, at, text);
        self.cursor = at + text.len();
        self.touch(at);
        self.settle();
    }

    /// The cursor never stands inside a cluster that has just come about from two.
    fn settle(&mut self) {
        let start = text::floor(&self.buffer, self.cursor);
        if start < self.cursor {
            self.cursor = text::next(&self.buffer, start);
        }
    }

    pub(super) fn remove(&mut self, range: Range<usize>) {
        self.touch(range.start);
        self.cursor = range.start;
        self.buffer.drain(range);
        self.settle();
    }

    pub(super) fn cut(&mut self, to: usize) {
        let (range, side) =
            if to < self.cursor { (to..self.cursor, Side::Before) } else { (self.cursor..to, Side::After) };
        if range.is_empty() {
            return;
        }
        if !mem::replace(&mut self.cutting, true) {
            self.cut.clear();
        }
        let place = if side == Side::Before { 0 } else { self.cut.len() };
        insert(&mut self.cut, place, &self.buffer[range.clone()]);
        self.remove(range);
    }

    /// Inserts what has been cut out last, unless the line would become longer than it may by that.
    pub(super) fn paste_cut(&mut self) {
        if !self.is_empty() && self.buffer.len() + self.cut.len() > LONGEST_BY_PASTING {
            return;
        }
        let cut = mem::take(&mut self.cut);
        self.insert(&cut);
        self.cut = cut;
    }

    pub(super) fn go(&mut self, to: usize) {
        self.cursor = to.clamp(self.start, self.buffer.len());
    }

    pub(super) fn home(&self) -> usize {
        self.start
    }

    pub(super) fn end(&self) -> usize {
        self.buffer.len()
    }

    pub(super) fn left(&self) -> usize {
        text::previous(&self.buffer, self.cursor).max(self.start)
    }

    pub(super) fn right(&self) -> usize {
        text::next(&self.buffer, self.cursor)
    }

    /// The start of the word before the cursor; a word is made of what `is_part` of one.
    pub(super) fn word_left(&self, is_part: fn(u8) -> bool) -> usize {
        let before = &self.buffer[self.start..self.cursor];
        let end = before.iter().rposition(|&b| is_part(b)).map_or(0, |last| last + 1);
        let start = before[..end].iter().rposition(|&b| !is_part(b)).map_or(0, |gap| gap + 1);
        text::floor(&self.buffer, self.start + start).max(self.start)
    }

    /// The end of the word after the cursor.
    pub(super) fn word_right(&self) -> usize {
        let after = &self.buffer[self.cursor..];
        let start = after.iter().position(|&b| is_letter(b)).unwrap_or(after.len());
        let len = after[start..].iter().position(|&b| !is_letter(b)).unwrap_or(after.len() - start);
        text::floor(&self.buffer, self.cursor + start + len)
    }

    /// Swaps the clusters round the cursor (the last two at the end), and goes on behind them.
    pub(super) fn transpose(&mut self) {
        let middle = if self.cursor == self.end() { self.left() } else { self.cursor };
        let left = text::previous(&self.buffer, middle).max(self.start);
        let right = text::next(&self.buffer, middle);
        if left < middle && middle < right {
            self.buffer[left..right].rotate_left(middle - left);
            self.cursor = right;
            self.touch(left);
            self.settle();
        }
    }
}

/// What a word is made of: letters and digits; all beyond ASCII counts as a letter.
pub(super) fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// What a word is made of for Ctrl-W.
pub(super) fn is_not_space(byte: u8) -> bool {
    !matches!(byte, b' ' | b'\t' | b'\n')
}

/// A text up to the line ends that it ends with.
fn without_line_ends(text: &[u8]) -> &[u8] {
    &text[..text.iter().rposition(|&byte| byte != b'\n').map_or(0, |last| last + 1)]
}

/// Appends a pasted text with one kind of line end.
pub(super) fn push_with_line_ends(pasted: &[u8], out: &mut Vec<u8>) {
    let mut last = 0;
    for &byte in pasted {
        match byte {
            b'\n' if last == b'\r' => {}
            b'\r' => out.push(b'\n'),
            _ => out.push(byte),
        }
        last = byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line from a text with a `|` where the cursor is.
    fn line(picture: &str) -> Line {
        let (before, after) = picture.split_once('|').unwrap();
        let mut line = Line::default();
        line.set_prompt(b"> ");
        line.insert(after.as_bytes());
        line.go(0);
        line.insert(before.as_bytes());
        line
    }

    fn picture(line: &Line) -> String {
        let (before, after) = line.buffer[line.start..].split_at(line.cursor - line.start);
        format!("{}|{}", str::from_utf8(before).unwrap(), str::from_utf8(after).unwrap())
    }

    #[test]
    fn motions_go_where_fingers_expect() {
        type Motion = fn(&Line) -> usize;
        let word: Motion = |l| l.word_left(is_letter);
        let blank: Motion = |l| l.word_left(is_not_space);
        let table: &[(Motion, &str, &str)] = &[
            (Line::left, "|a", "|a"),
            (Line::left, "ae\u{301}|b", "a|e\u{301}b"),
            (Line::right, "a|👩\u{200d}👧b", "a👩\u{200d}👧|b"),
            (Line::right, "a|", "a|"),
            (word, "one two|", "one |two"),
            (word, "one tw|o", "one |two"),
            (word, "one, |two", "|one, two"),
            (word, "|one", "|one"),
            (word, "日本 één|", "日本 |één"),
            (blank, "@ann hi,you  |", "@ann |hi,you  "),
            (Line::word_right, "|one two", "one| two"),
            (Line::word_right, "one|, two", "one, two|"),
            (Line::home, "one|", "|one"),
            (Line::end, "|one", "one|"),
        ];
        for (motion, before, after) in table {
            let mut line = line(before);
            line.go(motion(&line));
            assert_eq!(picture(&line), *after, "from {before}");
        }
    }

    #[test]
    fn cuts_in_a_row_are_put_together_in_reading_order() {
        let mut line = line("one two| three four");
        line.cut(line.word_left(is_letter));
        line.cut(line.word_left(is_letter));
        line.cut(line.word_right());
        assert_eq!(picture(&line), "| four");
        line.end_cutting();
        line.paste_cut();
        assert_eq!(picture(&line), "one two three| four");
        line.cut(line.end());
        line.paste_cut();
        line.paste_cut();
        assert_eq!(picture(&line), "one two three four four|");
        assert_eq!(line.prompt(), b"> ");
    }

    #[test]
    fn line_ends_of_a_paste_count_between_lines_only() {
        let table: &[(&[&str], &str)] = &[
            (&["one\r\ntwo\rthree\nfour\n\r\n"], "one\ntwo\nthree\nfour|"),
            (&["one\r", "\r\n", "two"], "one\n\ntwo|"),
            (&["one\n", "two\n", "\n"], "one\ntwo|"),
            (&["\n\n"], "|"),
            (&["\none"], "\none|"),
        ];
        for (pieces, expected) in table {
            let mut line = line("|");
            pieces.iter().for_each(|piece| line.paste(piece.as_bytes()));
            assert_eq!(picture(&line), *expected, "{pieces:?}");
        }
        let mut line = line("a|b");
        line.paste(b"one\n");
        line.end_pasting();
        line.paste(b"two\n");
        assert_eq!(picture(&line), "aonetwo|b");
        line.insert(b"\n");
        line.go(line.end());
        line.insert(b"\n\n");
        line.trim_line_ends();
        assert_eq!(picture(&line), "aonetwo\nb|");
        line.cut(line.word_left(is_not_space));
        line.cut(line.word_left(is_not_space));
        assert_eq!(picture(&line), "|");
    }

    #[test]
    fn a_line_is_not_doubled_for_ever() {
        let mut line = line("abc|");
        for _ in 0..40 {
            line.cut(line.home());
            line.end_cutting();
            line.paste_cut();
            line.paste_cut();
        }
        assert!((LONGEST_BY_PASTING / 2..=LONGEST_BY_PASTING).contains(&line.text().len()));
        line.insert(&vec![b'x'; LONGEST_BY_PASTING]);
        let text = line.text().to_vec();
        line.cut(line.home());
        line.paste_cut();
        assert!(line.text() == text, "what was cut can be put back, however long it is");
    }

    #[test]
    fn transposing_moves_whole_clusters() {
        for (before, after) in
            [("ab|", "ba|"), ("a|b", "ba|"), ("|ab", "|ab"), ("a|", "a|"), ("xe\u{301}|日b", "x日e\u{301}|b")]
        {
            let mut line = line(before);
            line.transpose();
            assert_eq!(picture(&line), after);
        }
    }

    #[test]
    fn a_cluster_made_of_two_keeps_the_cursor_outside() {
        let mut line = line("ea|\u{301}");
        assert_eq!(picture(&line), "ea\u{301}|");
        line.set("ex\u{301}".as_bytes());
        line.go(3);
        line.remove(3..4);
        assert_eq!(picture(&line), "e\u{301}|");
    }
}
