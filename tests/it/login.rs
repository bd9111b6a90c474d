//! Logging in: refusals of every kind, by servers of every kind (spec section 3).

use crate::peer::{End, Peer};
use crate::program::{PROMPT, Program, chinwag, without_environment};
use crate::runner;
use crate::support::Daemon;
use std::net::TcpListener;

const IN_USE: &str = "Cannot log in as NAME. That username is already in use.\n";
const DISALLOWED: &str = "Cannot log in as NAME. That username contains disallowed characters.\n";
const BAD_HEADER: &str = "Error: Unknown issue in previous message header.\n";
const FULL: &str = "Cannot log in. The server is full!\n";

/// What a server can refuse a log-in with, and the line for it (spec S3, S4, S10).
const REFUSALS: [(&str, &str); 3] =
    [("IN-USE", IN_USE), ("BAD-RQST-BODY", DISALLOWED), ("BAD-RQST-HDR", BAD_HEADER)];

/// What servers do after a refusal.
const REFUSING: &[End] = &End::ALL;

const NAMES: [&str; 4] = ["ann", "bob", "cid", "dan"];

/// Refuses every name but the last, each in another way, and then answers one `LIST`. `before` is
/// called before a name is expected.
fn refuse(peer: &Peer, end: End, mut before: impl FnMut(&str)) {
    let mut connection = Some(peer.accept());
    for (name, (refusal, _)) in NAMES.iter().zip(REFUSALS) {
        before(name);
        let mut talk = connection.take().unwrap_or_else(|| peer.accept());
        talk.answer(&format!("HELLO-FROM {name}"), format!("{refusal}\n"));
        connection = talk.end(end);
    }
    before("dan");
    let mut talk = connection.unwrap_or_else(|| peer.accept());
    talk.answer("HELLO-FROM dan", "HELLO dan\n");
    talk.answer("LIST", "LIST-OK dan\n");
    talk.expect_end();
}

fn shown_after_refusals() -> String {
    let lines: String =
        NAMES.iter().zip(REFUSALS).map(|(name, (_, line))| line.replace("NAME", name) + PROMPT).collect();
    format!("{PROMPT}{lines}Successfully logged in as dan!\nThere are 1 online users:\ndan\n")
}

/// Spec L2, L3, L6.
#[test]
fn names_piped_all_at_once_are_tried_one_after_the_other() {
    for &end in REFUSING {
        let peer = Peer::new();
        let mut program = Program::on_pipes(chinwag(peer.port(), ""));
        program.enter_all("ann\nbob\ncid\ndan\n!who\n");
        refuse(&peer, end, |_| {});
        program.finish().assert(0, shown_after_refusals());
    }
}

/// Spec L2, L3: the log tells when a connection has ended; the next name is typed after that.
#[test]
fn names_typed_slowly_are_tried_on_connections_of_their_own_where_needed() {
    for &end in REFUSING {
        let peer = Peer::new();
        let mut program = Program::on_pipes(chinwag(peer.port(), "-v"));
        refuse(&peer, end, |name| {
            program.output.expect(PROMPT);
            if end != End::Keep && name != "ann" {
                program.errors.expect("closed the connection while a name was asked for\n");
            }
            let last = name == "dan";
            program.enter(format!("{name}\n{}", if last { "!who\n!quit\n" } else { "" }));
        });
        let outcome = program.finish();
        assert_eq!(String::from_utf8(outcome.stdout).unwrap(), shown_after_refusals());
        assert_eq!(outcome.status.code(), Some(0));
    }
}

/// Spec L4, S5: `BUSY` may come before anything was sent, and the connection may be broken after it.
#[test]
fn full_server_ends_the_client() {
    for end in End::ALL {
        let peer = Peer::new();
        for arguments in ["", "--name ann"] {
            let program = Program::on_pipes(chinwag(peer.port(), arguments));
            let mut talk = peer.accept();
            talk.send("BUSY\n");
            let kept = talk.end(end);
            let prompt = if arguments.is_empty() { PROMPT } else { "" };
            program.finish().assert(3, format!("{prompt}{FULL}"));
            drop(kept);
        }
    }
}

