//! `--host`: a server and a client in one loop.

use crate::program::{PROMPT, Program, chinwag, with_arguments, without_environment};
use crate::runner;
use crate::terminal::{Seat, all_on_terminal, on_terminal};

/// One who hosts on a port that the system picks; returns the port, too.
fn host(name: &str) -> (Program, u16) {
    let mut program =
        Program::on_pipes(with_arguments(runner::client(), 0, &format!("--host --name {name}")));
    let port = port_of(&mut program);
    program.output.expect(format!("Successfully logged in as {name}!\n"));
    (program, port)
}

/// The port that is named.
fn port_of(program: &mut Program) -> u16 {
    program.errors.expect("hosting at 127.0.0.1:");
    program.errors.expect("\n");
    let text = program.errors.text();
    let port = text.split("hosting at 127.0.0.1:").nth(1).unwrap().lines().next().unwrap();
    port.parse().unwrap()
}

fn guest(port: u16) -> Program {
    let mut guest = Program::on_pipes(chinwag(port, "--name bob"));
    guest.output.expect("Successfully logged in as bob!\n");
    guest
}

/// Whoever hosts says something last, and is gone with the server: it arrives all the same.
#[test]
fn what_the_host_says_last_reaches_the_others() {
    for last_words in ["@bob last\n!quit\n", "@bob last\n", "@bob last"] {
        let (mut program, port) = host("ann");
        let mut guest = guest(port);
        program.enter_all(last_words);
        guest.output.expect("From ann: last\n");
        assert_eq!(program.finish().status.code(), Some(0));
        guest.finish().assert_broken(
            "Successfully logged in as bob!\nFrom ann: last\n",
            &["closed the connection", &port.to_string()],
        );
    }
}

#[test]
fn what_the_host_types_last_on_a_terminal_reaches_the_others() {
    for keys in ["@bob last\r!quit\r", "@bob last\r\x04"] {
        let mut seat = Seat::sized(80, 24, on_terminal(0, "--host -v --name ann"));
        let port = port_of(&mut seat.program);
        seat.program.output.expect("Successfully logged in as ann!");
        let mut guest = guest(port);
        seat.press(keys);
        guest.output.expect("From ann: last\n");
        assert_eq!(seat.finish().status.code(), Some(0));
    }
}

/// A long message goes to the server in many pieces, and to the guest in as many.
#[test]
fn long_message_of_the_host_arrives_before_the_server_ends() {
    let (mut program, port) = host("ann");
    let mut guest = guest(port);
    let text = "x".repeat(3_000_000);
    program.enter_all(format!("@bob {text}\n"));
    guest.output.expect(format!("From ann: {text}\n"));
    assert_eq!(program.finish().status.code(), Some(0));
}

#[test]
fn host_and_guest_talk_to_each_other_and_to_the_echobot() {
    let (mut program, port) = host("ann");
    let mut guest = guest(port);
    guest.enter("@ann hi\n@echobot there\n!who\n");
    program.output.expect("From bob: hi\n");
    guest.output.expect("From echobot: there\n");
    guest.output.expect("There are 3 online users:\nechobot\nann\nbob\n");
    guest.enter_all("!quit\n");
    assert_eq!(guest.finish().status.code(), Some(0));
    program.enter_all("!who\n");
    program.output.expect("There are 2 online users:\nechobot\nann\n");
    assert_eq!(program.finish().status.code(), Some(0));
}

/// Every guest is a descriptor; a shell allows few unless it is asked.
#[test]
fn host_may_have_as_many_descriptors_as_the_system_allows() {
    let shell = runner::client_behind(&["sh", "-c", "ulimit -S -n 64; exec \"$0\" \"$@\""]);
    let mut program = Program::on_pipes(with_arguments(shell, 0, "--host -v --name ann"));
    port_of(&mut program);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", program.id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let values: Vec<_> = files.split_whitespace().skip(3).take(2).collect();
    assert_eq!(values[0], values[1], "{files}");
}

/// Nobody is served meanwhile: that is said.
#[test]
fn host_who_is_suspended_is_told_what_that_means() {
    let mut seat = Seat::sized(80, 24, with_arguments(runner::client(), 0, "--host -v --name ann"));
    seat.program.output.expect("Successfully logged in as ann!");
    seat.press("\x1a");
    seat.program.errors.expect("suspended");
    seat.resume();
    seat.press("!quit\r");
    assert_eq!(seat.finish().status.code(), Some(0));
}

/// Standard error has it all before standard output asks for a name.
#[test]
fn host_is_told_where_and_what_to_try() {
    let mut program = Program::on_pipes(with_arguments(runner::client(), 0, "--host"));
    let port = port_of(&mut program);
    program.output.expect(PROMPT);
    program.enter_all("");
    let outcome = program.finish();
    let said = format!(
        "chinwag: hosting at 127.0.0.1:{port}\n\
         chinwag: others on this machine enter: chinwag 127.0.0.1:{port}\n\
         chinwag: once logged in, try: @echobot hello, !who, !quit (which ends the chat)\n"
    );
    assert!(said.lines().all(|line| line.len() < 80), "{said}");
    assert_eq!((String::from_utf8(outcome.stderr).unwrap(), outcome.stdout), (said, PROMPT.into()));
    // And what it says to enter is understood.
    let mut command = without_environment(runner::client());
    command.args(["--host", "ann@0.0.0.0:0"]);
    let mut program = Program::on_pipes(command);
    program.errors.expect("hosting at 0.0.0.0:");
    program.errors.expect("others enter: chinwag HOST:");
    program.output.expect("Successfully logged in as ann!\n");
}

/// On a terminal that both go to, what is said stands before the prompt, on lines of its own.
#[test]
fn prompt_of_the_host_is_in_one_piece() {
    let mut seat = Seat::sized(80, 24, all_on_terminal(0, "--host"));
    let prompt = PROMPT.trim_end();
    seat.program.output.expect(prompt);
    let text = seat.program.output.text();
    assert!(text.starts_with("chinwag: hosting at 127.0.0.1:"), "{text}");
    assert!(text.contains(&format!("!quit (which ends the chat)\\r\n{prompt}")), "{text}");
}

/// Who gives `--host` a host where a server of others is meant to be joined learns how that is done.
#[test]
fn host_elsewhere_hints_at_what_was_meant() {
    let (_program, port) = host("ann");
    for (place, hint) in [
        (
            format!("127.0.0.1:{port}"),
            format!("is taken: join the server that is there with `chinwag 127.0.0.1:{port}`"),
        ),
        ("192.0.2.1".into(), "to join a server there, `chinwag 192.0.2.1:5378`".into()),
        ("chat.invalid".into(), "to join a server there, `chinwag chat.invalid:5378`".into()),
    ] {
        let mut command = without_environment(runner::client());
        command.args(["--host", &place]);
        let outcome = Program::on_pipes(command).finish();
        let said = String::from_utf8(outcome.stderr).unwrap();
        assert!(outcome.status.code() == Some(1) && said.contains(&hint), "{said}");
    }
}
