//! Peers of all editions, from the conversations in `tests/editions` (spec W5): chinwag's client and server each
//! play one part of them, their pure cores and the programs, whole and byte by byte.

use crate::peer::Peer;
use crate::program::{PROMPT, Program, chinwag};
use crate::support::Daemon;
use chinwag::client::conversation::Settings;
use chinwag::client::session::Session;
use chinwag::server::hub::{Handled, Hub, Id, Limits};
use chinwag::ui::screen::{Look, Screen};
use chinwag::wire::lines::{Line, Lines, Take, Taken};
use chinwag::wire::outbox::Outbox;
use std::convert::Infallible;
use std::fs;
use std::path::Path;

/// The conversation of one file.
struct Edition {
    name: String,
    /// Why a part is not chinwag's.
    exceptions: Vec<(Part, String)>,
    room: usize,
    /// Who else is there.
    other: Option<String>,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Client,
    Server,
}

enum Step {
    /// Somebody else sends this.
    Other(Vec<u8>),
    Typed(Vec<u8>),
    Sent(Vec<u8>),
    Heard(Vec<u8>),
    Shown(Vec<u8>),
    Left(i32),
}

/// In pieces of so many bytes.
const CHUNKS: [usize; 2] = [usize::MAX, 1];

/// All of them, and whether chinwag is to play that part.
fn editions(part: Part) -> Vec<(Edition, bool)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/editions");
    let mut editions = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let edition = Edition::parse(name, &fs::read_to_string(path).unwrap());
            let is_ours = edition.exceptions.iter().all(|(other, _)| *other != part);
            editions.push((edition, is_ours));
        }
    }
    assert!(editions.iter().any(|(_, is_ours)| *is_ours));
    editions
}

impl Edition {
    fn parse(name: String, text: &str) -> Self {
        let mut edition = Self { name, exceptions: Vec::new(), room: 16, other: None, steps: Vec::new() };
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
            match mark {
                "!" => edition.exceptions.push(exception(rest)),
                "@" => edition.room = rest.parse().unwrap(),
                "*" if edition.other.is_none() => edition.other = Some(rest.into()),
                "*" => edition.steps.push(Step::Other(bytes(rest))),
                "$" => edition.steps.push(Step::Typed(bytes(rest))),
                ">" => edition.steps.push(Step::Sent(bytes(rest))),
                "<" => edition.steps.push(Step::Heard(bytes(rest))),
                "=" => edition.steps.push(Step::Shown(bytes(rest))),
                "?" => edition.steps.push(Step::Shown(PROMPT.trim_end_matches('\n').into())),
                "." => edition.steps.push(Step::Left(rest.parse().unwrap())),
                _ => panic!("{}: what is {line}?", edition.name),
            }
        }
        edition
    }

    /// Plays a part in pieces of all sizes; a part that is said to be another's must not be played well.
    fn check(&self, is_ours: bool, play: impl Fn(&Self, usize) -> Result<(), String>) {
        for chunk in CHUNKS.into_iter().chain(2..9) {
            match play(self, chunk) {
                Ok(()) => assert!(is_ours, "{}: the exception is one no more", self.name),
                Err(what) => assert!(!is_ours, "{}, {chunk}: {what}", self.name),
            }
        }
    }
}

fn exception(text: &str) -> (Part, String) {
    let (part, reason) = text.split_once(": ").unwrap();
    let part = match part {
        "client" => Part::Client,
        "server" => Part::Server,
        _ => panic!("who is {part}?"),
    };
    (part, reason.to_owned())
}

/// A line of a file as bytes.
fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, length) = match (byte, after.first()) {
            (b'\\', Some(b'r')) => (b'\r', 2),
            (b'\\', Some(b't')) => (b'\t', 2),
            (b'\\', Some(b'\\')) => (b'\\', 2),
            (b'\\', Some(b'x')) => (u8::from_str_radix(str::from_utf8(&rest[2..4]).unwrap(), 16).unwrap(), 4),
            (byte, _) => (byte, 1),
        };
        bytes.push(byte);
        rest = &rest[length..];
    }
    bytes
}

