//! What a byte of the edited line looks like: user-perceived characters, their width, and their harmless form.
//!
//! What is harmful is made visible, as in [`crate::wire::escape`] (spec S14), and in a name all that is hidden, but
//! for the space itself; and so is a tab, as the columns it takes are the terminal's secret. A line's end within the text is
//! a mark of one cell.

use crate::ui::display::PROMPT;
use crate::wire::escape;
use crate::wire::guise::{Guise, guise};
use crate::wire::sizes::editor::COMPLETED_NAME;
use alloc::vec::Vec;
use core::str;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Bytes that the cursor steps over, and that are deleted, as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cluster {
    /// How many bytes of the line it takes; at least 1.
    pub(super) len: usize,
    /// How many columns of the screen it takes; at least 1.
    pub(super) width: usize,
    /// Shown in the visible form, not as it is.
    pub(super) escaped: bool,
    /// Goes to the next row as a whole if it does not fit, as a wide character does.
    pub(super) whole: bool,
}

/// How much of a text is looked at first to find the end of a cluster.
const LOOKAHEAD: usize = 16;
/// The longest encoding of one character.
const MAX_CHAR: usize = 4;
/// What is shown for a `\n`.
const LINE_END: &str = "⏎";

/// The cluster that begins at `at`, which must be the start of one. None at the end.
pub(super) fn cluster(text: &[u8], at: usize) -> Option<Cluster> {
    let rest = text.get(at..)?;
    let &byte = rest.first()?;
    if byte == b'\n' {
        return Some(Cluster { len: 1, width: 1, escaped: true, whole: true });
    }
    if byte.is_ascii_control() {
        return Some(Cluster { len: 1, width: 2, escaped: true, whole: false });
    }
    if byte.is_ascii() && rest.get(1).is_none_or(u8::is_ascii) {
        return Some(Cluster { len: 1, width: 1, escaped: false, whole: true });
    }
    let Some(first) = valid(&rest[..rest.len().min(MAX_CHAR)]).chars().next() else {
        return Some(Cluster { len: 1, width: 4, escaped: true, whole: false });
    };
    let deceives = |c| deceives(c, text, at);
    if deceives(first) {
        return Some(Cluster {
            len: first.len_utf8(),
            width: escape_width(first),
            escaped: true,
            whole: false,
        });
    }
    let grapheme = first_grapheme(rest, deceives);
    let width = grapheme.width();
    if width == 0 {
        // With nothing to stand on it would change what is before it, which may be another's text.
        let width = grapheme.chars().map(escape_width).sum();
        return Some(Cluster { len: grapheme.len(), width, escaped: true, whole: false });
    }
    // Terminals wrap before a wide character, but between the narrow ones that make up a cluster.
    let whole = first.width().unwrap_or(0) >= width;
    Some(Cluster { len: grapheme.len(), width, escaped: false, whole })
}

/// The grapheme cluster at the start of `rest`, which starts with a character that is shown as it is.
fn first_grapheme(rest: &[u8], deceives: impl Fn(char) -> bool) -> &str {
    let mut size = LOOKAHEAD;
    loop {
        let window = &rest[..rest.len().min(size)];
        let text = valid(window);
        let plain = text.find(&deceives).map_or(text, |end| &text[..end]);
        let grapheme = plain.graphemes(true).next().unwrap_or("");
        // An end before the window's end stands, whatever comes after it.
        let cut_by_window =
            grapheme.len() == text.len() && window.len() - text.len() < MAX_CHAR && window.len() < rest.len();
        if !cut_by_window {
            return grapheme;
        }
        size *= 2;
    }
}

/// The longest start of `bytes` that is text.
fn valid(bytes: &[u8]) -> &str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => str::from_utf8(&bytes[..e.valid_up_to()]).unwrap_or(""),
    }
}

/// Whether a character of the cluster at `at` is made visible: what is harmful, and a tab; in a name, what is hidden.
#[inline(never)]
fn deceives(c: char, text: &[u8], at: usize) -> bool {
    match guise(c) {
        Guise::Seen | Guise::Blank => false,
        Guise::Space | Guise::Ignorable => c == '\t' || is_in_name(text, at),
        Guise::Harmful => true,
    }
}

/// Whether a name stands at `at`: after the prompt, or behind the `@` of a word. A longer one than Tab completes is the
/// user's own work.
fn is_in_name(text: &[u8], at: usize) -> bool {
    let near = &text[at.saturating_sub(COMPLETED_NAME + 1)..at];
    let start = near.iter().rev().find(|byte| matches!(byte, b'@' | b' '));
    start == Some(&b'@') || text.starts_with(PROMPT)
}

