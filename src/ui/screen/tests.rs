//! The screen: what goes to standard output, and in which order.

use super::*;

fn terminal(look: Look) -> Screen {
    Screen::new(Look { terminal: true, ..look })
}

/// What is written, as by a conversation: if there was no room for the user's line, that comes then.
fn taken(screen: &mut Screen) -> String {
    let mut text = Vec::new();
    for _ in 0..2 {
        text.extend_from_slice(screen.to_show().as_slice());
        screen.waiting.clear();
    }
    String::from_utf8(text).unwrap()
}

const HI: Notice<'_> = Notice::From { name: b"ann", text: b"hi" };
const PROMPT_TEXT: &str = "Welcome to Chat Client. Enter your login: ";

#[test]
fn prompt_keeps_the_cursor_on_a_terminal_only() {
    let mut pipe = Screen::new(Look::default());
    pipe.ask_for_name();
    assert_eq!(taken(&mut pipe), format!("{PROMPT_TEXT}\n"));
    let mut screen = terminal(Look::default());
    screen.ask_for_name();
    assert_eq!(taken(&mut screen), PROMPT_TEXT);
    screen.show(Notice::Full, 0);
    assert_eq!(taken(&mut screen), "\nCannot log in. The server is full!\n");
    screen.ask_for_name();
    screen.handle_echoed_line();
    screen.show(Notice::LoggedIn(b"ann"), 0);
    assert!(taken(&mut screen).ends_with("login: Successfully logged in as ann!\n"));
}

#[cfg(feature = "editor")]
#[test]
fn half_typed_line_makes_way_and_comes_back() {
    let mut screen = terminal(Look::default());
    screen.edit_with(Editor::new(80, 24));
    screen.show(HI, 0);
    assert_eq!(taken(&mut screen), "From ann: hi\n", "nothing typed, nothing but the line (S15)");
    assert_eq!(screen.handle_keys(b"!wh"), (3, None));
    taken(&mut screen);
    screen.show(HI, 0);
    screen.show(HI, 0);
    assert_eq!(taken(&mut screen), "\r\x1b[JFrom ann: hi\nFrom ann: hi\n!wh");
    screen.leave();
    assert_eq!(taken(&mut screen), "\n");
}

#[cfg(feature = "editor")]
#[test]
fn prompt_comes_back_with_the_name_that_is_being_typed() {
    let mut screen = terminal(Look::default());
    screen.edit_with(Editor::new(80, 24));
    screen.ask_for_name();
    screen.handle_keys(b"an");
    taken(&mut screen);
    screen.show(HI, 0);
    assert_eq!(taken(&mut screen), format!("\r\x1b[JFrom ann: hi\n{PROMPT_TEXT}an"));
    assert_eq!(screen.handle_keys(b"n\n"), (2, Some(Event::Line(b"ann".to_vec()))));
    screen.show(Notice::LoggedIn(b"ann"), 0);
    assert_eq!(taken(&mut screen), "n\nSuccessfully logged in as ann!\n");
}

#[cfg(feature = "editor")]
#[test]
fn prompt_comes_back_after_lines_of_the_log() {
    let mut screen = terminal(Look::default());
    screen.edit_with(Editor::new(80, 24));
    screen.ask_for_name();
    screen.show_aside(b"log\n");
    assert_eq!(taken(&mut screen), format!("{PROMPT_TEXT}\nlog\n{PROMPT_TEXT}"));
    screen.handle_keys(b"an");
    taken(&mut screen);
    screen.show_aside(b"log\n");
    assert_eq!(taken(&mut screen), format!("\r\x1b[Jlog\n{PROMPT_TEXT}an"));
}

#[cfg(feature = "editor")]
#[test]
fn line_is_not_drawn_into_a_long_text() {
    let text = "x".repeat(100_000);
    let long = Notice::From { name: b"ann", text: text.as_bytes() };
    let mut screen = terminal(Look::default());
    screen.edit_with(Editor::new(80, 24));
    screen.handle_keys(b"@");
    taken(&mut screen);
    let mut all = String::new();
    let mut next = Some(0);
    while let Some(from) = next {
        next = screen.show(long, from);
        if next.is_some() {
            screen.handle_keys(b"b");
        }
        all += &taken(&mut screen);
    }
    all += &taken(&mut screen);
    assert_eq!(all, format!("\r\x1b[JFrom ann: {text}\n@bbb"));
}

#[cfg(feature = "editor")]
#[test]
fn second_notice_finds_the_cursor_at_the_start_of_a_line_too() {
    let mut screen = terminal(Look::default());
    screen.edit_with(Editor::new(80, 24));
    screen.handle_keys(b"ea");
    taken(&mut screen);
    screen.show(Notice::InUse(b"ann"), 0);
    screen.ask_for_name();
    screen.show(HI, 0);
    let shown = taken(&mut screen);
    let (_, after) = shown.split_once("use.\n").unwrap();
    assert_eq!(after, format!("{PROMPT_TEXT}ea\r\x1b[JFrom ann: hi\n{PROMPT_TEXT}ea"));

    let text = "x".repeat(100_000);
    let long = Notice::From { name: b"ann", text: text.as_bytes() };
    let mut next = screen.show(long, 0);
    screen.handle_keys(b"\x15");
    while let Some(from) = next {
        next = screen.show(long, from);
    }
    screen.show(HI, 0);
    let shown = taken(&mut screen);
    assert_eq!(shown, format!("\r\x1b[JFrom ann: {text}\nFrom ann: hi\n{PROMPT_TEXT}"));
}

