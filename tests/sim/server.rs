//! A server of the plainest kind, with the habits of all kinds: those that keep or close a connection
//! after a refusal, say BUSY before they are asked, are mute or deaf, close what idles.

use crate::link::{Events, Link, SERVER};
use crate::oracle::whole;
use crate::random::Random;
use crate::socket::SocketEnd;
use chinwag::wire::protocol::{Reply, Request};
use chinwag::wire::source::{Stop, Transport};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// The habits of a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerOptions {
    pub(crate) max_users: usize,
    /// A refused log-in ends the connection.
    pub(crate) closes_after_refusal: bool,
    /// So many of a hundred connections are told BUSY at once, and are ended.
    pub(crate) greets_busy: usize,
    /// After so many requests of all, no more answers.
    pub(crate) mute_after: Option<usize>,
    /// After so many requests of all, nothing is read.
    pub(crate) deaf_after: Option<usize>,
    /// A connection without a name is closed after this time.
    pub(crate) patience: Option<Duration>,
    /// Of a hundred log-ins, so many are closed right after HELLO.
    pub(crate) closes_after_hello: usize,
    /// When it has thrown everybody out, their names are somebody else's for this time.
    pub(crate) gives_names_away: Option<Duration>,
    /// Of a hundred answers, so many are followed by lines that are none.
    pub(crate) talks_junk: usize,
    /// It encrypts: its one answer, to whatever it is, is an alert, with this last byte.
    pub(crate) alert: Option<u8>,
    /// Its answers are not quite those of the exact form (spec W5).
    pub(crate) is_of_another_edition: bool,
}

impl ServerOptions {
    /// One that does as it should.
    pub(crate) const GOOD: Self = Self {
        max_users: 16,
        closes_after_refusal: false,
        greets_busy: 0,
        mute_after: None,
        deaf_after: None,
        patience: None,
        closes_after_hello: 0,
        gives_names_away: None,
        talks_junk: 0,
        alert: None,
        is_of_another_edition: false,
    };

    pub(crate) fn draw(random: &mut Random, clients: usize) -> Self {
        if random.percent(40) {
            return Self::GOOD;
        }
        if random.percent(5) {
            return Self { alert: Some(*random.pick(b"2\n")), ..Self::GOOD };
        }
        let mut seldom = |most: usize| if random.percent(85) { None } else { Some(random.below(most)) };
        Self {
            max_users: seldom(clients + 1).unwrap_or(16),
            mute_after: seldom(30),
            deaf_after: seldom(30),
            patience: seldom(5000).map(|millis| Duration::from_millis(millis as u64)),
            greets_busy: seldom(100).unwrap_or(0),
            closes_after_hello: seldom(100).unwrap_or(0),
            gives_names_away: seldom(600).map(|seconds| Duration::from_secs(seconds as u64)),
            talks_junk: seldom(100).unwrap_or(0),
            closes_after_refusal: random.percent(50),
            is_of_another_edition: random.percent(30),
            alert: None,
        }
    }
}

#[derive(Debug)]
struct Guest {
    end: SocketEnd,
    unread: Vec<u8>,
    unsent: Vec<u8>,
    name: Option<Vec<u8>>,
    arrived: Duration,
    has_ended: bool,
    /// It is closed once everything is written.
    is_leaving: bool,
    is_ready: Events,
}

/// A server whose answers are right, whatever else it does.
#[derive(Debug)]
pub(crate) struct Naive {
    options: ServerOptions,
    random: Random,
    guests: Vec<Guest>,
    requests: usize,
    now: Duration,
    /// The names that were given away, and until when.
    given: (Vec<Vec<u8>>, Duration),
}

const JUNK: [&[u8]; 9] = [
    b"\n",
    b"HELLO-FROM u1\n",
    b"SEND u1 hi\n",
    b"\xff\xfe\n",
    b"DELIVERY \n",
    b"LIST\n",
    b"welcome, stranger\r\n",
    b"HELLO\r\r\n",
    b"BUSYBUSY\n",
];

impl Naive {
    pub(crate) fn new(options: ServerOptions, random: Random) -> Self {
        let given = (Vec::new(), Duration::ZERO);
        Self { options, random, guests: Vec::new(), requests: 0, now: Duration::ZERO, given }
    }

