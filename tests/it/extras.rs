//! What the user has to ask for: times, bells, colours, a log file, log lines on the terminal.

use crate::peer::{Peer, comes};
use crate::program::{Program, chinwag, fifo, unused_path, with_arguments};
use crate::runner::{self, deadline};
use crate::support::LOGGED_IN;
use crate::terminal::{Seat, all_on_terminal, on_terminal};
use rustix::event::PollFlags;
use rustix::fs::OFlags;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::ExitStatusExt as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// A time zone where it is about noon: no test begins before midnight and ends after it.
fn noon() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    // POSIX counts what is added to local time to get to UTC.
    format!("XXX{}", i64::try_from(seconds / 3600 % 24).unwrap() - 12)
}

/// A text with `0` for every digit of its first so many bytes.
fn form(text: &str, length: usize) -> String {
    let (stamp, rest) = text.split_at_checked(length).unwrap_or((text, ""));
    stamp.replace(|c: char| c.is_ascii_digit(), "0") + rest
}

#[test]
fn lines_begin_with_the_time_and_the_first_one_with_the_date() {
    let peer = Peer::new();
    let mut command = chinwag(peer.port(), "--name ann --timestamps");
    command.env("TZ", noon());
    let program = Program::on_pipes(command);
    peer.welcome("ann").send("DELIVERY bob [12:00] hi\nSEND-OK\nLIST-OK ann,bob\n");
    let outcome = program.finish();
    let shown = String::from_utf8(outcome.stdout).unwrap();
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(form(lines[0], 19), format!("[0000-00-00 00:00] {LOGGED_IN}"));
    assert_eq!(form(lines[1], 8), "[00:00] From bob: [12:00] hi");
    assert_eq!(form(lines[2], 8), "[00:00] The message was sent successfully");
    assert_eq!(form(lines[3], 8), "[00:00] There are 2 online users:");
    assert_eq!(lines[4..], ["ann", "bob"]);
    let hours = ["11", "12", "13"];
    assert!(hours.contains(&&lines[0][12..14]) && hours.contains(&&lines[1][1..3]), "{shown}");
}

#[cfg(feature = "editor")]
#[test]
fn line_with_the_time_makes_the_typed_line_move_down() {
    let peer = Peer::new();
    let mut seat = Seat::sized(80, 24, on_terminal(peer.port(), "--name ann --timestamps"));
    let mut talk = peer.welcome("ann");
    seat.sees(|lines| lines.last().is_some_and(|last| last == "|"));
    seat.press("@bob half");
    seat.shows(&["@bob half|"]);
    talk.send("DELIVERY bob hi\n");
    seat.sees(|lines| lines.len() == 3 && lines[1].ends_with("] From bob: hi") && lines[2] == "@bob half|");
}

#[test]
fn messages_and_nothing_else_ring_the_bell_of_a_terminal() {
    let replies = "DELIVERY bob hi\nSEND-OK\nDELIVERY bob ho\n";
    let peer = Peer::new();
    for (arguments, bell) in [("--bell", "\x07"), ("", "")] {
        let arguments = format!("--name ann {arguments}");
        let seat = Seat::new(peer.port(), &arguments);
        peer.welcome("ann").send(replies);
        let sent = "The message was sent successfully";
        let shown = format!("{LOGGED_IN}\r\n{bell}From bob: hi\r\n{sent}\r\n{bell}From bob: ho\r\n");
        seat.finish().assert_broken(&shown, &["closed"]);

        let program = Program::on_pipes(chinwag(peer.port(), &arguments));
        peer.welcome("ann").send(replies);
        let shown = shown.replace(bell, "").replace("\r\n", "\n");
        program.finish().assert_broken(shown, &["closed"]);
    }
}

