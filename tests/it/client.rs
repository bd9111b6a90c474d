//! Conversations that go well: what is typed, what is sent, what is shown, to the byte.

use crate::peer::{Peer, Talk};
use crate::program::{
    Collector, Feeder, Outcome, PROMPT, Program, chinwag, file, with_arguments, without_environment,
};
use crate::runner;
use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

/// Requests and their replies, from the log-in on.
type Script = [(&'static str, &'static str)];

const SCRIPT: &Script = &[
    ("HELLO-FROM ann", "HELLO ann\n"),
    ("LIST", "LIST-OK ann,echobot\n"),
    ("SEND echobot hi", "DELIVERY echobot hi\nSEND-OK\n"),
    ("SEND nobody x", "BAD-DEST-USER\n"),
    ("SEND echobot ", "BAD-RQST-BODY\n"),
];
const TYPED: &str = "ann\n!who\n@echobot hi\n@nobody x\n@echobot \nnonsense\n";
const SHOWN: &str = "Welcome to Chat Client. Enter your login: \n\
    Successfully logged in as ann!\n\
    There are 2 online users:\nann\nechobot\n\
    From echobot: hi\n\
    The message was sent successfully\n\
    The destination user does not exist\n\
    Error: Unknown issue in previous message body.\n";

/// Plays the server of a whole script, to the end of the connection.
#[track_caller]
fn play(peer: &Peer, script: &Script) {
    let mut talk = peer.accept();
    for (request, reply) in script {
        talk.answer(request, reply);
    }
    talk.expect_end();
}

/// What a client that is logged in as ann shows of this, until the server closes the connection.
#[track_caller]
fn shown(arguments: &str, reply: &[u8]) -> Outcome {
    let peer = Peer::new();
    let program = Program::on_pipes(chinwag(peer.port(), &format!("--name ann {arguments}")));
    peer.welcome("ann").send(reply);
    program.finish()
}

/// The same, which has to be this, and all that standard error says is that the connection ended.
#[track_caller]
fn assert_shown(arguments: &str, reply: &[u8], expected: &[u8]) {
    let expected = [b"Successfully logged in as ann!\n", expected].concat();
    shown(arguments, reply).assert_broken(expected, &["closed"]);
}

/// Spec C3, C4, C2, C1, and most of section 2.
#[test]
fn script_is_played_to_its_end_from_a_pipe_and_from_a_file() {
    let inputs = [
        TYPED.to_owned(),
        format!("{TYPED}!quit\n"),
        format!("{TYPED}!quit\n!who\n"),
        format!("{TYPED} !quit"),
        TYPED.replace('\n', "\r\n"),
        TYPED.trim_end().to_owned(),
    ];
    for input in inputs {
        let peer = Peer::new();
        let mut program = Program::on_pipes(chinwag(peer.port(), ""));
        program.enter_all(input.as_str());
        play(&peer, SCRIPT);
        program.finish().assert(0, SHOWN);

        let program = Program::reading(chinwag(peer.port(), ""), file(&input));
        play(&peer, SCRIPT);
        program.finish().assert(0, SHOWN);
    }
}

/// A file takes everything at once, and cannot be polled; nor can `/dev/null`.
#[test]
fn script_is_shown_in_a_file_too() {
    let peer = Peer::new();
    let mut output = file("");
    let program = Program::spawn(chinwag(peer.port(), ""), file(TYPED), output.try_clone().unwrap());
    play(&peer, SCRIPT);
    program.finish().assert(0, "");
    let mut shown = String::new();
    output.rewind().unwrap();
    output.read_to_string(&mut shown).unwrap();
    assert_eq!(shown, SHOWN);

    let program = Program::spawn(chinwag(peer.port(), ""), file(TYPED), Stdio::null());
    play(&peer, SCRIPT);
    program.finish().assert(0, "");
}

/// As under inetd and its like: one socket is both standard input and standard output.
#[test]
fn script_is_played_over_a_socket() {
    let peer = Peer::new();
    let (ours, theirs) = UnixStream::pair().unwrap();
    let (input, output) = (OwnedFd::from(theirs.try_clone().unwrap()), OwnedFd::from(theirs));
    let mut program = Program::spawn(chinwag(peer.port(), ""), input, output);
    program.output = Collector::new(ours.try_clone().unwrap());
    program.input = Some(Feeder::new(ours));
    program.output.start();
    program.enter(format!("{TYPED}!quit\n"));
    play(&peer, SCRIPT);
    program.finish().assert(0, SHOWN);
}

/// Spec C4: the command without `\n` counts.
#[test]
fn last_line_needs_no_end() {
    for input in ["ann\n!who", "ann\r\n!who\r"] {
        let peer = Peer::new();
        let program = Program::reading(chinwag(peer.port(), ""), file(input));
        play(&peer, &SCRIPT[..2]);
        let shown: String = SHOWN.split_inclusive('\n').take(5).collect();
        program.finish().assert(0, shown);
    }
}

