//! A lot at once: long messages, long scripts, floods, and outputs that take no more.

use crate::peer::Peer;
use crate::program::{Feeder, Program, chinwag, file};
use std::fmt::Write;

const MIB: usize = 1024 * 1024;
const LOGGED_IN: &str = "Successfully logged in as ann!\n";

/// A text of this length in which no piece can be mistaken for another nearby.
fn long_text(length: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(length + 16);
    for number in 0_u64.. {
        if text.len() >= length {
            break;
        }
        text.extend_from_slice(format!("{number:x} \t\r\0\u{e9}").as_bytes());
        // The numbers alone would take long to write: each is followed by a run of one byte.
        text.resize((text.len() + 4096).min(length.max(text.len())), b'a' + (number % 26) as u8);
    }
    text.truncate(length);
    text
}

/// Numbered messages as a server sends them, and as they are shown.
fn numbered_messages(count: usize, length: usize) -> (Vec<u8>, Vec<u8>) {
    let (mut sent, mut shown) = (String::new(), String::from(LOGGED_IN));
    let filler = "x".repeat(length);
    for number in 0..count {
        writeln!(sent, "DELIVERY bob {number} {filler}").unwrap();
        writeln!(shown, "From bob: {number} {filler}").unwrap();
    }
    (sent.into(), shown.into())
}

/// Large contents are compared without being printed.
#[track_caller]
fn assert_same(actual: &[u8], expected: &[u8]) {
    let differ = actual.iter().zip(expected).position(|(actual, expected)| actual != expected);
    let lengths = (actual.len(), expected.len());
    assert!(actual == expected, "lengths {lengths:?}, first difference at {differ:?}");
}

/// Spec W2.
#[test]
fn message_of_64_mib_is_received_whole() {
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
    let mut talk = peer.welcome("ann");
    let text = long_text(64 * MIB);
    let message = [b"DELIVERY bob ", &text[..], b"\nLIST-OK ann\n"].concat();
    program.enter_all("!who\n");
    talk.expect("LIST");
    let sending = talk.send_aside(message);
    talk.expect_end();
    sending.join().unwrap().unwrap();
    let outcome = program.finish();
    let after = "There are 1 online users:\nann\n";
    assert_same(
        &outcome.stdout,
        &[LOGGED_IN.as_bytes(), b"From bob: ", &text, b"\n", after.as_bytes()].concat(),
    );
    assert_eq!((outcome.status.code(), outcome.stderr.as_slice()), (Some(0), &b""[..]));
}

/// Spec W2, C3.
#[test]
fn message_of_64_mib_is_sent_whole() {
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
    let text = long_text(64 * MIB);
    program.enter_all([b"@bob ", &text[..], b"\n!who\n"].concat());
    let mut talk = peer.welcome("ann");
    let line = talk.line();
    assert_same(line.strip_prefix(b"SEND bob ").unwrap(), &text);
    talk.send("SEND-OK\n");
    talk.answer("LIST", "LIST-OK ann\n");
    talk.expect_end();
    let shown = "The message was sent successfully\nThere are 1 online users:\nann\n";
    program.finish().assert(0, format!("{LOGGED_IN}{shown}"));
}

/// Spec C3, S8.
#[test]
fn script_of_20_000_commands_has_20_000_answers_in_order() {
    const COUNT: usize = 20_000;
    let mut script = String::new();
    let mut shown = String::from(LOGGED_IN);
    for number in 0..COUNT {
        writeln!(script, "@bob {number}").unwrap();
        writeln!(shown, "From bob: {number}\nThe message was sent successfully").unwrap();
    }
    let peer = Peer::new();
    let program = Program::reading(chinwag(peer.port(), "--name ann"), file(script));
    let mut talk = peer.welcome("ann");
    for number in 0..COUNT {
        talk.answer(&format!("SEND bob {number}"), format!("DELIVERY bob {number}\nSEND-OK\n"));
    }
    talk.expect_end();
    let outcome = program.finish();
    assert_same(&outcome.stdout, shown.as_bytes());
    assert_eq!((outcome.status.code(), outcome.stderr.as_slice()), (Some(0), &b""[..]));
}

/// Spec C3: a server that is slow to read makes the script wait, and loses none of it.
#[test]
fn server_that_answers_only_after_everything_was_sent_gets_all_of_it() {
    const COUNT: usize = 20_000;
    let peer = Peer::new();
    let program = Program::reading(chinwag(peer.port(), "--name ann"), file("!who\n".repeat(COUNT)));
    let mut talk = peer.welcome("ann");
    for _ in 0..COUNT {
        talk.expect("LIST");
    }
    let sending = talk.send_aside("LIST-OK a\n".repeat(COUNT).into());
    talk.expect_end();
    sending.join().unwrap().unwrap();
    let shown = "There are 1 online users:\na\n".repeat(COUNT);
    let outcome = program.finish();
    assert_same(&outcome.stdout, format!("{LOGGED_IN}{shown}").as_bytes());
    assert_eq!((outcome.status.code(), outcome.stderr.as_slice()), (Some(0), &b""[..]));
}