fn with_end(line: &[u8]) -> Vec<u8> {
    [line, b"\n"].concat()
}

/// Takes this line from the start of what waits.
fn expect(waiting: &mut Vec<u8>, line: &[u8]) -> Result<(), String> {
    let line = with_end(line);
    if !waiting.starts_with(&line) {
        return Err(format!("not {}, but {}", line.escape_ascii(), waiting.escape_ascii()));
    }
    waiting.drain(..line.len());
    Ok(())
}

fn expect_nothing(waiting: &[u8]) -> Result<(), String> {
    if waiting.is_empty() { Ok(()) } else { Err(format!("nobody expects {}", waiting.escape_ascii())) }
}

/// The client's session, and all it has sent and shown that nobody has asked about.
struct Ann {
    session: Session,
    outbox: Outbox,
    screen: Screen,
    sent: Vec<u8>,
    shown: Vec<u8>,
}

impl Ann {
    fn new() -> Self {
        let (mut outbox, mut screen) = (Outbox::new(), Screen::new(Look::default()));
        let mut session = Session::new(&Settings::default(), &mut outbox, &mut screen);
        session.handle_connected(&mut screen);
        let mut ann = Self { session, outbox, screen, sent: Vec::new(), shown: Vec::new() };
        ann.collect();
        ann
    }

    fn types(&mut self, line: &[u8]) -> Result<(), String> {
        let taken = self.session.handle_input(line, 0, &mut self.outbox, &mut self.screen);
        self.collect();
        if taken == Taken::Whole { Ok(()) } else { Err("something is still unanswered".into()) }
    }

    fn collect(&mut self) {
        self.sent.extend_from_slice(self.outbox.as_slice());
        self.outbox.clear();
        self.shown.extend_from_slice(self.screen.waiting().as_slice());
        self.screen.waiting().clear();
    }
}

impl Take for Ann {
    fn take(&mut self, line: Line<'_>, from: usize) -> Taken {
        let Line::Whole(line) = line else { return Taken::Whole };
        let taken = self.session.handle_reply(line, from, &mut self.outbox, &mut self.screen);
        self.collect();
        taken
    }
}

fn play_session(edition: &Edition, chunk: usize) -> Result<(), String> {
    let (mut ann, mut lines) = (Ann::new(), Lines::new(None));
    let mut status = 0;
    for step in &edition.steps {
        match step {
            Step::Other(_) => {}
            Step::Typed(line) => ann.types(line)?,
            Step::Sent(line) => expect(&mut ann.sent, line)?,
            Step::Shown(line) => expect(&mut ann.shown, line)?,
            Step::Heard(line) => {
                for piece in with_end(line).chunks(chunk) {
                    lines.push(piece);
                    lines.drain_to(&mut ann);
                }
            }
            Step::Left(with) => status = *with,
        }
    }
    expect_nothing(&ann.sent)?;
    expect_nothing(&ann.shown)?;
    assert_eq!(ann.session.is_over(), status == 3);
    Ok(())
}

fn play_hub(edition: &Edition, chunk: usize) -> Result<(), String> {
    let limits = Limits { max_users: edition.room, ..Limits::default() };
    let mut hub = Hub::new(limits, false);
    let say = |hub: &mut Hub, id: Id, bytes: &[u8]| {
        let mut lines = Lines::new(None);
        for piece in bytes.chunks(chunk) {
            lines.push(piece);
            lines.drain(|line| hub.handle_line(id, line, false) == Handled::Done);
        }
    };
    let other = hub.connect().unwrap();
    if let Some(name) = &edition.other {
        say(&mut hub, other, format!("HELLO-FROM {name}\n").as_bytes());
    }
    let ann = hub.connect().unwrap();
    let mut heard = Vec::new();
    for step in &edition.steps {
        match step {
            Step::Other(line) => say(&mut hub, other, &with_end(line)),
            Step::Sent(line) => say(&mut hub, ann, &with_end(line)),
            Step::Heard(line) => {
                heard.extend_from_slice(hub.outbox(ann).as_slice());
                let _ = hub.drain(ann, |outbox| {
                    outbox.clear();
                    Ok::<_, Infallible>(())
                });
                expect(&mut heard, line)?;
            }
            Step::Typed(_) | Step::Shown(_) | Step::Left(_) => {}
        }
    }
    expect_nothing(&heard)?;
    expect_nothing(hub.outbox(ann).as_slice())
}

