//! Conversations that end badly, or in the middle of something (spec section 5, C3, S16).

use crate::peer::{End, Hanging, Peer, Refusing};
use crate::program::{Collector, PROMPT, Program, chinwag, file, with_arguments};
use crate::runner;
#[cfg(target_os = "linux")]
use crate::terminal::{Seat, Terminal};
use rustix::fs::OFlags;
use rustix::process::Signal;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::process::Stdio;

const LOGGED_IN: &str = "Successfully logged in as ann!\n";

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

#[test]
fn refused_connection_names_the_address_and_the_way_out() {
    let refusing = Refusing::new();
    let words = [&address(refusing.port), "chinwagd"];
    for arguments in ["", "--name ann"] {
        Program::on_pipes(chinwag(refusing.port, arguments)).finish().assert_broken("", &words);
    }
    let program = Program::reading(chinwag(refusing.port, ""), file("ann\n!quit\n"));
    program.finish().assert_broken("", &words);
}

/// No label of a host's name is that long (RFC 1035): no other machine has to be asked.
#[test]
fn unknown_host_is_named() {
    let host = "x".repeat(300);
    let outcome = Program::on_pipes(chinwag(1, &format!("--address {host}"))).finish();
    outcome.assert_broken("", &[&host, "--address"]);
}

#[cfg(target_os = "linux")]
#[test]
fn connection_that_hangs_is_given_up_in_time() {
    let hanging = Hanging::new();
    let words = [&address(hanging.port), "--connect-timeout"];
    let command = || chinwag(hanging.port, "--connect-timeout 0.3");
    Program::on_pipes(command()).finish().assert_broken("", &words);
    // The end of a script does not end the waiting for a connection, however short the lingering is.
    let mut command = command();
    command.args(["--linger", "0"]);
    Program::reading(command, file("ann\n!who\n")).finish().assert_broken("", &words);
}

/// Spec C3: who quits does not wait for a connection for longer than it lingers.
#[cfg(target_os = "linux")]
#[test]
fn quit_leaves_while_connecting() {
    let hanging = Hanging::new();
    let program = Program::on_pipes(chinwag(hanging.port, "--connect-timeout 3600 --linger 0.2"));
    program.enter("ann\n!who\n!quit\n");
    program.finish().assert_broken("", &[&address(hanging.port), "1 request not sent", "--linger"]);
}

/// Spec S16: the connection has gone by the time that anybody reads.
#[test]
fn lost_connection_waits_for_a_slow_reader() {
    let peer = Peer::new();
    let mut program = Program::unheard(chinwag(peer.port(), "--name ann"));
    let mut talk = peer.welcome("ann");
    let lines = |header| (0..1000).map(|n| format!("{header} {n}{}\n", "x".repeat(100))).collect::<String>();
    talk.send(lines("DELIVERY bob"));
    talk.stop_sending();
    talk.expect_end();
    program.output.start();
    let shown = format!("{LOGGED_IN}{}", lines("From bob:"));
    program.finish().assert_broken(shown, &["closed", &address(peer.port())]);
}

/// Spec S13: what came whole is shown, what was cut off is not.
#[test]
fn lost_connection_is_said_after_all_that_came_before() {
    for end in [End::Close, End::Reset] {
        for (sent, lines) in [
            ("", ""),
            ("DELIVERY bob cut", ""),
            ("DELIVERY bob whole\n", "From bob: whole\n"),
            ("DELIVERY bob whole\nDELIVERY bob cut", "From bob: whole\n"),
        ] {
            let peer = Peer::new();
            let mut program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
            let mut talk = peer.welcome("ann");
            talk.send(sent);
            if end == End::Reset {
                // A reset drops what the peer's system has not delivered yet; this has arrived.
                program.output.expect(format!("{LOGGED_IN}{lines}"));
            }
            talk.end(end);
            let shown = format!("{LOGGED_IN}{lines}");
            program.finish().assert_broken(shown, &[&address(peer.port()), "run chinwag again"]);
        }
    }
}

/// The other direction would still be open; the client closes it.
#[test]
fn server_that_only_stops_sending_has_ended_the_conversation() {
    let peer = Peer::new();
    let program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
    let mut talk = peer.welcome("ann");
    talk.stop_sending();
    talk.expect_end();
    program.finish().assert_broken(LOGGED_IN, &[&address(peer.port()), "run chinwag again"]);
}

/// Spec L3: nothing is shown, and a connection is made when a name has been typed.
#[test]
fn server_may_go_away_while_the_user_is_asked_for_a_name() {
    for end in [End::Close, End::Reset] {
        let peer = Peer::new();
        let mut program = Program::on_pipes(chinwag(peer.port(), "-v"));
        let talk = peer.accept();
        program.output.expect(PROMPT);
        talk.end(end);
        program.errors.expect("closed the connection while a name was asked for\n");
        program.enter_all("ann\n");
        peer.welcome("ann").expect_end();
        let outcome = program.finish();
        assert_eq!(String::from_utf8(outcome.stdout).unwrap(), format!("{PROMPT}{LOGGED_IN}"));
        assert_eq!(outcome.status.code(), Some(0));
    }
}