/// Spec S16: the socket is not read meanwhile, the memory stays small, and leaving works.
#[test]
fn unread_output_does_not_freeze_the_program() {
    let peer = Peer::new();
    let mut program = Program::unheard(chinwag(peer.port(), "--name ann --linger 0.2"));
    let mut talk = peer.welcome("ann");
    let (sent, _) = numbered_messages(64 * 1024, 1000);
    assert!(talk.send_until_stuck(&sent) < sent.len(), "the socket was read on");
    // Requests go out all the same.
    program.enter("@bob hi\n");
    talk.expect("SEND bob hi");
    assert_memory_is_small(&program);
    program.enter("!quit\n");
    assert_eq!(program.wait().code(), Some(1), "the request was not answered");
    program.output.close();
    let errors = String::from_utf8(program.finish().stderr).unwrap();
    let lines: Vec<_> = errors.lines().collect();
    assert!(lines[0].contains("standard output took no more"), "{errors}");
    assert!(lines[1].contains("1 request without an answer") && lines.len() == 2, "{errors}");
}

/// Spec S16.
#[test]
fn end_of_input_ends_the_program_while_its_output_is_stuck() {
    let peer = Peer::new();
    let mut program = Program::unheard(chinwag(peer.port(), "--name ann --linger 0.2"));
    let mut talk = peer.welcome("ann");
    let (sent, _) = numbered_messages(64 * 1024, 1000);
    assert!(talk.send_until_stuck(&sent) < sent.len(), "the socket was read on");
    program.input = None;
    assert_eq!(program.wait().code(), Some(0));
}

/// Spec S16.
#[test]
fn everything_is_shown_when_the_output_moves_again() {
    let peer = Peer::new();
    let mut program = Program::unheard(chinwag(peer.port(), "--name ann"));
    let mut talk = peer.welcome("ann");
    let (sent, shown) = numbered_messages(64 * 1024, 1000);
    let already = talk.send_until_stuck(&sent);
    assert!(already < sent.len(), "the socket was read on");
    program.output.start();
    let sending = talk.send_aside(sent[already..].to_vec());
    sending.join().unwrap().unwrap();
    program.output.expect("From bob: 65535 ");
    talk.send("SEND-OK\n");
    program.output.expect("The message was sent successfully\n");
    drop(talk);
    let outcome = program.finish();
    assert_same(&outcome.stdout, &[&shown[..], b"The message was sent successfully\n"].concat());
    assert!(outcome.only_error().contains("closed"));
}

/// Spec S16, section 5: the server has gone before the reader comes.
#[test]
fn end_of_the_connection_waits_for_a_slow_reader() {
    let peer = Peer::new();
    let mut program = Program::unheard(chinwag(peer.port(), "--name ann"));
    let mut talk = peer.welcome("ann");
    // More than a pipe holds, and less than would stop the reading of the socket.
    let (sent, shown) = numbered_messages(100, 1000);
    talk.send(sent);
    talk.stop_sending();
    talk.expect_end();
    program.output.start();
    let outcome = program.finish();
    assert_same(&outcome.stdout, &shown);
    assert!(outcome.only_error().contains("closed"));
}

/// Spec S16: a list that is longer than a pipe, to a reader that starts late.
#[test]
fn long_list_is_shown_whole_to_a_slow_reader() {
    let names: Vec<String> = (0..50_000).map(|number| format!("user{number}")).collect();
    let peer = Peer::new();
    let mut program = Program::unheard(chinwag(peer.port(), "--name ann"));
    program.enter_all("!who\n@bob hi\n");
    let mut talk = peer.welcome("ann");
    talk.answer("LIST", format!("LIST-OK {}\n", names.join(",")));
    // Behind the list, so that it waits for the reader.
    talk.answer("SEND bob hi", "SEND-OK\n");
    program.output.start();
    talk.expect_end();
    let expected = format!(
        "{LOGGED_IN}There are 50000 online users:\n{}\nThe message was sent successfully\n",
        names.join("\n")
    );
    let outcome = program.finish();
    assert_same(&outcome.stdout, expected.as_bytes());
    assert_eq!(outcome.status.code(), Some(0));
}

/// Spec section 4, S16: on a terminal `!quit` leaves at once, even if the message before it is on
/// its way to a server that has stopped reading. The terminal's line mode would cut the message,
/// so it is off.
#[cfg(target_os = "linux")]
#[test]
fn quit_on_a_terminal_leaves_while_the_server_takes_no_more() {
    let peer = Peer::new();
    let terminal = crate::terminal::Terminal::new();
    terminal.switch_line_mode_off();
    let command = chinwag(peer.port(), "--name ann --linger 3600");
    let mut program = Program::reading(command, terminal.line());
    program.input = Some(Feeder::new(terminal.keyboard()));
    let talk = peer.welcome("ann");
    program.output.expect(LOGGED_IN);
    program.enter([b"@bob ", &long_text(64 * MIB)[..], b"\n!quit\n"].concat());
    assert_eq!(program.wait().code(), Some(0));
    drop(talk);
    let outcome = program.finish();
    assert!(outcome.only_error().contains("1 request not sent"));
    assert_eq!(String::from_utf8(outcome.stdout).unwrap(), LOGGED_IN);
}

/// The memory that is the program's own. The messages sent to it are many times as large.
#[track_caller]
fn assert_memory_is_small(program: &Program) {
    #[cfg(target_os = "linux")]
    {
        let status = std::fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kib: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kib < 16 * 1024, "{kib} KiB");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = program;
}
