//! One user of the crowd: a connection, what was asked over it, and the habits of whoever sits there.

use super::ledger::Ledger;
use mio::net::TcpStream;
use rustix::net::sockopt::{set_socket_linger, set_socket_recv_buffer_size};
use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

/// A slow reader has a small socket, and takes so much of it at a time.
const SIP: usize = 64 << 10;

/// No reader keeps the others of its thread waiting for more than so many bytes.
const GULP: usize = 4 << 20;

/// Somebody at a seat, whose name is that of the seat.
pub(crate) struct User {
    pub(crate) seat: usize,
    stream: Option<TcpStream>,
    pub(crate) phase: Phase,
    pub(crate) reading: Reading,
    /// When the phase ends.
    pub(crate) until: Instant,
    out: Vec<u8>,
    written: usize,
    incoming: Incoming,
    asked: VecDeque<Asked>,
    /// How it went the last time.
    pub(crate) before: (Phase, Reading),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Away,
    LoggingIn,
    Chatting,
    /// It asks nothing more, and leaves when all is answered.
    Leaving,
    /// It has sent all it will, and reads up to the end.
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    Prompt,
    Slow,
    Deaf,
}

/// What waits for its answer.
#[derive(Debug, Clone, Copy)]
enum Asked {
    LogIn,
    Message {
        to: usize,
        number: u64,
    },
    List,
    /// Something wrong, with the answer that it deserves.
    Nonsense(&'static [u8]),
}

/// How a connection went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Nothing,
    LoggedIn,
    NameTaken,
    /// Closed by the server.
    Ended,
    /// Broken.
    Broken,
}

/// What was read: up to `looked` there is no end of a line but before `taken`.
#[derive(Default)]
struct Incoming {
    bytes: Vec<u8>,
    taken: usize,
    looked: usize,
    may_have_more: bool,
}

/// What is not asked as it should be.
const NONSENSE: [(&[u8], &[u8]); 6] = [
    (b"XYZZY\n", b"BAD-RQST-HDR"),
    (b"\n", b"BAD-RQST-HDR"),
    (b"SEND u1\n", b"BAD-RQST-BODY"),
    (b"LIST of users\n", b"BAD-RQST-BODY"),
    (b"HELLO-FROM again\n", b"BAD-RQST-HDR"),
    (b"SEND nobody hello\n", b"BAD-DEST-USER"),
];

impl User {
    pub(crate) fn new(seat: usize, until: Instant) -> Self {
        Self {
            seat,
            stream: None,
            phase: Phase::Away,
            reading: Reading::Prompt,
            until,
            out: Vec::new(),
            written: 0,
            incoming: Incoming::default(),
            asked: VecDeque::new(),
            before: (Phase::Away, Reading::Prompt),
        }
    }

    /// Begins to connect, and to log in.
    pub(crate) fn come(&mut self, address: SocketAddr, reading: Reading) -> io::Result<&mut TcpStream> {
        let stream = TcpStream::connect(address)?;
        if reading != Reading::Prompt {
            set_socket_recv_buffer_size(&stream, SIP)?;
        }
        stream.set_nodelay(true)?;
        self.reading = reading;
        self.phase = Phase::LoggingIn;
        self.log_in();
        Ok(self.stream.insert(stream))
    }

    /// Asks for the seat's name.
    pub(crate) fn log_in(&mut self) {
        self.out.extend_from_slice(format!("HELLO-FROM u{}\n", self.seat).as_bytes());
        self.asked.push_back(Asked::LogIn);
    }

    /// Whether it could ask for more.
    pub(crate) fn is_talkative(&self) -> bool {
        self.phase == Phase::Chatting && self.asked.len() < 64 && self.unwritten() < 1 << 20
    }

    pub(crate) fn unwritten(&self) -> usize {
        self.out.len() - self.written
    }

    pub(crate) fn awaits_answers(&self) -> bool {
        !self.asked.is_empty()
    }

    pub(crate) fn send(&mut self, to: usize, length: usize, ledger: &mut Ledger) {
        self.out.extend_from_slice(format!("SEND u{to} ").as_bytes());
        let number = ledger.send(self.seat, to, length, &mut self.out);
        self.out.push(b'\n');
        self.asked.push_back(Asked::Message { to, number });
    }

    pub(crate) fn ask_for_list(&mut self) {
        self.out.extend_from_slice(b"LIST\n");
        self.asked.push_back(Asked::List);
    }

    pub(crate) fn talk_nonsense(&mut self, which: usize) {
        let (said, answer) = NONSENSE[which % NONSENSE.len()];
        self.out.extend_from_slice(said);
        self.asked.push_back(Asked::Nonsense(answer));
    }

    /// Writes what the socket takes. What breaks shows when it is read.
    pub(crate) fn write(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        while self.written < self.out.len() {
            match stream.write(&self.out[self.written..]) {
                Ok(count) => self.written += count,
                Err(_) => return,
            }
        }
        self.out.clear();
        self.out.shrink_to(1 << 20);
        self.written = 0;
    }

