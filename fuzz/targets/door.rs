//! What stands before the log-in: guests of all kinds, some of whom have to greet first, or are known, or talk TLS
//! where nobody does. Each line has one answer, nobody has a name that is not theirs, and everybody's time ends.

use super::memory::Memory;
use super::script::{Script, numbered};
use chinwag::server::Config;
use chinwag::server::hub::{Id, LOG_IN_LIMIT, Limits};
use chinwag::server::intake::{GREETING_TIMEOUT, Intake};
use chinwag::wire::protocol::{Reply, TLS_HANDSHAKE};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// So many come in one run.
const MOST: usize = 20;

/// What a guest costs: the bookkeeping, a line that has begun, and a few answers.
const COST: usize = 512 + LOG_IN_LIMIT + 4 * 64;

const NAMES: [Option<&[u8]>; 4] = [None, Some(b"ann"), Some(b"bob"), Some(b"")];

struct Scene {
    intake: Intake<Memory>,
    guests: Vec<Guest>,
    limits: Limits,
    now: Duration,
}

struct Guest {
    id: Id,
    came: Duration,
    name: Option<&'static [u8]>,
    /// So many bytes are no lines.
    greeting: usize,
    said: Vec<u8>,
    heard: Rc<RefCell<Vec<u8>>>,
    reads: bool,
    /// It sends no more, or somebody may have taken its place.
    may_be_gone: bool,
}

/// Settings: for how long one may be a guest, and how many may be there. Steps: `n` somebody comes, with a name or
/// none, and so many bytes to greet; and, each with the number of a guest: `s` says a text, `b` byte by byte; `r` reads
/// so much, `R` all; `e` sends no more, `x` breaks off; `w` time passes.
pub(super) fn run(input: &[u8]) {
    let script = Script::new(input);
    let limits = Limits {
        login_timeout: Duration::from_secs(1 + 8 * script.setting(0, 8) as u64),
        max_connections: if script.has(b'c') { 3 } else { 100 },
        ..Limits::default()
    };
    let intake = Intake::new(&Config { limits, ..Config::default() });
    let mut scene = Scene { intake, guests: Vec::new(), limits, now: Duration::from_secs(1) };
    for (what, with) in script.steps() {
        scene.step(what, with);
        scene.check();
    }
    for who in 0..scene.guests.len() {
        scene.read(who, usize::MAX);
    }
    scene.settle();
    scene.check();
    scene.now += limits.login_timeout;
    scene.settle();
    assert!(scene.guests.iter().all(|guest| guest.has_logged_in() || !guest.is_here()), "time is over");
}

impl Scene {
    fn step(&mut self, what: u8, with: &[u8]) {
        let (first, rest) = numbered(with);
        if what == b'n' {
            return self.come(first, numbered(rest).0);
        }
        if self.guests.is_empty() {
            return;
        }
        let who = first % self.guests.len();
        match what {
            b's' => self.say(who, rest),
            b'b' => rest.chunks(1).for_each(|byte| self.say(who, byte)),
            b'r' => self.read(who, numbered(rest).0 * 8),
            b'R' => self.read(who, usize::MAX),
            b'e' | b'x' => self.stop(who, what == b'x'),
            b'w' => self.now += Duration::from_secs(numbered(rest).0 as u64),
            _ => {}
        }
        self.settle();
    }

    fn come(&mut self, name: usize, greeting: usize) {
        if self.guests.len() == MOST {
            return;
        }
        let name = NAMES[name % NAMES.len()];
        let greeting = greeting % 16;
        let known = name.map(<[u8]>::to_vec);
        let memory =
            Memory { at_once: 1 << 20, room: usize::MAX, name: known, greeting, ..Memory::default() };
        let heard = Rc::clone(&memory.written);
        // Others may have to make way.
        if self.intake.len() == self.limits.max_connections {
            self.guests.iter_mut().for_each(|guest| guest.may_be_gone = true);
        }
        let Some(id) = self.intake.admit(memory, self.now) else { return };
        let (came, said, reads, may_be_gone) = (self.now, Vec::new(), true, false);
        self.guests.push(Guest { id, came, name, greeting, said, heard, reads, may_be_gone });
        self.settle();
    }

