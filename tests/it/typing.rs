//! What helps whoever types: several lines at once, one receiver for all, proposals, hints and answers.

use crate::editing::seated;
use crate::peer::Peer;
use crate::program::{Program, chinwag};
use crate::support::LOGGED_IN;
use crate::terminal::{Seat, on_terminal};

/// Spec C2: whatever stands in them.
#[test]
fn lines_of_a_marked_paste_wait_for_return_and_go_to_whom_the_first_one_is_for() {
    let lines = ["@bob one", "!quit", "@tia secret", "", "!who"];
    for between in ["\r", "\r\n", "\n"] {
        let (mut seat, mut talk) = seated(80, 24);
        seat.press(format!("\x1b[200~{}{between}\x1b[201~", lines.join(between)));
        let shown = lines.join("\u{23ce}");
        seat.shows_only(&[LOGGED_IN, &format!("{shown}|")]);
        talk.send("DELIVERY tia hi\n");
        seat.shows_only(&[LOGGED_IN, "From tia: hi", &format!("{shown}|")]);
        seat.press("\r");
        for text in ["one", "!quit", "@tia secret", "!who"] {
            talk.answer(&format!("SEND bob {text}"), "SEND-OK\n");
        }
        seat.press("!who\r");
        talk.expect("LIST");
    }
}

/// The prompt is there while something is typed that is for nobody else, and a pipe needs none.
#[test]
fn lines_go_to_whom_one_talks_to() {
    let peer = Peer::new();
    let mut seat = Seat::sized(80, 24, on_terminal(peer.port(), "--name ann --to bob"));
    let mut talk = peer.welcome("ann");
    talk.send("DELIVERY bob hi\n");
    seat.shows_only(&[LOGGED_IN, "From bob: hi", "|"]);
    assert!(!seat.program.output.text().contains("to bob"));
    seat.press("hello");
    seat.shows_only(&[LOGGED_IN, "From bob: hi", "to bob: hello|"]);
    seat.press("\r");
    talk.expect("SEND bob hello");
    seat.press("@tia hi");
    seat.shows_only(&[LOGGED_IN, "From bob: hi", "to bob: hello", "@tia hi|"]);
    seat.press("\r");
    talk.expect("SEND tia hi");
    seat.press("\x1b[200~one\r!quit\r\x1b[201~\r");
    talk.expect("SEND bob one");
    talk.expect("SEND bob !quit");
    seat.press("x\x7f");
    seat.shows(&["to bob: one\u{23ce}!quit", "|"]);
    seat.press("!quit\r");
    talk.expect_end();
    assert_eq!(seat.finish().status.code(), Some(0));

    let mut command = chinwag(peer.port(), "--name ann");
    command.env("CHINWAG_TO", "bob");
    let mut program = Program::on_pipes(command);
    let mut talk = peer.welcome("ann");
    program.enter_all("the build is green\n");
    talk.answer("SEND bob the build is green", "SEND-OK\n");
    talk.expect_end();
    program.finish().assert(0, format!("{LOGGED_IN}\nThe message was sent successfully\n"));
    let outcome = Program::on_pipes(chinwag(peer.port(), "--to @bob")).finish();
    assert_eq!((outcome.status.code(), outcome.stdout.len()), (Some(2), 0));
}

/// Nothing of it is sent, and nothing lost.
#[test]
fn lines_for_nobody_stay_where_they_are() {
    let (mut seat, mut talk) = seated(80, 24);
    seat.press("\x1b[200~one\r@tia two\r\x1b[201~\r");
    seat.shows_only(&[LOGGED_IN, "one\u{23ce}@tia two|"]);
    seat.press("\x01@bob \r");
    talk.expect("SEND bob one");
    talk.expect("SEND bob @tia two");
    seat.press("@bob 1\x1b\r2\x1b\r3\r");
    for text in ["1", "2", "3"] {
        talk.expect(format!("SEND bob {text}"));
    }
}

#[test]
fn paste_of_a_mebibyte_is_sent_line_by_line() {
    let (seat, mut talk) = seated(80, 24);
    let text = "y".repeat(63);
    seat.press(format!("\x1b[200~@bob {}\x1b[201~", format!("{text}\r").repeat(16 * 1024)));
    seat.press("\r");
    for _ in 0..16 * 1024 {
        talk.expect(format!("SEND bob {text}"));
    }
    seat.press("!quit\r");
    talk.expect_end();
}

/// Spec C1: it will be ignored.
#[test]
fn line_that_begins_no_command_says_so_until_the_next_key() {
    let (mut seat, mut talk) = seated(80, 24);
    seat.press("hello");
    seat.program.output.expect("\x1b[2m  begin with @NAME, !who or !quit\x1b[m");
    seat.press("\x01@bob \r");
    talk.expect("SEND bob hello");
    seat.press("!help");
    seat.program.output.expect("begin with");
    seat.press("\r");
    seat.shows_only(&[LOGGED_IN, "@bob hello", "!help", "|"]);
    assert!(!seat.program.output.text().contains("!help\x1b[2m  begin with @NAME, !who or !quit\x1b[m\n"));
    seat.press("!who\r");
    talk.expect("LIST");
}

#[test]
fn name_and_line_are_proposed_and_taken() {
    let (mut seat, mut talk) = seated(80, 24);
    talk.send("DELIVERY doris hi\n");
    seat.shows(&["From doris: hi", "|"]);
    seat.press("@d");
    seat.program.output.expect("\x1b[2moris \x1b[m");
    seat.press("\x1b[Cho\r");
    talk.expect("SEND doris ho");
    seat.press("@doris h");
    seat.program.output.expect("\x1b[2mo\x1b[m");
    seat.press("\x05\r");
    talk.expect("SEND doris ho");
}

#[test]
fn tab_on_an_empty_line_answers_who_wrote_last() {
    let (mut seat, mut talk) = seated(80, 24);
    talk.send("DELIVERY bob 1\nDELIVERY carl 2\n");
    seat.shows(&["From carl: 2", "|"]);
    seat.press("\t");
    seat.shows(&["@carl |"]);
    talk.send("DELIVERY dora 3\n");
    seat.shows(&["From dora: 3", "@carl |"]);
    seat.press("\t");
    seat.shows(&["@bob |"]);
    seat.press("hi\r");
    talk.answer("SEND bob hi", "BAD-DEST-USER\n");
    seat.shows(&["The destination user does not exist", "|"]);
    seat.press("\x1b[A");
    seat.shows(&["@bob| hi"]);
}
