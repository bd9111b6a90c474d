//! What is done a while after the last key, and what was typed too early.

use std::time::Duration;

use super::random::Random;
use super::{Bench, Event, quoted};

#[test]
fn escape_leaves_a_search_unless_it_begins_another_key() {
    let mut bench = Bench::marking(60, 10);
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
    bench.feed(b"\x15@x\x1b");
    assert_eq!(bench.editor.next_deadline(), None);
    assert_eq!(quoted(&bench.wait(10_000)), "");
    bench.feed(b"\x7f");
    assert_eq!(bench.editor.line(), b"@");
}

const HINT: &str = "  begin with @NAME, !who or !quit";

#[test]
fn line_that_would_be_ignored_says_so_after_a_pause() {
    for line in ["help", "?", "/quit", "!help", "!WHO", "!quit now", "hello", "@ x", "\u{65e5}"] {
        let mut bench = Bench::marking(60, 10);
        bench.feed(line.as_bytes());
        assert_eq!(quoted(&bench.wait(499)), "", "{line:?}");
        let written = bench.wait(1);
        assert_eq!(quoted(&written), format!(r"\x1b[2m{HINT}\x1b[m\x1b[33D"));
        assert_eq!((bench.rows(), bench.editor.next_deadline()), (vec![format!("{line}{HINT}")], None));
        assert_eq!(quoted(&bench.wait(10_000)), "", "once");
        bench.arrive("From bob: hi");
        assert_eq!(bench.rows(), ["From bob: hi".to_owned(), format!("{line}{HINT}")]);
        assert_eq!(bench.editor.next_deadline(), None);
        // Gone with the next key, and it begins anew.
        let written = bench.feed(b"x");
        assert!(written.starts_with(b"\x1b[K"));
        assert_eq!(bench.rows()[1], format!("{line}x"));
        bench.wait(600);
        bench.feed(b"\r");
        assert_eq!(bench.rows(), ["From bob: hi".to_owned(), format!("{line}x")]);
        assert_eq!(bench.editor.next_deadline(), None);
    }
}

/// However the line was typed; but not of those who type whole lines (spec S15).
#[test]
fn pastes_are_marked_from_a_pause_within_a_line_on() {
    let mut bench = Bench::new(60, 10);
    for whole in ["ann\n", "@bob hi\r", "hello\n"] {
        assert!(!quoted(&bench.feed(whole.as_bytes())).contains("2004"));
        assert_eq!(bench.editor.next_deadline(), None, "{whole:?}");
    }
    bench.feed(b"@bob hi");
    assert_eq!(quoted(&bench.wait(99)), "");
    assert_eq!(quoted(&bench.wait(1)), r"\x1b[?2004h");
    bench.feed(b"!");
    assert_eq!((bench.editor.next_deadline(), quoted(&bench.wait(10_000))), (None, String::new()), "once");
}

/// While nothing is typed, a terminal gets what a pipe gets (spec S15), however the line before was typed.
#[test]
fn nothing_is_said_of_a_line_that_was_entered() {
    let mut bench = Bench::new(60, 10);
    for reads in [&["he", "lp", "\r"][..], &["he", "lp\r"], &["?", "\r", "\r"]] {
        reads.iter().for_each(|read| drop(bench.feed(read.as_bytes())));
        assert_eq!(bench.editor.next_deadline(), None, "{reads:?}");
        assert_eq!(quoted(&bench.wait(1000)), "");
        assert_eq!(quoted(&bench.arrive("hi")), r"hi\n");
    }
}

#[test]
fn nothing_is_said_of_what_may_become_a_command_or_is_a_name() {
    let mut bench = Bench::new(60, 10);
    for line in ["", " ", "!", "!w", "!who", "!who ", "!qui", "@", "@b", "@bob", "@bob hi"] {
        bench.feed(line.as_bytes());
        bench.wait(10_000);
        assert!(!bench.rows().concat().contains("begin"), "{line:?}");
        assert_eq!(bench.editor.next_deadline(), None, "{line:?}");
        bench.feed(b"\x15");
    }
    bench.write(b"name: ");
    bench.editor.set_prompt(b"name: ");
    bench.feed(b"hello");
    assert_eq!((bench.editor.next_deadline(), quoted(&bench.wait(10_000))), (None, String::new()));
}

#[test]
fn hint_has_a_shorter_form_and_none_for_a_row_without_room() {
    for (columns, expected) in
        [(39, "hello  begin with @NAME, !who or !quit"), (38, "hello  begin with @NAME"), (23, "hello")]
    {
        let mut bench = Bench::new(columns, 4);
        bench.feed(b"hello");
        bench.wait(500);
        assert_eq!(bench.rows(), [expected], "{columns}");
    }
}

/// Some names were seen, and some lines sent.
fn acquainted() -> Bench {
    let mut bench = Bench::marking(40, 10);
    for name in ["ann", "anton\u{200d}"] {
        bench.editor.add_name(name.as_bytes());
    }
    bench.feed(b"@bob one two\n@bob one\x1b\r\x1b[200~\x1b[2Jthree\x1b[201~\n");
    bench
}