#[test]
fn session_and_hub_play_their_parts_in_all_editions() {
    for (edition, is_ours) in editions(Part::Client) {
        edition.check(is_ours, play_session);
    }
    for (edition, is_ours) in editions(Part::Server) {
        edition.check(is_ours, play_hub);
    }
}

#[test]
fn client_talks_with_servers_of_all_editions() {
    for (edition, _) in editions(Part::Client).iter().filter(|(_, is_ours)| *is_ours) {
        for chunk in CHUNKS {
            let peer = Peer::new();
            let mut program = Program::on_pipes(chinwag(peer.port(), ""));
            let mut talk = peer.accept();
            let (mut shown, mut status) = (Vec::new(), None);
            for step in &edition.steps {
                match step {
                    Step::Other(_) => {}
                    Step::Typed(line) => program.enter(with_end(line)),
                    Step::Sent(line) => talk.expect(line),
                    Step::Heard(line) => talk.send_cut(with_end(line).chunks(chunk)),
                    Step::Shown(line) => {
                        program.output.expect(with_end(line));
                        shown.extend_from_slice(&with_end(line));
                    }
                    Step::Left(with) => status = Some(*with),
                }
            }
            if status.is_none() {
                program.enter("!quit\n");
            }
            talk.expect_end();
            program.finish().assert(status.unwrap_or(0), shown);
        }
    }
}

#[test]
fn server_talks_with_clients_of_all_editions() {
    for (edition, _) in editions(Part::Server).iter().filter(|(_, is_ours)| *is_ours) {
        for chunk in CHUNKS {
            let daemon = Daemon::start(&["--max-users", &edition.room.to_string()]);
            let mut other = edition.other.as_ref().map(|name| daemon.user(name));
            let mut ann = daemon.client();
            for step in &edition.steps {
                match step {
                    Step::Other(line) => other.as_mut().unwrap().says(with_end(line)),
                    Step::Sent(line) => with_end(line).chunks(chunk).for_each(|piece| ann.says(piece)),
                    Step::Heard(line) => ann.hears(str::from_utf8(&with_end(line)).unwrap()),
                    Step::Typed(_) | Step::Shown(_) | Step::Left(_) => {}
                }
            }
            ann.says("\n");
            ann.hears("BAD-RQST-HDR\n");
        }
    }
}

/// The checks can fail.
#[test]
fn what_is_not_so_is_found() {
    let good = "* bob\n?\n$ ann\n> HELLO-FROM ann\n< HELLO ann\n= Successfully logged in as ann!\n";
    let plays = |text: &str| {
        let edition = Edition::parse("test".into(), text);
        (play_session(&edition, 1).is_ok(), play_hub(&edition, 1).is_ok())
    };
    assert_eq!(plays(good), (true, true));
    for (bad, outcome) in [
        ("= more\n", (false, true)),
        ("< more\n", (true, false)),
        ("> LIST\n", (false, false)),
        ("$ !who\n", (false, true)),
        ("> \\r\n< BAD-RQST-HDR\n", (false, true)),
    ] {
        assert_eq!(plays(&format!("{good}{bad}")), outcome, "{bad}");
    }
    let stale = Edition::parse("test".into(), &format!("! server: none\n{good}"));
    assert_eq!(stale.exceptions, [(Part::Server, "none".to_owned())]);
    assert!(std::panic::catch_unwind(|| stale.check(false, play_hub)).is_err(), "it is stale");
    assert_eq!(bytes(r"a\r\t\x00\xff\\ \x20"), b"a\r\t\x00\xff\\  ");
}