#[test]
fn server_that_goes_away_while_a_log_in_is_on_its_way_is_a_loss() {
    for end in [End::Close, End::Reset] {
        let peer = Peer::new();
        let program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
        let mut talk = peer.accept();
        talk.expect("HELLO-FROM ann");
        talk.end(end);
        program.finish().assert_broken("", &[&address(peer.port()), "run chinwag again"]);
    }
}

/// It can only be known by the alert that it sends; nobody is asked for another name, and nothing is tried again.
#[test]
fn server_that_encrypts_is_said_to_do_so() {
    for alert in ["\x15\x03\x03\0\x02\x022", "\x15\x03\x03\0\x02\x02\n"] {
        for (arguments, typed, shown, told) in [
            ("", "ann\n!who\n", PROMPT, "; 1 request not sent"),
            ("--name ann --reconnect", "", "", "--tls\n"),
        ] {
            let peer = Peer::new();
            let mut program = Program::on_pipes(chinwag(peer.port(), arguments));
            program.enter_all(typed);
            let mut talk = peer.accept();
            talk.answer("HELLO-FROM ann", alert);
            talk.end(End::Close);
            program.finish().assert_broken(shown, &[&address(peer.port()), "speaks TLS: add --tls", told]);
        }
    }
}

/// Who does not know of it would believe that it has arrived.
#[test]
fn what_was_not_answered_is_said_when_the_connection_is_lost() {
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
    let mut talk = peer.welcome("ann");
    program.output.expect(LOGGED_IN);
    program.enter("@bob hi\n!who\n");
    talk.expect("SEND bob hi");
    talk.expect("LIST");
    drop(talk);
    let told = "2 requests without an answer, which may not have arrived";
    let words = [&address(peer.port()), "closed the connection: run chinwag again", told];
    program.finish().assert_broken(LOGGED_IN, &words);
}

/// Spec C3.
#[test]
fn server_that_never_answers_is_left_after_lingering() {
    let unsent = ", and 1 request not sent;";
    for (script, more) in
        [("ann\n!who\n", unsent), ("ann", ";"), ("ann\n!quit\n", ";"), ("ann\n@bob hi\n!quit", unsent)]
    {
        let peer = Peer::new();
        let mut program = Program::on_pipes(chinwag(peer.port(), "--linger 0.2"));
        program.enter_all(script);
        let mut talk = peer.accept();
        talk.expect("HELLO-FROM ann");
        talk.expect_end();
        let words = format!("1 request without an answer, which may not have arrived{more}");
        program.finish().assert_broken(PROMPT, &[&address(peer.port()), &words, "--linger"]);
    }
}

/// The end of the input stands behind more than is read ahead, and is known to come.
#[test]
fn server_that_never_answers_is_left_however_much_was_typed() {
    // Less than what is read ahead and a pipe hold.
    let script = "@bob hi\n".repeat(15_000);
    for is_file in [true, false] {
        let peer = Peer::new();
        let command = chinwag(peer.port(), "--name ann --linger 0.2");
        let input = if is_file { file(&script).into() } else { Stdio::piped() };
        let mut program = Program::reading(command, input);
        if !is_file {
            program.enter_all(script.clone());
        }
        let mut talk = peer.accept();
        talk.expect("HELLO-FROM ann");
        talk.expect_end();
        let words = [&address(peer.port()), "1 request without an answer", "not sent, and more", "--linger"];
        program.finish().assert_broken("", &words);
    }
}

/// Spec C3: each answer starts the waiting anew, so only the last one has to be missed.
#[test]
fn answers_that_came_are_shown_before_lingering_ends() {
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), "--linger 0.5"));
    program.enter_all("ann\n!who\n@bob hi\n");
    let mut talk = peer.welcome("ann");
    talk.answer("LIST", "LIST-OK ann\n");
    talk.expect("SEND bob hi");
    talk.expect_end();
    let shown = format!("{PROMPT}{LOGGED_IN}There are 1 online users:\nann\n");
    program.finish().assert_broken(shown, &["1 request without an answer"]);
}