    pub(crate) fn accept(&mut self, link: &Rc<RefCell<Link>>, now: Duration) {
        let mut end = SocketEnd::new(link, SERVER);
        if self.random.percent(self.options.greets_busy) {
            let words: &[u8] = if self.random.percent(50) { b"BUSY\nSEND-OK\n" } else { b"BUSY\n" };
            if end.is_greeting() {
                self.admit(end, words.to_vec(), now);
                return;
            }
            let _ = end.write(words);
            if self.random.percent(50) {
                end.reset();
            } else {
                end.end();
            }
            return;
        }
        self.admit(end, Vec::new(), now);
    }

    /// One to whom this is said at once is not kept.
    fn admit(&mut self, end: SocketEnd, unsent: Vec<u8>, now: Duration) {
        self.guests.push(Guest {
            end,
            unread: Vec::new(),
            name: None,
            arrived: now,
            has_ended: false,
            is_leaving: !unsent.is_empty(),
            unsent,
            is_ready: Events { readable: true, writable: true, ..Events::default() },
        });
    }

    pub(crate) fn is_due(&self, now: Duration) -> bool {
        let has_events = |guest: &Guest| guest.end.link().borrow().events(SERVER).any();
        self.guests.iter().any(has_events) || self.next_deadline().is_some_and(|deadline| deadline <= now)
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let patience = self.options.patience?;
        let nameless = self.guests.iter().filter(|guest| guest.name.is_none());
        nameless.map(|guest| guest.arrived + patience).min()
    }

    /// Whether it reads what is sent to it.
    pub(crate) fn is_deaf(&self) -> bool {
        self.options.deaf_after.is_some_and(|after| self.requests >= after)
    }

    pub(crate) fn is_mute(&self) -> bool {
        self.options.mute_after.is_some_and(|after| self.requests >= after)
    }

    /// From now on nothing is answered, but messages are passed on.
    pub(crate) fn mute(&mut self) {
        self.options.mute_after = Some(0);
    }

    /// From now on nobody is thrown out after a log-in.
    pub(crate) fn keep_everybody(&mut self) {
        self.options.closes_after_hello = 0;
    }

    /// Everybody is thrown out.
    pub(crate) fn vanish(&mut self) {
        if let Some(time) = self.options.gives_names_away {
            let names = self.guests.iter().filter_map(|guest| guest.name.clone()).collect();
            self.given = (names, self.now + time);
        }
        for mut guest in self.guests.drain(..) {
            if self.random.percent(50) {
                guest.end.reset();
            } else {
                guest.end.end();
            }
        }
    }

    pub(crate) fn turn(&mut self, now: Duration) {
        self.now = now;
        for at in 0..self.guests.len() {
            let events = self.guests[at].end.link().borrow_mut().take_events(SERVER);
            let ready = &mut self.guests[at].is_ready;
            ready.readable |= events.readable || events.ending;
            ready.writable |= events.writable;
            self.read(at);
            self.handle_lines(at);
        }
        for at in (0..self.guests.len()).rev() {
            self.write(at);
            let guest = &self.guests[at];
            let has_waited = self.options.patience.is_some_and(|patience| guest.arrived + patience <= now);
            let is_written = guest.unsent.is_empty() && !guest.end.has_unwritten();
            let is_left = guest.is_leaving && is_written || has_waited && guest.name.is_none();
            if guest.has_ended || is_left {
                self.guests.swap_remove(at).end.end();
            }
        }
    }

    fn read(&mut self, at: usize) {
        if self.is_deaf() {
            return;
        }
        let guest = &mut self.guests[at];
        let mut buffer = [0; 2 * 1024];
        while guest.is_ready.readable {
            match guest.end.read(&mut buffer, &mut []) {
                Ok(0) | Err(Stop::Broken(_)) => {
                    guest.has_ended = true;
                    guest.is_ready.readable = false;
                }
                Ok(count) => guest.unread.extend_from_slice(&buffer[..count]),
                Err(Stop::Blocked | Stop::Starved) => guest.is_ready.readable = false,
            }
        }
    }

    fn handle_lines(&mut self, at: usize) {
        let mut unread = std::mem::take(&mut self.guests[at].unread);
        let whole = whole(&unread);
        for line in unread[..whole].split_inclusive(|&byte| byte == b'\n') {
            if !self.guests[at].is_leaving {
                self.handle_line(at, &line[..line.len() - 1]);
            }
        }
        unread.drain(..whole);
        self.guests[at].unread = unread;
    }

