//! Keys that come while the line is hidden: nothing is written then, and all is right afterwards.

use super::random::Random;
use super::{Bench, Event, quoted};
use crate::ui::editor::Editor;
use crate::ui::editor::terminal::QUESTION;

const ASKED: &str = "\x1b[?2004h";

/// Feeds reads to a hidden editor, each to its end; gives the events.
fn feed_hidden(editor: &mut Editor, reads: &[&str]) -> Vec<Event> {
    let (mut out, mut events) = (Vec::new(), Vec::new());
    for read in reads {
        let mut rest = read.as_bytes();
        while !rest.is_empty() {
            let (taken, event) = editor.feed(rest, &mut out);
            rest = &rest[taken..];
            events.extend(event);
        }
    }
    assert_eq!(quoted(&out), "", "written while hidden: {reads:?}");
    events
}

fn line(text: &str) -> Event {
    Event::Line(text.as_bytes().to_vec())
}

#[test]
fn what_was_typed_while_hidden_is_written_by_the_next_show() {
    // The prompt, what is typed before; the reads while hidden, their events; and what the next show writes.
    type Row<'a> = (&'a str, &'a str, &'a [&'a str], &'a [Event], &'a str);
    let rows: &[Row<'_>] = &[
        ("", "", &["a"], &[], &format!("a{ASKED}")),
        ("", "", &["a", "b"], &[], &format!("ab{ASKED}")),
        ("", "", &["ab"], &[], "ab"),
        ("", "", &["a", "\x7f"], &[], ASKED),
        ("", "", &["a", "\r"], &[line("a")], ASKED),
        ("", "", &["a\r", "b"], &[line("a")], &format!("b{ASKED}")),
        ("", "", &["\x1b[200~@a 1\r", "2\x1b[201~"], &[], &format!("@a 1⏎2{ASKED}")),
        ("", "", &["\x1b[200~@a 1\r", "2\x1b[201~", "\r"], &[line("@a 1\n@a 2")], ASKED),
        ("", "", &["\x03", "\x04", "\x1a"], &[Event::Interrupt, Event::EndOfInput, Event::Suspend], ""),
        ("", "ab", &["c\x02"], &[], "abc\x08"),
        ("", "ab", &["c\r"], &[line("abc")], ""),
        ("", "ab", &["c\rde\rfg"], &[line("abc"), line("de")], "fg"),
        ("", "ab", &["c\x03"], &[], ""),
        ("", "ab", &["\x15\x04"], &[Event::EndOfInput], ""),
        ("", "ab", &["\x0c"], &[], "ab"),
        ("", "ab", &["\x1a"], &[Event::Suspend], "ab"),
        ("", "one\r", &["\x1b[A"], &[], &format!("one{ASKED}")),
        ("", "one\r", &["\x12n"], &[], "(reverse-i-search)`n': one\x1b[2D"),
        ("", "one\r", &["\x12n\r"], &[line("one")], ""),
        ("", "one\rab\x12n", &["\x07"], &[], "ab"),
        ("> ", "ab", &["c"], &[], "> abc"),
        ("> ", "ab", &["c\r"], &[line("abc")], ""),
        ("> ", "ab", &["c\r", "d"], &[line("abc")], &format!("d{ASKED}")),
        // The question still waits for an answer.
        ("> ", "ab", &["\x03"], &[], "> "),
        ("> ", "ab", &["\x15"], &[], "> "),
        // With nothing typed the prompt was left where it is.
        ("> ", "", &["ab"], &[], "ab"),
        ("> ", "", &["ab\x03"], &[], ""),
        ("> ", "", &["\x0c"], &[], ""),
        ("> ", "", &["ab\r"], &[line("ab")], "\x08\x08  \x08\x08"),
    ];
    for (prompt, before, reads, events, expected) in rows {
        let mut bench = Bench::new(40, 6);
        bench.write(prompt.as_bytes());
        bench.editor.set_prompt(prompt.as_bytes());
        bench.feed(before.as_bytes());
        let mut out = Vec::new();
        bench.editor.hide(&mut out);
        assert!(bench.editor.is_hidden());
        assert_eq!(feed_hidden(&mut bench.editor, reads), *events, "{before:?} {reads:?}");
        out.clear();
        bench.editor.show(&mut out);
        assert_eq!(quoted(&out), quoted(expected.as_bytes()), "{prompt:?} {before:?} {reads:?}");
        assert!(!bench.editor.is_hidden());
        out.clear();
        bench.editor.show(&mut out);
        assert_eq!(quoted(&out), "", "shown twice");
    }
}

#[test]
fn only_a_request_that_was_written_is_taken_back() {
    let mut editor = Editor::new(80, 24);
    let mut out = Vec::new();
    editor.hide(&mut out);
    feed_hidden(&mut editor, &["a"]);
    editor.leave(&mut out);
    assert_eq!(quoted(&out), "");
    editor.show(&mut out);
    assert_eq!(quoted(&out), "a", "the next line asks, not this one");
    out.clear();
    editor.feed(b"\r", &mut out);
    editor.feed(b"b", &mut out);
    editor.hide(&mut out);
    editor.leave(&mut out);
    editor.leave(&mut out);
    assert_eq!(quoted(&out), r"\nb\x1b[?2004h\r\x1b[J\x1b[?2004l");
}

/// The rows above a prompt that has just been printed are no longer ours, however wide the terminal is by the next show.
#[test]
fn a_new_size_behind_a_new_prompt_erases_no_message() {
    let mut bench = Bench::new(10, 8);
    bench.feed(b"abcdefgh\x02");
    let mut out = Vec::new();
    bench.editor.hide(&mut out);
    bench.editor.set_prompt(b"a long prompt: ");
    bench.editor.resize(20, 8, &mut out);
    out.clear();
    bench.editor.show(&mut out);
    assert_eq!(out, QUESTION);
    bench.write(&out);
    bench.wait(0);
    assert_eq!(quoted(&bench.wait(200)), r"\r\x1b7\x1b[K\x1b[B\x1b[J\x1b8a long prompt: abcdefgh\x08");
}

/// Two editors get the same keys, one while it is hidden; when both are drawn afresh they show the same.
#[test]
fn keys_do_the_same_hidden_or_not() {
    let reads = "a|b|日|e\u{301}|\u{202e}|c |\x1b[D|\x1b[C|\x1b[A|\x1b[B|\x01|\x05|\x7f|\x7f|\x1b[3~|\x0b|\x15|\x17|\x19|\x14\
        |\r|x\ry|\x03|\x04|\x1a|\x0c|\x12|\x12|\x07|!\t|\x1b|[|\x1b[200~|\x1b[201~";
    let reads: Vec<&str> = reads.split('|').collect();
    let mut random = Random(0x6a09_e667_f3bc_c909);
    for columns in [10, 40] {
        let (mut hidden, mut shown) = (Editor::new(columns, 24), Bench::new(columns, 24));
        hidden.begin_chat();
        let (mut prompt, mut asked) = ("", 0);
        for _ in 0..3000 {
            if hidden.is_idle() {
                // Whoever prints something ends the row of a prompt that was left alone, and may ask anew.
                prompt = if random.below(4) == 0 { "name? " } else { "" };
                hidden.set_prompt(prompt.as_bytes());
                shown.editor.set_prompt(prompt.as_bytes());
            }
            if random.below(30) == 0 {
                hidden.leave(&mut Vec::new());
                shown.editor.leave(&mut Vec::new());
            }
            // Behind a prompt that is left where it is only the line is drawn.
            let from_scratch = prompt.is_empty() || !hidden.is_idle();
            hidden.hide(&mut Vec::new());
            let reads: Vec<&str> = (0..=random.below(3)).map(|_| reads[random.below(reads.len())]).collect();
            let events = feed_hidden(&mut hidden, &reads);
            let written: Vec<u8> = reads.iter().flat_map(|read| shown.feed(read.as_bytes())).collect();
            assert_eq!(events, shown.events, "{reads:?}");
            assert_eq!(hidden.line(), shown.editor.line(), "{reads:?}");
            shown.events.clear();
            if events.iter().any(|event| matches!(event, Event::Line(_))) {
                prompt = "";
            }

            let mut out = Vec::new();
            hidden.show(&mut out);
            let requests = count_requests(&written);
            asked += requests;
            assert_eq!(count_requests(&out), requests, "{reads:?}");
            let drawn = out.strip_suffix(ASKED.as_bytes()).unwrap_or(&out);
            let mut afresh = Vec::new();
            shown.editor.hide(&mut Vec::new());
            shown.editor.show(&mut afresh);
            if shown.editor.is_idle() {
                afresh = prompt.into();
            }
            if from_scratch {
                assert_eq!(quoted(drawn), quoted(&afresh), "{reads:?}");
            }
        }
        assert!(asked > 10, "{asked}");
    }
}

fn count_requests(bytes: &[u8]) -> usize {
    bytes.windows(ASKED.len()).filter(|part| *part == ASKED.as_bytes()).count()
}
