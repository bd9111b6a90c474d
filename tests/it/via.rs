//! `--via`: the server behind a command's input and output.

use crate::program::{PROMPT, Program, without_environment};
use crate::runner::{self, deadline};
use crate::support::{Client, Daemon, is_there, output};
use crate::terminal::{Seat, on_terminal};
use std::process::Command;

fn via(line: &str, arguments: &str) -> Command {
    let mut command = without_environment(runner::client());
    command.env("CHINWAG_LINGER", deadline().as_secs().to_string());
    command.args(["--via", line]).args(arguments.split_whitespace());
    command
}

/// A line of a shell that connects its input and output to this server.
fn connecting(daemon: &Daemon) -> String {
    let script = "import os, socket, sys, threading\n\
        s = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n\
        def up():\n\
        \x20while data := os.read(0, 65536): s.sendall(data)\n\
        \x20s.shutdown(socket.SHUT_WR)\n\
        threading.Thread(target=up, daemon=True).start()\n\
        while data := s.recv(65536): os.write(1, data)\n";
    format!("exec python3 -c '{script}' {} {}", daemon.address.ip(), daemon.address.port())
}

#[test]
fn command_leads_to_the_server() {
    if !is_there("python3") {
        return;
    }
    let daemon = Daemon::start(&[]);
    let mut bob = daemon.user("bob");
    let mut ann = Program::on_pipes(via(&connecting(&daemon), "--name ann"));
    ann.output.expect("Successfully logged in as ann!\n");
    bob.says("SEND ann hi\n");
    ann.output.expect("From bob: hi\n");
    bob.hears("SEND-OK\n");
    let long = "x".repeat(1_000_000);
    ann.enter_all(format!("@bob {long}\n"));
    bob.hears(&format!("DELIVERY ann {long}\n"));
    ann.finish()
        .assert(0, "Successfully logged in as ann!\nFrom bob: hi\nThe message was sent successfully\n");
}

/// What was typed last is on its way through the command when the user has left.
#[test]
fn command_may_finish_what_it_was_given() {
    if !is_there("python3") {
        return;
    }
    let daemon = Daemon::start(&[]);
    let mut bob = daemon.user("bob");
    let slowly = format!("(sleep 0.2; cat) | ({})", connecting(&daemon));
    let mut command = on_terminal(0, "--name ann");
    command.args(["--via", &slowly]);
    let mut seat = Seat::sized(80, 24, command);
    seat.program.output.expect("Successfully logged in as ann!");
    seat.press("@bob last\r!quit\r");
    assert_eq!(seat.finish().status.code(), Some(0));
    bob.hears("DELIVERY ann last\n");
}

#[test]
fn end_of_the_command_is_said_with_its_status() {
    for (line, said) in [
        ("exit 255", "(the command ended with status 255)"),
        ("exec cat >/dev/null <&-", "(the command ended with status "),
        ("kill -TERM $$", "(the command was ended by signal 15)"),
        ("read -r hello; echo HELLO ann; exit 3", "(the command ended with status 3)"),
        ("exec no-such-program-anywhere", "(the command ended with status 127)"),
    ] {
        let program = Program::on_pipes(via(line, "--name ann"));
        let outcome = program.finish();
        let errors = String::from_utf8_lossy(&outcome.stderr).into_owned();
        assert_eq!(outcome.status.code(), Some(1), "{line}: {errors}");
        assert!(errors.contains(said) && errors.contains(&format!("`{line}`")), "{line}: {errors}");
    }
}

#[test]
fn what_the_command_complains_of_is_said_and_made_harmless() {
    let line = "printf 'no way to \\033[2Jthere\\r\\nmore' >&2; exit 1";
    let outcome = Program::on_pipes(via(line, "--name ann")).finish();
    let errors = String::from_utf8(outcome.stderr).unwrap();
    let said = "chinwag: the command says: no way to ^[[2Jthere\nchinwag: the command says: more\n";
    assert!(errors.starts_with(said), "{errors}");
}

#[test]
fn command_that_ends_while_a_name_is_asked_for_is_started_again() {
    if !is_there("python3") {
        return;
    }
    let daemon = Daemon::start(&[]);
    let file = crate::program::unused_path();
    let line = format!("if mkdir {file} 2>&-; then exit 1; else {}; fi", connecting(&daemon));
    let mut program = Program::on_pipes(via(&line, ""));
    program.output.expect(PROMPT);
    crate::support::until("it has run", || std::path::Path::new(&file).exists());
    program.enter_all("ann\n!who\n");
    program
        .finish()
        .assert(0, format!("{PROMPT}Successfully logged in as ann!\nThere are 1 online users:\nann\n"));
    std::fs::remove_dir(&file).unwrap();
}

#[test]
fn lost_command_is_replaced_with_reconnect() {
    if !is_there("python3") {
        return;
    }
    let daemon = Daemon::start(&[]);
    let file = crate::program::unused_path();
    let line =
        format!("if mkdir {file} 2>&-; then read -r l; echo HELLO ann; else {}; fi", connecting(&daemon));
    let mut program = Program::on_pipes(via(&line, "--name ann --reconnect"));
    program.errors.expect("was lost");
    program.errors.expect("again");
    let mut bob = Client::connect(daemon.address);
    bob.says("HELLO-FROM bob\nSEND ann hi\n");
    program.output.expect("From bob: hi\n");
    program.enter_all("!quit\n");
    assert_eq!(program.finish().status.code(), Some(0));
    std::fs::remove_dir(&file).unwrap();
}

/// It could read what is typed, or tear the line.
#[test]
fn command_has_no_terminal() {
    let line = "read -r hello; echo HELLO ann; (: >/dev/tty) 2>/dev/null && exit 7; exit 8";
    let mut command = on_terminal(0, "--name ann");
    command.args(["--via", line]);
    let outcome = Seat::sized(80, 24, command).finish();
    assert_eq!(outcome.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(errors.contains("status 8"), "{errors}");
}

#[test]
fn neither_host_nor_nothing_goes_with_it() {
    let refused = |arguments: &[&str]| {
        let mut command = without_environment(runner::client());
        command.args(arguments);
        assert_eq!(output(command).status.code(), Some(2), "{arguments:?}");
    };
    refused(&["--via", ""]);
    refused(&["--via", "true", "--host"]);
}
