//! A lost connection is made again where the user asked for it.

use crate::peer::{End, Peer, Refusing, Reserved, Talk};
use crate::program::{Outcome, Program, chinwag, unused_path};
use crate::runner::close;
use crate::support::LOGGED_IN;
use crate::terminal::{Seat, all_on_terminal, on_terminal};
use std::os::unix::process::ExitStatusExt;

const OPTIONS: &str = "--name ann --reconnect";

fn lost(port: u16) -> String {
    format!("chinwag: the connection to 127.0.0.1:{port} was lost: trying to come back")
}

fn back(port: u16) -> String {
    format!("chinwag: connected to 127.0.0.1:{port} again")
}

/// The user left in the end, and this was said meanwhile.
#[track_caller]
fn assert_left(outcome: &Outcome, stdout: &[&str], stderr: &[String]) {
    let lines = |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines(&outcome.stdout), stdout);
    assert_eq!(lines(&outcome.stderr), stderr);
    assert_eq!(outcome.status.code(), Some(0));
}

#[test]
fn conversation_goes_on_with_another_connection() {
    for end in [End::Close, End::Reset] {
        let peer = Peer::new();
        let mut program = Program::on_pipes(chinwag(peer.port(), OPTIONS));
        for number in 1..=3 {
            let mut talk = peer.welcome("ann");
            program.output.expect(LOGGED_IN);
            talk.send(format!("DELIVERY bob {number}\n"));
            program.output.expect(format!("From bob: {number}\n"));
            program.enter("!who\n");
            talk.answer("LIST", "LIST-OK ann\n");
            program.output.expect("users:\nann\n");
            if number < 3 {
                talk.send("DELIVERY bob cut");
                talk.end(end);
                continue;
            }
            program.enter("!quit\n");
            talk.expect_end();
        }
        let users = "There are 1 online users:";
        let stdout: Vec<_> = ["From bob: 1", "From bob: 2", "From bob: 3"]
            .into_iter()
            .flat_map(|line| [LOGGED_IN, line, users, "ann"])
            .collect();
        // It is lost again and again: that it is back is said when it stands for good.
        let (lost, back) = (lost(peer.port()), back(peer.port()));
        assert_left(&program.finish(), &stdout, &[lost.clone(), back, lost]);
    }
}

/// The log file and the log on standard error know of each loss and each return, standard output of none.
#[test]
fn losses_and_returns_are_in_the_logs() {
    for reconnects in [true, false] {
        let peer = Peer::new();
        let path = unused_path();
        let option = if reconnects { "--reconnect" } else { "" };
        let mut program =
            Program::on_pipes(chinwag(peer.port(), &format!("--name ann -v --log {path} {option}")));
        peer.welcome("ann").end(End::Close);
        if reconnects {
            peer.welcome("ann").end(End::Close);
            let mut talk = peer.welcome("ann");
            program.output.expect(LOGGED_IN);
            program.output.expect(LOGGED_IN);
            program.output.expect(LOGGED_IN);
            program.enter_all("!quit\n");
            talk.expect_end();
        }
        let outcome = program.finish();
        let times = if reconnects { 3 } else { 1 };
        assert_eq!(String::from_utf8(outcome.stdout).unwrap(), format!("{LOGGED_IN}\n").repeat(times));
        let log = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let events: Vec<_> = log.lines().map(|line| line.split_once(' ').unwrap().1).collect();
        let (lost, back) = ("The connection to the server was lost", "The connection to the server is back");
        let all = [LOGGED_IN, lost, back, LOGGED_IN, lost, back, LOGGED_IN];
        assert_eq!(events[..], all[..if reconnects { 7 } else { 2 }], "{log}");
        let said = String::from_utf8(outcome.stderr).unwrap();
        let count =
            |text: &str| said.matches(&format!("chinwag: INFO: {}\n", text.replace('T', "t"))).count();
        let losses = if reconnects { 2 } else { 1 };
        assert_eq!((count(lost), count(back)), (losses, times - 1), "{said}");
    }
}

/// Nobody listens for a while; all that was typed is sent once, when the log-in is answered.
#[test]
fn what_was_typed_meanwhile_is_sent_after_the_log_in() {
    let place = Reserved::new();
    let peer = place.listen();
    let mut program = Program::on_pipes(chinwag(place.port, OPTIONS));
    close((peer.welcome("ann"), peer));
    program.errors.expect(lost(place.port));
    let texts: Vec<_> = (0..100).map(|number| format!("line {number}")).collect();
    for text in &texts {
        program.enter(format!("@bob {text}\n"));
    }
    let mut talk = place.listen().accept();
    talk.expect("HELLO-FROM ann");
    program.enter("@bob last\n");
    talk.send("HELLO ann\n");
    for text in texts.iter().map(String::as_str).chain(["last"]) {
        talk.answer(&format!("SEND bob {text}"), "SEND-OK\n");
    }
    program.enter("!quit\n");
    talk.expect_end();
    let mut stdout = vec![LOGGED_IN; 2];
    stdout.extend(["The message was sent successfully"; 101]);
    assert_left(&program.finish(), &stdout, &[lost(place.port), back(place.port)]);
}