    fn settle(&mut self) {
        self.intake.turn(self.now);
        let mut turns = 0;
        while self.intake.has_work() {
            self.intake.turn(self.now);
            turns += 1;
            assert!(turns < 100_000, "there is no end to it");
        }
        let deadline = self.intake.next_deadline();
        assert!(deadline.is_none_or(|at| at > self.now), "it would not wait");
    }

    fn transport(&mut self, who: usize) -> Option<&mut Memory> {
        let id = self.guests[who].is_here().then_some(self.guests[who].id)?;
        self.intake.transport_mut(id)
    }

    fn say(&mut self, who: usize, text: &[u8]) {
        if let Some(memory) = self.transport(who).filter(|memory| !memory.has_end) {
            memory.bytes.extend(text);
            self.guests[who].said.extend_from_slice(text);
            self.intake.handle_readable(self.guests[who].id);
            self.settle();
        }
    }

    fn read(&mut self, who: usize, room: usize) {
        if let Some(memory) = self.transport(who) {
            memory.room = room;
            self.guests[who].reads = room == usize::MAX;
            self.intake.handle_writable(self.guests[who].id);
        }
    }

    fn stop(&mut self, who: usize, is_broken: bool) {
        let id = self.guests[who].id;
        self.guests[who].may_be_gone = true;
        let Some(memory) = self.transport(who) else { return };
        memory.has_end = true;
        memory.is_broken = is_broken;
        if is_broken {
            self.intake.handle_broken(id);
        } else {
            self.intake.handle_ending(id);
        }
    }

    fn check(&mut self) {
        let has_users = self.guests.iter().any(Guest::has_logged_in);
        // The buffers of those who have gone are kept for others.
        let (memory, came) = (self.intake.memory(), self.guests.len());
        assert!(has_users || memory <= came * COST, "{came} guests hold {memory} bytes");
        for guest in &self.guests {
            guest.check(self.now, self.limits.login_timeout);
        }
    }
}

impl Guest {
    /// Whether the server has not closed the connection: then it holds what is written to.
    fn is_here(&self) -> bool {
        Rc::strong_count(&self.heard) > 1
    }

    fn has_logged_in(&self) -> bool {
        self.heard.borrow().split(|&byte| byte == b'\n').any(|line| line.starts_with(b"HELLO "))
    }

    fn check(&self, now: Duration, login_timeout: Duration) {
        let heard = self.heard.borrow();
        let said = self.said.get(self.greeting..).unwrap_or_default();
        let mut answers = 0;
        for line in heard.split_inclusive(|&byte| byte == b'\n').filter_map(|line| line.strip_suffix(b"\n")) {
            match Reply::parse(line).expect("a reply") {
                Reply::Delivery { .. } => continue,
                Reply::Hello { name } => assert!(self.name.is_none_or(|own| own == name), "it is not theirs"),
                _ => {}
            }
            answers += 1;
        }
        let lines = said.iter().filter(|&&byte| byte == b'\n').count();
        if said.starts_with(&TLS_HANDSHAKE) {
            assert!(b"BAD-RQST-HDR\n".starts_with(&heard), "it is no request");
            assert!(!self.reads || !self.is_here(), "it is not waited for");
            return;
        }
        // A line that is too long is answered before its end.
        assert!(answers <= lines + 1, "{answers} answers to {lines} lines");
        let is_greeting = self.said.len() < self.greeting;
        let time = if is_greeting { GREETING_TIMEOUT.min(login_timeout) } else { login_timeout };
        let is_in_time = self.has_logged_in() || now < self.came + time;
        if !self.may_be_gone {
            assert!(self.is_here() || !is_in_time || !self.reads, "it is sent away");
            assert!(!self.is_here() || is_in_time || !self.reads, "it has had its time");
            assert!(answers >= lines || !self.reads || !self.is_here(), "{answers} answers to {lines} lines");
        }
    }
}
