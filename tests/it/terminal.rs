//! The client on a pseudo-terminal: what a person sees, and programs that expect these lines.

use crate::endings::is_non_blocking;
use crate::peer::{End, Hanging, Peer};
use crate::program::{Collector, Feeder, Outcome, Program, with_arguments};
use crate::runner;
use crate::screen::Screen;
use crate::support::until;
use rustix::fs::OFlags;
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, Termios, Winsize, tcgetattr, tcsetattr, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;

/// S1 on a terminal: the cursor stays behind it.
pub(crate) const PROMPT: &str = "Welcome to Chat Client. Enter your login: ";
const LOGGED_IN: &str = "Successfully logged in as ann!\r\n";
const CONTROL_C: &str = "\x03";
const CONTROL_D: &str = "\x04";

/// A pseudo-terminal in the state in which terminals start.
pub(crate) struct Terminal {
    /// The side with the screen and the keyboard.
    master: File,
    line: File,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = i32::try_from(OFlags::NOCTTY.bits()).unwrap();
        let path = std::ffi::OsStr::from_bytes(name.as_bytes());
        let line = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path).unwrap();
        Self { master: master.into(), line }
    }

    /// The side of the programs.
    pub(crate) fn line(&self) -> File {
        self.line.try_clone().unwrap()
    }

    pub(crate) fn keyboard(&self) -> File {
        self.master.try_clone().unwrap()
    }

    pub(crate) fn switch_line_mode_off(&self) {
        self.change_modes(Termios::make_raw);
    }

    pub(crate) fn change_modes(&self, change: impl FnOnce(&mut Termios)) {
        let mut modes = tcgetattr(&self.line).unwrap();
        change(&mut modes);
        tcsetattr(&self.line, OptionalActions::Now, &modes).unwrap();
    }

    /// Its modes.
    pub(crate) fn state(&self) -> String {
        format!("{:?}", tcgetattr(&self.line).unwrap())
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.master, size).unwrap();
    }
}

/// The client, with the terminal that it is given as its controlling one.
pub(crate) fn on_terminal(port: u16, arguments: &str) -> Command {
    with_arguments(runner::client_behind(&["setsid", "--ctty"]), port, arguments)
}

/// The same, with its standard error on the terminal, too.
pub(crate) fn all_on_terminal(port: u16, arguments: &str) -> Command {
    let shell = ["setsid", "--ctty", "sh", "-c", "exec \"$0\" \"$@\" 2>&1"];
    with_arguments(runner::client_behind(&shell), port, arguments)
}

/// A client with a terminal of its own.
pub(crate) struct Seat {
    pub(crate) terminal: Terminal,
    before: String,
    pub(crate) program: Program,
    pub(crate) screen: Screen,
}

impl Seat {
    pub(crate) fn new(port: u16, arguments: &str) -> Self {
        Self::sized(80, 24, on_terminal(port, arguments))
    }

    /// In front of a screen of so many columns and rows.
    pub(crate) fn sized(columns: u16, rows: u16, command: Command) -> Self {
        let terminal = Terminal::new();
        terminal.resize(columns, rows);
        let mut seat = Self::at(terminal, command);
        seat.screen = Screen::new(columns, rows);
        seat.program.output.start();
        seat
    }

    /// Nobody reads the terminal yet.
    pub(crate) fn unseen(port: u16, arguments: &str) -> Self {
        Self::at(Terminal::new(), on_terminal(port, arguments))
    }

    /// At this terminal, which nobody reads yet.
    pub(crate) fn at(terminal: Terminal, command: Command) -> Self {
        let before = terminal.state();
        let mut program = Program::spawn(command, terminal.line(), terminal.line());
        program.input = Some(Feeder::new(terminal.keyboard()));
        program.output = Collector::new(terminal.keyboard());
        Self { terminal, before, program, screen: Screen::new(80, 24) }
    }

    /// Presses these keys.
    pub(crate) fn press(&self, keys: impl AsRef<[u8]>) {
        self.program.enter(keys.as_ref());
    }

    /// Presses these keys, and Return.
    pub(crate) fn enter(&self, line: &str) {
        self.program.enter(format!("{line}\r"));
    }

