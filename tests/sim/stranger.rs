//! A client of another make, as simple as they come: it says all that it has to say, says that this was all,
//! and reads what the server answers, slowly perhaps, up to the end.

use crate::link::{CLIENT, Clock, Link};
use crate::random::Random;
use crate::socket::SocketEnd;
use chinwag::wire::outbox::Outbox;
use chinwag::wire::source::{Filled, Source, Transport};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Saying {
    /// There is more to say.
    More,
    /// That this was all.
    Goodbye,
    Nothing,
}

/// How the connection has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Closed,
    Broken,
}

#[derive(Debug)]
pub(crate) struct Stranger {
    name: String,
    pub(crate) comes: Duration,
    link: Option<Rc<RefCell<Link>>>,
    source: Option<Source<SocketEnd>>,
    outbox: Outbox,
    saying: Saying,
    requests: usize,
    heard: Vec<u8>,
    pace: Pace,
    ending: Option<Ending>,
}

/// How quickly it reads.
#[derive(Debug)]
struct Pace {
    /// The most milliseconds between two reads.
    pause: usize,
    next: Duration,
    random: Random,
    clock: Clock,
}

impl Stranger {
    pub(crate) fn draw(random: &mut Random, number: usize, comes: Duration, clock: &Clock) -> Self {
        let name = format!("s{number}");
        let mut outbox = Outbox::new();
        let lines = random.below(40);
        let length = *random.pick(&[1, 100, 900]);
        outbox.tail().extend_from_slice(format!("HELLO-FROM {name}\n").as_bytes());
        for _ in 0..lines {
            let text = "y".repeat(random.between(1, length));
            let line = if random.percent(20) { "LIST\n".into() } else { format!("SEND {name} {text}\n") };
            outbox.tail().extend_from_slice(line.as_bytes());
        }
        Self {
            name,
            comes,
            link: None,
            source: None,
            outbox,
            saying: Saying::More,
            requests: 1 + lines,
            heard: Vec::new(),
            pace: Pace {
                pause: *random.pick(&[0, 20, 500]),
                next: Duration::ZERO,
                random: random.split(),
                clock: Rc::clone(clock),
            },
            ending: None,
        }
    }

    pub(crate) fn has_come(&self) -> bool {
        self.link.is_some()
    }

    pub(crate) fn come(&mut self, link: &Rc<RefCell<Link>>) {
        self.source = Some(Source::new(SocketEnd::new(link, CLIENT)));
        self.link = Some(Rc::clone(link));
    }

    /// When it has something to do though nothing happens.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        match &self.source {
            Some(source) => source.is_readable().then_some(self.pace.next),
            None => (!self.has_come()).then_some(self.comes),
        }
    }

    pub(crate) fn is_due(&self) -> bool {
        let has_events = |source: &Source<SocketEnd>| source.transport().link().borrow().events(CLIENT).any();
        self.source.as_ref().is_some_and(has_events)
            || self.has_come() && self.next_deadline().is_some_and(|at| at <= self.pace.clock.get())
    }

    pub(crate) fn turn(&mut self) {
        let Some(mut source) = self.source.take() else { return };
        let events = source.transport().link().borrow_mut().take_events(CLIENT);
        events.apply(&mut source);
        if self.pace.next <= self.pace.clock.get() && source.is_readable() {
            self.pace.next = self.pace.clock.get() + self.pace.random.millis(self.pace.pause);
            let mut buffer = [0; 4000];
            let most = self.pace.random.between(500, buffer.len());
            match source.read(&mut buffer[..most]) {
                Filled::Bytes(count) => self.heard.extend_from_slice(&buffer[..count]),
                Filled::End => self.ending = Some(Ending::Closed),
                Filled::Broken(_) => self.ending = Some(Ending::Broken),
            }
        }
        self.say(&mut source);
        if self.ending.is_none() {
            self.source = Some(source);
        }
    }

    fn say(&mut self, source: &mut Source<SocketEnd>) {
        // What breaks is to be read.
        let _ = source.flush(&mut self.outbox);
        let is_said = self.outbox.is_empty() && !source.has_unwritten() && !source.transport().is_greeting();
        if self.saying == Saying::More && is_said {
            self.saying = Saying::Goodbye;
            source.transport_mut().say_goodbye();
            let _ = source.flush(&mut self.outbox);
        }
        if self.saying == Saying::Goodbye && !source.has_unwritten() {
            self.saying = Saying::Nothing;
            source.transport_mut().half_close();
        }
    }

    /// Once it was let in, each request was answered before the end, which was said to be one if there was
    /// room for that: who closes a connection waits for nobody.
    pub(crate) fn check_end(&self, may_be_thrown_out: bool) {
        let Some(link) = &self.link else { return };
        assert!(self.ending.is_some(), "{} is still there: {}", self.name, link.borrow().state());
        let hello = format!("HELLO {}\n", self.name);
        if link.borrow().is_cut || may_be_thrown_out || !self.heard.starts_with(hello.as_bytes()) {
            return;
        }
        let lines = self.heard.split_inclusive(|&byte| byte == b'\n');
        let answers = lines.filter(|line| !line.starts_with(b"DELIVERY")).count();
        assert_eq!(answers, self.requests, "{}", self.name);
        assert!(self.ending == Some(Ending::Closed) || !link.borrow().is_wide(), "{}", self.name);
    }
}
