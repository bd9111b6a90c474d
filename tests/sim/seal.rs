//! A layer on top of a link that does as TLS does: it talks in records, greets before the first byte moves,
//! holds bytes when the link has no more to give and when it takes no more, and has words of its own to say.
//!
//! A record is its kind, the length of its body in two bytes, and the body, which on the link is not what it
//! was: nothing of the text passes there. A record that has not come whole is nothing yet; an end that was
//! not announced by a record is that of a broken connection.

use crate::link::{Broken, CLIENT, Link};
use crate::random::Random;
use chinwag::wire::source::Stop;
use std::collections::VecDeque;

/// How the layer is in a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SealOptions {
    /// So often both sides speak before the first byte moves,
    pub(crate) trips: usize,
    /// and so much at a time.
    pub(crate) greeting: usize,
    /// The client has the last word in that, as in TLS 1.3: the server greets for longer.
    pub(crate) client_finishes: bool,
    /// It is over once the link has taken the last of it.
    pub(crate) greets_until_sent: bool,
    /// The longest body of a record.
    pub(crate) record: usize,
    /// No text is taken while more than this is held.
    pub(crate) most_held: usize,
    /// What is taken is passed on at once, as far as the link takes it.
    pub(crate) is_eager: bool,
    /// Of a hundred records, so many come after one that changes the key, which has to be answered.
    pub(crate) updates: usize,
    /// A short read says that the link has no more, where that is so.
    pub(crate) says_when_drained: bool,
}

impl SealOptions {
    pub(crate) fn draw(random: &mut Random, capacity: usize, is_long: bool) -> Self {
        let most = 40 * capacity;
        let short = if is_long { 1000 } else { 1 };
        Self {
            trips: random.between(1, 3),
            greeting: random.pick(&[1, 300, 3000]).min(&most).to_owned(),
            client_finishes: random.percent(50),
            greets_until_sent: random.percent(20),
            record: *random.pick(&[short, 1000, 16_000, 16_000]),
            most_held: *random.pick(&[1, 1000, 64_000]),
            is_eager: random.percent(70),
            updates: *random.pick(&[0, 0, 5, 50]),
            says_when_drained: random.percent(50),
        }
    }
}

const HEADER: usize = 3;
const KEY: u8 = 0x5a;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Greeting = 1,
    /// The client's last word of the greeting.
    Finished,
    Text,
    /// To be answered,
    Update,
    /// by this. Nothing is to be done about it.
    Updated,
    Close,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Greeting, Self::Finished, Self::Text, Self::Update, Self::Updated, Self::Close];
}

/// One side's layer.
#[derive(Debug)]
pub(crate) struct Seal {
    options: SealOptions,
    random: Random,
    side: usize,
    /// How many greetings were sent, and came.
    greetings: [usize; 2],
    has_finished: bool,
    outgoing: Outgoing,
    incoming: Incoming,
}

#[derive(Debug, Default)]
struct Outgoing {
    /// What was sealed and the link has not taken yet,
    held: Vec<u8>,
    /// a part of the greeting among it.
    is_greeting_held: bool,
    /// The link takes no more for now.
    is_blocked: bool,
    owes_update: bool,
    /// It was said that no more will be sent.
    has_closed: bool,
}

#[derive(Debug, Default)]
struct Incoming {
    /// The start of a record that has not come whole.
    cipher: Vec<u8>,
    /// What was opened and not taken yet.
    plain: VecDeque<u8>,
    /// The other side has said that it sends no more.
    is_closed: bool,
    /// The last read has taken all that the link had.
    is_drained: bool,
}

impl Seal {
    pub(crate) fn new(options: SealOptions, side: usize, random: Random) -> Self {
        let mut seal = Self {
            options,
            random,
            side,
            greetings: [0; 2],
            has_finished: false,
            outgoing: Outgoing::default(),
            incoming: Incoming::default(),
        };
        if side == CLIENT {
            seal.greet();
        }
        seal
    }

    pub(crate) fn is_greeting(&self) -> bool {
        let [sent, came] = self.greetings;
        let Self { options, has_finished, .. } = self;
        sent.min(came) < options.trips
            || options.client_finishes && !has_finished
            || options.greets_until_sent && self.outgoing.is_greeting_held
    }

    pub(crate) fn has_pushable(&self) -> bool {
        self.has_unwritten() && !self.outgoing.is_blocked
    }

    pub(crate) fn has_unwritten(&self) -> bool {
        !self.outgoing.held.is_empty() || self.outgoing.owes_update
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.options.says_when_drained
            && self.incoming.is_drained
            && !self.incoming.is_closed
            && self.incoming.plain.is_empty()
    }

