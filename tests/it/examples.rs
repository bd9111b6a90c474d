//! The gateway in `examples`, run as it is: what it passes to its command, and what comes back; and that nobody whom
//! the examples talk to is talked to for ever. (How the bots stand what strangers send: see `bots`.)

use crate::bots::{TEXTS, answer, bots, delivery};
use crate::peer::{Peer, Talk};
use crate::program::{Program, fifo, unused_path, without_environment};
use crate::runner;
use crate::support::{Daemon, until};
use chinwag::wire::escape;
use chinwag::wire::protocol::Request;
use std::fs;
use std::io::Write;
use std::path::Path;

/// The gateway to this command on its way to `place`, for the users ann and bob and the test; `None` if it was not built.
fn gateway(place: &str, command: &[&str]) -> Option<Program> {
    let mut gateway = without_environment(runner::example("gateway")?);
    gateway.arg(format!("gate@{place}")).arg("ann,bob,end").args(command);
    Some(Program::on_pipes(gateway))
}

/// The gateway, and its connection to a server that says what a test says.
fn connected(peer: &Peer, command: &[&str]) -> Option<(Program, Talk)> {
    let gateway = gateway(&format!("127.0.0.1:{}", peer.port()), command)?;
    Some((gateway, peer.welcome("gate")))
}

/// What the gateway says to ann, of this line of its command.
fn line(text: &[u8]) -> Vec<u8> {
    let mut harmless = Vec::new();
    escape::append(text, &mut harmless);
    answer(b"ann", &[b"| ", &harmless[..]].concat())
}

#[test]
fn gateway_passes_texts_to_its_command_and_answers_in_safe_lines() {
    let peer = Peer::new();
    let Some((_gateway, mut talk)) = connected(&peer, &["cat"]) else { return };
    for text in TEXTS {
        talk.send(delivery(b"ann", text));
        talk.expect(line(text.strip_suffix(b"\r").unwrap_or(text)));
    }
    talk.send(b"DELIVERY ann a\0b\nDELIVERY ann \n");
    talk.expect(line(b"a\0b"));
    talk.expect(line(b""));
}

#[test]
fn gateway_answers_nobody_but_its_users() {
    let peer = Peer::new();
    let Some((_gateway, mut talk)) = connected(&peer, &["cat"]) else { return };
    for name in ["eve", "an", "annn", "Ann", "ann,bob", "ann\r", "", " ann", "gate"] {
        TEXTS.iter().for_each(|text| talk.send(delivery(name.as_bytes(), text)));
    }
    talk.send(b"SEND-OK\nBAD-DEST-USER\nBAD-RQST-HDR\nSEND ann x\nLIST-OK ann\nDELIVERY ann\n\n");
    // Neither a line over its limit, nor one that another gateway has sent.
    talk.send(delivery(b"ann", &[b'x'; 3_000_000]));
    talk.send(delivery(b"ann", b"| x"));
    talk.send(delivery(b"bob", b"here"));
    talk.expect("SEND bob | here");
}

#[test]
fn no_shell_is_between_and_the_command_knows_who_asks() {
    let peer = Peer::new();
    let words = ["sh", "-c", "printf '%s\\n' \"$CHINWAG_FROM\" \"$#\" \"$1\"", "sh", "$(id) *"];
    let Some((_gateway, mut talk)) = connected(&peer, &words) else { return };
    talk.send(delivery(b"ann", b"$(id)"));
    [&b"ann"[..], b"1", b"$(id) *"].into_iter().for_each(|text| talk.expect(line(text)));
}

#[test]
fn gateway_bounds_what_a_command_prints() {
    let peer = Peer::new();
    let script = "read -r what; case $what in
        nothing) ;;
        much) exec yes ;;
        lines) seq 21 ;;
        last) printf 'a\\n\\nb' ;;
        closed) exec >&- ; sleep 1000 ;;
    esac";
    let Some((_gateway, mut talk)) = connected(&peer, &["sh", "-c", script]) else { return };
    talk.send(delivery(b"ann", b"nothing"));
    talk.expect(line(b"(nothing)"));
    talk.send(delivery(b"ann", b"much"));
    (0..20).for_each(|_| talk.expect(line(b"y")));
    talk.expect(line(b"(ended: it printed too much)"));
    talk.send(delivery(b"ann", b"lines"));
    (1..=20).for_each(|number| talk.expect(line(number.to_string().as_bytes())));
    talk.expect(line(b"(and more)"));
    talk.send(delivery(b"ann", b"last"));
    [&b"a"[..], b"", b"b"].into_iter().for_each(|text| talk.expect(line(text)));
    talk.send(delivery(b"ann", b"closed"));
    talk.expect(line(b"(nothing)"));
}

#[test]
fn command_that_is_not_there_is_said() {
    let peer = Peer::new();
    let Some((_gateway, mut talk)) = connected(&peer, &[&unused_path()]) else { return };
    for _ in 0..2 {
        talk.send(delivery(b"ann", b"x"));
        talk.expect(line(b"(the command cannot be started)"));
    }
}

/// And all that it has started.
#[test]
fn command_that_takes_too_long_is_ended() {
    let peer = Peer::new();
    let script = "sleep 1000 & echo $!; wait";
    let Some((_gateway, mut talk)) = connected(&peer, &["sh", "-c", script]) else { return };
    talk.send(delivery(b"ann", b"x"));
    let said = String::from_utf8(talk.line()).unwrap();
    talk.expect(line(b"(ended: it took too long)"));
    let sleeper: u32 = said.strip_prefix("SEND ann | ").unwrap().parse().unwrap();
    until("the sleeper has ended", || {
        let status = fs::read_to_string(format!("/proc/{sleeper}/stat")).unwrap_or_default();
        // One that nobody waits for is there still, as a zombie.
        !status.contains("(sleep)") || status.contains(") Z ")
    });
}

