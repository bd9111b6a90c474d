//! Where the terminal's own wrapping puts each character of a text.
//!
//! ```text
//!   columns = 6      a b c d e 日 f g      rows  0: a b c d e .
//!                                                1: 日 f g
//! ```
//!
//! A place with `column == columns` is the pending wrap: the last column is filled, and the terminal goes to the next row
//! only when another character comes.

use super::text::{self, Cluster};
use alloc::vec;
use alloc::vec::Vec;

/// A cell, the row counted from the first one of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) row: usize,
    pub(super) column: usize,
}

/// The first thing on a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Start {
    /// Where the cluster begins in the text.
    pub(super) at: usize,
    /// How many of its cells stand on rows before.
    pub(super) skip: usize,
}

/// How far the text has been laid out: the cluster at `at` comes next.
#[derive(Clone, Copy, Debug, Default)]
struct Pen {
    at: usize,
    place: Place,
}

/// The rows of a text, found as far as somebody has asked, and kept until the text changes before that.
#[derive(Debug)]
pub(super) struct Layout {
    columns: usize,
    /// One for each row down to the pen's.
    starts: Vec<Start>,
    pen: Pen,
    /// The pen before the last cluster, if what follows can at most make that one longer.
    last: Option<Pen>,
}

/// A change this far behind the end of a cluster does not touch it: broken bytes just before the change may become a
/// character with it, and that may belong to what is before.
const REACH: usize = 3;

impl Layout {
    pub(super) fn new(columns: usize) -> Self {
        Self { columns, starts: vec![Start::default()], pen: Pen::default(), last: None }
    }

    /// Forgets what a change of the text from `from` on makes wrong.
    pub(super) fn forget(&mut self, from: usize) {
        if self.pen.at.saturating_add(REACH) < from {
            return;
        }
        if let Some(last) = self.last
            && from == self.pen.at
        {
            return self.rewind(last);
        }
        // The row must begin with a cluster that has an end which stands, as has any before another row's start.
        let later = self.starts.partition_point(|s| s.at + REACH < from).saturating_sub(1);
        let limit = self.starts[later].at;
        let row = self.starts[..later].iter().rposition(|s| s.skip == 0 && s.at < limit).unwrap_or(0);
        self.rewind(Pen { at: self.starts[row].at, place: Place { row, column: 0 } });
    }

    fn rewind(&mut self, pen: Pen) {
        self.starts.truncate(pen.place.row + 1);
        self.pen = pen;
        self.last = None;
    }

    /// Lays out one cluster more; false at the end.
    fn step(&mut self, text: &[u8]) -> bool {
        let Some(cluster) = text::cluster(text, self.pen.at) else { return false };
        let before = self.pen;
        self.put(cluster);
        self.pen.at += cluster.len;
        let broken = cluster.escaped && cluster.len == 1 && !text[before.at].is_ascii();
        self.last = (!broken).then_some(before);
        true
    }

    fn put(&mut self, cluster: Cluster) {
        let Pen { at, place } = &mut self.pen;
        let mut width = cluster.width;
        let whole = cluster.whole && width <= self.columns;
        while place.column + width > self.columns {
            // Characters that are one cell each wrap anywhere.
            let fitting = if whole { 0 } else { self.columns - place.column };
            width -= fitting;
            self.starts.push(Start { at: *at, skip: cluster.width - width });
            *place = Place { row: place.row + 1, column: 0 };
        }
        place.column += width;
    }

    /// Where the cluster at `at`, or the one that `at` is inside of, stands, and whether it begins there. The end of the text
    /// may be at a pending wrap.
    pub(super) fn place(&mut self, text: &[u8], at: usize) -> (Place, bool) {
        while self.pen.at <= at && self.step(text) {}
        let row = self.starts.partition_point(|s| *s <= Start { at, skip: 0 }).saturating_sub(1);
        let Start { at: mut reached, skip } = self.starts[row];
        let mut place = Place { row, column: 0 };
        let mut skip = skip;
        while reached < at {
            let Some(cluster) = text::cluster(text, reached) else { break };
            if reached + cluster.len > at {
                return (place, false);
            }
            place.column += cluster.width - skip;
            skip = 0;
            reached += cluster.len;
        }
        (place, true)
    }

    /// Whether the text takes more than `rows` rows.
    pub(super) fn is_taller(&mut self, text: &[u8], rows: usize) -> bool {
        while self.starts.len() <= rows && self.step(text) {}
        self.starts.len() > rows
    }

    /// What stands first on a row, if the text has that row.
    pub(super) fn start(&mut self, text: &[u8], row: usize) -> Option<Start> {
        self.is_taller(text, row);
        self.starts.get(row).copied()
    }
}

