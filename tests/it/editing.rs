//! A half-typed line on a real terminal, and what arrives meanwhile (spec S13, S15).

use crate::peer::{Peer, Talk};
use crate::screen::Screen;
use crate::support::LOGGED_IN;
use crate::terminal::{PROMPT, Seat, all_on_terminal, on_terminal};

const LEFT: &str = "\x1b[D";

/// Logged in, in front of a screen of this size.
#[track_caller]
pub(crate) fn seated(columns: u16, rows: u16) -> (Seat, Talk) {
    let peer = Peer::new();
    let mut seat = Seat::sized(columns, rows, on_terminal(peer.port(), "--name ann"));
    let talk = peer.welcome("ann");
    seat.shows_only(&[LOGGED_IN, "|"]);
    (seat, talk)
}

/// The line with the cursor so many characters before its end.
fn with_cursor(line: &str, before_end: usize) -> String {
    let end = line.chars().count() - before_end;
    line.chars().take(end).chain(['|']).chain(line.chars().skip(end)).collect()
}

#[test]
fn half_typed_line_stands_below_whatever_arrives() {
    let ends_at_the_edge = |columns: usize| format!("@bob {}", "x".repeat(2 * columns - 5));
    let wide_at_the_edge = |columns: usize| format!("@bob {}", "日本".repeat(columns / 2));
    for (columns, rows) in [(80, 24), (40, 12), (10, 30)] {
        let width = usize::from(columns);
        for (line, left) in [
            ("@bob half a line".to_owned(), 0),
            ("@bob half a line".to_owned(), 7),
            (ends_at_the_edge(width), 0),
            (ends_at_the_edge(width), 1),
            (ends_at_the_edge(width), width),
            (format!("{}y", ends_at_the_edge(width)), 1),
            (wide_at_the_edge(width), 0),
            (wide_at_the_edge(width), 3),
            (format!("@bob {}", "日".repeat(width)), width / 2),
        ] {
            let (mut seat, mut talk) = seated(columns, rows);
            seat.press(format!("{line}{}", LEFT.repeat(left)));
            let mut expected = vec![LOGGED_IN.to_owned(), with_cursor(&line, left)];
            seat.shows_only(&expected);
            for number in 1..=10 {
                talk.send(format!("DELIVERY bob message {number}\n"));
                expected.insert(number, format!("From bob: message {number}"));
                seat.shows_only(&expected);
            }
            seat.press("\r");
            talk.expect(format!("SEND {}", &line[1..]));
            expected[11] = line;
            expected.push("|".into());
            seat.shows_only(&expected);
        }
    }
}

/// A window of the line is shown; what scrolls off is whole, and no part of the line.
#[test]
fn line_taller_than_the_screen_tears_no_message() {
    for (columns, rows, text) in [(80, 5, "word "), (40, 5, "日本語"), (10, 6, "0123456789")] {
        for left in [0, 1, 100, 1_000_000] {
            let line = format!("@bob {}.", text.repeat(200));
            let (mut seat, mut talk) = seated(columns, rows);
            seat.press(&line);
            // The keys of a person come one after the other.
            seat.press(LEFT.repeat(left.min(line.chars().count())));
            let mut expected = vec![LOGGED_IN.to_owned()];
            for number in 1..=10 {
                talk.send(format!("DELIVERY bob message {number}\n"));
                expected.push(format!("From bob: message {number}"));
                seat.sees(|lines| {
                    let Some((window, above)) = lines.split_last() else { return false };
                    above == expected && line.contains(&window.replace('|', "")) && window.contains('|')
                });
            }
            seat.press("\r");
            talk.expect(format!("SEND {}", &line[1..]));
            expected.extend([line, "|".into()]);
            seat.shows_only(&expected);
        }
    }
}

#[test]
fn a_thousand_messages_leave_a_half_typed_line_whole() {
    for left in [0, 4] {
        let (mut seat, mut talk) = seated(80, 24);
        let line = format!("@bob {}", "half a line ".repeat(20)) + "end";
        seat.press(format!("{line}{}", LEFT.repeat(left)));
        seat.shows_only(&[LOGGED_IN, &with_cursor(&line, left)]);
        let mut expected = vec![LOGGED_IN.to_owned()];
        let mut burst = String::new();
        for number in 0..1000 {
            burst += &format!("DELIVERY bob {number} {}\n", "x".repeat(number % 100));
            expected.push(format!("From bob: {number} {}", "x".repeat(number % 100)).trim_end().to_owned());
        }
        talk.send(burst);
        expected.push(with_cursor(&line, left));
        // All of them are looked at only when the last one is there.
        seat.program.output.expect("From bob: 999 ");
        seat.shows_only(&expected);
        seat.press("\r");
        talk.expect(format!("SEND {}", &line[1..]));
    }
}

#[test]
fn keys_pressed_during_a_burst_are_not_lost() {
    let (mut seat, mut talk) = seated(40, 12);
    let mut expected = vec![LOGGED_IN.to_owned()];
    let mut line = "@bob ".to_owned();
    seat.press(&line);
    for number in 0..200 {
        talk.send(format!("DELIVERY bob {number}\n"));
        let key = char::from(b'a' + number % 26);
        seat.press(key.to_string());
        line.push(key);
        expected.push(format!("From bob: {number}"));
    }
    expected.push(format!("{line}|"));
    seat.shows_only(&expected);
    seat.press("\r");
    talk.expect(format!("SEND {}", &line[1..]));
}