    pub(crate) fn read(
        &mut self,
        link: &mut Link,
        near: &mut [u8],
        far: &mut [u8],
    ) -> Result<usize, Stop<Broken>> {
        self.incoming.is_drained = false;
        loop {
            if !self.incoming.plain.is_empty() {
                let room = near.len() + far.len();
                let count = self.random.between(1, self.incoming.plain.len().min(room));
                link.open(self.side, &mut self.incoming.plain, count, near, far);
                return Ok(count);
            }
            if self.incoming.is_closed {
                link.note_end(self.side);
                return Ok(0);
            }
            let mut buffer = [0; 5000];
            let most = self.random.between(1, buffer.len());
            let count = match link.read(self.side, &mut buffer[..most], &mut []) {
                Ok(0) => return Err(Stop::Broken(Broken::CutOff)),
                read => read?,
            };
            self.incoming.cipher.extend_from_slice(&buffer[..count]);
            self.incoming.is_drained = count < most && !link.is_layered();
            self.open_records();
            if self.options.is_eager {
                let _ = self.push(link);
            }
        }
    }

    fn open_records(&mut self) {
        while let Some((header, rest)) = self.incoming.cipher.split_at_checked(HEADER) {
            let length = usize::from(u16::from_be_bytes([header[1], header[2]]));
            let Some(body) = rest.get(..length) else { break };
            let kind = Kind::ALL.into_iter().find(|kind| *kind as u8 == header[0] ^ KEY);
            let body: Vec<_> = body.iter().map(|byte| byte ^ KEY).collect();
            self.incoming.cipher.drain(..HEADER + length);
            let Some(kind) = kind else { panic!("the sides do not talk about the same") };
            self.handle(kind, &body);
        }
    }

    fn handle(&mut self, kind: Kind, body: &[u8]) {
        assert!(!self.incoming.is_closed, "something comes after the end");
        match kind {
            Kind::Greeting => {
                self.greetings[1] += 1;
                if self.greetings[0] < self.options.trips {
                    self.greet();
                } else if self.options.client_finishes {
                    self.has_finished = true;
                    self.seal(Kind::Finished, b"");
                }
            }
            Kind::Finished => self.has_finished = true,
            Kind::Text => {
                assert!(!self.is_greeting(), "it talks before it has greeted");
                self.incoming.plain.extend(body);
            }
            Kind::Update => self.outgoing.owes_update = !self.outgoing.has_closed,
            Kind::Updated => {}
            Kind::Close => self.incoming.is_closed = true,
        }
    }

    fn greet(&mut self) {
        self.greetings[0] += 1;
        let length = self.random.between(0, self.options.greeting);
        self.seal(Kind::Greeting, &vec![0; length]);
    }

    fn seal(&mut self, kind: Kind, body: &[u8]) {
        self.outgoing.is_greeting_held |= matches!(kind, Kind::Greeting | Kind::Finished);
        let [high, low] = (body.len() as u16).to_be_bytes();
        self.outgoing.held.extend([kind as u8 ^ KEY, high, low]);
        self.outgoing.held.extend(body.iter().map(|byte| byte ^ KEY));
    }

    pub(crate) fn write(&mut self, link: &mut Link, bytes: &[u8]) -> Result<usize, Stop<Broken>> {
        if self.is_greeting() {
            return Err(Stop::Blocked);
        }
        if self.outgoing.is_blocked || self.outgoing.held.len() > self.options.most_held {
            self.push(link)?;
        }
        let count = bytes.len().min(self.options.record);
        if self.random.percent(self.options.updates) {
            self.seal(Kind::Update, b"");
        }
        self.seal(Kind::Text, &bytes[..count]);
        link.note_written(self.side, &bytes[..count]);
        if self.options.is_eager {
            // It was taken: what breaks now is the next one's matter.
            let _ = self.push(link);
        }
        Ok(count)
    }

    pub(crate) fn push(&mut self, link: &mut Link) -> Result<(), Stop<Broken>> {
        self.answer();
        self.outgoing.is_blocked = false;
        while !self.outgoing.held.is_empty() {
            match link.write(self.side, &self.outgoing.held) {
                Ok(count) => drop(self.outgoing.held.drain(..count)),
                Err(stop) => {
                    self.outgoing.is_blocked = true;
                    return Err(stop);
                }
            }
        }
        self.outgoing.is_greeting_held = false;
        Ok(())
    }

    fn answer(&mut self) {
        if std::mem::take(&mut self.outgoing.owes_update) {
            self.seal(Kind::Updated, b"");
        }
    }

    /// It is to be said that no more will be sent.
    pub(crate) fn close(&mut self) {
        self.answer();
        self.seal(Kind::Close, b"");
        self.outgoing.has_closed = true;
    }
}
