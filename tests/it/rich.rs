//! What the feature `rich` adds: lines for people, calls, the user's command, names to ignore.

use crate::peer::{Peer, Reserved};
use crate::program::{Program, chinwag, unused_path};
use crate::runner::close;
use crate::support::LOGGED_IN;
use crate::terminal::{Seat, all_on_terminal, on_terminal};
use rustix::process::Signal;
use std::fs;

const PRETTY: &str = "--name ann --pretty --color never";
const REPORTS_ON: &str = "\x1b[?1004h";
const REPORTS_OFF: &str = "\x1b[?1004l";

/// A line without its margin: the time, or as much space.
fn bare(line: &str) -> &str {
    let is_margin = |margin: &str| {
        margin
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 2 { byte == b':' } else { byte.is_ascii_digit() || at == 5 })
    };
    match line.split_at_checked(6) {
        Some((margin, rest)) if margin == "      " || is_margin(margin) => rest,
        _ => line,
    }
}

impl Seat {
    /// Waits until these are all lines, margins aside.
    #[track_caller]
    fn shows_bare(&mut self, all: &[&str]) {
        self.sees(|lines| lines.iter().map(|line| bare(line)).eq(all.iter().copied()));
    }
}

#[test]
fn own_messages_are_shown_with_what_became_of_them() {
    let peer = Peer::new();
    let mut seat = Seat::sized(60, 20, on_terminal(peer.port(), PRETTY));
    let mut talk = peer.welcome("ann");
    seat.shows_bare(&[LOGGED_IN, "|"]);
    seat.enter("@bob hi");
    talk.answer("SEND bob hi", "SEND-OK\n");
    seat.shows_bare(&[LOGGED_IN, "→ bob: hi ✓", "|"]);
    seat.enter("@eve x");
    talk.answer("SEND eve x", "BAD-DEST-USER\n");
    seat.enter("@bob");
    talk.answer("SEND bob ", "BAD-RQST-BODY\n");
    seat.press("half");
    talk.send("DELIVERY bob \x1b[2Jho\n");
    let mut shown = vec![
        LOGGED_IN,
        "→ bob: hi ✓",
        "→ eve: x ✗ nobody of this name is online",
        "→ bob:  ✗ a message needs a text",
        "bob: ^[[2Jho",
    ];
    shown.push("half|");
    seat.shows_bare(&shown);
    // No answer for a while; then it says which.
    seat.press("\x15@bob late\r");
    talk.expect("SEND bob late");
    shown.pop();
    shown.extend(["→ bob: late", "|"]);
    seat.shows_bare(&shown);
    talk.send("SEND-OK\n");
    shown.pop();
    shown.extend(["✓ bob: late", "|"]);
    seat.shows_bare(&shown);
    seat.enter("!who");
    talk.answer("LIST", "LIST-OK ann,bob,a very long name that is wider\n");
    shown.pop();
    let long = "a\\u{20}very\\u{20}long\\u{20}name\\u{20}that\\u{20}is\\u{20}wider";
    shown.extend(["3 online", "ann                     bob", long, "|"]);
    seat.shows_bare(&shown);
    seat.enter("!quit");
    talk.expect_end();
    assert_eq!(seat.finish().status.code(), Some(0));
}

/// A lost connection, and messages that were typed before, during and after it.
#[test]
fn answers_after_a_lost_connection_are_about_the_right_messages() {
    let place = Reserved::new();
    let peer = place.listen();
    let mut seat = Seat::sized(60, 30, on_terminal(place.port, &format!("{PRETTY} --reconnect")));
    let mut talk = peer.welcome("ann");
    seat.shows_bare(&[LOGGED_IN, "|"]);
    seat.enter("@bob lost");
    talk.expect("SEND bob lost");
    close((talk, peer));
    seat.program.errors.expect("was lost");
    seat.enter("@bob meanwhile");
    seat.program.output.expect("@bob meanwhile\r\n");
    let peer = place.listen();
    let mut talk = peer.welcome("ann");
    talk.answer("SEND bob meanwhile", "BAD-DEST-USER\n");
    seat.enter("@bob after");
    talk.answer("SEND bob after", "SEND-OK\n");
    seat.shows_bare(&[
        LOGGED_IN,
        "→ bob: lost",
        "@bob meanwhile",
        LOGGED_IN,
        "→ bob: meanwhile ✗ nobody of this name is online",
        "→ bob: after ✓",
        "|",
    ]);
}

/// As the terminal does it that was not asked to mark what is pasted.
#[test]
fn ten_thousand_lines_at_once_stay_in_step() {
    let peer = Peer::new();
    let mut seat = Seat::sized(60, 20, on_terminal(peer.port(), PRETTY));
    let mut talk = peer.welcome("ann");
    seat.shows_bare(&[LOGGED_IN, "|"]);
    let lines: Vec<_> = (0..10_000).map(|number| format!("@bob {number}\r")).collect();
    seat.press(lines.concat());
    for number in 0..10_000 {
        talk.answer(&format!("SEND bob {number}"), "SEND-OK\n");
    }
    seat.press("@bob last\r");
    talk.answer("SEND bob last", "BAD-DEST-USER\n");
    seat.sees(|lines| lines.iter().any(|line| bare(line) == "→ bob: last ✗ nobody of this name is online"));
}

