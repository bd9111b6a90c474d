//! A screen with wishes, told what a conversation would tell it.

mod calls;

use super::*;
use crate::client::frontend::{Frontend as _, KeyEvent};
use crate::ui::display::Style;
use crate::ui::editor::Editor;
use crate::ui::moment::Moment;
use crate::ui::rich::{Alert, Passage};
use crate::ui::screen::{Look, SCREEN_FULL};
use crate::wire::escape::Rule;

const HI: Notice<'_> = Notice::From { name: b"ann", text: b"hi" };
const SECOND: Duration = Duration::from_secs(1);

fn screen(wishes: Wishes) -> Screen {
    let style = Style { escape: Some(Rule::Harmful), ..Style::default() };
    let mut screen = Screen::new(Look { terminal: true, style, ..Look::default() });
    screen.enrich(wishes, 40);
    screen.edit_with(Editor::new(40, 10));
    screen
}

/// Logged in, at five past two.
fn pretty(colored: bool) -> Screen {
    let mut screen = screen(Wishes { pretty: true, colored, ..Wishes::default() });
    clock(&mut screen, 22, 14, 5);
    screen.show(Notice::LoggedIn(b"me"), 0);
    taken(&mut screen);
    screen
}

fn clock(screen: &mut Screen, day: u8, hour: u8, minute: u8) {
    screen.set_time(Moment { date: (2026, 11, day), time: (hour, minute, 0), offset: 0 });
}

/// What is shown, but for what takes a typed line away.
fn taken(screen: &mut Screen) -> String {
    taken_raw(screen).replace("\r\x1b[J", "")
}

fn taken_raw(screen: &mut Screen) -> String {
    let shown = String::from_utf8_lossy(screen.to_show().as_slice()).into_owned();
    screen.to_show().clear();
    shown
}

/// Types a line; the session takes it.
fn send(screen: &mut Screen, to: &str, text: &str) {
    let line = format!("@{to} {text}\r");
    let (taken, event) = screen.handle_keys(line.as_bytes());
    assert_eq!((taken, event), (line.len(), Some(KeyEvent::Line(format!("@{to} {text}").into_bytes()))));
    screen.handle_request(Request::Send { to: to.as_bytes(), text: text.as_bytes() });
}

#[test]
fn own_messages_are_shown_with_what_became_of_them() {
    let mut screen = pretty(false);
    for (answer, mark) in [
        (Notice::Sent, "✓"),
        (Notice::NoSuchUser, "✗ nobody of this name is online"),
        (Notice::BadBody, "✗ the server does not take this text"),
        (Notice::BadHeader, "✗ the server does not understand this"),
    ] {
        send(&mut screen, "bob", "hi\u{202e}");
        assert_eq!(taken(&mut screen), "");
        screen.show(answer, 0);
        assert_eq!(taken(&mut screen), format!("      → bob: hi\\u{{202e}} {mark}\n"));
    }
    send(&mut screen, "bob", "");
    screen.show(Notice::BadBody, 0);
    assert_eq!(taken(&mut screen), "      → bob:  ✗ a message needs a text\n");
    assert_eq!(screen.next_deadline(), None);
}

#[test]
fn editor_learns_what_it_learns_from_the_sentences() {
    let mut screen = pretty(false);
    send(&mut screen, "bbo", "hi");
    screen.show(Notice::NoSuchUser, 0);
    screen.handle_keys(b"\x1b[A\x7f\x7f\x7fbob\r");
    send(&mut screen, "bob", "hi");
    screen.handle_keys(b"\t");
    assert_eq!(screen.editor.as_ref().unwrap().line(), b"", "nobody has written yet");
    screen.show(HI, 0);
    screen.handle_keys(b"\t");
    assert_eq!(screen.editor.as_ref().unwrap().line(), b"@ann ");
}

#[test]
fn typed_line_goes_off_the_screen_only_where_another_takes_its_place() {
    let mut screen = pretty(false);
    for (line, shown) in [("@bob hi", "\r\x1b[J"), (" !who", "\r\x1b[J"), ("hello", "\n")] {
        for byte in line.bytes() {
            screen.handle_keys(&[byte]);
        }
        taken(&mut screen);
        screen.handle_keys(b"\r");
        assert_eq!(taken_raw(&mut screen), shown, "{line}");
    }
    let long = format!("@bob {}", "x".repeat(5000));
    screen.handle_keys(long.as_bytes());
    screen.handle_keys(b"\r");
    assert!(taken(&mut screen).ends_with("xxx\n"), "it stays as it was typed");
    screen.lose_requests(0, 0);
    screen.handle_keys(b"@bob hi\r");
    assert_eq!(taken(&mut screen), "@bob hi\n", "it waits for the connection");
}