/// The poll itself says that the reader of a pipe has gone: nothing has to be written.
#[test]
fn reader_that_goes_away_is_a_quiet_end() {
    let deliveries = "DELIVERY bob hi\n".repeat(100_000);
    for reply in ["", "SEND-OK\n", &deliveries] {
        let peer = Peer::new();
        let mut program = Program::unheard(chinwag(peer.port(), "--name ann"));
        let mut talk = peer.welcome("ann");
        program.enter("!who\n");
        talk.expect("LIST");
        let sending = talk.send_aside(reply.into());
        program.output.close();
        program.finish().assert(0, "");
        drop(talk);
        let _ = sending.join().unwrap(); // It may have been broken off.
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_fails_is_said() {
    let peer = Peer::new();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let program = Program::spawn(chinwag(peer.port(), ""), Stdio::piped(), full);
    program.finish().assert_broken("", &["standard output does not work"]);
}

/// What was read before it failed is sent and answered. A directory cannot be read, nor can the writing end
/// of a pipe, nor a file that is open for writing only.
#[cfg(target_os = "linux")]
#[test]
fn input_that_fails_is_no_mere_end() {
    let (_reader, writer) = io::pipe().unwrap();
    let write_only = File::create("/dev/null").unwrap();
    for input in [Stdio::from(File::open("/").unwrap()), Stdio::from(writer), Stdio::from(write_only)] {
        let peer = Peer::new();
        let program = Program::reading(chinwag(peer.port(), ""), input);
        let outcome = program.finish();
        assert!(outcome.only_error().contains("standard input does not work"));
        assert_eq!(outcome.status.code(), Some(1));
    }
}

/// Spec section 5: as for any program.
#[test]
fn signals_end_it_as_any_program() {
    for (signal, number) in [(Signal::INT, 2), (Signal::TERM, 15)] {
        let peer = Peer::new();
        let program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
        let mut talk = peer.welcome("ann");
        program.enter("!who\n");
        talk.expect("LIST");
        program.signal(signal);
        program.finish().assert_signal(number);
    }
}

/// As a shell has what it starts with `&` in a script; only SIGTERM ends it still.
#[test]
#[cfg(target_os = "linux")]
fn signals_that_were_ignored_before_are_ignored_still() {
    for is_seated in [false, true] {
        let peer = Peer::new();
        let shell = ["setsid", "--ctty", "sh", "-c", "trap '' HUP INT QUIT TERM; exec \"$0\" \"$@\""];
        let command = runner::client_behind(if is_seated { &shell } else { &shell[2..] });
        let command = with_arguments(command, peer.port(), "--name ann");
        let mut seat = None;
        let mut program = None;
        if is_seated {
            let new = Seat::at(Terminal::new(), command);
            seat = Some(new);
        } else {
            program = Some(Program::on_pipes(command));
        }
        let running = seat.as_ref().map_or_else(|| program.as_ref().unwrap(), |seat| &seat.program);
        let mut talk = peer.welcome("ann");
        running.enter("!who\n");
        talk.expect("LIST");
        for signal in [Signal::HUP, Signal::INT, Signal::QUIT] {
            running.signal(signal);
        }
        running.enter("!who\n");
        talk.expect("LIST");
        running.signal(Signal::TERM);
        let outcome = match (seat, program) {
            (Some(mut seat), _) => {
                seat.program.output.start();
                seat.finish()
            }
            (_, program) => program.unwrap().finish(),
        };
        outcome.assert_signal(15);
    }
}

/// Spec S16: while it runs and after it has ended; the pipes are shared with this test.
#[test]
fn flags_of_the_shared_pipes_are_never_changed() {
    let peer = Peer::new();
    let (their_input, typed) = io::pipe().unwrap();
    let (shown, their_output) = io::pipe().unwrap();
    let (input, output) = (their_input.try_clone().unwrap(), their_output.try_clone().unwrap());
    let mut program = Program::spawn(
        chinwag(peer.port(), "--name ann"),
        Stdio::from(their_input),
        Stdio::from(their_output),
    );
    program.output = Collector::new(shown);
    program.output.start();
    let mut talk = peer.welcome("ann");
    program.output.expect(LOGGED_IN);
    assert!(!is_non_blocking(&input) && !is_non_blocking(&output));
    drop(typed);
    talk.expect_end();
    assert_eq!(program.wait().code(), Some(0));
    assert!(!is_non_blocking(&input) && !is_non_blocking(&output));
}

pub(crate) fn is_non_blocking(descriptor: impl AsFd) -> bool {
    rustix::fs::fcntl_getfl(descriptor).unwrap().contains(OFlags::NONBLOCK)
}

/// What was typed is not dropped without a word.
#[test]
#[cfg(target_os = "linux")]
fn typed_line_that_is_longer_than_the_memory_is_said() {
    let peer = Peer::new();
    let command = runner::client_behind(&["sh", "-c", "ulimit -v 40000; exec \"$0\" \"$@\""]);
    let mut program = Program::on_pipes(with_arguments(command, peer.port(), "--name ann"));
    let mut talk = peer.welcome("ann");
    program.enter(format!("@bob {}\n@bob short\n", "x".repeat(60_000_000)));
    talk.answer("SEND bob short", "SEND-OK\n");
    program.enter_all("!quit\n");
    let outcome = program.finish();
    assert!(outcome.only_error().contains("longer than there is memory for"));
    assert_eq!(outcome.status.code(), Some(0));
}