/// Nothing was typed before it.
#[test]
fn first_paste_of_a_run_is_marked() {
    let peer = Peer::new();
    let mut seat = Seat::sized(60, 20, on_terminal(peer.port(), PRETTY));
    let mut talk = peer.welcome("ann");
    seat.program.output.expect("\x1b[?2004h");
    seat.press("\x1b[200~@bob one\n!quit\x1b[201~\r");
    for text in ["one", "!quit"] {
        talk.answer(&format!("SEND bob {text}"), "SEND-OK\n");
    }
    seat.shows_bare(&[LOGGED_IN, "→ bob: one ✓", "→ bob: !quit ✓", "|"]);
}

#[test]
fn pipes_get_the_same_bytes_whatever_is_asked_for() {
    let replies = "DELIVERY bob hi \x1b\nSEND-OK\nLIST-OK ann,bob\nBAD-DEST-USER\n";
    let run = |arguments: &str| {
        let peer = Peer::new();
        let program = Program::on_pipes(chinwag(peer.port(), &format!("--name ann {arguments}")));
        peer.welcome("ann").send(replies);
        program.finish().stdout
    };
    let plain = run("");
    for arguments in
        ["--pretty", "--notify osc9", "--notify bell --pretty", "--on-message true", "--ignore eve"]
    {
        assert_eq!(run(arguments), plain, "{arguments}");
    }
}

#[test]
fn terminal_of_no_wishes_gets_the_same_bytes_as_ever() {
    let peer = Peer::new();
    let seat = Seat::new(peer.port(), "--name ann");
    peer.welcome("ann").send("DELIVERY bob hi\nSEND-OK\n");
    let shown = format!("{LOGGED_IN}\r\nFrom bob: hi\r\nThe message was sent successfully\r\n");
    assert_eq!(String::from_utf8_lossy(&seat.finish().stdout), shown);
}

#[test]
fn reports_of_the_focus_end_with_the_program_and_while_it_is_stopped() {
    let peer = Peer::new();
    for option in ["--pretty", "--notify bell"] {
        for signal in [None, Some(Signal::TERM), Some(Signal::HUP)] {
            let mut seat = Seat::sized(80, 24, on_terminal(peer.port(), &format!("--name ann {option}")));
            let _talk = peer.welcome("ann");
            seat.program.output.expect(REPORTS_ON);
            match signal {
                None => seat.enter("!quit"),
                Some(signal) => seat.program.signal(signal),
            }
            let shown = String::from_utf8(seat.finish().stdout).unwrap();
            assert_eq!((shown.matches(REPORTS_ON).count(), shown.matches(REPORTS_OFF).count()), (1, 1));
        }
        let mut seat = Seat::sized(80, 24, on_terminal(peer.port(), &format!("--name ann {option}")));
        let _talk = peer.welcome("ann");
        seat.program.output.expect(REPORTS_ON);
        seat.program.signal(Signal::TSTP);
        seat.program.output.expect(REPORTS_OFF);
        seat.resume();
        seat.program.output.expect(REPORTS_ON);
    }
}

#[test]
fn first_message_that_came_while_nobody_looked_stands_below_a_mark() {
    let peer = Peer::new();
    let mut seat = Seat::sized(60, 20, on_terminal(peer.port(), PRETTY));
    let mut talk = peer.welcome("ann");
    seat.program.output.expect(REPORTS_ON);
    talk.send("DELIVERY bob one\n");
    seat.shows_bare(&[LOGGED_IN, "bob: one", "|"]);
    seat.press("\x1b[Oab");
    seat.shows_bare(&[LOGGED_IN, "bob: one", "ab|"]);
    talk.send("DELIVERY bob two\nDELIVERY bob three\n");
    seat.sees(|lines| {
        let lines: Vec<_> = lines.iter().map(|line| bare(line)).collect();
        matches!(lines[..], [LOGGED_IN, "bob: one", mark, "bob: two", "bob: three", "ab|"] if mark.starts_with("── new since "))
    });
}

#[test]
fn user_who_looks_elsewhere_is_called() {
    let peer = Peer::new();
    for (tmux, option, call) in [
        ("", "--notify bell", "\x07From bob: hi\r\n"),
        ("", "--notify osc9", "\x1b]9;bob: hi\x07From bob: hi\r\n"),
        ("x", "--notify osc777", "\x1bPtmux;\x1b\x1b]777;notify;bob;hi\x07\x1b\\From bob: hi\r\n"),
    ] {
        let mut command = on_terminal(peer.port(), &format!("--name ann {option}"));
        command.env("TMUX", tmux).env_remove("STY");
        let mut seat = Seat::sized(80, 24, command);
        let mut talk = peer.welcome("ann");
        seat.program.output.expect(REPORTS_ON);
        talk.send("DELIVERY bob hi\n");
        seat.program.output.expect(call);
        seat.press("\x1b[I@b");
        seat.program.output.expect("@b");
        talk.send("DELIVERY bob seen\n");
        seat.program.output.expect("From bob: seen\r\n");
        let shown = seat.program.output.text();
        assert!(!shown.contains("bob: seen\\x07") && !shown.contains("bob;seen"), "{shown}");
    }
}

