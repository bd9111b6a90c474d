//! What the exit status says of a script whose name or message was refused (spec section 5).

use crate::peer::{End, Peer};
use crate::program::{PROMPT, Program, chinwag, file};
use crate::support::Daemon;
use crate::terminal::{Seat, Terminal, on_terminal};
use std::process::Command;

const LOGGED_IN: &str = "Successfully logged in as ann!\n";

const REFUSALS: [(&str, &str); 3] = [
    ("IN-USE\n", "Cannot log in as ann. That username is already in use.\n"),
    ("BAD-RQST-BODY\n", "Cannot log in as ann. That username contains disallowed characters.\n"),
    ("BAD-RQST-HDR\n", "Error: Unknown issue in previous message header.\n"),
];

/// The next lines of the script are no names, whether the server keeps the connection or not (spec L3).
#[test]
fn name_given_as_an_option_and_refused_ends_a_script() {
    for (refusal, shown) in REFUSALS {
        for end in End::ALL {
            let peer = Peer::new();
            let program = Program::reading(chinwag(peer.port(), "--name ann"), file("@bob hi\n!who\n"));
            let mut talk = peer.accept();
            talk.answer("HELLO-FROM ann", refusal);
            // A reset can drop what has not arrived.
            let _kept = talk.end(if end == End::Reset { End::Close } else { end });
            let words = [
                &format!("cannot log in at 127.0.0.1:{} as ann: ", peer.port()),
                "--name",
                "2 requests not sent",
            ];
            program.finish().assert_error(4, shown, &words);
        }
    }
}

#[test]
fn bad_name_given_as_an_option_ends_a_script() {
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), "--name a,b"));
    program.enter_all("ann\n");
    let shown = REFUSALS[1].1.replace(" ann", " a,b");
    program.finish().assert_error(4, shown, &["as a,b: ", "disallowed characters", "--name"]);
}

/// On a terminal nothing has changed: another is asked for.
#[test]
fn name_given_as_an_option_and_refused_is_asked_for_again_on_a_terminal() {
    for (name, asked) in [("ann", true), ("a,b", false)] {
        let peer = Peer::new();
        let mut seat = Seat::new(peer.port(), &format!("--name {name} --plain"));
        let mut talk = peer.accept();
        if asked {
            talk.answer("HELLO-FROM ann", "IN-USE\n");
        }
        seat.program.output.expect(PROMPT.trim_end());
        seat.enter("bob");
        talk.answer("HELLO-FROM bob", "HELLO bob\n");
        seat.program.output.expect("Successfully logged in as bob!");
        seat.enter("!quit");
        talk.expect_end();
        assert_eq!(seat.finish().status.code(), Some(0));
    }
}

/// It is said which, harmless, and nothing is sent after it.
#[test]
fn message_that_is_refused_ends_a_strict_script() {
    let table = [
        ("BAD-DEST-USER\n", "The destination user does not exist\n", "does not exist"),
        ("BAD-RQST-BODY\n", "Error: Unknown issue in previous message body.\n", "text"),
        ("BAD-RQST-HDR\n", "Error: Unknown issue in previous message header.\n", "header"),
    ];
    for (refusal, shown, reason) in table {
        let peer = Peer::new();
        let script = "@bob one\n!who\n@c\x1bd\u{202e} two\n@bob three\n";
        let program = Program::reading(chinwag(peer.port(), "--name ann --strict"), file(script));
        let mut talk = peer.welcome("ann");
        talk.answer("SEND bob one", "SEND-OK\n");
        talk.answer("LIST", "LIST-OK ann\n");
        talk.answer("SEND c\x1bd\u{202e} two", refusal);
        talk.expect_end();
        let before = "The message was sent successfully\nThere are 1 online users:\nann\n";
        let words = [
            "refused message 2, to c^[d\\u{202e}: ",
            reason,
            "nothing was sent after it; 1 request not sent",
        ];
        program.finish().assert_error(5, format!("{LOGGED_IN}{before}{shown}"), &words);
    }
}

/// Without it, as ever.
#[test]
fn message_that_is_refused_is_shown() {
    let peer = Peer::new();
    let program = Program::reading(chinwag(peer.port(), "--name ann"), file("@bob one\n@bob two\n"));
    let mut talk = peer.welcome("ann");
    talk.expect("SEND bob one");
    talk.answer("SEND bob two", "BAD-DEST-USER\nSEND-OK\n");
    talk.expect_end();
    let shown = "The destination user does not exist\nThe message was sent successfully\n";
    program.finish().assert(0, format!("{LOGGED_IN}{shown}"));
}

/// An answer that never comes is none that says no.
#[test]
fn strict_script_that_is_not_answered_ends_as_any() {
    let peer = Peer::new();
    let command = chinwag(peer.port(), "--name ann --strict --linger 0.2");
    let program = Program::reading(command, file("@bob one\n@bob two\n"));
    let mut talk = peer.welcome("ann");
    talk.expect("SEND bob one");
    talk.expect_end();
    let words = ["1 request without an answer", "and 1 request not sent", "--linger"];
    program.finish().assert_broken(LOGGED_IN, &words);
}

fn sending(port: u16, text: &[&str]) -> Command {
    let mut command = chinwag(port, "--name ci --send bob");
    command.args(text);
    command
}