    fn handle_line(&mut self, at: usize, line: &[u8]) {
        self.requests += 1;
        if let Some(alert) = self.options.alert {
            self.guests[at].unsent = vec![0x15, 3, 3, 0, 2, 2, alert];
            self.guests[at].is_leaving = true;
            return;
        }
        let name = self.guests[at].name.clone();
        let request = Request::parse(line);
        match (request, name) {
            (Ok(Request::HelloFrom { name }), None) => self.log_in(at, name),
            (_, None) => self.answer(at, Reply::BadRqstHdr),
            (Ok(Request::List), Some(_)) => {
                let names: Vec<_> = self.guests.iter().filter_map(|guest| guest.name.as_deref()).collect();
                let names = names.join(&b","[..]);
                self.answer(at, Reply::ListOk { names: &names });
            }
            (Ok(Request::Send { to, text }), Some(from)) => {
                let receiver = self.guests.iter().position(|guest| guest.name.as_deref() == Some(to));
                if let Some(receiver) = receiver {
                    Reply::Delivery { from: &from, text }.write(&mut self.guests[receiver].unsent);
                    self.answer(at, Reply::SendOk);
                } else {
                    self.answer(at, Reply::BadDestUser);
                }
            }
            (Ok(Request::HelloFrom { .. }), Some(_)) => self.answer(at, Reply::BadRqstHdr),
            (Err(_), Some(_)) => self.answer(at, Reply::BadRqstBody),
        }
    }

    fn log_in(&mut self, at: usize, name: &[u8]) {
        let users = self.guests.iter().filter(|guest| guest.name.is_some()).count();
        let is_given = self.now < self.given.1 && self.given.0.iter().any(|given| given == name);
        let is_taken = is_given || self.guests.iter().any(|guest| guest.name.as_deref() == Some(name));
        let refusal = match () {
            () if name.starts_with(b"bad") => Reply::BadRqstBody,
            () if name.starts_with(b"hdr") => Reply::BadRqstHdr,
            () if users >= self.options.max_users => Reply::Busy,
            () if is_taken => Reply::InUse,
            () => {
                if self.is_mute() {
                    return;
                }
                self.guests[at].name = Some(name.to_vec());
                self.answer(at, Reply::Hello { name });
                self.guests[at].is_leaving = self.random.percent(self.options.closes_after_hello);
                return;
            }
        };
        self.answer(at, refusal);
        self.guests[at].is_leaving = self.options.closes_after_refusal;
    }

    fn answer(&mut self, at: usize, reply: Reply<'_>) {
        if self.is_mute() {
            return;
        }
        let unsent = &mut self.guests[at].unsent;
        if self.options.is_of_another_edition {
            write_otherwise(reply, unsent);
        } else {
            reply.write(unsent);
        }
        if self.random.percent(self.options.talks_junk) {
            unsent.extend_from_slice(self.random.pick::<&[u8]>(&JUNK));
        }
    }

    fn write(&mut self, at: usize) {
        let guest = &mut self.guests[at];
        while guest.is_ready.writable {
            let is_written = guest.unsent.is_empty() || guest.end.is_greeting();
            let taken =
                if is_written { guest.end.push().map(|()| 0) } else { guest.end.write(&guest.unsent) };
            match taken {
                Ok(count) => drop(guest.unsent.drain(..count)),
                Err(Stop::Blocked | Stop::Starved) => guest.is_ready.writable = false,
                Err(Stop::Broken(_)) => guest.unsent.clear(),
            }
            if is_written {
                break;
            }
        }
    }
}

/// Writes an answer as peers of other editions do.
fn write_otherwise(reply: Reply<'_>, out: &mut Vec<u8>) {
    match reply {
        Reply::Hello { .. } => out.extend_from_slice(b"HELLO"),
        Reply::SendOk => out.extend_from_slice(b"SEND-OK delivered"),
        Reply::BadRqstHdr => out.extend_from_slice(b"BAD_RQST_HDR"),
        Reply::BadRqstBody => out.extend_from_slice(b"BAD_RQST_BODY"),
        Reply::ListOk { names } => {
            out.extend_from_slice(b"LIST-OK ");
            for name in names.split(|&byte| byte == b',') {
                out.extend_from_slice(name);
                out.extend_from_slice(b", ");
            }
        }
        other => {
            other.write(out);
            out.pop();
        }
    }
    out.extend_from_slice(b"\r\n");
}
