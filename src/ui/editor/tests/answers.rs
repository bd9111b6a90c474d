//! The terminal's answers among the keys: they are taken for nothing else, and nothing else for them.

use super::{Bench, Event, quoted};
use crate::ui::editor::Editor;
use crate::ui::editor::terminal::QUESTION;
use core::time::Duration;

const ANSWER: &str = "\x1b[1;3R\x1b[>84;0;0c\x1b[8;30R";

/// An editor with a line typed that was asked for its place.
fn asked() -> Bench {
    let mut bench = Bench::new(40, 8);
    bench.feed(b"a");
    bench.feed(b"b");
    let mut out = Vec::new();
    bench.editor.resize(30, 8, &mut out);
    assert_eq!(out, QUESTION);
    bench
}

#[test]
fn an_answer_is_no_key_however_it_is_cut() {
    let reads = [
        (ANSWER.to_owned(), "ab"),
        (format!("c{ANSWER}d"), "abcd"),
        (ANSWER.replace('R', "Rx"), "abxx"),
        (ANSWER.replace("\x1b[>", "é\x1b[>"), "abé"),
        (format!("\x1b[D{ANSWER}c"), "acb"),
        // The user's ESC is lost, as is any that no sequence follows.
        (format!("\x1b{ANSWER}c"), "abc"),
        (format!("\x1b[200~c{ANSWER}d\x1b[201~e"), "abcde"),
        (format!("\x1b[200~c\x1b[2{ANSWER}\x1b[201;\x1b[1;2Rd\x1b[201~"), "abc\x1b[2\x1b[201;\x1b[1;2Rd"),
    ];
    for (read, line) in &reads {
        let read = read.as_bytes();
        for at in 0..read.len() {
            let mut bench = asked();
            bench.feed(&read[..at]);
            bench.feed(&read[at..]);
            assert_eq!(quoted(bench.editor.line()), quoted(line.as_bytes()), "{} at {at}", quoted(read));
            assert_eq!(bench.editor.awaited_answers(), 0);
        }
        let mut bench = asked();
        read.iter().for_each(|&byte| drop(bench.feed(&[byte])));
        assert_eq!(quoted(bench.editor.line()), quoted(line.as_bytes()), "{} byte by byte", quoted(read));
    }
}

#[test]
fn an_answer_nobody_has_asked_for_does_nothing() {
    let mut bench = Bench::new(40, 8);
    bench.feed(b"ab");
    for read in
        [ANSWER, "\x1b[1;2R", "\x1b[12;40R\x1b[?1;2c\x1b[>1;4000;26c", "\x1b[R", "\x1b[0;0R", "\x1b[1;1;1R"]
    {
        assert_eq!(quoted(&bench.feed(read.as_bytes())), "");
    }
    assert_eq!(bench.editor.line(), b"ab");
    // In a paste it is text.
    bench.feed(b"\x1b[200~\x1b[1;3R\x1b[201~");
    assert_eq!(quoted(bench.editor.line()), r"ab\x1b[1;3R");
}

#[test]
fn keys_count_before_the_answer_and_are_seen_after_it() {
    let mut bench = asked();
    assert_eq!(quoted(&bench.feed(b"c\x7fd\x02")), "");
    assert_eq!(bench.editor.line(), b"abd");
    assert_eq!(quoted(&bench.feed(ANSWER.as_bytes())), r"\x1b[H\x1b[2Cd\x08");
    let mut bench = asked();
    assert_eq!(quoted(&bench.feed(b"c\r")), r"c\n", "Enter does not wait");
    assert_eq!(bench.events, [Event::Line(b"abc".to_vec())]);
    assert_eq!(quoted(&bench.feed(ANSWER.as_bytes())), "");
    assert_eq!(quoted(&bench.feed(b"x")), "x");
}

#[test]
fn a_late_answer_is_not_taken_for_the_next_one() {
    let mut bench = asked();
    bench.wait(0);
    bench.wait(199);
    assert!(bench.editor.is_restless());
    assert_eq!(quoted(&bench.wait(1)), r"\r\x1b7\x1b[K\x1b[B\x1b[J\x1b8ab");
    let mut out = Vec::new();
    bench.editor.resize(20, 8, &mut out);
    assert_eq!(out, QUESTION);
    assert_eq!(quoted(&bench.feed(b"\x1b[5;2R\x1b[8;30R\x1b[6;3R")), "");
    assert_eq!(quoted(&bench.feed(b"\x1b[8;20R")), r"\x1b[6H\r\x1b7\x1b[K\x1b[B\x1b[J\x1b8ab");
}

#[test]
fn one_that_gives_no_answers_is_asked_no_more_until_it_does() {
    let mut bench = asked();
    let (mut out, mut asked) = (Vec::new(), 0);
    for step in 0..50 {
        bench.editor.resize(20 + step % 2, 8, &mut out);
        asked += usize::from(out.ends_with(QUESTION));
        out.clear();
        bench.wait(0);
        bench.wait(200);
    }
    assert_eq!(asked, 15);
    bench.feed(ANSWER.as_bytes());
    bench.editor.resize(30, 8, &mut out);
    assert!(out.ends_with(QUESTION));
}

#[test]
fn there_is_a_deadline_only_between_a_question_and_its_end() {
    let ms = |ms| Some(Duration::from_millis(ms));
    let mut out = Vec::new();
    let mut editor = Editor::new(40, 8);
    editor.set_prompt(b"a prompt that is wider than that: ");
    editor.resize(30, 8, &mut out);
    assert_eq!((editor.next_deadline(), editor.is_restless(), quoted(&out)), (None, false, String::new()));
    // Something typed is what the question has waited for.
    editor.feed(b"a", &mut out);
    assert_eq!(out, QUESTION);
    editor.handle_time(Duration::from_millis(1000));
    assert_eq!((editor.next_deadline(), editor.is_restless()), (ms(1200), true));
    editor.feed(ANSWER.as_bytes(), &mut out);
    assert_eq!((editor.next_deadline(), editor.is_restless()), (ms(1300), true));
    editor.handle_time(Duration::from_millis(1300));
    assert_eq!((editor.next_deadline(), editor.is_restless()), (None, false));
}

#[test]
fn whole_lines_typed_at_once_ask_for_nothing() {
    let mut bench = Bench::new(40, 8);
    let prompt = b"a prompt that is wider than that: ";
    bench.write(prompt);
    bench.editor.set_prompt(prompt);
    bench.resize(30, 8);
    assert_eq!(quoted(&bench.feed(b"ann\n")), r"ann\n");
    assert_eq!(quoted(&bench.feed(b"!who\n")), r"!who\n");
}

#[test]
fn nobody_waits_for_an_answer_who_leaves() {
    let mut bench = asked();
    let mut out = Vec::new();
    bench.editor.suspend(&mut out);
    assert_eq!(quoted(&out), r"\r\x1b7\x1b[K\x1b[B\x1b[J\x1b8\x1b[?2004l");
    assert_eq!((bench.editor.awaited_answers(), bench.editor.is_restless()), (2, false));
    let mut bench = asked();
    bench.feed(b"\x7f\x7f");
    out.clear();
    bench.editor.hide(&mut out);
    assert_eq!(
        quoted(&out),
        r"\r\x1b7\x1b[K\x1b[B\x1b[J\x1b8",
        "what was drawn goes, though nothing is typed any more"
    );
}