#[test]
fn names_and_lines_are_proposed_after_a_pause_and_taken_by_the_keys_that_go_on() {
    for (typed, key, proposed, taken) in [
        ("@a", "\x1b[C", r"@anton\u{200d}", "@anton\u{200d} "),
        ("@an", "\x06", r"@anton\u{200d}", "@anton\u{200d} "),
        ("@bob o", "\x1b[F", "@bob one⏎^[[2Jthree", "@bob one\n\x1b[2Jthree"),
        ("@bob one ", "\x05", "@bob one two", "@bob one two"),
        ("!w", "\x1bOC", "!who", "!who"),
    ] {
        let mut bench = acquainted();
        bench.feed(typed.as_bytes());
        assert_eq!(quoted(&bench.wait(99)), "");
        bench.wait(1);
        assert_eq!((bench.rows()[2].as_str(), bench.cursor()), (proposed, (2, typed.len())));
        assert_eq!(bench.editor.line(), typed.as_bytes(), "only proposed");
        // Another message, or name, changes nothing.
        bench.editor.add_name(b"anna");
        bench.arrive("From anna: hi");
        bench.feed(key.as_bytes());
        assert_eq!((bench.rows()[3].as_str(), bench.editor.line()), (proposed, taken.as_bytes()));
    }
}

#[test]
fn nothing_is_taken_that_was_not_shown() {
    let mut bench = acquainted();
    for keys in ["@bob o\x1b[C\x05", "x@bob o\x01\x04", "@bob "] {
        bench.feed(keys.as_bytes());
        let line = bench.editor.line().to_vec();
        let is_at_end = keys.ends_with("\x05");
        assert_eq!(bench.editor.next_deadline().is_some(), is_at_end, "{keys:?}");
        bench.feed(b"\x1b[F");
        assert_eq!(bench.editor.line(), line);
        bench.feed(b"\x15");
    }
    // Gone before the line is sent.
    bench.feed(b"@bob o");
    bench.wait(200);
    assert_eq!(bench.rows()[2], "@bob one⏎^[[2Jthree");
    bench.feed(b"\r");
    assert_eq!((bench.rows()[2].as_str(), bench.lines()[2]), ("@bob o", "@bob o"));
    // Not in a row that has no room for it.
    bench.resize(7, 10);
    bench.feed(b"@bob o");
    bench.wait(200);
    bench.feed(b"\x1b[C");
    assert_eq!(bench.editor.line(), b"@bob o");
}

#[test]
fn tab_on_an_empty_line_answers_who_wrote_last() {
    let mut bench = Bench::new(40, 10);
    bench.feed(b"\t");
    assert_eq!(bench.editor.line(), b"");
    for name in ["ann", "bob"] {
        bench.editor.add_sender(name.as_bytes());
    }
    bench.editor.add_name(b"carl");
    let written = bench.feed(b"\t");
    assert_eq!(quoted(&written), r"@bob \x1b[?2004h", "what is pasted behind it goes to bob");
    assert_eq!(bench.rows(), ["@bob"]);
    bench.editor.add_sender(b"dora");
    bench.arrive("From dora: hi");
    assert_eq!(bench.editor.line(), b"@bob ");
    bench.feed(b"\t");
    assert_eq!(bench.editor.line(), b"@ann ");
    bench.feed(b"\x15hi\x01\t");
    assert_eq!(bench.editor.line(), b"@dora hi");
    // Not where a name is asked for.
    bench.feed(b"\x05\x15");
    bench.editor.set_prompt(b"name: ");
    bench.feed(b"\t");
    assert_eq!(bench.editor.line(), b"");
}

#[test]
fn line_that_was_for_nobody_is_fetched_with_the_cursor_behind_its_name() {
    let mut bench = Bench::new(40, 10);
    bench.editor.add_name(b"bob");
    bench.feed(b"@bbo how are you\r");
    bench.editor.note_miss();
    bench.feed(b"\x1b[A");
    assert_eq!((bench.rows()[1].as_str(), bench.cursor()), ("@bbo how are you", (1, 4)));
    bench.feed(b"\x7f\x7f\t\r");
    assert_eq!(bench.lines()[1], "@bob how are you");
    bench.feed(b"\x1b[A");
    assert_eq!(bench.cursor(), (2, 16), "once");
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

/// What is dim is no part of anything: with or without pauses the keys do the same, but for those that take a proposal.
#[test]
fn pauses_change_nothing_but_what_is_dim() {
    let reads = "a|b|@|@b|o|h|hi |!w|!|日|\u{202e}|\x7f|\x7f|\x15|\x17|\x19|\x01|\x1b[D|\x1b[A|\x1b[B|\t|\t|\r|\r|x\r|\x1b\r\
        |\x12|\x07|\x1b[200~a\rb\r\x1b[201~|\x03";
    let reads: Vec<&str> = reads.split('|').collect();
    let mut random = Random(0x1234_5678_9abc_def1);
    for columns in [12, 40, 80] {
        let mut benches = [Bench::new(columns, 24), Bench::new(columns, 24)];
        let mut dim = 0;
        for step in 0..3000 {
            let read = reads[random.below(reads.len())];
            let (pause, arrives) = (random.below(3) as u64 * 300, random.below(9) == 0);
            for (bench, pauses) in benches.iter_mut().zip([true, false]) {
                bench.feed(read.as_bytes());
                if pauses {
                    dim += bench.wait(pause).len();
                }
                if arrives {
                    bench.editor.add_sender(format!("bob{}", step % 3).as_bytes());
                    bench.arrive("From bob: hi");
                }
            }
            let [one, other] = &mut benches;
            assert_eq!((one.editor.line(), &one.events), (other.editor.line(), &other.events), "{read:?}");
            one.events.clear();
            other.events.clear();
            if step % 100 == 99 {
                benches.iter_mut().for_each(|bench| drop(bench.feed(b"\x07\x05\x15")));
                assert_eq!(
                    (benches[0].rows(), benches[0].cursor()),
                    (benches[1].rows(), benches[1].cursor())
                );
            }
        }
        assert!(dim > 100, "{dim}");
    }
}