/// Spec C3, S1.
#[test]
fn no_input_at_all_is_asked_for_a_name_and_leaves() {
    let peer = Peer::new();
    let null = Program::reading(chinwag(peer.port(), ""), File::open("/dev/null").unwrap());
    peer.accept().expect_end();
    null.finish().assert(0, PROMPT);

    let shell = runner::client_behind(&["sh", "-c", "exec \"$0\" \"$@\" <&-"]);
    let closed = Program::reading(with_arguments(shell, peer.port(), ""), Stdio::null());
    peer.accept().expect_end();
    closed.finish().assert(0, PROMPT);

    let mut pipe = Program::on_pipes(chinwag(peer.port(), ""));
    pipe.input = None;
    peer.accept().expect_end();
    pipe.finish().assert(0, PROMPT);
}

/// Spec S6 to S11.
#[test]
fn every_reply_has_its_line() {
    let table = [
        ("SEND-OK", "The message was sent successfully\n"),
        ("BAD-DEST-USER", "The destination user does not exist\n"),
        ("DELIVERY bob hi", "From bob: hi\n"),
        ("LIST-OK ann", "There are 1 online users:\nann\n"),
        ("LIST-OK ann,x,bob", "There are 3 online users:\nann\nx\nbob\n"),
        ("BAD-RQST-HDR", "Error: Unknown issue in previous message header.\n"),
        ("BAD-RQST-BODY", "Error: Unknown issue in previous message body.\n"),
    ];
    for (reply, line) in table {
        let peer = Peer::new();
        let program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
        let mut talk = peer.welcome("ann");
        program.enter("!who\n");
        talk.answer("LIST", format!("{reply}\n"));
        drop(talk);
        program.finish().assert_broken(format!("Successfully logged in as ann!\n{line}"), &["closed"]);
    }
}

/// Spec W1, C2: on the way out nothing of a text is changed.
#[test]
fn text_is_sent_as_it_was_typed() {
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
    let mut talk = peer.welcome("ann");
    let table: [(&[u8], &[u8]); 7] = [
        (b"@bob  two  spaces  \n", b"SEND bob  two  spaces  "),
        (b"@bob \t\0\x1b\xff\x80\n", b"SEND bob \t\0\x1b\xff\x80"),
        (b"@bob a\rb\r\r\n", b"SEND bob a\rb\r"),
        (b"@bob !quit\n", b"SEND bob !quit"),
        (b"@bob\n", b"SEND bob "),
        ("@bob  日本\n".as_bytes(), "SEND bob  日本".as_bytes()),
        (b" !who \t\r\n", b"LIST"),
    ];
    for (typed, sent) in table {
        program.enter(typed);
        talk.expect(sent);
        talk.send("SEND-OK\n");
    }
    program.input = None;
    talk.expect_end();
    let shown = "The message was sent successfully\n".repeat(table.len());
    program.finish().assert(0, format!("Successfully logged in as ann!\n{shown}"));
}

/// Spec C1: what is typed after them shows that they sent nothing.
#[test]
fn other_lines_are_ignored() {
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
    let mut talk = peer.welcome("ann");
    program.enter_all(b"\n  \nhello\n@\n@ hi\n!Who\n!who are you\n!quit now\n\xff\0\nLIST\n@bob hi\n");
    talk.answer("SEND bob hi", "SEND-OK\n");
    talk.expect_end();
    program.finish().assert(0, "Successfully logged in as ann!\nThe message was sent successfully\n");
}

/// Spec W1, S14.
#[test]
fn bytes_of_strangers_pass_as_they_are_unless_escapes_are_asked_for() {
    let reply = b"DELIVERY b\x1b a\r \x1b[2J\xff\0\xe2\x80\xae\t \nLIST-OK \x07,c\xc2\x9b\n";
    let raw = b"From b\x1b: a\r \x1b[2J\xff\0\xe2\x80\xae\t \nThere are 2 online users:\n\x07\nc\xc2\x9b\n";
    let visible = b"From b^[: a^M ^[[2J\\xff^@\\u{202e}\t \nThere are 2 online users:\n^G\nc\\x9b\n";
    for arguments in ["", "--escape auto", "--escape never"] {
        assert_shown(arguments, reply, raw);
    }
    assert_shown("--escape always", reply, visible);
}

/// Everything a server can say, in one conversation; a cut-off line at its end.
const REPLIES: &[u8] = b"HELLO ann\nLIST-OK ann,bob\nDELIVERY bob  a b \nSEND-OK\n\nBAD-DEST-USER\n\
    BAD-RQST-BODY\nDELIVERY bob \nBAD-RQST-HDR\nDELIVERY bob cut";