#[test]
fn request_without_an_answer_is_told_of_and_not_repeated() {
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), OPTIONS));
    let mut talk = peer.welcome("ann");
    program.enter("@bob lost\n!who\n");
    talk.expect("SEND bob lost");
    talk.expect("LIST");
    drop(talk);
    let mut talk = peer.welcome("ann");
    program.errors.expect(back(peer.port()));
    program.enter("@bob next\n");
    talk.answer("SEND bob next", "SEND-OK\n");
    program.enter("!quit\n");
    talk.expect_end();
    let told = "2 requests without an answer, which may not have arrived";
    let outcome = program.finish();
    let said: Vec<_> = std::str::from_utf8(&outcome.stderr).unwrap().lines().collect();
    assert_eq!(said[..3], [&lost(peer.port()), &format!("chinwag: {told}"), &back(peer.port())]);
    assert!(said.len() == 4 && said[3].contains(told), "{said:?}");
    assert_eq!(outcome.status.code(), Some(1), "not all has been answered");
    let stdout = String::from_utf8(outcome.stdout).unwrap();
    assert_eq!(stdout, format!("{LOGGED_IN}\n{LOGGED_IN}\nThe message was sent successfully\n"));
}

/// The server may not have noticed yet that the old connection is gone.
#[test]
fn name_that_is_still_taken_is_tried_again_without_a_word() {
    let peer = Peer::new();
    let program = Program::on_pipes(chinwag(peer.port(), OPTIONS));
    drop(peer.welcome("ann"));
    let mut talk = peer.accept();
    talk.answer("HELLO-FROM ann", "IN-USE\n");
    program.enter("@bob hi\n");
    talk.expect_end();
    let mut talk = peer.welcome("ann");
    talk.answer("SEND bob hi", "SEND-OK\n");
    program.enter("!quit\n");
    talk.expect_end();
    let stdout = [LOGGED_IN, LOGGED_IN, "The message was sent successfully"];
    assert_left(&program.finish(), &stdout, &[lost(peer.port()), back(peer.port())]);
}

/// While nobody listens, and while a log-in waits for its answer.
#[cfg(feature = "editor")]
#[test]
fn user_can_leave_while_the_connection_is_away() {
    let left = (Some(0), None);
    for (keys, ending) in [("!quit\r", left), ("\x04", left), ("\x03", (None, Some(2)))] {
        for hangs in [false, true] {
            let place = Reserved::new();
            let peer = place.listen();
            let mut seat = Seat::sized(80, 24, on_terminal(place.port, OPTIONS));
            let mut later: Option<Talk> = None;
            if hangs {
                drop(peer.welcome("ann"));
                let talk = later.insert(peer.accept());
                talk.expect("HELLO-FROM ann");
            } else {
                close((peer.welcome("ann"), peer));
            }
            seat.program.errors.expect(lost(place.port));
            seat.press(format!("@bob hi\r{keys}"));
            let outcome = seat.finish();
            let said = String::from_utf8(outcome.stderr).unwrap();
            assert!(said.ends_with("chinwag: left with 1 request not sent\n"), "{said}");
            assert_eq!((outcome.status.code(), outcome.status.signal()), ending, "after {keys:?}");
        }
    }
    // What is read from a pipe lingers (spec C3), for no longer than it was told to.
    let place = Reserved::new();
    let peer = place.listen();
    let mut program = Program::on_pipes(chinwag(place.port, &format!("{OPTIONS} --linger 0.1")));
    close((peer.welcome("ann"), peer));
    program.errors.expect(lost(place.port));
    program.enter("@bob hi\n!quit\n");
    let outcome = program.finish();
    assert!(String::from_utf8(outcome.stderr).unwrap().contains("1 request not sent"));
    assert_eq!(outcome.status.code(), Some(1));
}

#[cfg(feature = "editor")]
#[test]
fn half_typed_line_outlives_the_connection() {
    let place = Reserved::new();
    let peer = place.listen();
    let mut seat = Seat::sized(80, 24, all_on_terminal(place.port, OPTIONS));
    let talk = peer.welcome("ann");
    seat.press("@bob half\x1b[D");
    seat.shows_only(&[LOGGED_IN, "@bob hal|f"]);
    close((talk, peer));
    let (lost, back) = (lost(place.port), back(place.port));
    seat.shows_only(&[LOGGED_IN, &lost, "@bob hal|f"]);
    seat.press("\x05 a line");
    seat.shows_only(&[LOGGED_IN, &lost, "@bob half a line|"]);
    let mut talk = place.listen().welcome("ann");
    // Which of the two is first on the screen does not matter.
    seat.sees(|lines| {
        let (said, shown) = (&lines[2..lines.len() - 1], &lines[lines.len() - 1]);
        said.len() == 2
            && said.contains(&back)
            && said.contains(&LOGGED_IN.into())
            && shown == "@bob half a line|"
    });
    seat.press("\r");
    talk.expect("SEND bob half a line");
}

/// There was nothing yet that could be made again, or nobody has asked for it.
#[test]
fn connection_that_never_stood_is_not_made_again() {
    let refusing = Refusing::new();
    Program::on_pipes(chinwag(refusing.port, OPTIONS)).finish().assert_broken("", &["nothing listens"]);
    let peer = Peer::new();
    let program = Program::on_pipes(chinwag(peer.port(), OPTIONS));
    drop(peer.accept());
    program.finish().assert_broken("", &["127.0.0.1"]);
    let program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
    drop(peer.welcome("ann"));
    program.finish().assert_broken(format!("{LOGGED_IN}\n"), &["closed"]);
}
