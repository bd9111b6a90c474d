//! A whole client but for its sockets: bytes of the server in, bytes for the screen out; typed lines
//! in, requests out.

use super::{Counter, TEXT};
use crate::harness::{Arguments, Contest};
use chinwag::client::session::Session;
use chinwag::ui::display::Style;
use chinwag::ui::screen::{Look, Screen};
use chinwag::wire::lines::{CHUNK, Line, Lines};
use chinwag::wire::outbox::Outbox;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};

/// So many messages come in one run: some reads' worth.
const MESSAGES: usize = 10_000;

pub(crate) fn run(arguments: &Arguments) {
    receive("session: messages of 64 bytes, from the server to the screen", TEXT, MESSAGES, arguments);
    let long = TEXT.repeat(1024 * 1024 / TEXT.len());
    receive("session: a message of 1 MiB, from the server to the screen", &long, 1, arguments);
    send(arguments);
}

fn receive(title: &str, text: &str, messages: usize, arguments: &Arguments) {
    let accents = &text.replace('e', "\u{e9}");
    let hostile = &text.replace(' ', "\x1b");
    let deliveries = |text: &str| format!("DELIVERY ann {text}\n").repeat(messages).into_bytes();
    let shown = |text: &str| messages * format!("From ann: {text}\n").len();
    let plain = &deliveries(text);
    let amount = (messages, plain.len());
    let mut contest = Contest::new(title, "message");
    contest.add("read_until, write", amount, shown(text), || naive(plain));
    let mut buffer = vec![0; CHUNK];
    contest.add("memcpy", amount, plain.len(), move || copy(plain, &mut buffer));
    for (name, text, escape) in [
        ("Session, pipe", text, false),
        ("Session, terminal", text, true),
        ("Session, terminal, accents", accents, true),
        ("Session, terminal, escape codes", hostile, true),
    ] {
        let mut client = Client::chatting(Style { escape, ..Style::default() });
        let bytes = deliveries(text);
        let expected = shown(&text.replace('\x1b', "^["));
        contest.add(name, (messages, bytes.len()), expected, move || client.receive(&bytes));
    }
    contest.run(arguments);
}

/// From typed lines to requests, each of them answered.
fn send(arguments: &Arguments) {
    let typed = &format!("@bob {TEXT}\n").repeat(MESSAGES);
    let mut contest = Contest::new("session: messages of 64 bytes, from the user to the server", "message");
    let amount = (MESSAGES, typed.len());
    let mut buffer = vec![0; CHUNK];
    contest.add("memcpy", amount, typed.len(), move || copy(typed.as_bytes(), &mut buffer));
    let mut client = Client::chatting(Style::default());
    let expected = MESSAGES * format!("SEND bob {TEXT}\n").len();
    contest.add("Session", amount, expected, move || client.send(typed.as_bytes()));
    contest.run(arguments);
}

/// What is to be expected of anybody who hands bytes on.
fn copy(mut bytes: &[u8], buffer: &mut [u8]) -> usize {
    let mut counter = Counter::default();
    while !bytes.is_empty() {
        let count = bytes.read(buffer).unwrap();
        counter.write_all(&buffer[..count]).unwrap();
    }
    counter.bytes
}

/// The program that first comes to mind: no checks, no limits, one kind of line.
fn naive(bytes: &[u8]) -> usize {
    let mut source = BufReader::with_capacity(CHUNK, bytes);
    let mut line = Vec::new();
    let mut screen = Vec::new();
    let mut counter = Counter::default();
    while source.read_until(b'\n', &mut line).unwrap() > 0 {
        let mut fields = line.splitn(3, |&byte| byte == b' ');
        if let (Some(b"DELIVERY"), Some(name), Some(text)) = (fields.next(), fields.next(), fields.next()) {
            screen.extend_from_slice(b"From ");
            screen.extend_from_slice(name);
            screen.extend_from_slice(b": ");
            screen.extend_from_slice(text);
        }
        if screen.len() > CHUNK {
            counter.write_all(&screen).unwrap();
            screen.clear();
        }
        line.clear();
    }
    counter.write_all(&screen).unwrap();
    counter.bytes
}

struct Client {
    incoming: Lines,
    session: Session,
    screen: Screen,
    outbox: Outbox,
}

impl Client {
    fn chatting(style: Style) -> Self {
        let mut screen = Screen::new(Look { style, ..Look::default() });
        let session = Session::new(Some(b"me"), false, &mut screen);
        let mut client = Self { incoming: Lines::new(None), session, screen, outbox: Outbox::new() };
        client.session.handle_connected(&mut client.outbox, &mut client.screen);
        assert!(client.receive(b"HELLO me\n") > 0, "logged in");
        client.outbox.clear();
        client
    }

    /// Reads, takes the lines, writes the screen, until all is shown; returns the bytes shown.
    fn receive(&mut self, mut bytes: &[u8]) -> usize {
        let mut counter = Counter::default();
        let Self { incoming, session, screen, outbox } = self;
        while !bytes.is_empty() {
            incoming.fill_from(&mut bytes).unwrap();
            let mut refused = true;
            while refused {
                refused = !session.handle_replies(incoming, outbox, screen);
                screen.settle();
                screen.waiting().write_to(&mut counter).unwrap();
            }
        }
        counter.bytes
    }

    /// Takes typed lines; returns the bytes sent.
    fn send(&mut self, mut bytes: &[u8]) -> usize {
        let mut counter = Counter::default();
        let Self { incoming, session, screen, outbox } = self;
        while !bytes.is_empty() {
            incoming.fill_from(&mut bytes).unwrap();
            let mut refused = true;
            while refused {
                refused = false;
                incoming.drain(|line| {
                    let Line::Whole(line) = line else { unreachable!("there is no limit") };
                    refused = !session.handle_input(line, outbox, screen);
                    !refused
                });
                outbox.write_to(&mut counter).unwrap();
            }
        }
        black_box(session.unanswered());
        counter.bytes
    }
}