#[test]
fn names_have_colours_where_the_user_wants_them() {
    for (arguments, variables, seen, piped) in [
        ("", &[][..], false, false),
        ("--color never", &[], false, false),
        ("--color auto", &[], true, false),
        ("--color auto", &[("NO_COLOR", "1")], false, false),
        ("--color auto", &[("NO_COLOR", "")], true, false),
        ("--color auto", &[("TERM", "dumb")], false, false),
        ("--color always", &[], true, true),
        ("--color always", &[("NO_COLOR", "1"), ("TERM", "dumb")], true, true),
    ] {
        for (terminal, colored) in [(true, seen), (false, piped)] {
            let peer = Peer::new();
            let arguments = format!("--name ann {arguments}");
            let mut command = if terminal {
                on_terminal(peer.port(), &arguments)
            } else {
                chinwag(peer.port(), &arguments)
            };
            command.envs(variables.iter().copied());
            let run = || {
                peer.welcome("ann").send("DELIVERY bob hi bob\nDELIVERY bob ho\nLIST-OK ann,bob\n");
            };
            let outcome = if terminal {
                let seat = Seat::sized(80, 24, command);
                run();
                seat.finish()
            } else {
                let program = Program::on_pipes(command);
                run();
                program.finish()
            };
            let shown = String::from_utf8(outcome.stdout).unwrap().replace("\r\n", "\n");
            let [ann, bob] = ["ann", "bob"].map(|name| {
                let painted = (31..=36).map(|color| format!("\x1b[{color}m{name}\x1b[0m"));
                let mut used = painted.filter(|painted| shown.contains(painted));
                used.next().filter(|_| used.next().is_none()).unwrap_or_else(|| name.to_owned())
            });
            assert_eq!(
                (ann != "ann", bob != "bob"),
                (colored, colored),
                "{arguments} {variables:?}: {shown}"
            );
            assert_eq!(
                shown,
                format!(
                    "Successfully logged in as {ann}!\nFrom {bob}: hi bob\nFrom {bob}: ho\n\
                     There are 2 online users:\n{ann}\n{bob}\n"
                )
            );
        }
    }
}

#[test]
fn log_file_has_a_line_for_each_event() {
    let path = unused_path();
    let mut expected = Vec::new();
    for run in 1..=2 {
        let peer = Peer::new();
        let mut command = chinwag(peer.port(), "");
        command.args(["--log", &path]).env("TZ", "UTC0");
        let mut program = Program::on_pipes(command);
        program.enter("eve\nann\n");
        let mut talk = peer.accept();
        talk.answer("HELLO-FROM eve", "IN-USE\n");
        talk.answer("HELLO-FROM ann", "HELLO ann\n");
        talk.send("DELIVERY bob \x1b[2J\rhi\u{202e}\n");
        program.output.expect("hi");
        program.enter(format!("@bob run {run}\x07\n"));
        talk.answer(&format!("SEND bob run {run}\x07"), "SEND-OK\n");
        program.output.expect("successfully\n");
        program.enter("!who\n");
        talk.answer("LIST", "LIST-OK ann,bob\n");
        program.enter_all("!quit\n");
        talk.expect_end();
        assert_eq!(program.finish().status.code(), Some(0));
        let sent = format!("To bob: run {run}^G");
        expected.extend(
            [
                "Cannot log in as eve. That username is already in use.",
                LOGGED_IN,
                "From bob: ^[[2J^Mhi\\u{202e}",
                &sent,
                "The message was sent successfully",
                "There are 2 online users: ann bob",
            ]
            .map(|line| format!("0000-00-00T00:00:00+00:00 {line}")),
        );
        let log = fs::read_to_string(&path).unwrap();
        let lines: Vec<_> = log.lines().map(|line| form(line, 25)).collect();
        assert_eq!(lines, expected);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    }
    fs::remove_file(&path).unwrap();
}