    /// The state of the client as the system tells it: `S` asleep, `T` stopped (proc_pid_stat(5)).
    pub(crate) fn state(&self) -> char {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.program.id())).unwrap();
        stat.rsplit_once(") ").unwrap().1.chars().next().unwrap()
    }

    /// Waits until the client has stopped, and lets it go on. (To continue what is about to stop is no
    /// use: it stops all the same, for ever.)
    #[track_caller]
    pub(crate) fn resume(&self) {
        self.stops();
        self.program.signal(Signal::CONT);
    }

    /// Waits until the client has stopped.
    #[track_caller]
    pub(crate) fn stops(&self) {
        until("it stops", || self.state() == 'T');
    }

    /// Whether the terminal is as it was found.
    pub(crate) fn is_as_found(&self) -> bool {
        self.terminal.state() == self.before
    }

    /// Answers the prompt with a name, and logs it in.
    #[track_caller]
    pub(crate) fn log_in(&mut self, peer: &Peer) -> crate::peer::Talk {
        self.program.output.expect(PROMPT);
        self.enter("ann");
        let talk = peer.welcome("ann");
        self.program.output.expect(LOGGED_IN);
        talk
    }

    /// Waits for the end of the client, which leaves the terminal as it found it (spec S16, section 5).
    #[track_caller]
    pub(crate) fn finish(mut self) -> Outcome {
        self.program.wait();
        assert_eq!(self.terminal.state(), self.before, "the terminal's modes");
        assert!(!is_non_blocking(&self.terminal.line), "the flags of the terminal's description");
        // Nobody has the line open any more: what is on the screen ends.
        runner::close(self.terminal);
        self.program.finish()
    }
}

/// Spec S1, S12.
#[test]
fn cursor_stays_behind_the_prompt() {
    let peer = Peer::new();
    let mut seat = Seat::new(peer.port(), "");
    let talk = peer.accept();
    seat.program.output.expect(PROMPT);
    assert_eq!(seat.program.output.text(), PROMPT);
    seat.program.signal(Signal::TERM);
    let outcome = seat.finish();
    assert_eq!(String::from_utf8_lossy(&outcome.stdout).trim_end(), PROMPT.trim_end());
    outcome.assert_signal(15);
    drop(talk);
}

/// Spec section 2, C3: as programs see it that drive a client.
#[test]
fn conversation_on_a_terminal() {
    let peer = Peer::new();
    let mut seat = Seat::new(peer.port(), "");
    seat.program.output.expect(PROMPT);
    seat.enter("eve");
    let mut talk = peer.accept();
    talk.answer("HELLO-FROM eve", "IN-USE\n");
    seat.program.output.expect("Cannot log in as eve. That username is already in use.\r\n");
    seat.program.output.expect(PROMPT);
    seat.enter("a,b");
    seat.program.output.expect("Cannot log in as a,b. That username contains disallowed characters.\r\n");
    seat.program.output.expect(PROMPT);
    seat.enter("ann");
    talk.answer("HELLO-FROM ann", "HELLO ann\n");
    seat.program.output.expect(LOGGED_IN);
    talk.send("DELIVERY bob hi\n");
    seat.program.output.expect("From bob: hi\r\n");
    for (typed, request, reply, shown) in [
        ("!who", "LIST", "LIST-OK ann,bob\n", "There are 2 online users:\r\nann\r\nbob\r\n"),
        ("@bob  two  ", "SEND bob  two  ", "SEND-OK\n", "The message was sent successfully\r\n"),
        ("@eve x", "SEND eve x", "BAD-DEST-USER\n", "The destination user does not exist\r\n"),
    ] {
        seat.enter(typed);
        talk.answer(request, reply);
        seat.program.output.expect(shown);
    }
    seat.enter("!quit");
    talk.expect_end();
    let outcome = seat.finish();
    assert_eq!((outcome.status.code(), outcome.stderr.as_slice()), (Some(0), &b""[..]));
}

/// Spec S15: the terminal's own `\r` aside.
#[test]
fn bytes_are_those_of_a_pipe_while_nothing_is_typed() {
    let peer = Peer::new();
    let seat = Seat::new(peer.port(), "--name ann");
    let mut talk = peer.welcome("ann");
    talk.send("DELIVERY bob  a\tb \nSEND-OK\nDELIVERY bob caf\u{e9} \u{65e5}\nDELIVERY bob cut");
    drop(talk);
    let outcome = seat.finish();
    let shown = "From bob:  a\tb \r\nThe message was sent successfully\r\nFrom bob: caf\u{e9} \u{65e5}\r\n";
    outcome.assert_broken(format!("{LOGGED_IN}{shown}"), &[&format!("127.0.0.1:{}", peer.port())]);
}