/// Spec L4.
#[test]
fn full_server_may_say_so_when_asked_for_a_log_in() {
    for end in End::ALL {
        for script in ["ann\n", "ann\n!who\n@bob hi\n"] {
            let peer = Peer::new();
            let program = Program::on_pipes(chinwag(peer.port(), ""));
            program.enter(script);
            let mut talk = peer.accept();
            talk.answer("HELLO-FROM ann", "BUSY\nDELIVERY bob hi\n");
            let kept = talk.end(end);
            program.finish().assert(3, format!("{PROMPT}{FULL}"));
            drop(kept);
        }
    }
}

/// Spec S3, L2: and a server that becomes full meanwhile.
#[test]
fn refused_name_and_then_a_full_server() {
    let peer = Peer::new();
    let program = Program::on_pipes(chinwag(peer.port(), ""));
    program.enter("ann\nbob\n");
    let mut talk = peer.accept();
    talk.answer("HELLO-FROM ann", "IN-USE\n");
    talk.answer("HELLO-FROM bob", "BUSY\n");
    let refused = IN_USE.replace("NAME", "ann");
    program.finish().assert(3, format!("{PROMPT}{refused}{PROMPT}{FULL}"));
}

/// Spec L5, W4: the server sees the good name only.
#[test]
fn client_refuses_bad_names_itself() {
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), ""));
    let names = ["!who", "@ann hi", "ann,bob", "a b", "ann ", "#", "a!", "a@", "a$", "a%", "a^", "a&", "a*"];
    program.enter_all(format!("{}\n\nann\n", names.join("\n")));
    let mut talk = peer.accept();
    talk.answer("HELLO-FROM ann", "HELLO ann\n");
    talk.expect_end();
    let refused: String = names.iter().map(|name| DISALLOWED.replace("NAME", name) + PROMPT).collect();
    program.finish().assert(0, format!("{PROMPT}{refused}{PROMPT}Successfully logged in as ann!\n"));
}

/// Spec C3: at the prompt, while logging in, and while chatting.
#[test]
fn quit_leaves_at_any_point() {
    let peer = Peer::new();
    for (script, requests) in [("!quit\n", 0), ("ann\n !quit \n", 1), ("ann\n!who\n!quit\n!who\n", 2)] {
        let program = Program::on_pipes(chinwag(peer.port(), "--linger 0.2"));
        program.enter(script);
        let mut talk = peer.accept();
        let answers = [("HELLO-FROM ann", "HELLO ann\n"), ("LIST", "LIST-OK ann\n")];
        for (request, reply) in &answers[..requests] {
            talk.answer(request, reply);
        }
        talk.expect_end();
        let lines = "Successfully logged in as ann!\nThere are 1 online users:\nann\n";
        let lines: String = lines.split_inclusive('\n').take([0, 1, 3][requests]).collect();
        program.finish().assert(0, format!("{PROMPT}{lines}"));
    }
}

/// As everybody tries it; the environment is weaker than that.
#[test]
fn name_and_server_are_given_in_one_word() {
    let addresses =
        ["127.0.0.1", "::1"].into_iter().filter(|address| TcpListener::bind((*address, 0)).is_ok());
    for address in addresses {
        let daemon = Daemon::start(&["-a", address]);
        let mut command = without_environment(runner::client());
        command.arg(format!("ann@{}", daemon.address));
        let nowhere = [("CHINWAG_ADDRESS", "192.0.2.1"), ("CHINWAG_PORT", "1"), ("CHINWAG_NAME", "bob")];
        command.envs(nowhere);
        let mut program = Program::on_pipes(command);
        program.enter_all("!who\n");
        program.finish().assert(0, "Successfully logged in as ann!\nThere are 1 online users:\nann\n");
        let mut command = chinwag(daemon.address.port(), address);
        command.env("CHINWAG_ADDRESS", "192.0.2.1");
        let mut program = Program::on_pipes(command);
        program.enter_all("bob\n");
        program.finish().assert(0, format!("{PROMPT}Successfully logged in as bob!\n"));
    }
}