/// A name is a line as any other, and the prompt goes with it.
#[test]
fn prompt_goes_with_the_name_being_typed() {
    let peer = Peer::new();
    let mut command = all_on_terminal(peer.port(), "");
    command.env("RUST_LOG", "warn");
    let mut seat = Seat::sized(40, 12, command);
    let mut talk = peer.accept();
    seat.shows_only(&[format!("{PROMPT}|")]);
    seat.press("an");
    seat.shows(&[format!("{PROMPT}an|")]);
    talk.send("FOO\n");
    seat.shows(&["chinwag: WARN: the server sent what is no reply: FOO", &format!("{PROMPT}an|")]);
    seat.press("n\r");
    talk.answer("HELLO-FROM ann", "HELLO ann\n");
    seat.shows(&[&*format!("{PROMPT}ann"), LOGGED_IN, "|"]);
}

#[test]
fn line_is_shown_again_at_the_new_width() {
    for (from, to) in [(80, 40), (40, 80), (80, 10), (20, 23), (10, 200)] {
        for (line, left) in
            [("@bob short", 0), ("@bob a line that goes round the edge of a narrow screen, and on", 9)]
        {
            let (mut seat, mut talk) = seated(from, 24);
            seat.press(format!("{line}{}", LEFT.repeat(left)));
            seat.shows_only(&[LOGGED_IN, &with_cursor(line, left)]);
            seat.resize(to, 24);
            seat.is_drawn_on();
            let shown = with_cursor(line, left);
            seat.sees(|lines| lines.last().is_some_and(|last| last.ends_with(&shown)));
            take_notice(&mut seat, &mut talk, &shown);
            seat.press("X");
            let (before, after) = line.split_at(line.len() - left);
            let line = format!("{before}X{after}");
            seat.shows(&["From bob: ho", &with_cursor(&line, left)]);
            seat.press("\r");
            talk.expect(format!("SEND {}", &line[1..]));
            seat.shows(&["From bob: ho", &line, "|"]);
        }
    }
}

/// In time or not, the answer to what the terminal was asked is nothing that was typed.
#[test]
fn answer_of_the_terminal_is_no_text() {
    let (mut seat, mut talk) = seated(40, 12);
    let line = format!("@bob {}", "x".repeat(60));
    seat.press(&line);
    seat.shows_only(&[LOGGED_IN, &with_cursor(&line, 0)]);
    seat.resize(80, 12);
    seat.is_drawn_on();
    talk.send("DELIVERY bob hi\n");
    seat.press("y\x1b[3;26R\x1b[>41;379;0c\x1b[12;80Rz");
    let line = format!("{line}yz");
    seat.shows(&["From bob: hi", &with_cursor(&line, 0)]);
    seat.press("\r");
    talk.expect(format!("SEND {}", &line[1..]));
}

#[test]
fn size_may_change_while_nothing_is_typed() {
    let (mut seat, mut talk) = seated(80, 24);
    seat.resize(10, 24);
    take_notice(&mut seat, &mut talk, "|");
    seat.press("@bob a line that goes round");
    seat.shows(&["From bob: ho", "@bob a line that goes round|"]);
    take_notice(&mut seat, &mut talk, "@bob a line that goes round|");
}

/// After two messages, one after the other, a client has taken notice of all that was before.
#[track_caller]
fn take_notice(seat: &mut Seat, talk: &mut Talk, last: &str) {
    for text in ["hi", "ho"] {
        talk.send(format!("DELIVERY bob {text}\n"));
        seat.shows(&[&*format!("From bob: {text}"), last]);
    }
}

/// Nothing but white space between the lines, and each as it is on a pipe (spec S15): so a program
/// sees them that types whole lines.
#[test]
fn programs_see_no_escape_sequences() {
    let peer = Peer::new();
    let mut seat = Seat::new(peer.port(), "");
    let mut talk = seat.log_in(&peer);
    let mut expected = format!("{PROMPT}ann\r\n{LOGGED_IN}\r\n");
    seat.enter("!who");
    talk.answer("LIST", "LIST-OK ann\n");
    seat.program.output.expect("users:\r\nann\r\n");
    expected += "!who\r\nThere are 1 online users:\r\nann\r\n";
    for number in 0..10 {
        talk.send(format!("DELIVERY bob {number}\n"));
        expected += &format!("From bob: {number}\r\n");
    }
    seat.program.output.expect("From bob: 9\r\n");
    seat.enter("!quit");
    talk.expect_end();
    expected += "!quit\r\n";
    seat.finish().assert(0, expected);
}

/// Spec S15.
#[test]
fn end_of_a_long_session_leaves_the_screen_as_it_was_read() {
    let (mut seat, mut talk) = seated(20, 10);
    let line = "@bob a line of more than twenty columns";
    for number in 0..30 {
        seat.press(line);
        seat.shows(&[format!("{line}|")]);
        talk.send(format!("DELIVERY bob {number}\n"));
        seat.shows(&[format!("From bob: {number}"), format!("{line}|")]);
        seat.press("\r");
        talk.expect(format!("SEND {}", &line[1..]));
    }
    seat.press("!quit\r");
    let outcome = seat.finish();
    let mut expected = vec![LOGGED_IN.to_owned()];
    expected.extend((0..30).flat_map(|number| [format!("From bob: {number}"), line.to_owned()]));
    expected.extend(["!quit".into(), "|".into()]);
    assert_eq!(Screen::showing(20, 10, &outcome.stdout).lines(), expected);
    assert_eq!(outcome.status.code(), Some(0));
}
