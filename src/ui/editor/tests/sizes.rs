//! Lines longer than the screen is wide or high, and screens that change their size.

use super::{Bench, quoted};
use crate::ui::editor::terminal::QUESTION;

#[test]
fn a_long_line_costs_bytes_in_proportion() {
    const LEN: usize = 100_000;
    for (text, step) in [("x", 1), ("x", 4096), ("日", 1), ("日", 4096), ("\x01y", 8192)] {
        let text = text.repeat(LEN / text.len());
        let mut bench = Bench::new(80, 24);
        for piece in text.as_bytes().chunks(step) {
            bench.feed(piece);
        }
        assert!(bench.written < 3 * LEN, "{} bytes written", bench.written);
        bench.written = 0;
        bench.arrive("hi");
        assert!(bench.written < 3 * 80 * 24 + 100, "{} bytes written", bench.written);
        bench.written = 0;
        bench.feed(b"\n");
        assert!(bench.written < LEN + 100, "{} bytes written", bench.written);
        assert_eq!(bench.events.len(), 1);
    }
}

#[test]
fn a_line_taller_than_the_screen_leaves_nothing_behind() {
    let mut bench = Bench::new(10, 4);
    bench.arrive("first");
    let text: String = (0..8).map(|row| format!("row {row} ...")).map(|row| format!("{row:10}")).collect();
    for byte in text.as_bytes() {
        bench.feed(&[*byte]);
        bench.arrive("hi");
        assert!(bench.rows().iter().all(|row| row == "hi" || row == "first" || text.contains(row.as_str())));
    }
    assert_eq!(bench.rows(), ["hi", "hi", "row 6 ...", "row 7 ..."]);
    bench.feed(b"\x01");
    assert_eq!(bench.rows(), ["hi", "row 0 ...", "row 1 ...", "row 2 ..."]);
    assert_eq!(bench.cursor(), (1, 0));
    bench.arrive("ho");
    assert_eq!(bench.rows(), ["ho", "row 0 ...", "row 1 ...", "row 2 ..."]);
    assert_eq!(bench.cursor(), (1, 0));
    bench.feed(b"\r");
    assert_eq!(bench.lines(), [text]);
    assert_eq!(bench.rows(), ["row 5 ...", "row 6 ...", "row 7 ..."]);
    assert_eq!(bench.cursor(), (3, 0));
}

#[test]
fn a_message_is_seen_above_a_line_that_fills_the_screen() {
    for len in [60, 79, 80, 81, 88, 99, 100, 101, 240] {
        let mut bench = Bench::new(20, 5);
        for byte in numbered(len).bytes() {
            bench.feed(&[byte]);
        }
        for text in ["hi", "ho"] {
            bench.arrive(text);
            assert!(bench.rows().iter().any(|row| row == text), "{len}: {:?}", bench.rows());
        }
        bench.feed(b"\x01");
        bench.arrive("he");
        assert!(bench.rows().iter().any(|row| row == "he"), "{len}: {:?}", bench.rows());
        bench.feed(b"\r");
        assert_eq!(bench.lines(), [numbered(len)]);
    }
}

/// A text in which each place looks different.
fn numbered(len: usize) -> String {
    (0..).flat_map(|n: usize| format!("{n} ").into_bytes()).map(char::from).take(len).collect()
}

#[test]
fn a_change_in_the_middle_costs_what_follows_it() {
    for (len, back, columns) in
        [(88, 0, 80), (88, 4, 80), (88, 20, 80), (88, 60, 30), (1000, 500, 80), (1000, 10, 40)]
    {
        let mut bench = Bench::new(columns, 40);
        bench.arrive("above");
        bench.feed(numbered(len).as_bytes());
        bench.feed("\x02".repeat(back).as_bytes());
        let motions = 20;
        for (key, shift) in [("x", 1), ("y", 1), ("\x7f", 0), ("\x1b[3~", -1)] {
            let written = bench.feed(key.as_bytes()).len();
            let erased = if shift < 1 { 3 } else { 0 };
            assert!(written <= back + 1 + motions + erased, "{len} {back} {key:?}: {written} bytes");
        }
        let mut fresh = Bench::new(columns, 40);
        fresh.arrive("above");
        fresh.feed(bench.editor.line());
        assert_eq!(bench.rows(), fresh.rows());
    }
}

#[test]
fn a_new_size_draws_the_line_anew_and_erases_no_message() {
    for cursor in ["", "\x01", "\x02\x02"] {
        let mut bench = Bench::new(40, 8);
        bench.arrive("message one");
        bench.arrive("message two");
        bench.feed(b"a half-typed line of text");
        bench.feed(cursor.as_bytes());
        bench.resize(60, 10);
        assert_eq!(bench.rows(), ["message one", "message two", "a half-typed line of text"]);
        // This emulator cuts rows off; one that wraps them again may keep a piece of the old line above.
        bench.resize(20, 10);
        assert_eq!(bench.rows(), ["message one", "message two", "a half-typed line of", " text"]);
        bench.resize(60, 10);
        assert_eq!(bench.rows()[..2], ["message one", "message two"]);
        bench.arrive("message three");
        let rows = bench.rows();
        assert_eq!(rows[rows.len() - 2..], ["message three", "a half-typed line of text"]);
    }
}

#[test]
fn a_new_size_goes_up_no_further_than_is_surely_ours() {
    // Whether the terminal has wrapped the rows again or not, the cursor is at least so far below the line's first row.
    for (from, to, text, expected) in [
        (20, 40, "a short line", r"\r\x1b7\x1b[K\x1b[B\x1b[J\x1b8"),
        (10, 20, "two rows or one", r"\r\x1b7\x1b[K\x1b[B\x1b[J\x1b8"),
        (20, 10, "one row or two", r"\r\x1b7\x1b[K\x1b[B\x1b[J\x1b8"),
        (10, 12, "three rows before and after", r"\r\x1b[2A\x1b7\x1b[K\x1b[B\x1b[J\x1b8"),
    ] {
        let mut bench = Bench::new(from, 10);
        bench.feed(text.as_bytes());
        let mut out = Vec::new();
        bench.editor.resize(to, 10, &mut out);
        assert_eq!(out, QUESTION);
        bench.wait(0);
        assert_eq!(quoted(&bench.wait(199)), "");
        assert_eq!(quoted(&bench.wait(1)), format!("{expected}{text}"));
        out.clear();
        bench.editor.resize(to, 10, &mut out);
        assert_eq!(quoted(&out), "");
    }
}

#[test]
fn a_new_size_while_hidden_counts_at_the_next_show() {
    let mut bench = Bench::new(10, 8);
    bench.feed(b"abcdefghijklmno");
    let mut out = Vec::new();
    bench.editor.hide(&mut out);
    bench.write(&out);
    bench.resize(30, 8);
    out.clear();
    bench.editor.show(&mut out);
    assert_eq!(quoted(&out), "abcdefghijklmno");
    bench.write(&out);
    bench.feed(b"\x01");
    assert_eq!(bench.cursor(), (0, 0));
}
