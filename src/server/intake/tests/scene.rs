//! An intake among clients that do what a script says.

use super::super::*;
use crate::server::hub::{Limits, QUEUE_ROOM};
use crate::wire::source::Stop;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::Read as _;
use std::rc::Rc;

pub(super) const LIMITS: Limits = Limits {
    max_users: 3,
    max_name: 16,
    max_message: 1000,
    max_queue: 1000 + QUEUE_ROOM,
    max_memory: 4 << 20,
    max_connections: 100,
    max_per_address: usize::MAX,
    login_timeout: Duration::from_secs(300),
};

/// A line for `to` that fills queues.
pub(super) fn long(to: &str) -> String {
    format!("SEND {to} {}\n", "x".repeat(900))
}

/// A client, and the network between it and the server.
#[derive(Debug)]
pub(super) struct Wire {
    /// What was said and not read.
    pub(super) incoming: VecDeque<u8>,
    /// How many bytes will be taken.
    pub(super) room: usize,
    pub(super) written: Vec<u8>,
    pub(super) has_said_all: bool,
    pub(super) is_broken: bool,
    /// How often it was read or written.
    pub(super) calls: usize,
    /// Whether its end was read.
    pub(super) was_read: bool,
    /// Whether it was ended, so that unread bytes do no harm.
    pub(super) was_ended: bool,
    pub(super) is_closed: bool,
    /// The system has no memory for it.
    pub(super) is_starved: bool,
    /// So many bytes are to come before it can say anything.
    pub(super) greeting: usize,
}

/// With the name of who is behind it, where that is known.
#[derive(Debug)]
pub(super) struct Stream(Rc<RefCell<Wire>>, Option<&'static str>);

impl Transport for Stream {
    type Error = &'static str;

    fn read(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<&'static str>> {
        let mut wire = self.0.borrow_mut();
        wire.calls += 1;
        if wire.is_starved {
            return Err(Stop::Starved);
        }
        if wire.incoming.is_empty() {
            wire.was_read = wire.is_broken || wire.has_said_all;
            return match (wire.is_broken, wire.has_said_all) {
                (true, _) => Err(Stop::Broken("reset")),
                (_, true) => Ok(0),
                _ => Err(Stop::Blocked),
            };
        }
        let greeting = wire.greeting.min(wire.incoming.len());
        wire.incoming.drain(..greeting);
        wire.greeting -= greeting;
        if wire.incoming.is_empty() {
            return Err(Stop::Blocked);
        }
        wire.incoming.make_contiguous();
        Ok(wire.incoming.read(near).unwrap() + wire.incoming.read(far).unwrap())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<&'static str>> {
        let mut wire = self.0.borrow_mut();
        wire.calls += 1;
        if wire.is_starved {
            return Err(Stop::Starved);
        }
        if wire.is_broken {
            return Err(Stop::Broken("reset"));
        }
        let count = bytes.len().min(wire.room);
        wire.room -= count;
        wire.written.extend_from_slice(&bytes[..count]);
        if count == 0 { Err(Stop::Blocked) } else { Ok(count) }
    }

    fn drains_by_short_read(&self) -> bool {
        true
    }

    fn end(&mut self) {
        self.0.borrow_mut().was_ended = true;
    }

    fn is_greeting(&self) -> bool {
        self.0.borrow().greeting > 0
    }

    fn name(&self) -> Option<&[u8]> {
        self.1.map(str::as_bytes)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut wire = self.0.borrow_mut();
        wire.is_closed = true;
        let harmless = wire.was_ended || wire.was_read;
        assert!(harmless || std::thread::panicking(), "closed without being ended");
    }
}

#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) id: Id,
    pub(super) wire: Rc<RefCell<Wire>>,
}

impl Client {
    /// Takes what was written to it.
    pub(super) fn heard(&self) -> String {
        String::from_utf8(mem::take(&mut self.wire.borrow_mut().written)).unwrap()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.wire.borrow().is_closed
    }

    /// It reads no more than so many bytes.
    pub(super) fn reads_only(&self, room: usize) {
        self.wire.borrow_mut().room = room;
    }
}

pub(super) struct Scene {
    pub(super) intake: Option<Intake<Stream>>,
    pub(super) now: Duration,
    wires: Vec<Rc<RefCell<Wire>>>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Some(intake) = self.intake.take() {
            intake.shut_down();
        }
    }
}

impl Scene {
    pub(super) fn new(limits: Limits) -> Self {
        let intake = Some(Intake::new(&Config { limits, echobot: true }));
        Self { intake, now: Duration::from_secs(1), wires: Vec::new() }
    }

    pub(super) fn intake(&mut self) -> &mut Intake<Stream> {
        self.intake.as_mut().unwrap()
    }

    pub(super) fn come(&mut self) -> Client {
        self.come_as(None, 0)
    }