#[test]
fn log_file_that_cannot_be_written_is_named() {
    let path = unused_path() + "/log";
    for terminal in [false, true] {
        let peer = Peer::new();
        let outcome = if terminal {
            let mut command = on_terminal(peer.port(), "--name ann");
            command.args(["--log", &path]);
            Seat::sized(80, 24, command).finish()
        } else {
            let mut command = chinwag(peer.port(), "--name ann");
            command.args(["--log", &path]);
            Program::on_pipes(command).finish()
        };
        outcome.assert_broken("", &[&path, "--log"]);
    }
}

#[test]
fn log_file_that_others_may_read_is_left_so_and_said() {
    let path = unused_path();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), &format!("--name ann --log {path}")));
    let _talk = peer.welcome("ann");
    program.enter_all("!quit\n");
    let outcome = program.finish();
    let line = outcome.only_error();
    assert!(line.contains(&path) && line.contains("chmod 600"), "{line}");
    assert_eq!(outcome.status.code(), Some(0));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o640);
    fs::remove_file(&path).unwrap();
}

#[test]
fn pipe_that_nobody_reads_is_no_log_file() {
    let path = fifo();
    let peer = Peer::new();
    let program = Program::on_pipes(chinwag(peer.port(), &format!("--name ann --log {path}")));
    program.finish().assert_broken("", &[&path, "nobody reads", "--log"]);
    fs::remove_file(&path).unwrap();
}

/// The conversation waits a while for it, keys and signals do not; what was taken ends with a line.
#[test]
fn log_file_that_takes_nothing_is_given_up() {
    let path = fifo();
    let log = fs::File::options().read(true).write(true).open(&path).unwrap();
    let peer = Peer::new();
    let mut command = on_terminal(peer.port(), "--name ann --timestamps");
    command.args(["--log", &path]).env("TZ", "UTC0");
    let mut seat = Seat::sized(80, 24, command);
    let mut talk = peer.welcome("ann");
    let text = "x".repeat(1000);
    let flood: String = (0..400).map(|number| format!("DELIVERY bob {number} {text}\n")).collect();
    talk.send(flood + "DELIVERY bob last\n");
    seat.program.errors.expect("nothing more is written to the log file: ");
    seat.program.output.expect("From bob: last");
    seat.press("@bob hi\r");
    talk.expect("SEND bob hi");
    seat.press("\x03");
    talk.expect_end();
    let outcome = seat.finish();
    assert_eq!(outcome.status.signal(), Some(2));
    drop(log);
    fs::remove_file(&path).unwrap();
}

/// Nothing of it is lost, whatever it takes at a time.
#[test]
fn log_file_with_a_slow_reader_holds_the_conversation_back() {
    let path = fifo();
    let mut log = fs::File::options().read(true).write(true).open(&path).unwrap();
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), &format!("--name ann --log {path}")));
    let mut talk = peer.welcome("ann");
    let text = "x".repeat(1000);
    let flood: String = (0..2000).map(|number| format!("DELIVERY bob {number} {text}\n")).collect();
    talk.send(flood);
    let mut logged = Vec::new();
    let mut buffer = [0; 4096];
    while memchr::memmem::find(&logged[logged.len().saturating_sub(8192)..], b"From bob: 1999").is_none() {
        let count = log.read(&mut buffer).unwrap();
        logged.extend_from_slice(&buffer[..count]);
    }
    let logged = String::from_utf8(logged).unwrap();
    let numbers = logged.lines().skip(1).map(|line| line.split(' ').nth(3).unwrap().to_owned());
    assert!(numbers.eq((0..2000).map(|number| number.to_string())));
    program.enter_all("!quit\n");
    program.finish().assert(0, {
        let shown = (0..2000).map(|number| format!("From bob: {number} {text}\n"));
        format!("{LOGGED_IN}\n{}", shown.collect::<String>())
    });
    fs::remove_file(&path).unwrap();
}