#[test]
fn message_without_an_answer_is_shown_and_the_answer_says_which() {
    let mut screen = pretty(false);
    screen.handle_time(SECOND);
    send(&mut screen, "bob", "one");
    send(&mut screen, "bob", "a text with more words than are said again of it");
    let due = screen.next_deadline().unwrap();
    assert!(due > SECOND && due < 2 * SECOND);
    screen.handle_time(due);
    assert_eq!(
        taken(&mut screen),
        "      → bob: one\n      → bob: a text with more words than are said again of it\n"
    );
    assert_eq!(screen.next_deadline(), None);
    screen.show(Notice::Sent, 0);
    screen.show(Notice::NoSuchUser, 0);
    assert_eq!(
        taken(&mut screen),
        "      ✓ bob: one\n      ✗ bob: a text with more words than are said aga… (nobody of this name is online)\n"
    );
}

#[test]
fn question_is_shown_if_its_answer_does_not_come() {
    let mut screen = pretty(false);
    screen.handle_keys(b"!who\r");
    screen.handle_request(Request::List);
    screen.handle_time(SECOND);
    screen.show(HI, 0);
    assert_eq!(taken(&mut screen), "      → !who\n      ann: hi\n");
    screen.show(Notice::Online(b"ann"), 0);
    assert_eq!(taken(&mut screen), "      1 online\n      ann\n");
    screen.handle_request(Request::List);
    screen.show(Notice::Online(b"ann"), 0);
    assert_eq!(taken(&mut screen), "      1 online\n      ann\n");
}

/// An echo comes before the answer, as a rule in the same read.
#[test]
fn mark_is_put_behind_a_message_that_another_has_followed_if_neither_is_written() {
    let mut screen = pretty(false);
    send(&mut screen, "ann", "one");
    send(&mut screen, "ann", "two");
    screen.show(HI, 0);
    screen.show(Notice::Sent, 0);
    screen.show(HI, 0);
    screen.show(Notice::NoSuchUser, 0);
    assert_eq!(
        taken(&mut screen),
        "      → ann: one ✓\n      → ann: two ✗ nobody of this name is online\n      ann: hi\n      ann: hi\n"
    );
    send(&mut screen, "ann", "three");
    screen.show(HI, 0);
    assert_eq!(taken(&mut screen), "      → ann: three\n      ann: hi\n");
    screen.show(Notice::Sent, 0);
    assert_eq!(taken(&mut screen), "      ✓ ann: three\n");
}

/// In part, as a slow terminal does it.
#[test]
fn mark_is_not_put_where_something_was_written() {
    let mut screen = pretty(false);
    screen.show(Notice::From { name: b"ann", text: &[b'x'; 100] }, 0);
    screen.to_show().drain(|_| Ok::<_, ()>(0)).unwrap();
    let mut room = [50, 0].into_iter();
    screen.to_show().drain(|_| Ok::<_, ()>(room.next().unwrap())).unwrap();
    send(&mut screen, "ann", "one");
    screen.show(HI, 0);
    screen.show(Notice::Sent, 0);
    let shown = taken(&mut screen);
    assert!(shown.ends_with("xxx\n      → ann: one ✓\n      ann: hi\n"), "{shown}");
}

#[test]
fn half_typed_line_stays_below() {
    let mut screen = pretty(false);
    send(&mut screen, "bob", "one");
    screen.handle_keys(b"@");
    screen.handle_keys(b"b");
    taken(&mut screen);
    screen.show(Notice::Sent, 0);
    assert_eq!(taken_raw(&mut screen), "\r\x1b[J      → bob: one ✓\n@b");
}

#[test]
fn lost_connection_leaves_the_rest_in_step() {
    let mut screen = pretty(false);
    for text in ["one", "two", "three", "in part"] {
        send(&mut screen, "bob", text);
    }
    screen.handle_lost_requests(2, 1);
    assert_eq!(
        taken(&mut screen),
        "      → bob: one\n      → bob: two\n      → bob: three\n      → bob: in part\n"
    );
    screen.show(Notice::BadHeader, 0);
    assert_eq!(
        taken(&mut screen),
        "      Error: Unknown issue in previous message header.\n",
        "of the log-in"
    );
    screen.show(Notice::LoggedIn(b"me"), 0);
    screen.handle_request(Request::Send { to: b"bob", text: b"in part" });
    screen.show(Notice::Sent, 0);
    screen.show(Notice::NoSuchUser, 0);
    assert_eq!(
        taken(&mut screen),
        "      Successfully logged in as me!\n      ✓ bob: three\n      → bob: in part ✗ nobody of this name is online\n"
    );
}