#[test]
fn colours_only_where_they_are_wanted() {
    for (arguments, no_color, expected) in [
        ("--pretty", None, true),
        ("--pretty", Some("1"), false),
        ("--pretty --color never", None, false),
        ("--pretty --color always", Some("1"), true),
    ] {
        let peer = Peer::new();
        let mut command = on_terminal(peer.port(), &format!("--name ann {arguments}"));
        command.envs(no_color.map(|value| ("NO_COLOR", value)));
        let seat = Seat::sized(80, 24, command);
        peer.welcome("ann").send("DELIVERY bob hi\n");
        let shown = String::from_utf8(seat.finish().stdout).unwrap();
        assert_eq!(
            shown.contains("m") && shown.contains("\x1b[38;5;"),
            expected,
            "{arguments} {no_color:?}: {shown}"
        );
        assert!(expected || !shown.contains("\x1b[2m"));
    }
}

#[test]
fn terminal_that_shows_what_is_typed_is_not_told_it_again() {
    let peer = Peer::new();
    let mut seat = Seat::sized(60, 20, on_terminal(peer.port(), &format!("{PRETTY} --plain")));
    let mut talk = peer.welcome("ann");
    seat.program.output.expect(LOGGED_IN);
    seat.enter("@bob hi");
    talk.answer("SEND bob hi", "SEND-OK\n");
    seat.shows_bare(&[LOGGED_IN, "@bob hi", "✓ bob: hi", "|"]);
}

#[test]
fn command_is_run_for_each_message_on_pipes_and_terminals() {
    for terminal in [false, true] {
        let path = unused_path();
        let script = format!("{path}.sh");
        fs::write(&script, "printf '%s: %s\\n' \"$CHINWAG_ON_MESSAGE$CHINWAG_FROM\" \"$CHINWAG_TEXT\" >> \"$1\"; cat >> \"$1\"")
            .unwrap();
        let peer = Peer::new();
        let on_message = format!("sh {script} {path}");
        let arguments = "--name ann --ignore eve";
        let mut command =
            if terminal { on_terminal(peer.port(), arguments) } else { chinwag(peer.port(), arguments) };
        command.env("CHINWAG_ON_MESSAGE", &on_message);
        let client: Box<dyn std::any::Any> = if terminal {
            Box::new(Seat::sized(80, 24, command))
        } else {
            Box::new(Program::on_pipes(command))
        };
        let mut talk = peer.welcome("ann");
        talk.send("DELIVERY bob hi $(x)\nDELIVERY eve no\nSEND-OK\nDELIVERY bob \\n `y`;\n");
        let expected = "bob: hi $(x)\nhi $(x)\nbob: \\n `y`;\n\\n `y`;\n";
        let written = || fs::read_to_string(&path).unwrap_or_default();
        crate::support::until("the command has said it all", || written() == expected);
        drop((talk, client));
        fs::remove_file(&path).unwrap();
        fs::remove_file(&script).unwrap();
    }
}

#[test]
fn trouble_with_the_command_is_said_once() {
    let peer = Peer::new();
    let mut command = chinwag(peer.port(), "--name ann");
    command.args(["--on-message", "/nowhere/at/all now"]);
    let mut program = Program::on_pipes(command);
    let mut talk = peer.welcome("ann");
    talk.send("DELIVERY bob one\n".repeat(300));
    program.errors.expect("/nowhere/at/all cannot be started: ");
    program.errors.expect("too slow");
    program.enter_all("!quit\n");
    let outcome = program.finish();
    let said = String::from_utf8(outcome.stderr).unwrap();
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(said.lines().last().unwrap().ends_with("messages did not get to the command of --on-message"));
    assert_eq!(
        (outcome.status.code(), outcome.stdout.len()),
        (Some(0), LOGGED_IN.len() + 1 + 300 * "From bob: one\n".len())
    );
}

#[test]
fn ignored_messages_are_shown_nowhere() {
    let log = unused_path();
    let peer = Peer::new();
    let mut command = all_on_terminal(peer.port(), "--name ann -v --ignore bob --ignore eve,cid");
    command.args(["--log", &log]);
    let mut seat = Seat::sized(80, 24, command);
    let mut talk = peer.welcome("ann");
    talk.send("DELIVERY bob 1\nDELIVERY eve 2\nDELIVERY cid 3\nDELIVERY Bob 4\n");
    seat.program.output.expect("From Bob: 4\r\n");
    drop(talk);
    let shown = String::from_utf8(seat.finish().stdout).unwrap();
    assert_eq!((shown.matches("From ").count(), shown.matches("was ignored").count()), (1, 3), "{shown}");
    assert_eq!(fs::read_to_string(&log).unwrap().matches("From ").count(), 1);
    fs::remove_file(&log).unwrap();
}