#[cfg(feature = "editor")]
#[test]
fn end_in_the_middle_of_a_text_ends_its_line() {
    for (keys, expected) in [(&b"@b"[..], "\n@b\n"), (b"", "\n")] {
        let text = "x".repeat(100_000);
        let mut screen = terminal(Look::default());
        screen.edit_with(Editor::new(80, 24));
        screen.show(Notice::From { name: b"ann", text: text.as_bytes() }, 0);
        screen.handle_keys(keys);
        taken(&mut screen);
        screen.leave();
        assert_eq!(taken(&mut screen), expected);
    }
}

/// A shell has written below in the meantime.
#[cfg(feature = "editor")]
#[test]
fn prompt_is_shown_again_after_a_stop() {
    let mut screen = terminal(Look::default());
    screen.edit_with(Editor::new(80, 24));
    screen.ask_for_name();
    for (typed, sets_back) in [("", ""), ("a", "\x1b[?2004l"), ("n", "")] {
        screen.handle_keys(typed.as_bytes());
        let line = String::from_utf8_lossy(screen.editor.as_ref().unwrap().line()).into_owned();
        taken(&mut screen);
        screen.suspend();
        let stopped = String::from_utf8_lossy(screen.waiting().as_slice()).into_owned();
        assert_eq!(stopped, format!("\r\x1b[J{sets_back}"));
        screen.waiting().clear();
        assert_eq!(taken(&mut screen), format!("{PROMPT_TEXT}{line}"));
    }
    screen.handle_keys(b"\r");
    taken(&mut screen);
    screen.suspend();
    assert_eq!(taken(&mut screen), "");
}

/// The first key of all was typed while a long text was being shown.
#[cfg(feature = "editor")]
#[test]
fn pastes_are_marked_after_a_long_text_too() {
    let text = "x".repeat(100_000);
    let long = Notice::From { name: b"ann", text: text.as_bytes() };
    let mut screen = terminal(Look::default());
    screen.edit_with(Editor::new(80, 24));
    let mut next = screen.show(long, 0);
    screen.handle_keys(b"@");
    let mut all = taken(&mut screen);
    while let Some(from) = next {
        next = screen.show(long, from);
        all += &taken(&mut screen);
    }
    assert_eq!(all, format!("From ann: {text}\n@\x1b[?2004h"));
    let mut out = Vec::new();
    screen.leave();
    out.extend_from_slice(screen.waiting().as_slice());
    assert_eq!(out, b"\n\x1b[?2004l");
}

#[test]
fn lines_of_the_log_wait_for_room_and_for_the_end_of_a_line() {
    let text = "x".repeat(100_000);
    let long = Notice::From { name: b"ann", text: text.as_bytes() };
    let mut screen = terminal(Look::default());
    let mut next = screen.show(long, 0);
    while let Some(from) = next {
        assert!(!screen.show_aside(b"log\n"), "inside a line");
        next = screen.show(long, from);
    }
    assert!(screen.is_full() && !screen.show_aside(b"log\n"), "no room");
    taken(&mut screen);
    assert!(screen.show_aside(b"log\n"));
    assert_eq!(taken(&mut screen), "log\n");
}

/// Messages of every length that may end at, before or behind the end of the buffer.
#[test]
fn many_messages_at_once_look_as_one_by_one() {
    for length in (0..40).chain(BATCH - 60..BATCH + 20) {
        let message = format!("DELIVERY ann {}\n", "x".repeat(length));
        let lines = message.repeat(3) + &message.repeat(BATCH / message.len()) + "SEND-OK\nDELIVERY b";
        let mut screen = Screen::new(Look::default());
        let mut taken = 0;
        loop {
            let more = screen.show_messages(&lines.as_bytes()[taken..]);
            taken += more;
            if more == 0 || screen.is_full() {
                break;
            }
        }
        let whole = taken / message.len();
        assert_eq!(taken % message.len(), 0);
        assert!(message.len() > BATCH || whole == 3 + BATCH / message.len(), "{length}");
        let shown = format!("From ann: {}\n", "x".repeat(length)).repeat(whole);
        assert_eq!(String::from_utf8_lossy(screen.waiting.as_slice()), shown);
    }
}

#[test]
fn times_bells_and_the_journal_only_where_asked() {
    let mut screen = terminal(Look { timestamps: true, bell: true, ..Look::default() });
    screen.keep_journal();
    for (date, expected) in [
        ((2026, 2, 1), "[2026-02-01 23:59] \x07From ann: hi\n"),
        ((2026, 2, 1), "[23:59] \x07From ann: hi\n"),
        ((2026, 2, 2), "[2026-02-02 23:59] \x07From ann: hi\n"),
    ] {
        screen.set_time(Moment { date, time: (23, 59, 58), offset: 60 });
        screen.show(HI, 0);
        assert_eq!(taken(&mut screen), expected);
    }
    screen.show(Notice::Online(b"ann,bob"), 0);
    screen.record(Notice::To { name: b"ann", text: b"\x1b[J" });
    assert_eq!(taken(&mut screen), "[23:59] There are 2 online users:\nann\nbob\n");
    let journal = String::from_utf8_lossy(screen.journal().unwrap().as_slice()).into_owned();
    let lines: Vec<_> = journal.lines().collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[0], "2026-02-01T23:59:58+01:00 From ann: hi");
    assert_eq!(lines[3], "2026-02-02T23:59:58+01:00 There are 2 online users: ann bob");
    assert_eq!(lines[4], "2026-02-02T23:59:58+01:00 To ann: ^[[J");
}
