//! A whole client but for its sockets: bytes of the server in, bytes for the screen out; typed lines
//! in, requests out.

use super::{Counter, TEXT};
use crate::harness::{Arguments, Contest};
use chinwag::client::conversation::{Conversation, Ends, Settings};
use chinwag::ui::display::Style;
use chinwag::ui::screen::{Look, Screen};
use chinwag::wire::escape::Rule;
use chinwag::wire::lines::CHUNK;
use chinwag::wire::source::{Source, Stop, Transport};
use std::convert::Infallible;
use std::hint::black_box;
use std::io::{BufRead, BufReader, Read, Write};
use std::mem;
use std::time::Duration;

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
        ("Conversation, pipe", text, false),
        ("Conversation, terminal", text, true),
        ("Conversation, terminal, accents", accents, true),
        ("Conversation, terminal, escape codes", hostile, true),
    ] {
        let mut client =
            Client::chatting(Style { escape: escape.then_some(Rule::Harmful), ..Style::default() });
        let bytes = deliveries(text);
        let amount = (messages, bytes.len());
        client.server().bytes = bytes;
        let expected = shown(&text.replace('\x1b', "^["));
        contest.add(name, amount, expected, move || client.receive());
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
    client.send();
    client.ends.input.transport_mut().bytes = typed.as_bytes().to_vec();
    let expected = MESSAGES * format!("SEND bob {TEXT}\n").len();
    contest.add("Conversation", amount, expected, move || client.send());
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

/// A client whose ends are in memory: the server brings bytes, or the user does, and what is written
/// is counted.
struct Client {
    conversation: Conversation<Screen>,
    ends: Ends<Memory, Memory, Memory>,
}

#[derive(Default)]
struct Memory {
    bytes: Vec<u8>,
    at: usize,
    written: usize,
}

impl Transport for Memory {
    type Error = Infallible;

    fn read(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<Infallible>> {
        let mut count = 0;
        for room in [near, far] {
            let rest = &self.bytes[self.at..];
            let part = room.len().min(rest.len());
            room[..part].copy_from_slice(&rest[..part]);
            self.at += part;
            count += part;
        }
        if count == 0 { Err(Stop::Blocked) } else { Ok(count) }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<Infallible>> {
        self.written += black_box(bytes).len();
        Ok(bytes.len())
    }

    fn drains_by_short_read(&self) -> bool {
        true
    }
}

impl Client {
    fn chatting(style: Style) -> Self {
        let settings = Settings { name: Some(b"me"), ..Settings::default() };
        let screen = Screen::new(Look { style, ..Look::default() });
        let end = || Source::new(Memory::default());
        let mut ends = Ends::new(end(), end());
        ends.server = Some(end());
        let mut client = Self { conversation: Conversation::new(&settings, screen), ends };
        client.conversation.handle_connecting();
        client.conversation.handle_connected(Duration::ZERO);
        client.server().bytes = b"HELLO me\n".to_vec();
        assert!(client.receive() > 0, "logged in");
        client
    }

    fn server(&mut self) -> &mut Memory {
        self.ends.server.as_mut().unwrap().transport_mut()
    }

    /// Reads what the server brings, takes the lines, writes the screen, until all is shown; returns
    /// the bytes shown.
    fn receive(&mut self) -> usize {
        self.server().at = 0;
        self.ends.server.as_mut().unwrap().handle_readable();
        self.move_all();
        mem::take(&mut self.ends.output.transport_mut().written)
    }

    /// The same from the user to the server; returns the bytes sent.
    fn send(&mut self) -> usize {
        self.ends.input.transport_mut().at = 0;
        self.ends.input.handle_readable();
        self.move_all();
        mem::take(&mut self.server().written)
    }

    fn move_all(&mut self) {
        while self.conversation.has_work(&self.ends, Duration::ZERO) {
            self.conversation.turn(&mut self.ends, Duration::ZERO).unwrap();
        }
    }
}
