//! The terminal is taken, given back, stopped, paused and lost (spec section 5, S15, S16).

use crate::editing::seated;
use crate::peer::{End, Peer, Talk};
use crate::program::{Outcome, Program, chinwag};
use crate::screen::Screen;
use crate::support::LOGGED_IN;
use crate::terminal::{PROMPT, Seat, Terminal, all_on_terminal, on_terminal};
use rustix::process::Signal;
use rustix::termios::LocalModes;
use std::os::unix::process::ExitStatusExt;

const HALF: &str = "@bob half a line";
/// Pauses a terminal, and lets it move again.
const CONTROL_S: &str = "\x13";
const CONTROL_Q: &str = "\x11";
const CONTROL_Z: &str = "\x1a";

impl Seat {
    /// The most memory that the client has had up to now, in KiB.
    fn peak_memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

/// Logged in, with its standard error on the same terminal, and half a line typed.
#[track_caller]
fn typing() -> (Peer, Seat, Talk) {
    let peer = Peer::new();
    let mut seat = Seat::sized(80, 24, all_on_terminal(peer.port(), "--name ann"));
    let talk = peer.welcome("ann");
    seat.shows_only(&[LOGGED_IN, "|"]);
    seat.press("@");
    seat.shows_only(&[LOGGED_IN, "@|"]);
    seat.press(&HALF[1..]);
    seat.shows_only(&[LOGGED_IN, &format!("{HALF}|")]);
    assert!(!seat.is_as_found() && seat.screen.marks_pastes());
    (peer, seat, talk)
}

/// What the screen shows at the end; pastes are marked no more.
#[track_caller]
fn last_screen(outcome: &Outcome) -> Vec<String> {
    let mut screen = Screen::showing(80, 24, &outcome.stdout);
    assert!(!screen.marks_pastes());
    screen.lines()
}

#[test]
fn every_ending_leaves_the_half_typed_line_and_the_terminal_whole() {
    let rare = [Signal::ABORT, Signal::ALARM, Signal::USR1, Signal::SYS, Signal::TRAP, Signal::XCPU];
    for signal in [Signal::TERM, Signal::INT, Signal::HUP].into_iter().chain(rare) {
        let (_peer, seat, _talk) = typing();
        seat.program.signal(signal);
        let outcome = seat.finish();
        outcome.assert_signal(signal.as_raw());
        assert_eq!(last_screen(&outcome), [LOGGED_IN, HALF, "|"]);
    }
    for (end, words) in [(End::Close, "closed the connection"), (End::Reset, "broke")] {
        let (peer, seat, talk) = typing();
        talk.end(end);
        let outcome = seat.finish();
        assert_eq!(outcome.status.code(), Some(1));
        let lines = last_screen(&outcome);
        assert_eq!(lines[..2], [LOGGED_IN, HALF]);
        assert!(lines[2].starts_with("chinwag: ") && lines[2].contains(words), "{lines:?}");
        assert!(lines[2].contains(&format!("127.0.0.1:{}", peer.port())), "{lines:?}");
        assert_eq!(lines[lines.len() - 1], "|");
    }
    for (keys, shown) in [("\x15!quit\r", "!quit"), ("\x15\x04", "|"), ("\x03\x04", "@bob half a line^C")] {
        let (_peer, seat, mut talk) = typing();
        seat.press(keys);
        talk.expect_end();
        let outcome = seat.finish();
        assert_eq!(outcome.status.code(), Some(0), "after {keys:?}");
        assert_eq!(last_screen(&outcome)[1], shown);
    }
}

/// Some signals end the program as an exit does: no safe call makes it die of them.
#[test]
fn signal_that_nobody_knows_how_to_die_of_is_the_status() {
    for signal in [Signal::POWER, Signal::IO] {
        let (_peer, seat, _talk) = typing();
        seat.program.signal(signal);
        let outcome = seat.finish();
        assert_eq!(last_screen(&outcome)[..2], [LOGGED_IN, HALF]);
        assert_eq!(outcome.status.code(), Some(128 + signal.as_raw()));
    }
}

#[test]
fn line_of_many_rows_is_left_whole_with_the_cursor_below() {
    let (mut seat, talk) = seated(20, 10);
    let line = "@bob a line of more than twenty columns";
    seat.press(format!("{line}\x1b[D\x1b[D\x1b[D"));
    seat.shows_only(&[LOGGED_IN, "@bob a line of more than twenty colu|mns"]);
    drop(talk);
    let outcome = seat.finish();
    assert_eq!(Screen::showing(20, 10, &outcome.stdout).lines(), [LOGGED_IN, line, "|"]);
    assert_eq!(outcome.status.code(), Some(1));
}

/// Spec L4.
#[test]
fn full_server_is_said_below_a_half_typed_name() {
    let peer = Peer::new();
    let mut seat = Seat::sized(80, 24, all_on_terminal(peer.port(), ""));
    let mut talk = peer.accept();
    seat.shows_only(&[format!("{PROMPT}|")]);
    seat.press("an");
    seat.shows_only(&[format!("{PROMPT}an|")]);
    talk.send("BUSY\n");
    let outcome = seat.finish();
    assert_eq!(outcome.status.code(), Some(3));
    let lines = last_screen(&outcome);
    assert_eq!(lines[0], "Cannot log in. The server is full!");
    assert_eq!(lines[1..], [format!("{PROMPT}an").as_str(), "|"]);
}

#[test]
fn control_c_drops_a_line_and_ends_the_program_where_there_is_none() {
    let (_peer, mut seat, mut talk) = typing();
    seat.press("\x1b[D\x1b[D\x03");
    seat.shows_only(&[LOGGED_IN, &format!("{HALF}^C"), "|"]);
    seat.press("@bob hi\r");
    talk.expect("SEND bob hi");
    seat.press("\x03");
    talk.expect_end();
    let outcome = seat.finish();
    outcome.assert_signal(2);
    assert_eq!(last_screen(&outcome), [LOGGED_IN, &format!("{HALF}^C"), "@bob hi", "|"]);
}

#[test]
fn dropped_name_is_asked_for_again() {
    let peer = Peer::new();
    let mut seat = Seat::sized(80, 24, on_terminal(peer.port(), ""));
    let mut talk = peer.accept();
    seat.shows_only(&[format!("{PROMPT}|")]);
    seat.press("an\x03");
    seat.shows_only(&[format!("{PROMPT}an^C"), format!("{PROMPT}|")]);
    seat.press("ann\r");
    talk.answer("HELLO-FROM ann", "HELLO ann\n");
    seat.shows(&[&*format!("{PROMPT}ann"), LOGGED_IN, "|"]);
}

#[test]
fn stopped_program_gives_the_terminal_back_and_takes_it_again() {
    let by_key = |seat: &Seat| seat.press(CONTROL_Z);
    let by_signal = |seat: &Seat| seat.program.signal(Signal::TSTP);
    for stop in [&by_key as &dyn Fn(&Seat), &by_signal] {
        let (_peer, mut seat, mut talk) = typing();
        seat.press("\x1b[D");
        let picture = "@bob half a lin|e";
        seat.shows_only(&[LOGGED_IN, picture]);
        for number in 1..=2 {
            stop(&seat);
            seat.stops();
            assert!(seat.is_as_found(), "the terminal's modes");
            seat.sees(|lines| !lines.contains(&picture.to_owned()));
            if number == 1 {
                // It asked for marked pastes once, and takes that back.
                seat.program.output.expect("\x1b[?2004l");
            }
            talk.send(format!("DELIVERY bob {number}\n"));
            // A shell sets the terminal as it likes.
            seat.terminal.change_modes(|modes| modes.local_modes |= LocalModes::ECHO | LocalModes::ICANON);
            seat.resume();
            seat.shows(&[&*format!("From bob: {number}"), picture]);
            assert!(!seat.is_as_found());
        }
        seat.shows_only(&[LOGGED_IN, "From bob: 1", "From bob: 2", picture]);
        seat.press("X\r");
        talk.expect("SEND bob half a linXe");
        seat.press("!quit\r");
        assert_eq!(seat.finish().status.code(), Some(0));
    }
}

/// Spec S15: each line is the same, and only the echo of what is typed is the terminal's.
#[test]
fn bytes_are_those_of_a_pipe() {
    let replies = "DELIVERY bob  a\tb \nSEND-OK\nBAD-DEST-USER\nBAD-RQST-HDR\nBAD-RQST-BODY\n\
        LIST-OK ann,bob\nLIST-OK \nDELIVERY bob caf\u{e9} e\u{301} \u{65e5}\u{1f44d}\nFOO\nDELIVERY x \n"
        .to_owned()
        + &format!("DELIVERY bob {}\n", "x".repeat(100_000))
        + &(0..10).map(|number| format!("DELIVERY bob {number}\n")).collect::<String>();
    let peer = Peer::new();
    let seat = Seat::new(peer.port(), "--name ann");
    peer.welcome("ann").send(&replies);
    let seen = seat.finish().stdout;

    let program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
    peer.welcome("ann").send(&replies);
    let piped = program.finish().stdout;
    assert!(piped.ends_with(b"From bob: 8\nFrom bob: 9\n"));
    let as_on_a_terminal = String::from_utf8(piped).unwrap().replace('\n', "\r\n");
    assert!(seen == as_on_a_terminal.as_bytes(), "{} bytes on the terminal", seen.len());
}

#[test]
fn terminal_is_left_alone_where_editing_makes_no_sense() {
    let echo_off = |modes: &mut rustix::termios::Termios| modes.local_modes -= LocalModes::ECHO;
    for (arguments, variable, value, echo) in [
        ("--plain", "TERM", "xterm", true),
        ("", "CHINWAG_PLAIN", "1", true),
        ("", "TERM", "dumb", true),
        ("", "TERM", "xterm", false),
    ] {
        let peer = Peer::new();
        let mut command = on_terminal(peer.port(), arguments);
        command.env(variable, value);
        let terminal = Terminal::new();
        if !echo {
            terminal.change_modes(echo_off);
        }
        let mut seat = Seat::at(terminal, command);
        seat.program.output.start();
        seat.program.output.expect(PROMPT);
        assert!(seat.is_as_found());
        seat.enter("ann");
        let mut talk = peer.welcome("ann");
        seat.program.output.expect(LOGGED_IN);
        seat.press("@bob ha");
        talk.send("DELIVERY bob hi\n");
        seat.program.output.expect("From bob: hi\r\n");
        assert!(seat.is_as_found());
        seat.enter("lf");
        talk.expect("SEND bob half");
        seat.enter("!quit");
        let outcome = seat.finish();
        assert_eq!(outcome.status.code(), Some(0));
        assert!(!outcome.stdout.contains(&0x1b), "{}", outcome.stdout.escape_ascii());
    }
}

/// A client whose terminal was paused with Ctrl-S, and how much of a flood its peer got rid of.
#[track_caller]
fn paused(flood: &[u8]) -> (Seat, Talk, usize) {
    let (seat, mut talk) = seated(80, 24);
    seat.press(CONTROL_S);
    let sent = talk.send_until_stuck(flood);
    assert!(sent < flood.len(), "the socket was read on");
    assert!(seat.peak_memory() < 64 * 1024, "{} KiB", seat.peak_memory());
    (seat, talk, sent)
}

fn flood() -> Vec<String> {
    (0..400_000).map(|number| format!("From bob: {number} {}\r\n", "x".repeat(100))).collect()
}

fn deliveries(lines: &[String]) -> Vec<u8> {
    lines.concat().replace("\r\n", "\n").replace("From bob:", "DELIVERY bob").into_bytes()
}

#[test]
fn paused_terminal_freezes_nothing_but_the_screen() {
    let flood = deliveries(&flood());
    for (keys, status, signal) in [("!quit\r", Some(0), None), ("\x03", None, Some(2))] {
        let (seat, mut talk, _) = paused(&flood);
        seat.press("@bob hi\r");
        talk.expect("SEND bob hi");
        seat.press(keys);
        let outcome = seat.finish();
        assert_eq!((outcome.status.code(), outcome.status.signal()), (status, signal));
    }
}

#[test]
fn paused_terminal_shows_everything_in_order_when_it_moves_again() {
    let lines = flood();
    let flood = deliveries(&lines);
    let (seat, talk, sent) = paused(&flood);
    seat.press(CONTROL_Q);
    drop(talk);
    let outcome = seat.finish();
    assert_eq!(outcome.status.code(), Some(1));
    let whole = flood[..sent].iter().filter(|&&byte| byte == b'\n').count();
    let shown = format!("{LOGGED_IN}\r\n{}", lines[..whole].concat());
    assert!(outcome.stdout == shown.as_bytes(), "{} bytes instead of {}", outcome.stdout.len(), shown.len());
    assert!(outcome.only_error().contains("closed"));
}

#[test]
fn lost_connection_does_not_hold_who_leaves_a_paused_terminal() {
    let (seat, talk, _) = paused(&deliveries(&flood()));
    drop(talk);
    seat.press("!quit\r");
    assert_eq!(seat.finish().status.code(), Some(0));
}