/// Nothing is shown, whatever comes, and standard input is left alone.
#[test]
fn text_is_sent_line_by_line() {
    let texts: [(&[&str], &[&str]); 4] = [
        (&["the build is green"], &["the build is green"]),
        (&["!quit\n\n@cid hi\r\n two  \n"], &["!quit", "@cid hi", " two  "]),
        (&["--", "--host"], &["--host"]),
        (&["\u{202e}\x1b[2J"], &["\u{202e}\x1b[2J"]),
    ];
    for (arguments, lines) in texts {
        let peer = Peer::new();
        let program = Program::on_pipes(sending(peer.port(), arguments));
        let mut talk = peer.welcome("ci");
        for line in lines {
            talk.answer(&format!("SEND bob {line}"), "DELIVERY dan hello\nSEND-OK\n");
        }
        talk.expect_end();
        program.finish().assert(0, "");
    }
}

#[test]
fn text_is_read_from_standard_input_where_none_is_given() {
    let long = "x".repeat(1 << 20);
    let input = format!("one\n\n!quit\n{long}\n!who\nlast");
    for is_file in [true, false] {
        let peer = Peer::new();
        let command = sending(peer.port(), &[]);
        let program = if is_file {
            Program::reading(command, file(&input))
        } else {
            let mut program = Program::on_pipes(command);
            program.enter_all(input.clone());
            program
        };
        let mut talk = peer.welcome("ci");
        for line in ["one", "!quit", &long, "!who", "last"] {
            talk.answer(&format!("SEND bob {line}"), "SEND-OK\n");
        }
        talk.expect_end();
        program.finish().assert(0, "");
    }
}

/// With nothing to say, whether one could have said it.
#[test]
fn empty_input_is_no_message() {
    let peer = Peer::new();
    let program = Program::reading(sending(peer.port(), &[]), file("\n\r\n"));
    peer.welcome("ci").expect_end();
    program.finish().assert(0, "");
}

#[test]
fn status_says_what_became_of_the_text() {
    let port = |peer: &Peer| format!("127.0.0.1:{}", peer.port());
    let peer = Peer::new();
    let program = Program::on_pipes(sending(peer.port(), &["one\ntwo\nthree"]));
    let mut talk = peer.welcome("ci");
    talk.answer("SEND bob one", "SEND-OK\n");
    talk.answer("SEND bob two", "BAD-DEST-USER\n");
    talk.expect_end();
    let refused = format!("{} refused message 2, to bob", port(&peer));
    program.finish().assert_error(5, "", &[&refused, "does not exist", "1 request not sent"]);

    let peer = Peer::new();
    let program = Program::on_pipes(sending(peer.port(), &["one"]));
    peer.accept().answer("HELLO-FROM ci", "IN-USE\n");
    program.finish().assert_error(4, "", &[&port(&peer), "as ci", "already in use"]);

    let peer = Peer::new();
    let program = Program::on_pipes(sending(peer.port(), &["one"]));
    peer.accept().answer("HELLO-FROM ci", "BUSY\n");
    program.finish().assert_error(3, "", &[&port(&peer), "full"]);

    let peer = Peer::new();
    let mut command = sending(peer.port(), &["one"]);
    command.args(["--linger", "0.2"]);
    let program = Program::on_pipes(command);
    let mut talk = peer.welcome("ci");
    talk.expect("SEND bob one");
    talk.expect_end();
    program.finish().assert_error(1, "", &[&port(&peer), "1 request without an answer", "--linger"]);

    let peer = Peer::new();
    let program = Program::on_pipes(sending(peer.port(), &["one"]));
    let mut talk = peer.welcome("ci");
    talk.expect("SEND bob one");
    drop(talk);
    program.finish().assert_error(1, "", &["closed", "1 request without an answer"]);
}

/// On a terminal nothing of it is read, and what stands there stays.
#[test]
fn text_that_is_given_leaves_the_terminal_alone() {
    let peer = Peer::new();
    let mut command = on_terminal(peer.port(), "--name ci --send bob");
    command.arg("hi");
    let mut seat = Seat::at(Terminal::new(), command);
    seat.program.output.start();
    let mut talk = peer.welcome("ci");
    talk.answer("SEND bob hi", "SEND-OK\n");
    talk.expect_end();
    let outcome = seat.finish();
    assert_eq!((outcome.status.code(), outcome.stdout.len()), (Some(0), 0));
}

/// A text that is typed ends as it does for any program.
#[test]
fn text_can_be_typed_on_a_terminal() {
    let peer = Peer::new();
    let seat = Seat::new(peer.port(), "--name ci --send bob");
    let mut talk = peer.welcome("ci");
    seat.enter("!quit");
    talk.answer("SEND bob !quit", "SEND-OK\n");
    seat.press("\x04");
    talk.expect_end();
    assert_eq!(seat.finish().status.code(), Some(0));
}

/// One waits for the other, and none is lost.
#[test]
fn many_lines_arrive_in_order() {
    let server = Daemon::start(&["--echobot"]);
    let mut bob = server.user("bob");
    let lines: Vec<String> = (0..3000).map(|number| format!("line {number}")).collect();
    let program = Program::reading(sending(server.address.port(), &[]), file(lines.join("\n")));
    for line in &lines {
        bob.hears(&format!("DELIVERY ci {line}\n"));
    }
    program.finish().assert(0, "");
}

/// The editor gives the terminal back as on any way out.
#[test]
fn message_that_is_refused_ends_a_strict_person_too() {
    let peer = Peer::new();
    let mut seat = Seat::new(peer.port(), "--strict");
    let mut talk = seat.log_in(&peer);
    seat.enter("@bob hi");
    talk.answer("SEND bob hi", "BAD-DEST-USER\n");
    seat.program.output.expect("The destination user does not exist");
    talk.expect_end();
    let outcome = seat.finish();
    assert_eq!(outcome.status.code(), Some(5));
    assert!(outcome.only_error().contains("refused message 1, to bob: "));
}