#[test]
fn server_that_answers_what_nobody_asked_confuses_nobody() {
    let mut screen = pretty(false);
    screen.show(Notice::Sent, 0);
    assert_eq!(taken(&mut screen), "      The message was sent successfully\n");
    screen.handle_request(Request::List);
    screen.show(Notice::NoSuchUser, 0);
    assert_eq!(taken(&mut screen), "      → !who\n      The destination user does not exist\n");
    send(&mut screen, "bob", "hi");
    screen.show(Notice::Online(b"ann"), 0);
    assert_eq!(taken(&mut screen), "      → bob: hi\n      1 online\n      ann\n");
    assert_eq!(screen.next_deadline(), None);
}

/// A hundred thousand lines, to a server that answers none.
#[test]
fn messages_without_answers_are_bounded() {
    let mut screen = pretty(false);
    let mut most = 0;
    for number in 0..100_000 {
        screen.handle_request(Request::Send { to: b"bob", text: format!("{number}").as_bytes() });
        most = most.max(screen.to_show_len());
        if number % 1000 == 0 && number < 50_000 {
            taken(&mut screen);
        }
    }
    assert!(most <= SCREEN_FULL + 100, "{most}");
    screen.to_show().clear();
    for _ in 0..100_000 {
        screen.show(Notice::Sent, 0);
        screen.to_show().clear();
    }
    send(&mut screen, "bob", "in step");
    screen.show(Notice::Sent, 0);
    assert_eq!(taken(&mut screen), "      → bob: in step ✓\n");
}

#[test]
fn full_screen_keeps_nobody_awake() {
    let mut screen = pretty(false);
    while !screen.is_full() {
        screen.show(HI, 0);
    }
    send(&mut screen, "bob", "hi");
    screen.handle_time(9 * SECOND);
    assert_eq!(screen.next_deadline(), None);
    screen.to_show().clear();
    screen.handle_time(9 * SECOND);
    assert_eq!(taken(&mut screen), "      → bob: hi\n");
}

#[test]
fn margin_shows_each_minute_once_and_each_new_day() {
    let mut screen = pretty(false);
    for (day, hour, minute, shown) in [
        (22, 14, 5, "      ann: hi\n"),
        (22, 14, 6, "14:06 ann: hi\n"),
        (22, 15, 6, "15:06 ann: hi\n"),
        (23, 15, 6, "── 2026-11-23 ──\n15:06 ann: hi\n"),
    ] {
        clock(&mut screen, day, hour, minute);
        screen.show(HI, 0);
        assert_eq!(taken(&mut screen), shown);
    }
}

#[test]
fn colours_are_dim_red_and_the_names_own() {
    let mut screen = pretty(true);
    clock(&mut screen, 22, 14, 6);
    send(&mut screen, "ann", "hi");
    screen.show(Notice::Sent, 0);
    screen.show(HI, 0);
    send(&mut screen, "ann", "hi");
    screen.show(Notice::NoSuchUser, 0);
    let name = "\x1b[38;5;64mann\x1b[0m";
    let expected = [
        &format!("\x1b[2m14:06 \x1b[0m\x1b[2m→ \x1b[0m{name}: hi\x1b[2m ✓\x1b[0m\n")[..],
        &format!("      {name}: hi\n"),
        &format!("      \x1b[2m→ \x1b[0m{name}: hi\x1b[38;5;161m ✗ nobody of this name is online\x1b[0m\n"),
    ];
    assert_eq!(taken(&mut screen), expected.concat());
}