/// Spec S14.
#[test]
fn strangers_cannot_control_the_terminal() {
    let hostile =
        b"DELIVERY b\x1b \x1b[2J\r\x07\xff\xe2\x80\xae\xe2\x80\x8b\xc2\x9b\x7f\0\nLIST-OK \x1b]0;x\x07,c\n";
    let visible = b"From b^[: ^[[2J^M^G\\xff\\u{202e}\\u{200b}\\x9b^?^@\r\n\
        There are 2 online users:\r\n^[]0;x^G\r\nc\r\n";
    let raw = b"From b\x1b: \x1b[2J\r\x07\xff\xe2\x80\xae\xe2\x80\x8b\xc2\x9b\x7f\0\r\n\
        There are 2 online users:\r\n\x1b]0;x\x07\r\nc\r\n";
    for (arguments, lines) in [
        ("", &visible[..]),
        ("--escape auto", visible),
        ("--escape always", visible),
        ("--escape never", raw),
    ] {
        let peer = Peer::new();
        let seat = Seat::new(peer.port(), &format!("--name ann {arguments}"));
        peer.welcome("ann").send(hostile);
        seat.finish().assert_broken([LOGGED_IN.as_bytes(), lines].concat(), &["closed"]);
    }
}

/// Spec S14: in names, and in texts where it is asked for, nothing is hidden.
#[test]
fn names_that_look_alike_are_told_apart() {
    let said =
        "DELIVERY ann\u{200d} \u{1f469}\u{200d}\u{1f467}\nDELIVERY ann:\u{a0}hi x\nLIST-OK ann,ann\u{34f}\n";
    let shown = "From ann\\u{200d}: FAMILY\r\nFrom ann:\\u{a0}hi: x\r\n\
        There are 2 online users:\r\nann\r\nann\\u{34f}\r\n";
    for (arguments, family) in
        [("", "\u{1f469}\u{200d}\u{1f467}"), ("--escape always", "\u{1f469}\\u{200d}\u{1f467}")]
    {
        let peer = Peer::new();
        let seat = Seat::new(peer.port(), &format!("--name ann {arguments}"));
        peer.welcome("ann").send(said);
        let shown = shown.replace("FAMILY", family);
        seat.finish().assert_broken(format!("{LOGGED_IN}{shown}"), &["closed"]);
    }
}

/// Spec C3: what was typed before is sent, and no answer is waited for.
#[test]
fn quit_sends_what_was_typed_and_leaves_at_once() {
    let peer = Peer::new();
    let mut seat = Seat::new(peer.port(), "--linger 3600");
    let mut talk = seat.log_in(&peer);
    seat.enter("@bob hi");
    seat.enter("!who");
    seat.enter("!quit");
    for request in ["SEND bob hi", "LIST"] {
        talk.expect(request);
    }
    talk.expect_end();
    assert_eq!(seat.finish().status.code(), Some(0));
}

/// Spec C3: at the prompt, while a log-in waits, and after it.
#[test]
fn control_d_and_quit_leave_at_once_whatever_is_awaited() {
    for leave in [CONTROL_D, "!quit\r"] {
        let peer = Peer::new();
        let mut seat = Seat::new(peer.port(), "--linger 3600");
        seat.program.output.expect(PROMPT);
        seat.program.enter(leave);
        peer.accept().expect_end();
        assert_eq!(seat.finish().status.code(), Some(0));

        let mut seat = Seat::new(peer.port(), "--linger 3600");
        seat.program.output.expect(PROMPT);
        seat.enter("ann");
        let mut talk = peer.accept();
        talk.expect("HELLO-FROM ann");
        seat.program.enter(leave);
        talk.expect_end();
        assert_eq!(seat.finish().status.code(), Some(0));

        let mut seat = Seat::new(peer.port(), "--linger 3600");
        let mut talk = seat.log_in(&peer);
        seat.enter("!who");
        talk.expect("LIST");
        seat.program.enter(leave);
        talk.expect_end();
        assert_eq!(seat.finish().status.code(), Some(0));
    }
}

/// The line mode of a terminal takes keys before the client is there, and makes something else of them.
#[test]
fn control_d_that_is_typed_too_early_counts() {
    for typed in ["\x04", "ann\r\x04", "ann\r!who\r\x04"] {
        let peer = Peer::new();
        let terminal = Terminal::new();
        terminal.keyboard().write_all(typed.as_bytes()).unwrap();
        let seat = Seat::at(terminal, on_terminal(peer.port(), "--linger 3600"));
        assert_eq!(seat.finish().status.code(), Some(0));
    }
}

