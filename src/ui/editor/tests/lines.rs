//! A typed text of several lines, by pasting or by hand.

use super::{Bench, Editor, Event, PROMPT, quoted};

fn pasted(text: &str) -> String {
    format!("\x1b[200~{text}\x1b[201~")
}

/// What is pasted, what is then shown, and the line that Enter makes of it, if it does.
const PASTES: &[(&str, &str, Option<&str>)] = &[
    ("@tia one\rtwo", "@tia one⏎two", Some("@tia one\n@tia two")),
    ("@tia one\r\ntwo\r\n", "@tia one⏎two", Some("@tia one\n@tia two")),
    ("@tia one\n!quit\n@ann x", "@tia one⏎!quit⏎@ann x", Some("@tia one\n@tia !quit\n@tia @ann x")),
    ("@tia one\n\n\n two\n\n", "@tia one⏎⏎⏎ two", Some("@tia one\n@tia  two")),
    ("\n@tia one\ntwo", "⏎@tia one⏎two", Some("@tia one\n@tia two")),
    // One line is as typed.
    ("@tia one\n", "@tia one", Some("@tia one")),
    ("!who\r\n", "!who", Some("!who")),
    ("hello\n", "hello", Some("hello")),
    // This is for nobody.
    ("one\n@tia two", "one⏎@tia two", None),
    ("!quit\n@tia two", "!quit⏎@tia two", None),
];

#[test]
fn a_paste_of_several_lines_waits_for_enter() {
    for (paste, shown, line) in PASTES {
        let read = pasted(paste);
        for size in [1, 2, 3, read.len()] {
            let mut bench = Bench::new(40, 10);
            read.as_bytes().chunks(size).for_each(|piece| drop(bench.feed(piece)));
            assert_eq!((bench.events.len(), bench.rows()), (0, vec![(*shown).to_owned()]), "{paste:?}");
            bench.feed(b"\r");
            assert_eq!(bench.lines().first().copied(), *line, "{paste:?}");
            // What is for nobody is still there, and says so.
            let hint = if line.is_some() { "" } else { "  begin with @NAME" };
            assert_eq!(bench.rows(), [format!("{shown}{hint}")]);
            assert_eq!(bench.cursor().0, usize::from(line.is_some()));
            assert_eq!(bench.editor.is_idle(), line.is_some());
        }
    }
}

#[test]
fn what_is_pasted_behind_a_name_is_for_it() {
    let mut bench = Bench::new(40, 10);
    bench.feed(format!("@tia {}\r", pasted("one\n!quit\n")).as_bytes());
    bench.feed(format!("@tia\x1b\r{}{}\r", pasted("one\n"), pasted("two\n")).as_bytes());
    assert_eq!(bench.lines(), ["@tia one\n@tia !quit", "@tia one\n@tia two"]);
}

#[test]
fn further_lines_by_hand_and_editing_across_their_ends() {
    let mut bench = Bench::new(60, 10);
    bench.feed(b"@tia one\x1b\rtwo three\x1b\r");
    assert_eq!(bench.rows(), ["@tia one⏎two three⏎"]);
    assert_eq!(bench.cursor(), (0, 19));
    for (keys, shown, column) in [
        ("\x7f\x7f", "@tia one⏎two thre", 17),
        ("\x17\x17", "@tia one⏎", 9),
        ("\x17", "@tia", 5),
        ("\x19", "@tia one⏎two thre", 17),
        ("\x1bb\x1bb\x7f", "@tia onetwo thre", 8),
        ("\x1b\r\x1b[D\x1b[D", "@tia one⏎two thre", 7),
        ("\x01", "@tia one⏎two thre", 0),
        ("\x05\x1bb\x0b", "@tia one⏎two", 13),
        ("\x15", "", 0),
        ("\x19", "@tia one⏎two thre", 17),
    ] {
        bench.feed(keys.as_bytes());
        assert_eq!(bench.rows().first().map_or("", String::as_str), shown, "{}", quoted(keys.as_bytes()));
        assert_eq!(bench.cursor(), (0, column), "{}", quoted(keys.as_bytes()));
    }
    bench.feed(b"\r");
    assert_eq!(bench.lines(), ["@tia one\n@tia two thre"]);
    // One entry of the history.
    bench.feed(b"\x1b[A");
    assert_eq!(bench.editor.line(), b"@tia one\ntwo thre");
    bench.feed(b"\x15\x12wo");
    assert_eq!(bench.rows()[1], "(reverse-i-search)`wo': @tia one⏎two thre");
    bench.feed(b"\r");
    assert_eq!(bench.lines().len(), 2);
}