#[test]
fn list_stands_in_columns_count_first() {
    let mut screen = pretty(false);
    for (list, shown) in [
        ("", "      0 online\n"),
        ("ann", "      1 online\n      ann\n"),
        ("ann, bob,cid", "      3 online\n      ann  bob  cid\n"),
        ("ann,bob,cid,dora,eve", "      5 online\n      ann   bob   cid   dora  eve\n"),
        (
            "ann,bob,cid,dora,eve,fred,gus,hal,日本",
            "      9 online\n      ann   bob   cid   dora  eve   fred\n      gus   hal   日本\n",
        ),
        ("a\x1bb,a\u{200d}b,c", "      3 online\n      a^[b        a\\u{200d}b  c\n"),
        (&"x".repeat(50), &format!("      1 online\n      {}\n", "x".repeat(50))),
        (
            &format!("ann,{},bob", "x".repeat(30)),
            &format!("      3 online\n      ann\n      {}\n      bob\n", "x".repeat(30)),
        ),
    ] {
        screen.handle_request(Request::List);
        screen.show(Notice::Online(list.as_bytes()), 0);
        assert_eq!(taken(&mut screen), shown);
    }
}

#[test]
fn long_lists_and_texts_pass_in_pieces() {
    let mut screen = pretty(false);
    let names: Vec<String> = (0..20_000).map(|number| format!("user{number}")).collect();
    let list = names.join(",");
    let text = "x".repeat(100_000);
    let mut pieces = 0;
    for notice in [Notice::Online(list.as_bytes()), Notice::From { name: b"ann", text: text.as_bytes() }] {
        let mut shown = String::new();
        let mut next = Some(0);
        while let Some(from) = next {
            next = screen.show(notice, from);
            assert!(screen.to_show_len() < 200_000);
            shown += &taken(&mut screen);
            pieces += 1;
        }
        match notice {
            Notice::Online(_) => assert_eq!(shown.split_whitespace().skip(2).collect::<Vec<_>>(), names),
            _ => assert_eq!(shown, format!("      ann: {text}\n")),
        }
    }
    assert!(pieces > 6);
}

/// Spec S14: what strangers write neither controls the terminal nor makes a line of its own.
#[test]
fn strangers_control_nothing() {
    const PIECES: [&[u8]; 11] = [
        b"\x1b[2J",
        b"\x1b]0;x\x07",
        b"\r",
        b"\xc2\x9b",
        b"\xff",
        b"\xe2\x80\xae",
        b"\xe2\x80\x8b",
        b"\xf0\x9f",
        "→ ✓ ──".as_bytes(),
        b"a b;c",
        b"\t\0",
    ];
    let mut state = 88172645463325252_u64;
    let mut hostile = || {
        let mut random = |n: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) as usize % n
        };
        (0..random(6)).flat_map(|_| PIECES[random(PIECES.len())].to_vec()).collect::<Vec<u8>>()
    };
    let mut screen = pretty(true);
    for round in 0..3000 {
        let (name, text) = ([b"n".to_vec(), hostile()].concat(), hostile());
        let notice = match round % 4 {
            0 => Notice::From { name: &name, text: &text },
            1 => Notice::LoggedIn(&name),
            2 => Notice::InUse(&name),
            _ => Notice::Sent,
        };
        if round % 4 == 3 {
            screen.handle_request(Request::Send { to: &name, text: &text });
            if round % 8 == 3 {
                screen.show_own(None);
                screen.to_show().clear();
            }
        }
        screen.show(notice, 0);
        let mut shown = taken(&mut screen);
        for ours in ["\x1b[2m", "\x1b[0m"] {
            shown = shown.replace(ours, "");
        }
        for color in 16..=231 {
            shown = shown.replace(&format!("\x1b[38;5;{color}m"), "");
        }
        let line = shown.strip_suffix('\n').unwrap();
        assert!(!line.chars().any(crate::wire::escape::is_harmful), "{line:?}");
    }
}

#[test]
fn piped_input_has_no_typed_line_to_take_away() {
    let mut screen = Screen::new(Look { terminal: true, ..Look::default() });
    screen.enrich(Wishes { pretty: true, is_echoed: true, ..Wishes::default() }, 80);
    screen.show(Notice::LoggedIn(b"me"), 0);
    taken(&mut screen);
    screen.handle_request(Request::Send { to: b"bob", text: b"hi" });
    screen.show(Notice::Sent, 0);
    assert_eq!(taken(&mut screen), "✓ bob: hi\n", "the terminal has shown what was typed");
}

#[test]
fn those_who_wish_for_nothing_get_the_contract() {
    let mut screen = screen(Wishes::default());
    screen.show(HI, 0);
    screen.show(Notice::Sent, 0);
    screen.watch_focus();
    assert_eq!(taken(&mut screen), "From ann: hi\nThe message was sent successfully\n");
    assert!(!screen.needs_time());
}