#[test]
fn quit_leaves_a_connection_that_hangs() {
    let hanging = Hanging::new();
    for leave in [CONTROL_D, "!quit\r"] {
        let mut seat = Seat::new(hanging.port, "-vv --connect-timeout 3600 --linger 3600");
        // By then the client reads its keyboard, or will.
        seat.program.errors.expect("connecting to");
        seat.program.enter(leave);
        assert_eq!(seat.finish().status.code(), Some(0));
    }
}

/// Spec section 5: while it asks, and while it chats.
#[test]
fn signals_end_it_and_leave_the_terminal_as_it_was() {
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15)] {
        let peer = Peer::new();
        let mut seat = Seat::new(peer.port(), "");
        seat.program.output.expect(PROMPT);
        seat.program.signal(signal);
        seat.finish().assert_signal(number);

        drop(peer.accept());
        let mut seat = Seat::new(peer.port(), "");
        let _talk = seat.log_in(&peer);
        seat.program.signal(signal);
        seat.finish().assert_signal(number);
    }
}

#[cfg(feature = "editor")]
#[test]
fn control_c_ends_it_as_any_program() {
    let peer = Peer::new();
    let mut seat = Seat::new(peer.port(), "");
    seat.program.output.expect(PROMPT);
    seat.program.enter(CONTROL_C);
    seat.finish().assert_signal(2);

    drop(peer.accept());
    let mut seat = Seat::new(peer.port(), "");
    let _talk = seat.log_in(&peer);
    seat.program.enter("half a line");
    seat.program.enter(CONTROL_C);
    seat.program.output.expect("half a line^C\r\n");
    seat.program.enter(CONTROL_C);
    seat.finish().assert_signal(2);
}

/// Spec L4, S15: the line does not stand behind the prompt.
#[test]
fn full_server_is_said_on_a_line_of_its_own() {
    for end in End::ALL {
        let peer = Peer::new();
        let mut seat = Seat::new(peer.port(), "");
        let mut talk = peer.accept();
        seat.program.output.expect(PROMPT);
        talk.send("BUSY\n");
        let kept = talk.end(end);
        seat.finish().assert(3, format!("{PROMPT}\r\nCannot log in. The server is full!\r\n"));
        drop(kept);
    }
}

/// Spec section 5: nor does the shell's prompt stand behind the client's.
#[test]
fn prompt_waits_for_a_name_without_a_connection() {
    let peer = Peer::new();
    let mut seat = Seat::new(peer.port(), "");
    let talk = peer.accept();
    seat.program.output.expect(PROMPT);
    talk.end(End::Close);
    seat.program.enter("ann\r");
    drop(peer.welcome("ann"));
    let shown = format!("{PROMPT}ann\r\nSuccessfully logged in as ann!\r\n");
    seat.finish().assert_broken(shown, &["closed", &format!("127.0.0.1:{}", peer.port())]);
}

/// Spec S16: a terminal that nobody reads, as if paused.
#[test]
fn paused_terminal_does_not_freeze_the_program() {
    let peer = Peer::new();
    let seat = Seat::unseen(peer.port(), "--name ann --linger 3600");
    let mut talk = peer.welcome("ann");
    let flood = format!("DELIVERY bob {}\n", "x".repeat(1000)).repeat(64 * 1024);
    assert!(talk.send_until_stuck(flood.as_bytes()) < flood.len(), "the socket was read on");
    seat.enter("@bob hi");
    talk.expect("SEND bob hi");
    seat.enter("!quit");
    let outcome = seat.finish();
    assert!(outcome.only_error().contains("standard output took no more"));
    assert_eq!(outcome.status.code(), Some(0));
}

/// Spec S16, S13.
#[test]
fn paused_terminal_shows_everything_when_it_moves_again() {
    let peer = Peer::new();
    let mut seat = Seat::unseen(peer.port(), "--name ann");
    let mut talk = peer.welcome("ann");
    let (mut flood, mut shown) = (String::new(), LOGGED_IN.to_owned());
    for number in 0..20_000 {
        flood += &format!("DELIVERY bob {number} {}\n", "x".repeat(100));
        shown += &format!("From bob: {number} {}\r\n", "x".repeat(100));
    }
    let sending = talk.send_aside(flood.into_bytes());
    seat.program.output.start();
    sending.join().unwrap().unwrap();
    seat.program.output.expect("From bob: 19999 ");
    seat.program.output.expect("\r\n");
    drop(talk);
    let outcome = seat.finish();
    assert!(outcome.stdout == shown.as_bytes(), "{} bytes instead of {}", outcome.stdout.len(), shown.len());
    assert!(outcome.only_error().contains("closed"));
}