    /// It is known who this is, or it has to send so many bytes first.
    pub(super) fn come_as(&mut self, name: Option<&'static str>, greeting: usize) -> Client {
        let wire = self.wire();
        wire.borrow_mut().greeting = greeting;
        let now = self.now;
        let id = self.intake().admit(Stream(Rc::clone(&wire), name), now).unwrap();
        Client { id, wire }
    }

    /// Somebody comes for whom there is no place; what it is told.
    pub(super) fn turned_away(&mut self) -> String {
        let wire = self.wire();
        let now = self.now;
        assert_eq!(self.intake().admit(Stream(Rc::clone(&wire), None), now), None);
        let wire = wire.borrow();
        assert!(wire.is_closed && wire.was_ended);
        String::from_utf8(wire.written.clone()).unwrap()
    }

    fn wire(&mut self) -> Rc<RefCell<Wire>> {
        let wire = Rc::new(RefCell::new(Wire {
            incoming: VecDeque::new(),
            room: usize::MAX,
            written: Vec::new(),
            has_said_all: false,
            is_broken: false,
            calls: 0,
            was_read: false,
            was_ended: false,
            is_closed: false,
            is_starved: false,
            greeting: 0,
        }));
        self.wires.push(Rc::clone(&wire));
        wire
    }

    pub(super) fn user(&mut self, name: &str) -> Client {
        let client = self.come();
        self.say(&client, &format!("HELLO-FROM {name}\n"));
        self.run();
        assert_eq!(client.heard(), format!("HELLO {name}\n"));
        client
    }

    pub(super) fn say(&mut self, client: &Client, text: &str) {
        self.send(client, text.as_bytes());
    }

    pub(super) fn send(&mut self, client: &Client, bytes: &[u8]) {
        client.wire.borrow_mut().incoming.extend(bytes);
        self.intake().handle_readable(client.id);
    }

    pub(super) fn say_all(&mut self, client: &Client) {
        client.wire.borrow_mut().has_said_all = true;
        self.intake().handle_ending(client.id);
    }

    pub(super) fn break_off(&mut self, client: &Client) {
        client.wire.borrow_mut().is_broken = true;
        self.intake().handle_broken(client.id);
    }

    /// It reads so many bytes more, and no more than those.
    pub(super) fn read(&mut self, client: &Client, room: usize) {
        client.reads_only(room);
        self.intake().handle_writable(client.id);
    }

    pub(super) fn turn(&mut self) {
        let now = self.now;
        self.intake().turn(now);
        self.check();
    }

    /// As a loop does that waits when there is nothing to do: after what happened, each turn moves
    /// something, and none is missing.
    pub(super) fn run(&mut self) {
        self.turn();
        for _ in 0..100_000 {
            if !self.intake().has_work() {
                let before = self.traces();
                self.turn();
                assert_eq!(self.traces(), before, "there was work");
                return;
            }
            let before = self.traces();
            self.turn();
            // Memory that was given back may be too little.
            let is_short = self.intake().short_since.is_some();
            assert!(self.traces() != before || is_short, "there was no work");
        }
        panic!("there is no end to it");
    }

    /// Until nothing happens any more, however long those wait who are held.
    pub(super) fn run_patiently(&mut self) {
        self.run();
        while let Some(at) = self.intake().next_deadline() {
            assert!(at > self.now, "it is over already");
            self.now = at;
            self.turn();
            self.run();
        }
        assert!(self.intake().is_quiet());
    }

    pub(super) fn state(&mut self, client: &Client) -> State {
        self.intake().connection(client.id).unwrap().state
    }

    pub(super) fn is_held_on(&mut self, client: &Client, on: &Client) -> bool {
        matches!(self.state(client), State::Held { on: Wait::Queue(held_on), .. } if held_on == on.id)
    }

    /// All that a turn can change.
    fn traces(&mut self) -> (usize, usize, Vec<Id>) {
        let calls = self.wires.iter().map(|wire| wire.borrow().calls).sum();
        let intake = self.intake();
        let held = intake.connections.iter().flatten().map(|connection| connection.held_bytes()).sum();
        (calls, held, intake.held.clone())
    }

    /// The lists say what the states say.
    fn check(&mut self) {
        let intake = self.intake();
        let ids = |test: fn(State) -> bool| {
            let is = |id: &Id| intake.connections[id.index()].as_ref().is_some_and(|c| test(c.state));
            let all = (0..intake.connections.len()).filter_map(Id::from_index);
            all.filter(|id| is(id)).collect::<Vec<_>>()
        };
        let sorted = |list: &[Id]| {
            let mut list = list.to_vec();
            list.sort();
            list
        };
        assert_eq!(sorted(&intake.queued), ids(State::is_queued));
        assert_eq!(sorted(&intake.held), ids(|state| matches!(state, State::Held { .. } | State::Ended)));
        assert_eq!(intake.len(), intake.connections.iter().flatten().count());
        assert!(intake.serving.is_empty());
        let lines: usize = intake.connections.iter().flatten().map(Connection::memory).sum();
        assert_eq!(intake.memory(), lines + intake.hub.counted(), "what is held");
    }
}