#[test]
fn log_file_that_is_too_long_is_given_up() {
    let path = unused_path();
    let peer = Peer::new();
    let shell = runner::client_behind(&["sh", "-c", "ulimit -f 1; exec \"$0\" \"$@\""]);
    let mut program =
        Program::on_pipes(with_arguments(shell, peer.port(), &format!("--name ann --log {path}")));
    let mut talk = peer.welcome("ann");
    talk.send(format!("DELIVERY bob {}\nDELIVERY bob last\n", "x".repeat(2000)));
    program.errors.expect("nothing more is written to the log file");
    program.output.expect("From bob: last\n");
    program.enter_all("!quit\n");
    assert_eq!(program.finish().status.code(), Some(0));
    fs::remove_file(&path).unwrap();
}

#[test]
fn log_file_that_takes_no_more_does_not_end_the_conversation() {
    let peer = Peer::new();
    let program = Program::on_pipes(chinwag(peer.port(), "--name ann --log /dev/full"));
    let mut talk = peer.welcome("ann");
    for number in 0..10 {
        program.enter("@bob hi\n");
        talk.answer("SEND bob hi", format!("DELIVERY bob {number}\nSEND-OK\n"));
    }
    program.enter("!quit\n");
    talk.expect_end();
    let outcome = program.finish();
    assert!(outcome.only_error().contains("log file"));
    assert_eq!(outcome.status.code(), Some(0));
    assert!(String::from_utf8(outcome.stdout).unwrap().contains("From bob: 9\n"));
}

/// Of a thousand lines some of the log may be dropped and counted, none may be torn.
#[cfg(feature = "editor")]
#[test]
fn log_on_the_same_terminal_leaves_the_typed_line_whole() {
    let peer = Peer::new();
    let mut seat = Seat::sized(40, 12, all_on_terminal(peer.port(), "--name ann -vvv"));
    let mut talk = peer.welcome("ann");
    seat.program.output.expect(LOGGED_IN);
    let line = "@bob half a line that goes round the edge of the screen";
    seat.press(format!("{line}\x1b[D"));
    let picture = format!("{}|n", &line[..line.len() - 1]);
    seat.shows(&[&picture]);
    let (mut burst, mut messages, mut warnings) = (String::new(), Vec::new(), Vec::new());
    for number in 0..100 {
        burst += &format!("FOO {number}\nDELIVERY bob {number}\n");
        messages.push(format!("From bob: {number}"));
        warnings.push(format!("chinwag: WARN: the server sent what is no reply: FOO {number}"));
        if number % 10 == 9 {
            talk.send(std::mem::take(&mut burst));
        }
    }
    let starting = |lines: &[String], start: &str| -> Vec<String> {
        lines.iter().filter(|line| line.starts_with(start)).cloned().collect()
    };
    seat.sees(|lines| {
        lines.last() == Some(&picture)
            && starting(lines, "From bob") == messages
            && starting(lines, "chinwag: WARN") == warnings
            && starting(lines, "@bob") == [picture.clone()]
    });
    seat.press("\r");
    talk.expect(format!("SEND {}", &line[1..]));
}

/// What goes wrong while the log file is written is said at once, not with the next event: none comes.
#[test]
fn line_that_is_logged_last_does_not_wait_for_an_event() {
    let path = fifo();
    let non_blocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap();
    let mut reader = File::options().read(true).custom_flags(non_blocking).open(&path).unwrap();
    let options = format!("--name ann --log {path}");
    let peer = Peer::new();
    let mut seat = Seat::sized(80, 24, all_on_terminal(peer.port(), &options));
    let mut talk = peer.welcome("ann");
    assert!(comes(&reader, PollFlags::IN, deadline()), "nothing is written to the log file");
    let mut first = [0; 200];
    let count = reader.read(&mut first).unwrap();
    assert!(first[..count].ends_with(b" Successfully logged in as ann!\n"));
    fs::remove_file(path).unwrap();
    runner::close(reader);
    seat.press("@bob hi\r");
    talk.expect("SEND bob hi");
    seat.sees(|lines| lines.iter().any(|line| line.contains("nothing more is written to the log file")));
}
