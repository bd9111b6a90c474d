//! A conversation with scripted ends: what they bring, and what they took.

use super::super::*;
use crate::client::session::Unsaid;
use crate::ui::screen::{Look, Screen};
use crate::wire::source::Stop;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

pub(super) const PROMPT: &str = "Welcome to Chat Client. Enter your login: \n";
pub(super) const LOGGED_IN: &str = "Successfully logged in as ann!\n";
pub(super) const LINGER: Duration = Duration::from_secs(2);

/// What a scripted end brings, and what it took.
#[derive(Default)]
pub(super) struct Script {
    pub(super) reads: VecDeque<Read>,
    pub(super) written: Vec<u8>,
    /// How many bytes it takes before it blocks; no bound, if there is none.
    pub(super) room: Option<usize>,
    pub(super) is_broken: bool,
    /// The system has no memory for it.
    pub(super) is_starved: bool,
}

impl Script {
    /// The next byte, or the end, which stays.
    pub(super) fn next(&mut self) -> Option<Result<u8, Result<usize, Stop<&'static str>>>> {
        loop {
            match self.reads.front_mut()? {
                Read::Bytes(bytes) => match bytes.pop_front() {
                    Some(byte) => return Some(Ok(byte)),
                    None => drop(self.reads.pop_front()),
                },
                Read::End => return Some(Err(Ok(0))),
                Read::Broken => return Some(Err(Err(Stop::Broken("reset")))),
            }
        }
    }
}

pub(super) enum Read {
    Bytes(VecDeque<u8>),
    End,
    Broken,
}

#[derive(Clone, Default)]
pub(super) struct End(pub(super) Rc<RefCell<Script>>);

impl Transport for End {
    type Error = &'static str;

    fn read(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<&'static str>> {
        let mut script = self.0.borrow_mut();
        if script.is_starved {
            return Err(Stop::Starved);
        }
        let mut count = 0;
        for place in near.iter_mut().chain(far) {
            match script.next() {
                Some(Ok(byte)) => *place = byte,
                Some(Err(end)) if count == 0 => return end,
                _ => break,
            }
            count += 1;
        }
        if count == 0 { Err(Stop::Blocked) } else { Ok(count) }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<&'static str>> {
        let mut script = self.0.borrow_mut();
        if script.is_starved {
            return Err(Stop::Starved);
        }
        if script.is_broken {
            return Err(Stop::Broken("broken pipe"));
        }
        let count = script.room.map_or(bytes.len(), |room| room.min(bytes.len()));
        if count == 0 {
            return Err(Stop::Blocked);
        }
        script.room = script.room.map(|room| room - count);
        script.written.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn drains_by_short_read(&self) -> bool {
        true
    }
}

/// A conversation and its three ends.
pub(super) struct Scene {
    pub(super) conversation: Conversation<Screen>,
    pub(super) ends: Ends<End, End, End>,
    pub(super) server: End,
    pub(super) input: End,
    pub(super) output: End,
    pub(super) now: Duration,
}

pub(super) const SETTINGS: Settings<'_> = Settings {
    name: None,
    max_message: None,
    linger: LINGER,
    reconnects: false,
    is_interactive: false,
    is_strict: false,
    texts_to: None,
    to: None,
    seed: 1,
};

impl Scene {
    pub(super) fn new(settings: Settings<'_>) -> Self {
        Self::shown_by(Screen::new(Look::default()), settings)
    }

    pub(super) fn shown_by(screen: Screen, settings: Settings<'_>) -> Self {
        let (input, output) = (End::default(), End::default());
        let ends = Ends::new(Source::new(input.clone()), Source::new(output.clone()));
        let conversation = Conversation::new(&settings, screen);
        let server = End::default();
        Self { conversation, ends, server, input, output, now: Duration::from_secs(100) }
    }

    /// Logged in as ann.
    pub(super) fn chatting(settings: Settings<'_>) -> Self {
        let mut scene = Self::new(Settings { name: Some(b"ann"), ..settings });
        scene.connect();
        scene.hear("HELLO ann\n");
        scene.run();
        assert_eq!((scene.shown(), scene.sent()), (LOGGED_IN.into(), "HELLO-FROM ann\n".into()));
        scene
    }

    /// As soon as it is wanted.
    pub(super) fn connect(&mut self) {
        if let Some(deadline) = self.next_deadline() {
            self.now = self.now.max(deadline);
        }
        assert!(self.conversation.wants_connection(self.now));
        self.conversation.handle_connecting();
        self.server = End::default();
        self.ends.server = Some(Source::new(self.server.clone()));
        self.conversation.handle_connected(self.now);
    }

    /// The server ends the connection.
    pub(super) fn end_server(&mut self, end: Read) {
        self.server.0.borrow_mut().reads.push_back(end);
        self.ends.server.as_mut().unwrap().handle_ending();
    }

    pub(super) fn hear(&mut self, bytes: impl Into<Vec<u8>>) {
        self.server.0.borrow_mut().reads.push_back(Read::Bytes(bytes.into().into()));
        self.ends.server.as_mut().unwrap().handle_readable();
    }

    pub(super) fn type_in(&mut self, bytes: impl Into<Vec<u8>>) {
        self.input.0.borrow_mut().reads.push_back(Read::Bytes(bytes.into().into()));
        self.ends.input.handle_readable();
    }

    pub(super) fn end_input(&mut self) {
        self.input.0.borrow_mut().reads.push_back(Read::End);
        self.ends.input.handle_ending();
    }

    pub(super) fn set_room(&mut self, room: Option<usize>) {
        self.output.0.borrow_mut().room = room;
        self.ends.output.handle_writable();
    }

    /// Takes turns until nothing is left to be done at once. Each but the first must move something.
    pub(super) fn run(&mut self) {
        let mut turns = 0;
        while turns == 0 || self.conversation.has_work(&self.ends, self.now) {
            if self.conversation.wants_connection(self.now) && turns > 0 {
                return;
            }
            let _ = self.conversation.turn(&mut self.ends, self.now);
            turns += 1;
            assert!(turns < 1000, "it spins");
        }
    }

    pub(super) fn shown(&self) -> String {
        taken(&self.output)
    }

    pub(super) fn sent(&self) -> String {
        taken(&self.server)
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.conversation.next_deadline(&self.ends)
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        self.conversation.outcome(self.now)
    }

    pub(super) fn leave(mut self) -> Unsaid {
        self.conversation.leave(&mut self.ends, self.now).unwrap()
    }
}

pub(super) fn taken(end: &End) -> String {
    String::from_utf8(mem::take(&mut end.0.borrow_mut().written)).unwrap()
}

pub(super) fn lines(count: usize) -> String {
    (0..count).map(|number| format!("DELIVERY bob {number}\n")).collect()
}