    /// Says that it sends no more.
    pub(crate) fn say_goodbye(&mut self) {
        if let Some(stream) = &self.stream {
            let _ = stream.shutdown(Shutdown::Write);
        }
        self.phase = Phase::Gone;
    }

    /// An event says that something can be read.
    pub(crate) fn handle_readable(&mut self) {
        self.incoming.may_have_more = true;
    }

    /// Reads as it is its habit; `buffer` is anybody's.
    pub(crate) fn read(&mut self, buffer: &mut [u8], ledger: &mut Ledger) -> Step {
        let most = match self.reading {
            Reading::Prompt => GULP,
            Reading::Slow => SIP,
            Reading::Deaf if self.phase == Phase::LoggingIn => SIP,
            Reading::Deaf => 0,
        };
        let mut count = 0;
        while self.incoming.may_have_more && count < most {
            let Some(stream) = &mut self.stream else { break };
            let room = buffer.len().min(most - count);
            match stream.read(&mut buffer[..room]) {
                Ok(0) => return Step::Ended,
                Ok(read) => {
                    count += read;
                    self.incoming.bytes.extend_from_slice(&buffer[..read]);
                    match self.take_lines(ledger) {
                        Step::Nothing => {}
                        step => return step,
                    }
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected => {
                        self.incoming.may_have_more = false;
                    }
                    io::ErrorKind::Interrupted => {}
                    _ => return Step::Broken,
                },
            }
        }
        Step::Nothing
    }

    /// The connection is over: broken off, if it has not ended. Nothing more is known of what was asked.
    pub(crate) fn go(&mut self, until: Instant, is_cut: bool, ledger: &mut Ledger) {
        if let Some(stream) = self.stream.take()
            && is_cut
        {
            let _ = set_socket_linger(&stream, Some(Duration::ZERO));
        }
        for asked in self.asked.drain(..) {
            if let Asked::Message { to, number } = asked {
                ledger.give_up(self.seat, to, number);
            }
        }
        self.out.clear();
        self.written = 0;
        self.incoming = Incoming::default();
        self.before = (self.phase, self.reading);
        self.phase = Phase::Away;
        self.until = until;
    }

    fn take_lines(&mut self, ledger: &mut Ledger) -> Step {
        let mut step = Step::Nothing;
        while let Some(at) = memchr::memchr(b'\n', &self.incoming.bytes[self.incoming.looked..]) {
            let line = self.incoming.taken..self.incoming.looked + at;
            self.incoming.taken = line.end + 1;
            self.incoming.looked = line.end + 1;
            match handle_line(self.seat, &self.incoming.bytes[line], &mut self.asked, ledger) {
                Step::Nothing => {}
                other => step = other,
            }
        }
        self.incoming.bytes.drain(..self.incoming.taken);
        self.incoming.taken = 0;
        self.incoming.looked = self.incoming.bytes.len();
        step
    }
}

fn handle_line(seat: usize, line: &[u8], asked: &mut VecDeque<Asked>, ledger: &mut Ledger) -> Step {
    if let Some((from, text)) = delivery(line) {
        ledger.receive(from, seat, text);
        return Step::Nothing;
    }
    let name = format!("u{seat}");
    match (asked.pop_front(), line) {
        (Some(Asked::LogIn), b"IN-USE") => return Step::NameTaken,
        (Some(Asked::LogIn), _) if line.strip_prefix(b"HELLO ") == Some(name.as_bytes()) => {
            return Step::LoggedIn;
        }
        (Some(Asked::Message { to, number }), b"SEND-OK") => ledger.acknowledge(seat, to, number),
        (Some(Asked::Message { to, number }), b"BAD-DEST-USER") => ledger.refuse(seat, to, number),
        // There was no memory for it.
        (Some(Asked::Message { to, number }), b"BAD-RQST-BODY") => {
            ledger.refuse(seat, to, number);
            ledger.lacked += 1;
        }

        (Some(Asked::Nonsense(answer)), _) if line == answer => {}
        (Some(Asked::List), _) if is_list_with(line, name.as_bytes()) => {}
        (asked, _) => {
            let start = line[..line.len().min(80)].escape_ascii();
            ledger.faults.tell("wrong answer", format!("to u{seat} who asked for {asked:?}: {start}"));
        }
    }
    Step::Nothing
}

/// The seat of a message's sender, and its text.
fn delivery(line: &[u8]) -> Option<(usize, &[u8])> {
    let rest = line.strip_prefix(b"DELIVERY u")?;
    let space = memchr::memchr(b' ', rest)?;
    let seat = std::str::from_utf8(&rest[..space]).ok()?.parse().ok()?;
    Some((seat, &rest[space + 1..]))
}

fn is_list_with(line: &[u8], name: &[u8]) -> bool {
    let names = line.strip_prefix(b"LIST-OK ");
    names.is_some_and(|names| names.split(|&byte| byte == b',').any(|listed| listed == name))
}
