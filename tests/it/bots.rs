//! The bots in `examples`, run as they are, and attacked by whoever is in the chat.

use crate::peer::{Peer, Talk};
use crate::program::{Program, without_environment};
use crate::runner;
use crate::support::{Daemon, is_there};
use std::path::Path;
use std::process::Command;

/// What runs each of them; [`EXAMPLE`] is a program of its own.
const BOTS: [(&str, &str); 7] = [
    ("sh", "bot.sh"),
    ("dash", "bot.sh"),
    ("bash", "bot.sh"),
    ("bash", "bot.bash"),
    ("python3", "bot.py"),
    ("node", "bot.mjs"),
    (EXAMPLE, "bot"),
];

const EXAMPLE: &str = "";

const INVITATION: &str = "you are welcome: try say TEXT";

/// Names that somebody may have whose server lets everything pass.
const NAMES: [&[u8]; 22] = [
    b"bob",
    b"a\\n@other",
    b"!quit",
    b"@other",
    b"%s%n",
    b"$(echo",
    b"`id`",
    b"-n",
    b"-e\\x0a",
    b"a:",
    b":",
    b"a\rb",
    b"\x1b[2J",
    b"\xff\xfe",
    b"'",
    b"\"",
    b";",
    b"*",
    b"~",
    b"\\",
    b"\xe2\x80\xa8x",
    b"From",
];

/// Texts that mean something to somebody on the way.
pub(crate) const TEXTS: [&[u8]; 27] = [
    b"\\n!quit",
    b"\\n@other hi",
    b"\\x0a!quit",
    b"\\012@other hi",
    b"\\c",
    b"\x1b[2J",
    b"!quit",
    b"@other hi",
    b"-n",
    b"-e \\n",
    b"%s%s%n%d",
    b"%",
    b"$(echo @other)",
    b"`id`",
    b"$HOME ${x}",
    b"'\";|&<>()",
    b"*",
    b"~",
    b"\\",
    b"\\\\",
    b"  two  before, two behind  ",
    b"\t",
    b"\xff\xfe\xe2\x82",
    b"a\rFrom x: say b",
    b"\rFrom x: hello",
    b"\xe2\x80\xa8From x: hello\xc2\x85From x: hello\x0bFrom x: hello\x0c",
    b"From x: say y: z",
];

/// Each that can run here, on its way to this port.
pub(crate) fn bots(port: u16) -> impl Iterator<Item = Program> {
    start(port, &BOTS)
}

fn start<'a>(port: u16, bots: &'a [(&str, &str)]) -> impl Iterator<Item = Program> + 'a {
    bots.iter().filter_map(|(interpreter, bot)| command(interpreter, bot)).map(move |mut command| {
        command.arg(format!("bot@127.0.0.1:{port}"));
        Program::on_pipes(command)
    })
}

/// What starts a bot, without the words that say where to.
fn command(interpreter: &str, bot: &str) -> Option<Command> {
    if interpreter == EXAMPLE {
        return runner::example(bot);
    }
    if !is_there(interpreter) {
        return None;
    }
    let mut command = without_environment(Command::new(interpreter));
    let path = [runner::folder().as_os_str(), std::env::var_os("PATH").unwrap_or_default().as_os_str()]
        .join(":".as_ref());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/bots");
    command.env("PATH", path).arg(folder.join(bot));
    Some(command)
}

pub(crate) fn delivery(name: &[u8], text: &[u8]) -> Vec<u8> {
    [b"DELIVERY ", name, b" ", text, b"\n"].concat()
}

pub(crate) fn answer(name: &[u8], text: &[u8]) -> Vec<u8> {
    [b"SEND ", name, b" ", text].concat()
}

/// The bot has answered nothing since: the next answer is to a question that is put now.
fn expect_silence(talk: &mut Talk) {
    talk.send(delivery(b"end", b"say done"));
    talk.expect(answer(b"end", b"you said: done"));
}

#[test]
fn bots_say_nothing_but_their_answers_to_whoever_asked() {
    let peer = Peer::new();
    for bot in bots(peer.port()) {
        let mut talk = peer.welcome("bot");
        for name in NAMES {
            talk.send(delivery(name, b"hello"));
            talk.expect(answer(name, INVITATION.as_bytes()));
        }
        for (text, name) in TEXTS.iter().zip(NAMES.iter().cycle()) {
            talk.send(delivery(name, text));
            talk.send(delivery(name, &[b"say ", *text].concat()));
            talk.expect(answer(name, &[b"you said: ", *text].concat()));
        }
        // Nobody, and nothing.
        talk.send(b"DELIVERY  say x\nDELIVERY\nDELIVERY x\nDELIVERY x \n\nSEND-OK\nLIST-OK From,x:,hello\n");
        expect_silence(&mut talk);
        drop(bot);
    }
}

/// A text that a client with `--max-message` does not pass on, and one that a shell cannot hold.
#[test]
fn bots_outlive_what_they_cannot_repeat() {
    let peer = Peer::new();
    for bot in bots(peer.port()) {
        let mut talk = peer.welcome("bot");
        talk.send(delivery(b"bob", &[b"say ", &[b'x'; 3_000_000][..]].concat()));
        expect_silence(&mut talk);
        talk.send(delivery(b"bob", b"say a\0!quit"));
        let answered = talk.line();
        assert!(answered.starts_with(b"SEND bob you said: a"), "{}", answered.escape_ascii());
        expect_silence(&mut talk);
        drop(bot);
    }
}

/// Whatever one is made to answer, another does not answer that, of its own kind or of any other.
#[test]
fn two_bots_do_not_talk_for_ever() {
    let peer = Peer::new();
    let mut answers: Vec<Vec<u8>> = vec![b"from another kind".to_vec()];
    let questions: [&[u8]; 5] = [b"hello", b"say hello", b"say say hello", b"say say say x", b"say "];
    for bot in bots(peer.port()) {
        let mut talk = peer.welcome("bot");
        for question in questions {
            talk.send(delivery(b"other", question));
            answers.push(talk.line().strip_prefix(b"SEND other ").unwrap().to_vec());
        }
        drop(bot);
    }
    for bot in bots(peer.port()) {
        let mut talk = peer.welcome("bot");
        answers.iter().for_each(|answer| talk.send(delivery(b"other", answer)));
        expect_silence(&mut talk);
        drop(bot);
    }
}

/// And with the server they end, as the client does.
#[test]
fn bots_serve_the_users_of_a_real_server() {
    for one in BOTS.chunks(1) {
        let daemon = Daemon::start(&["--echobot"]);
        let Some(mut bot) = start(daemon.address.port(), one).next() else { continue };
        let mut user = daemon.user("ann");
        crate::support::until("it has come", || {
            user.says("LIST\n");
            user.hears_line().trim_end().split([' ', ',']).any(|name| name == "bot")
        });
        for (question, answer) in [("hello", INVITATION), ("say \\n@echobot -n", "you said: \\n@echobot -n")]
        {
            user.says(format!("SEND bot {question}\n"));
            user.hears(&format!("SEND-OK\nDELIVERY bot {answer}\n"));
        }
        drop(daemon);
        assert_eq!(bot.wait().code(), Some(1));
    }
}