fn escape_width(c: char) -> usize {
    match u32::from(c) {
        0..0x20 | 0x7f => 2,
        0x80..0xa0 => 4,
        n => 4 + hex_digits(n),
    }
}

fn hex_digits(n: u32) -> usize {
    (1..8).find(|&digits| n >> (4 * digits) == 0).unwrap_or(8)
}

/// Appends what is shown for a cluster.
pub(super) fn push_shown(bytes: &[u8], escaped: bool, out: &mut Vec<u8>) {
    if bytes == b"\n" {
        out.extend_from_slice(LINE_END.as_bytes());
    } else if escaped {
        push_escaped(bytes, out);
    } else {
        out.extend_from_slice(bytes);
    }
}

fn push_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            escape::append_visible(c, out);
        }
        for &byte in chunk.invalid() {
            escape::append_byte(byte, out);
        }
    }
}

/// What is shown of a text from `at` on in so many columns, and how many of them it takes.
pub(super) fn cut(text: &[u8], mut at: usize, columns: usize) -> (Vec<u8>, usize) {
    let (mut width, mut shown) = (0, Vec::new());
    while let Some(found) = cluster(text, at).filter(|found| width + found.width <= columns) {
        push_shown(&text[at..at + found.len], found.escaped, &mut shown);
        width += found.width;
        at += found.len;
    }
    (shown, width)
}

/// The start of the cluster that holds the byte at `at`, or the end of the text.
pub(super) fn floor(text: &[u8], at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    let mut start = safe_start(text, at);
    while let Some(found) = cluster(text, start) {
        if start + found.len > at {
            break;
        }
        start += found.len;
    }
    start
}

/// Whether all from `at` on is marks that go with the character before, both being shown as they are.
pub(super) fn joins(text: &[u8], at: usize) -> bool {
    let start = floor(text, at);
    // Bytes that complete a broken character stand for something else than what was shown.
    start < at
        && str::from_utf8(&text[at..]).is_ok()
        && cluster(text, start).is_some_and(|c| !c.escaped && start + c.len == text.len())
}

/// The start of the cluster before `at`, or 0.
pub(super) fn previous(text: &[u8], at: usize) -> usize {
    if at == 0 { 0 } else { floor(text, at - 1) }
}

/// The start of the cluster after the one at `at`, or the end of the text.
pub(super) fn next(text: &[u8], at: usize) -> usize {
    cluster(text, at).map_or(text.len(), |found| at + found.len)
}

