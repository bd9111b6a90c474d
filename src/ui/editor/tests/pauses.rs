//! What is done a while after the last key, and what was typed too early.

use std::time::Duration;

use super::{Bench, Event, quoted};

#[test]
fn escape_leaves_a_search_unless_it_begins_another_key() {
    let mut bench = Bench::new(60, 10);
    bench.feed(b"@ann one\n@ann two\nhalf\x12one\x1b");
    assert_eq!(bench.rows()[2], "(reverse-i-search)`one': @ann one");
    assert_eq!(bench.editor.next_deadline(), Some(Duration::from_millis(75)));
    assert_eq!(quoted(&bench.wait(74)), "");
    bench.wait(1);
    assert_eq!((bench.rows()[2].as_str(), bench.editor.next_deadline()), ("half", None));
    // The next key is a key of its own.
    bench.feed(b"[A");
    assert_eq!(bench.editor.line(), b"half[A");
    // In time it is the start of a sequence.
    bench.feed(b"\x7f\x7f\x12one\x1b");
    bench.wait(70);
    bench.feed(b"[F!");
    assert_eq!((bench.editor.line(), bench.editor.next_deadline()), (&b"@ann one!"[..], None));
    // Elsewhere it waits for ever, and nobody for it.
    bench.feed(b"\x15half\x1b");
    assert_eq!(bench.editor.next_deadline(), None);
    assert_eq!(quoted(&bench.wait(10_000)), "");
    bench.feed(b"\x7f");
    assert_eq!(bench.editor.line(), b"");
}

#[test]
fn escape_leaves_a_search_that_is_hidden() {
    let mut bench = Bench::new(60, 10);
    bench.feed(b"@ann one\nhalf\x12one");
    let mut out = Vec::new();
    bench.editor.hide(&mut out);
    bench.feed(b"\x1b");
    assert_eq!(quoted(&bench.wait(100)), "");
    out.clear();
    bench.editor.show(&mut out);
    assert_eq!(quoted(&out), "half");
}

#[test]
fn end_of_input_that_a_line_mode_took_is_one() {
    let mut bench = Bench::new(60, 10);
    bench.editor.expect_early(5);
    bench.feed(b"ann\n");
    bench.editor.expect_early(0);
    bench.feed(b"\0");
    assert_eq!(bench.events, [Event::Line(b"ann".to_vec()), Event::EndOfInput]);
    // Later it is a key that means nothing, and never one in a line.
    bench.feed(b"\0");
    bench.editor.expect_early(2);
    bench.feed(b"a\0\0");
    assert_eq!((bench.events.len(), bench.editor.line()), (2, &b"a"[..]));
}