const LINES: &str = "Successfully logged in as ann!\nThere are 2 online users:\nann\nbob\n\
    From bob:  a b \nThe message was sent successfully\nThe destination user does not exist\n\
    Error: Unknown issue in previous message body.\nFrom bob: \n\
    Error: Unknown issue in previous message header.\n";

/// Spec S13, W1.
#[test]
fn replies_may_be_cut_anywhere() {
    let cuts = (0..REPLIES.len()).step_by(7).map(|cut| vec![&REPLIES[..cut], &REPLIES[cut..]]);
    for pieces in cuts.chain([REPLIES.chunks(1).collect()]) {
        let peer = Peer::new();
        let program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
        let mut talk = peer.accept();
        talk.expect("HELLO-FROM ann");
        talk.send_cut(pieces);
        drop(talk);
        program.finish().assert_broken(LINES, &[&format!("127.0.0.1:{}", peer.port())]);
    }
}

/// Spec S13: the line that is sent between the halves shows that the first one was read.
#[test]
fn line_is_shown_when_it_is_whole_and_not_before() {
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), "--name ann"));
    let mut talk = peer.welcome("ann");
    program.output.expect("Successfully logged in as ann!\n");
    talk.send("SEND-OK\nDELIVERY bob he");
    program.output.expect("The message was sent successfully\n");
    program.enter("!who\n");
    talk.expect("LIST");
    assert!(!program.output.text().contains("bob"), "{}", program.output.text());
    talk.send("llo\nLIST-OK ann\n");
    program.output.expect("From bob: hello\nThere are 1 online users:\nann\n");
    program.input = None;
    talk.expect_end();
    assert_eq!(program.finish().status.code(), Some(0));
}

/// Lines that are no replies, or that nobody asked for.
const GARBAGE: &[u8] =
    b"\n \nBOGUS\nDELIVERY\nDELIVERY bob\nDELIVERYbob x\nSEND ann hi\nHELLO-FROM ann\nLIST\n\
    IN-USE\nBUSY\nHELLO eve\nsend-ok\nLIST-OKAY\n\xff\xfe\0\x1b[2J\x1b]0;title\x07\n\xe2\x80\xae\nERROR\n";

/// Spec W3.
#[test]
fn lines_after_garbage_are_shown() {
    assert_shown("", &[GARBAGE, b"DELIVERY bob hi\n"].concat(), b"From bob: hi\n");
}

/// Spec W3, L1: nor does it answer a log-in.
#[test]
fn garbage_before_the_log_in_changes_nothing() {
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), ""));
    program.enter_all("ann\n");
    let mut talk = peer.accept();
    talk.send(b"BOGUS\n\nDELIVERY\n\xff\n");
    talk.answer("HELLO-FROM ann", "BOGUS\n\nLIST\nHELLO-FROM ann\nHELLO ann\n");
    talk.expect_end();
    program.finish().assert(0, format!("{PROMPT}Successfully logged in as ann!\n"));
}

/// Spec W3, S14.
#[test]
fn garbage_is_logged_in_printable_form_where_asked() {
    let outcome = shown("-v", GARBAGE);
    let log = String::from_utf8(outcome.stderr).unwrap();
    assert!(log.contains("BOGUS") && log.contains(r"\xff\xfe^@^[[2J^[]0;title^G"), "{log}");
    assert!(log.chars().all(|character| matches!(character, ' '..='~' | '\n')), "{log}");
}

/// Spec W2.
#[test]
fn line_over_the_limit_is_dropped_and_said_once() {
    let peer = Peer::new();
    let mut program = Program::on_pipes(chinwag(peer.port(), "--name ann --max-message 100"));
    let mut talk = peer.welcome("ann");
    let start = "DELIVERY bob ";
    let fits = "x".repeat(100 - start.len());
    program.enter_all("!who\n");
    talk.expect("LIST");
    talk.send_cut(format!("{start}{fits}\n{start}{fits}y{}", "z".repeat(1000)).as_bytes().chunks(99));
    talk.send(format!("{fits}\nDELIVERY bob next\nLIST-OK ann\n"));
    talk.expect_end();
    let outcome = program.finish();
    assert!(outcome.only_error().contains("--max-message"));
    let expected = format!(
        "Successfully logged in as ann!\nFrom bob: {fits}\nFrom bob: next\nThere are 1 online users:\nann\n"
    );
    assert_eq!(String::from_utf8(outcome.stdout).unwrap(), expected);
    assert_eq!(outcome.status.code(), Some(0));
}