/// A start of a cluster at or before `at`: between two ASCII characters nothing can join.
fn safe_start(text: &[u8], at: usize) -> usize {
    let mut start = at;
    while start > 0 && !(text[start].is_ascii() && text[start - 1].is_ascii()) {
        start -= 1;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(text: &[u8]) -> Vec<(usize, usize)> {
        let (mut at, mut found) = (0, Vec::new());
        while let Some(c) = cluster(text, at) {
            found.push((c.len, c.width));
            at += c.len;
        }
        assert_eq!(at, text.len());
        found
    }

    fn shown(text: &[u8]) -> String {
        let (mut at, mut out) = (0, Vec::new());
        while let Some(c) = cluster(text, at) {
            let before = out.len();
            push_shown(&text[at..at + c.len], c.escaped, &mut out);
            if c.escaped && text[at] != b'\n' {
                assert_eq!(out.len() - before, c.width, "{text:x?}");
            }
            at += c.len;
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_step_is_what_a_reader_takes_for_one_character() {
        let table: &[(&str, &[(usize, usize)])] = &[
            ("ab", &[(1, 1), (1, 1)]),
            ("aé", &[(1, 1), (2, 1)]),
            ("e\u{301}x", &[(3, 1), (1, 1)]),
            ("日本", &[(3, 2), (3, 2)]),
            ("👩\u{200d}👩\u{200d}👧\u{200d}👦!", &[(25, 2), (1, 1)]),
            ("🇩🇪🇫🇷", &[(8, 2), (8, 2)]),
            ("\t\x1b", &[(1, 2), (1, 2)]),
            ("\u{301}a", &[(2, 7), (1, 1)]),
            ("a\u{202e}\u{301}", &[(1, 1), (3, 8), (2, 7)]),
        ];
        for (text, expected) in table {
            assert_eq!(clusters(text.as_bytes()), *expected, "{text:?}");
        }
        assert_eq!(clusters(b"a\xff\xe3\x81"), [(1, 1), (1, 4), (1, 4), (1, 4)]);
    }

    #[test]
    fn what_could_control_or_deceive_is_made_visible() {
        let table: &[(&[u8], &str)] = &[
            (b"a\x1b[2Jb", "a^[[2Jb"),
            (b"\t\0\x7f", "^I^@^?"),
            ("\u{9b}\u{202e}\u{e0041}".as_bytes(), "\\x9b\\u{202e}\\u{e0041}"),
            (b"\x9b\xff", "\\x9b\\xff"),
            ("e\u{301}\u{200b}".as_bytes(), "e\u{301}\\u{200b}"),
            ("a\n\u{301}\r\n".as_bytes(), "a⏎\\u{301}^M⏎"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text), *expected);
        }
    }

    #[test]
    fn the_mark_of_a_line_end_takes_one_cell() {
        assert_eq!((LINE_END.width(), clusters("a\n\u{301}".as_bytes())), (1, vec![(1, 1), (1, 1), (2, 7)]));
    }

    #[test]
    fn a_cut_text_is_no_wider_than_asked_for() {
        for (text, columns, expected) in [
            ("hello", 9, ("hello", 5)),
            ("hello", 3, ("hel", 3)),
            ("hello", 0, ("", 0)),
            ("日本", 3, ("日", 2)),
            ("e\u{301}\u{301}f", 1, ("e\u{301}\u{301}", 1)),
            ("a\x1b[2J", 3, ("a^[", 3)),
            ("a\x1b[2J", 2, ("a", 1)),
            ("a\nb", 2, ("a⏎", 2)),
        ] {
            let (shown, width) = cut(text.as_bytes(), 0, columns);
            assert_eq!((str::from_utf8(&shown).unwrap(), width), expected, "{text:?}");
        }
        // What stands before counts.
        assert_eq!(cut("@a\u{200d}n".as_bytes(), 2, 9), (b"\\u{200d}n".to_vec(), 9));
    }

    /// Spec S14.
    #[test]
    fn nothing_is_hidden_in_a_name() {
        let prompt = str::from_utf8(PROMPT).unwrap();
        let far = "x".repeat(COMPLETED_NAME);
        let table = [
            ("@ann\u{200d} hi 👩\u{200d}👧".into(), r"@ann\u{200d} hi 👩~👧".into()),
            ("@👩\u{200d}👧 ❤\u{fe0f}".into(), r"@👩\u{200d}👧 ❤|".into()),
            ("@ann:\u{a0}hi".into(), r"@ann:\u{a0}hi".into()),
            ("@a\u{34f}\u{301} b".into(), r"@a\u{34f}\u{301} b".into()),
            ("hi @é\u{200d}, é\u{200d}".into(), r"hi @é\u{200d}, é~".into()),
            (
                "(reverse-i-search)`@a\u{fe0f}': @a\u{fe0f}".into(),
                r"(reverse-i-search)`@a\u{fe0f}': @a\u{fe0f}".into(),
            ),
            (format!("{prompt}ann é\u{200d}"), format!("{prompt}ann é\\u{{200d}}")),
            (format!("@{far}é\u{200d}"), format!("@{far}é\\u{{200d}}")),
            (format!("@{far}xé\u{200d}"), format!("@{far}xé~")),
        ];
        for (text, expected) in table {
            let (text, expected): (String, String) = (text, expected);
            assert_eq!(shown(text.as_bytes()), expected.replace('~', "\u{200d}").replace('|', "\u{fe0f}"));
        }
    }

    #[test]
    fn steps_back_are_the_steps_forward() {
        let text = "a👩\u{200d}👧b🇩🇪🇫🇷é\u{301}日 x\u{600}yz@👩\u{200d}👧".as_bytes();
        let (mut starts, mut at) = (vec![0], 0);
        while at < text.len() {
            at = next(text, at);
            starts.push(at);
        }
        for pair in starts.windows(2) {
            assert_eq!(previous(text, pair[1]), pair[0]);
            for inside in pair[0]..pair[1] {
                assert_eq!(floor(text, inside), pair[0]);
            }
        }
    }

    #[test]
    fn only_marks_join_what_is_shown() {
        for (text, at, joins) in [
            ("e\u{301}".as_bytes(), 1, true),
            ("e\u{301}x".as_bytes(), 1, false),
            ("ex".as_bytes(), 1, false),
            ("\u{202e}".as_bytes(), 2, false),
            ("é".as_bytes(), 1, false),
        ] {
            assert_eq!(super::joins(text, at), joins, "{text:x?}");
        }
    }

    #[test]
    fn a_cluster_longer_than_the_lookahead_is_whole() {
        let mut text = String::from("e");
        text.extend(std::iter::repeat_n('\u{301}', 1000));
        text.push('f');
        assert_eq!(clusters(text.as_bytes()), [(2001, 1), (1, 1)]);
    }
}