#[test]
fn messages_that_are_too_many_are_refused_and_the_others_run_in_turn() {
    let peer = Peer::new();
    let (gate, started) = (fifo(), unused_path());
    // The first one waits at the gate.
    let script =
        format!("read -r what; [ $what != 0 ] || {{ : >{started}; read -r open <{gate}; }}; echo $what");
    let Some((_gateway, mut talk)) = connected(&peer, &["sh", "-c", &script]) else { return };
    talk.send(delivery(b"ann", b"0"));
    until("it is there", || fs::exists(&started).unwrap());
    (1..=20).for_each(|number| talk.send(delivery(b"ann", number.to_string().as_bytes())));
    (9..=20).for_each(|_| talk.expect(line(b"(busy: try again later)")));
    // To read as well: who only writes would wait for a reader.
    let mut gate = fs::File::options().read(true).write(true).open(gate).unwrap();
    gate.write_all(b"open\n").unwrap();
    (0..=8).for_each(|number| talk.expect(line(number.to_string().as_bytes())));
}

#[test]
fn gateway_serves_the_users_of_a_real_server_and_ends_with_it() {
    let daemon = Daemon::start(&[]);
    let Some(mut gateway) = gateway(&daemon.address.to_string(), &["tr", "a-z", "A-Z"]) else { return };
    let mut user = daemon.user("ann");
    until("it has come", || {
        user.says("LIST\n");
        user.hears_line().trim_end().split([' ', ',']).any(|name| name == "gate")
    });
    user.says("SEND gate hello\n");
    user.hears("SEND-OK\nDELIVERY gate | HELLO\n");
    drop(daemon);
    assert_eq!(gateway.wait().code(), Some(1));
}

#[test]
fn gateway_finds_a_server_at_its_socket() {
    let path = unused_path();
    let daemon = Daemon::start(&["-a", "127.0.0.1", "-a", &path]);
    let Some(_gateway) = gateway(&path, &["cat"]) else { return };
    let mut user = daemon.user("bob");
    until("it has come", || {
        user.says("LIST\n");
        user.hears_line().contains("gate")
    });
    user.says("SEND gate hello\n");
    user.hears("SEND-OK\nDELIVERY gate | hello\n");
}

#[test]
fn refused_name_ends_bot_and_gateway() {
    let daemon = Daemon::start(&[]);
    let _users = [daemon.user("bot"), daemon.user("gate")];
    let place = daemon.address.to_string();
    for (name, words) in
        [("bot", [&format!("bot@{place}"), "", ""]), ("gateway", [&format!("gate@{place}"), "ann", "cat"])]
    {
        let Some(mut example) = runner::example(name) else { continue };
        example.args(words);
        let outcome = Program::on_pipes(example).finish();
        assert_eq!(outcome.status.code(), Some(1));
        assert!(outcome.stderr.ends_with(b"Error: \"the server has refused the name\"\n"));
    }
}

/// Each of them, and each other: what one says the other hears, until nothing is said any more.
#[test]
fn examples_do_not_talk_to_each_other_for_ever() {
    let openings: [&[u8]; 4] = [b"hello", b"say hello", b"say say | say x", b"| say hello"];
    let (left, right) = (Peer::new(), Peer::new());
    let everybody = |peer: &Peer, name: &str| {
        let gateway = runner::example("gateway").map(|mut gateway| {
            gateway.arg(format!("bot@127.0.0.1:{}", peer.port())).args([name, "cat"]);
            Program::on_pipes(gateway)
        });
        bots(peer.port()).chain(gateway).collect::<Vec<_>>()
    };
    let _running = [everybody(&left, "right,end"), everybody(&right, "left,end")];
    let count = _running[0].len();
    let mut lefts: Vec<Talk> = (0..count).map(|_| left.welcome("bot")).collect();
    let mut rights: Vec<Talk> = (0..count).map(|_| right.welcome("bot")).collect();
    for one in &mut lefts {
        for other in &mut rights {
            openings.iter().for_each(|opening| exchange(one, other, opening));
        }
    }
}

/// The one hears this from the other, the other what the one says to that, and so on.
fn exchange(one: &mut Talk, other: &mut Talk, opening: &[u8]) {
    let mut said = vec![opening.to_vec()];
    for _ in 0..4 {
        said = said.iter().flat_map(|text| hear(one, b"right", text)).collect();
        said = said.iter().flat_map(|text| hear(other, b"left", text)).collect();
    }
    assert!(said.is_empty(), "still talking: {}", said.concat().escape_ascii());
}

/// What it says to `name` about this text, up to its answer to a question that all understand.
fn hear(talk: &mut Talk, name: &[u8], text: &[u8]) -> Vec<Vec<u8>> {
    talk.send(delivery(name, text));
    talk.send(delivery(b"end", b"say done"));
    let mut answers = Vec::new();
    loop {
        let line = talk.line();
        let Ok(Request::Send { to, text }) = Request::parse(&line) else {
            unreachable!("{}", line.escape_ascii())
        };
        if to == b"end" {
            return answers;
        }
        answers.push(text.to_vec());
    }
}

#[test]
fn each_example_stands_in_their_readme() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    for example in fs::read_dir(folder).unwrap() {
        let name = example.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || readme.contains(&format!("| [{name}")), "{name}");
    }
}