#[test]
fn options_come_from_the_environment_too() {
    let peer = Peer::new();
    let mut command = without_environment(runner::client());
    command
        .env("CHINWAG_ADDRESS", "127.0.0.1")
        .env("CHINWAG_PORT", peer.port().to_string())
        .env("CHINWAG_NAME", "ann")
        .env("CHINWAG_ESCAPE", "always")
        .env("CHINWAG_MAX_MESSAGE", "100")
        .env("CHINWAG_CONNECT_TIMEOUT", "20")
        .env("CHINWAG_LINGER", "0.2");
    let mut program = Program::on_pipes(command);
    let mut talk: Talk = peer.welcome("ann");
    talk.send(format!("DELIVERY bob {}\nDELIVERY bob \x1b\n", "x".repeat(100)));
    program.output.expect("Successfully logged in as ann!\nFrom bob: ^[\n");
    program.enter_all("!who\n");
    talk.expect("LIST");
    talk.expect_end(); // Without an answer: it has lingered.
    let outcome = program.finish();
    let errors = String::from_utf8(outcome.stderr).unwrap();
    assert!(errors.contains("--max-message") && errors.contains("--linger"), "{errors}");
    assert_eq!(outcome.status.code(), Some(1));
}

#[test]
fn command_line_counts_more_than_the_environment() {
    let peer = Peer::new();
    let mut command = chinwag(peer.port(), "--name ann --escape never");
    command.env("CHINWAG_PORT", "1").env("CHINWAG_NAME", "eve").env("CHINWAG_ESCAPE", "always");
    let mut program = Program::on_pipes(command);
    program.input = None;
    let mut talk = peer.accept();
    talk.answer("HELLO-FROM ann", "HELLO a\x1bn\n");
    talk.expect_end();
    program.finish().assert(0, "Successfully logged in as a\x1bn!\n");
}

#[test]
fn help_and_version_are_asked_for_with_success() {
    let run = |arguments| {
        let outcome = Program::on_pipes(chinwag(1, arguments)).finish();
        assert_eq!((outcome.status.code(), outcome.stderr.as_slice()), (Some(0), &b""[..]));
        String::from_utf8(outcome.stdout).unwrap()
    };
    assert_eq!(run("--version"), format!("chinwag {}\n", env!("CARGO_PKG_VERSION")));
    let help = run("--help");
    let options = "--address --port --name --host --max-message --connect-timeout --linger --escape --verbose \
        --help --version CHINWAG_ADDRESS CHINWAG_LINGER !who !quit @NAME 130 143";
    for word in options.split_whitespace().filter(|&word| cfg!(feature = "host") || word != "--host") {
        assert!(help.contains(word), "{word} is not in {help}");
    }
}

/// Spec section 5.
#[test]
fn wrong_command_line_has_a_status_of_its_own() {
    for arguments in [
        "--nonsense",
        "--escape maybe",
        "--linger -1",
        "--max-message x",
        "stray strayer",
        "-p 70000",
        "host:70000",
        "@host",
        "host -a host",
    ] {
        let mut command = without_environment(runner::client());
        command.args(arguments.split(' '));
        let outcome = Program::on_pipes(command).finish();
        assert_eq!((outcome.status.code(), outcome.stdout.as_slice()), (Some(2), &b""[..]), "{arguments}");
        assert!(String::from_utf8(outcome.stderr).unwrap().starts_with("error: "), "{arguments}");
    }
}

/// Spec S14: whatever its source, nothing that controls a terminal goes to standard error.
#[test]
fn arguments_are_made_harmless_too() {
    let table: [(&[&str], i32); 6] = [
        (&["--\x1b[2J"], 2),
        (&["stray", "stray\u{202e}\x1b"], 2),
        (&["--escape", "\x1b[2J"], 2),
        (&["--port", "\x1b[2J"], 2),
        (&["--address", "\x1b.invalid"], 1),
        (&["--log", "/no/\x1b[2J\u{202e}"], 1),
    ];
    for (arguments, status) in table {
        let mut command = without_environment(runner::client());
        command.args(arguments);
        let outcome = Program::on_pipes(command).finish();
        let said = String::from_utf8(outcome.stderr).unwrap();
        assert_eq!(outcome.status.code(), Some(status), "{said}");
        assert!(!said.contains(['\x1b', '\u{202e}']) && said.contains("^["), "{said:?}");
    }
}

/// Who has asked for encryption does not get a connection without.
#[cfg(not(feature = "tls"))]
#[test]
fn variable_that_asks_for_encryption_is_heeded_by_builds_without() {
    use crate::support::{chinwagd, output};
    for (mut command, variable) in [
        (without_environment(runner::client()), "CHINWAG_TLS"),
        (without_environment(runner::client()), "CHINWAG_TLS_PIN"),
        (chinwagd(), "CHINWAGD_TLS"),
        (chinwagd(), "CHINWAGD_TLS_CLIENT_CA"),
    ] {
        command.env(variable, "1");
        let output = output(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.starts_with(&format!("error: {variable} is only in builds with `--features tls`\n")),
            "{said}"
        );
    }
}