#[test]
fn a_name_has_one_line() {
    let mut bench = Bench::new(80, 10);
    bench.write(PROMPT);
    bench.editor.set_prompt(PROMPT);
    bench.feed(pasted("ann\n!who\n").as_bytes());
    bench.feed(b"\r");
    bench.editor.set_prompt(PROMPT);
    bench.feed(pasted("ann\n").as_bytes());
    bench.feed(b"\r");
    assert_eq!(bench.lines(), ["ann !who", "ann"]);
}

#[test]
fn a_name_is_no_line_to_be_sent_again() {
    let mut editor = Editor::new(80, 24);
    let mut out = Vec::new();
    editor.set_prompt(PROMPT);
    for read in [&b"ann\r"[..], b"!who\r", b"\x1b[A\x1b[A"] {
        editor.feed(read, &mut out);
    }
    assert_eq!(editor.line(), b"!who", "what was typed ahead can be");
    editor.feed(b"\x15", &mut out);
    editor.begin_chat();
    editor.feed(b"hello\r", &mut out);
    editor.feed(b"\x1b[A", &mut out);
    assert_eq!(editor.line(), b"hello");
}

/// Each read costs what it brings, wherever it is put in.
#[test]
fn a_large_paste_is_taken_as_it_comes() {
    let lines = "a line of some length\r".repeat(50_000);
    let mut editor = Editor::new(80, 24);
    editor.begin_chat();
    let mut out = Vec::new();
    editor.feed(b"@tia the end\x1bb\x1bb", &mut out);
    for piece in pasted(&lines).as_bytes().chunks(1024) {
        editor.feed(piece, &mut out);
        out.clear();
    }
    let (_, event) = editor.feed(b"\r", &mut out);
    let Some(Event::Line(sent)) = event else { panic!("{event:?}") };
    assert_eq!(sent.iter().filter(|&&byte| byte == b'\n').count(), 49_999);
    assert!(sent.ends_with(b"\n@tia a line of some lengththe end"), "{}", quoted(&sent[sent.len() - 50..]));
}

#[test]
fn prompt_says_whom_a_line_is_for_that_does_not() {
    let mut bench = Bench::new(40, 10);
    bench.arrive("hi");
    bench.editor.talk_to("ann\u{200d}".as_bytes());
    for (keys, shown) in [
        ("h", r"to ann\u{200d}: h"),
        ("\x7f", ""),
        ("!wh", r"to ann\u{200d}: !wh"),
        ("o", "!who"),
        (" are you", r"to ann\u{200d}: !who are you"),
        ("\x15", ""),
        ("@", r"to ann\u{200d}: @"),
        ("bob hi", "@bob hi"),
        ("\x01\x1b\r", "⏎@bob hi"),
        ("\x02 x", r"to ann\u{200d}:  x⏎@bob hi"),
    ] {
        bench.feed(keys.as_bytes());
        let last = if shown.is_empty() { "hi" } else { shown };
        for _ in 0..2 {
            assert_eq!(bench.rows().last().map_or("", String::as_str), last, "{keys:?}");
            let shows_it = bench.arrive("hi").ends_with(b"hi\n");
            assert_eq!(shows_it, shown.is_empty(), "{keys:?}");
        }
    }
    assert_eq!(bench.editor.next_deadline(), None, "there is nothing to be hinted at");
    bench.feed("\r!who\r@bob hi\r".as_bytes());
    let name = "@ann\u{200d}";
    assert_eq!(bench.lines(), [&format!("{name}  x\n{name} @bob hi"), "!who", "@bob hi"]);
    assert_eq!(bench.rows()[6..], [r"to ann\u{200d}:  x⏎@bob hi", "!who", "@bob hi"]);
    bench.feed(format!("{}\r", pasted("one\n!quit")).as_bytes());
    assert_eq!(bench.lines()[3], format!("{name} one\n{name} !quit"));
    // Where a name is asked for, it is one.
    bench.editor.set_prompt(b"name: ");
    bench.feed(b"eve\r");
    assert_eq!((bench.lines()[4], bench.rows()[8].as_str()), ("eve", "eve"));
}
