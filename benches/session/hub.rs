//! A whole server but for its sockets: what relaying, logging in and listing cost, and whether it
//! depends on how many users there are.

use super::{Counter, TEXT};
use crate::harness::{Arguments, Contest, fill};
use chinwag::server::hub::{Hub, Id, Limits};
use chinwag::wire::lines::{Line, Lines};
use std::io::Write as _;

/// So many messages, or log-ins, are one run.
const TIMES: usize = 1000;

const MANY: usize = 10_000;

pub(crate) fn run(arguments: &Arguments) {
    relay(arguments);
    log_in(arguments);
    list(arguments);
}

/// A message must cost the same however many users there are; to another one each time it costs a
/// look-up, and the memory of many is further away than that of one.
fn relay(arguments: &Arguments) {
    let mut contest = Contest::new("session: hub, messages of 64 bytes from user to user", "message");
    for (name, users, receivers) in [
        ("2 users", 2, 1),
        ("10,000 users", MANY, 1),
        ("10,000 users, to 1,000 in turn", MANY, TIMES),
        ("3 users, to 2 in turn", 3, 2),
    ] {
        let mut chat = Chat::with(users);
        let spread = users / receivers;
        let to = |number: usize| (users - 1) - (number % receivers) * spread;
        let bytes = (0..TIMES).map(|number| format!("SEND user{} {TEXT}\n", to(number))).collect::<String>();
        let delivery = format!("DELIVERY user0 {TEXT}\nSEND-OK\n").len();
        let amount = (TIMES, bytes.len());
        contest.add(name, amount, TIMES * delivery, move || chat.turn(bytes.as_bytes()));
    }
    contest.run(arguments);
}

fn log_in(arguments: &Arguments) {
    let mut contest = Contest::new("session: hub, a user who comes, logs in and leaves", "user");
    for (name, users) in [("2 users", 2), ("10,000 users", MANY)] {
        let mut chat = Chat::with(users);
        let line = b"HELLO-FROM somebody\n";
        let answers = TIMES * b"HELLO somebody\n".len();
        contest.add(name, (TIMES, TIMES * line.len()), answers, move || {
            (0..TIMES).map(|_| chat.visit(line)).sum()
        });
    }
    contest.run(arguments);
}

/// Ten times the names must take ten times the time.
fn list(arguments: &Arguments) {
    let mut contest = Contest::new("session: hub, LIST (linear: x 10)", "list");
    for (name, users) in [("1,000 users", 1000), ("10,000 users", MANY)] {
        let mut chat = Chat::with(users);
        let names: usize = (0..users).map(|number| format!("user{number},").len()).sum();
        let answer = "LIST-OK \n".len() + names - 1;
        contest.add(name, (1, answer), answer, move || chat.turn(b"LIST\n"));
    }
    contest.run(arguments);
}

struct Chat {
    hub: Hub,
    /// The one who talks.
    first: Id,
    lines: Lines,
}

impl Chat {
    /// Users called user0, user1 and so on.
    fn with(users: usize) -> Self {
        let mut hub = Hub::new(Limits { max_users: users + 1, ..Limits::default() }, false);
        let first = hub.connect().unwrap();
        let mut chat = Self { hub, first, lines: Lines::new(None) };
        for number in 0..users {
            let id = if number == 0 { first } else { chat.hub.connect().unwrap() };
            let name = format!("user{number}");
            let hello = chat.tell(id, format!("HELLO-FROM {name}").as_bytes());
            assert_eq!(hello, format!("HELLO {name}\n").len());
        }
        chat
    }

    /// As the server does: read once, take the lines, write what is new; returns the bytes written.
    fn turn(&mut self, mut bytes: &[u8]) -> usize {
        let mut counter = Counter::default();
        while !bytes.is_empty() {
            fill(&mut self.lines, &mut bytes);
            let Self { hub, first, lines } = self;
            lines.drain(|line| hub.handle_line(*first, line, false).wait().is_none());
            self.flush(&mut counter);
        }
        assert!(self.lines.is_empty(), "no line was put off");
        counter.bytes
    }

    /// Somebody comes, says one line and leaves; returns the bytes of the answer.
    fn visit(&mut self, mut line: &[u8]) -> usize {
        let id = self.hub.connect().unwrap();
        let mut counter = Counter::default();
        fill(&mut self.lines, &mut line);
        let Self { hub, lines, .. } = self;
        lines.drain(|line| hub.handle_line(id, line, false).wait().is_none());
        self.flush(&mut counter);
        self.hub.disconnect(id);
        counter.bytes
    }

    fn tell(&mut self, id: Id, line: &[u8]) -> usize {
        let mut counter = Counter::default();
        assert_eq!(self.hub.handle_line(id, Line::Whole(line), false).wait(), None);
        self.flush(&mut counter);
        counter.bytes
    }

    fn flush(&mut self, counter: &mut Counter) {
        while let Some(id) = self.hub.next_dirty() {
            self.hub.drain(id, |outbox| outbox.drain(|bytes| counter.write(bytes)).map(drop)).unwrap();
            self.hub.reclaim(id);
        }
    }
}