/// Appends what is shown of a text between two rows' starts, in one piece.
pub(super) fn push_rows(text: &[u8], from: Start, to: Option<Start>, out: &mut Vec<u8>) {
    let to = to.unwrap_or(Start { at: text.len(), skip: 0 });
    let Start { mut at, mut skip } = from;
    while at < to.at || (at == to.at && skip < to.skip) {
        let Some(cluster) = text::cluster(text, at) else { break };
        let before = out.len();
        text::push_shown(&text[at..at + cluster.len], cluster.escaped, out);
        if cluster.escaped {
            if at == to.at {
                out.truncate(before + to.skip);
            }
            out.drain(before..before + skip);
        }
        if at == to.at {
            break;
        }
        skip = 0;
        at += cluster.len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(columns: usize, text: &[u8]) -> Vec<String> {
        let mut layout = Layout::new(columns);
        let mut rows = Vec::new();
        while let Some(start) = layout.start(text, rows.len()) {
            let mut row = Vec::new();
            push_rows(text, start, layout.start(text, rows.len() + 1), &mut row);
            rows.push(String::from_utf8(row).unwrap());
        }
        rows
    }

    #[test]
    fn rows_break_where_the_terminal_breaks_them() {
        let table: &[(usize, &[u8], &[&str])] = &[
            (4, b"", &[""]),
            (4, b"abcd", &["abcd"]),
            (4, b"abcde", &["abcd", "e"]),
            (4, "abc日d".as_bytes(), &["abc", "日d"]),
            (4, "ab日d".as_bytes(), &["ab日", "d"]),
            (4, "abce\u{301}f".as_bytes(), &["abce\u{301}", "f"]),
            (4, b"abc\x1b", &["abc^", "["]),
            (4, "a\u{202e}b".as_bytes(), &["a\\u{", "202e", "}b"]),
            (4, b"\xff\xfe", &["\\xff", "\\xfe"]),
            (4, b"ab\ncd\ne", &["ab⏎c", "d⏎e"]),
            (4, b"abc\nd\n", &["abc⏎", "d⏎"]),
            (4, b"abcd\n", &["abcd", "⏎"]),
        ];
        for (columns, text, expected) in table {
            assert_eq!(rows(*columns, text), *expected, "{text:x?}");
        }
    }

    #[test]
    fn places_are_cells_and_the_end_may_wait_for_its_wrap() {
        let mut layout = Layout::new(4);
        let text = "abc日\u{202e}xyz".as_bytes();
        for (at, row, column, exact) in [
            (0, 0, 0, true),
            (3, 1, 0, true),
            (4, 1, 0, false),
            (6, 1, 2, true),
            (9, 3, 2, true),
            (10, 3, 3, true),
            (11, 4, 0, true),
            (12, 4, 1, true),
        ] {
            assert_eq!(layout.place(text, at), (Place { row, column }, exact), "{at}");
        }
        assert_eq!(Layout::new(4).place(b"abcd", 4), (Place { row: 0, column: 4 }, true));
        assert_eq!(Layout::new(4).place(b"abcde", 4), (Place { row: 1, column: 0 }, true));
    }

    #[test]
    fn a_layout_kept_through_changes_is_the_layout_made_afresh() {
        let pieces: [&[u8]; 15] = [
            b"\n",
            b"@",
            b" ",
            b"a",
            b"bc",
            "日".as_bytes(),
            "\u{301}".as_bytes(),
            b"\xcc",
            b"\x81",
            b"\x1b",
            "\u{200d}".as_bytes(),
            "👩".as_bytes(),
            "🇩".as_bytes(),
            "\u{fe0f}".as_bytes(),
            b"\xe2\x80",
        ];
        let mut state = 88172645463325252u64;
        let mut random = |n: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) as usize % n
        };
        for columns in [2, 3, 10] {
            let (mut text, mut layout) = (Vec::new(), Layout::new(columns));
            for _ in 0..3000 {
                let at = if random(2) == 0 { text.len() } else { random(text.len() + 1) };
                if random(5) < 3 {
                    text.splice(at..at, pieces[random(pieces.len())].iter().copied());
                } else {
                    let end = (at + random(10)).min(text.len());
                    text.drain(at..end);
                }
                layout.forget(at);
                let asked = random(text.len() + 1);
                let mut fresh = Layout::new(columns);
                assert_eq!(layout.place(&text, asked), fresh.place(&text, asked), "{text:x?}");
                assert_eq!(layout.place(&text, text.len()), fresh.place(&text, text.len()), "{text:x?}");
                assert_eq!(layout.starts, fresh.starts, "{text:x?}");
            }
        }
    }
}
