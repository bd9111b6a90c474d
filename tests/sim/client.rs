//! A client, driven exactly as a program's event loop drives one: events, a connection if one is wanted, a
//! turn, then again if there is work, else not before the next event or deadline.

use crate::link::{Broken, CLIENT, Clock, Events, Link};
use crate::options::ClientOptions;
use crate::oracle::{self, Heard, whole};
use crate::random::Random;
use crate::socket::SocketEnd;
use crate::stdio::{InputEnd, InputKind, OutputEnd, OutputKind, Shown, Typing};
use chinwag::client::conversation::{Conversation, Ends, Event, Held, Outcome, Settings};
use chinwag::client::session::Unsaid;
use chinwag::ui::display::Style;
use chinwag::ui::editor::Editor;
use chinwag::ui::screen::{Look, Screen};
use chinwag::wire::escape::Rule;
use chinwag::wire::source::{Source, Transport};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// How a conversation ended.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    pub(crate) outcome: Outcome,
    pub(crate) unsaid: Unsaid,
    pub(crate) status: u8,
    /// Which message was refused, if that was the end, and to whom it was.
    pub(crate) refused: Option<(u64, Vec<u8>)>,
    pub(crate) at: Duration,
    /// The session was told of the end of every connection that was read to its end.
    pub(crate) was_blocked: bool,
}

/// When the signs of life came that an ending is measured by.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Signs {
    /// Something was read from the input.
    pub(crate) typed: Duration,
    /// An answer was read.
    pub(crate) answer: Duration,
    /// Something was written to the server, or a log-in refused, or a connection was made or lost.
    pub(crate) sent: Duration,
}

/// What a turn can change.
#[derive(Debug, Clone, PartialEq)]
struct Snapshot {
    held: Held,
    read: usize,
    written: usize,
    moved: [usize; 2],
    typed: usize,
    shown: usize,
    outcome: Option<Outcome>,
    has_server: bool,
    wants_connection: bool,
    events: usize,
    deadline: Option<Duration>,
}

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) options: ClientOptions,
    pub(crate) conversation: Conversation<Screen>,
    pub(crate) ends: Ends<SocketEnd, InputEnd, OutputEnd>,
    pub(crate) typing: Rc<RefCell<Typing>>,
    pub(crate) shown: Rc<RefCell<Shown>>,
    pub(crate) links: Vec<Rc<RefCell<Link>>>,
    /// When a connection that is being made stands, or fails.
    pub(crate) connecting: Option<Duration>,
    pub(crate) ending: Option<Ending>,
    pub(crate) events: Vec<Event>,
    /// The links by which the name turned out to be somebody else's, so that another was asked for, and how
    /// many lines had been typed by then.
    pub(crate) asked_at: Vec<(usize, usize)>,
    pub(crate) signs: Signs,
    pub(crate) turns: usize,
    /// A connection could not be made.
    pub(crate) has_failed: bool,
    /// Must turn: it was just connected, or never turned.
    is_new: bool,
    /// So much of the last link was looked through for answers.
    scanned: usize,
    /// The longest line that is typed, in bytes.
    longest: usize,
    clock: Clock,
}

impl Client {
    pub(crate) fn new(options: ClientOptions, random: &mut Random, clock: &Clock) -> Self {
        let script = options.script.pieces(random, options.starts);
        let last = script.last().map_or(options.starts, |(at, _)| *at);
        let end = options.script.ends.then(|| last + random.millis(500));
        let end = if options.input == InputKind::File { end.map(|_| Duration::ZERO) } else { end };
        let typing = Typing::new(options.input, script, end, random.split(), clock);
        let shown = Shown::new(options.output, random.split(), clock);
        let mut screen = Screen::new(look(options.input));
        if options.input == InputKind::Keys {
            screen.edit_with(Editor::new(80, 24));
        }
        let settings = Settings {
            name: options.name.as_deref().map(str::as_bytes),
            max_message: options.max_message,
            linger: options.linger,
            reconnects: options.reconnects,
            texts_to: options.texts_to.as_deref().map(str::as_bytes),
            to: options.to.as_deref().map(str::as_bytes),
            is_interactive: options.input.is_interactive(),
            is_strict: options.is_strict,
            seed: random.seed(),
        };
        let input = InputEnd(Rc::clone(&typing));
        let is_file = options.input == InputKind::File;
        let input = if is_file { Source::always_ready(input) } else { Source::new(input) };
        let output = Source::new(OutputEnd(Rc::clone(&shown)));
        let longest = options.script.lines.iter().map(|line| line.line().len()).max().unwrap_or(0);
        Self {
            conversation: Conversation::new(&settings, screen),
            longest,
            options,
            ends: Ends::new(input, output),
            typing,
            shown,
            links: Vec::new(),
            connecting: None,
            ending: None,
            events: Vec::new(),
            asked_at: Vec::new(),
            signs: Signs::default(),
            turns: 0,
            has_failed: false,
            is_new: true,
            scanned: 0,
            clock: Rc::clone(clock),
        }
    }

    /// The connection that it has, if it has not read its end.
    pub(crate) fn link(&self) -> Option<&Rc<RefCell<Link>>> {
        self.ends.server.as_ref().map(|server| server.transport().link())
    }

    /// Whether it has still to say something that the server can read.
    pub(crate) fn is_talking(&self) -> bool {
        let server = self.ends.server.as_ref();
        server.is_some_and(|server| server.has_unwritten() || server.transport().is_greeting())
    }

    pub(crate) fn is_narrow(&self) -> bool {
        self.options.output != OutputKind::Wide
    }

    /// What the three ends brought, for the oracle.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        let heard = |(at, link): (usize, &Rc<RefCell<Link>>)| {
            let asked_at = self.asked_at.iter().find(|asked| asked.0 == at).map(|asked| asked.1);
            let link = link.borrow();
            let is_held = self.link().is_some_and(|own| std::ptr::eq(own.as_ptr(), &raw const *link));
            Heard { bytes: link.read_by(CLIENT).to_vec(), has_ended: !is_held, asked_at }
        };
        self.links.iter().enumerate().map(heard).collect()
    }

    fn has_events(&self) -> bool {
        let server = self.link().is_some_and(|link| link.borrow().events(CLIENT).any());
        server || self.typing.borrow().events().any() || self.shown.borrow().events().any()
    }

    fn has_deadline(&self, now: Duration) -> bool {
        self.conversation.next_deadline(&self.ends).is_some_and(|deadline| deadline <= now)
    }

    pub(crate) fn is_due(&self) -> bool {
        let now = self.clock.get();
        let is_running = self.ending.is_none() && now >= self.options.starts;
        is_running
            && (self.is_new
                || self.has_events()
                || self.conversation.has_work(&self.ends, now)
                || self.has_deadline(now))
    }

    /// When it has something to do though nothing happens.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        if self.ending.is_some() {
            return None;
        }
        if self.is_new {
            return Some(self.options.starts);
        }
        self.conversation.next_deadline(&self.ends)
    }

    pub(crate) fn connect(&mut self, link: Option<Rc<RefCell<Link>>>) {
        let now = self.clock.get();
        self.connecting = None;
        self.signs.sent = now;
        self.is_new = true;
        let Some(link) = link else {
            self.has_failed = true;
            return self.conversation.handle_connect_failed(now);
        };
        self.ends.server = Some(Source::new(SocketEnd::new(&link, CLIENT)));
        self.conversation.handle_connected(now);
        self.links.push(link);
        self.scanned = 0;
    }

    /// One round of the loop; returns whether a connection is to be made.
    pub(crate) fn run_turn(&mut self) -> bool {
        let now = self.clock.get();
        let is_driven = std::mem::take(&mut self.is_new) || self.has_events();
        let before = (self.snapshot(), self.readiness());
        self.apply_events();
        let connects = self.conversation.wants_connection(now) && self.connecting.is_none();
        if connects {
            self.conversation.handle_connecting();
        }
        self.turn();
        let after = (self.snapshot(), self.readiness());
        let moves = before != after || after.0.outcome.is_some();
        assert!(is_driven || connects || moves, "spin: {before:?}");
        let server = self.ends.server.as_ref();
        assert!(
            after.0.outcome.is_some() || server.is_none_or(|server| !server.can_push()),
            "it is not pushed: {before:?}"
        );
        self.note_signs(&before.0, &after.0);
        self.check_bounds();
        self.turns += 1;
        if let Some(outcome) = self.conversation.outcome(now) {
            self.leave(outcome);
        }
        connects && self.ending.is_none()
    }

    /// Whatever could have been announced and was not: nothing may move for that.
    pub(crate) fn check_no_event_is_missed(&mut self) {
        if self.link().is_some_and(|link| link.borrow().will_announce(CLIENT)) {
            return;
        }
        let before = self.snapshot();
        let all = Events { readable: true, writable: true, ..Events::default() };
        if let Some(server) = &mut self.ends.server {
            all.apply(server);
        }
        all.apply(&mut self.ends.input);
        all.apply(&mut self.ends.output);
        self.turn();
        let after = self.snapshot();
        assert!(before == after, "lost wake-up: {before:?} -> {after:?}");
    }

    fn apply_events(&mut self) {
        if let Some(server) = &mut self.ends.server {
            let events = server.transport().link().borrow_mut().take_events(CLIENT);
            events.apply(server);
        }
        let events = self.typing.borrow_mut().take_events();
        events.apply(&mut self.ends.input);
        let events = self.shown.borrow_mut().take_events();
        events.apply(&mut self.ends.output);
    }

    fn turn(&mut self) {
        let read = self.typing.borrow().read.len();
        if let Err(error) = self.conversation.turn(&mut self.ends, self.clock.get()) {
            assert_eq!(error, Broken::NoReader);
            self.conversation.handle_unseen();
        }
        let events = self.conversation.take_events();
        let has_given_up = self.conversation.refusal().is_some_and(|refusal| refusal.message.is_none());
        let is_asked = events.contains(&Event::Taken) && self.options.input.is_interactive();
        if is_asked || has_given_up && self.asked_at.is_empty() {
            let lines = self.typing.borrow().read[..read].iter().filter(|&&byte| byte == b'\n').count();
            self.asked_at.push((self.links.len().saturating_sub(1), lines));
        }
        self.events.extend(events);
    }

    fn leave(&mut self, outcome: Outcome) {
        let now = self.clock.get();
        let heard_all = self.heard();
        let unsaid = self.conversation.leave(&mut self.ends, now).unwrap_or_default();
        let was_blocked = self.ends.output.is_blocked() || self.shown.borrow().is_gone;
        let status = outcome.status(unsaid, self.conversation.is_interactive());
        let refused = self.conversation.refusal();
        let refused = refused.and_then(|refusal| Some((refusal.message?, refusal.name.to_vec())));
        self.ending = Some(Ending { outcome, unsaid, status, refused, at: now, was_blocked });
        crate::checks::check_ending(self, &heard_all);
    }

    fn note_signs(&mut self, before: &Snapshot, after: &Snapshot) {
        let now = self.clock.get();
        if after.typed != before.typed || self.typing.borrow().ended == Some(now) {
            self.signs.typed = now;
        }
        if after.written != before.written || after.has_server != before.has_server {
            self.signs.sent = now;
        }
        let Some(link) = self.links.last() else { return };
        let link = link.borrow();
        let new = &link.read_by(CLIENT)[self.scanned..];
        let whole = whole(new);
        for line in new[..whole].split_inclusive(|&byte| byte == b'\n').filter(|line| is_answer(line)) {
            // Whoever is turned away when it comes back has got nothing, nor has who is let in again and
            // again.
            let is_return = line.starts_with(b"HELLO") && self.links.len() > 1;
            let may_be_none = is_return || line.starts_with(b"IN-USE") || line.starts_with(b"BUSY");
            let sign = if may_be_none { &mut self.signs.sent } else { &mut self.signs.answer };
            *sign = now;
            if line.starts_with(b"BUSY") {
                break; // What a full server says after that is nothing.
            }
        }
        self.scanned += whole;
    }

    /// No queue grows beyond its bound, whatever the others do.
    fn check_bounds(&self) {
        const FULL: usize = 64 * 1024;
        const PIECE: usize = 32 * 1024;
        const CHUNK: usize = chinwag::wire::lines::CHUNK;
        let held = self.conversation.held();
        let longest = self.longest;
        // Names are shown in one piece, also those that are none.
        assert!(held.to_show <= FULL + 4 * PIECE + 4096 + longest, "{held:?}");
        let kept = if self.asked_at.is_empty() { 0 } else { longest };
        assert!(held.to_send <= FULL + PIECE + 1024 + kept, "{held:?}");
        // A ring that is full of a part of a line is made twice as large, and then filled.
        assert!(held.typed <= 2 * (longest + FULL) + CHUNK, "{held:?}");
        assert!(held.incoming <= 1024 * 1024, "{held:?}");
    }

    fn snapshot(&self) -> Snapshot {
        let now = self.clock.get();
        let lengths = |link: &Rc<RefCell<Link>>| {
            let link = link.borrow();
            (link.read_by(CLIENT).len(), link.written(CLIENT).len(), link.moved(CLIENT))
        };
        let (read, written, moved) = self.links.last().map_or((0, 0, [0; 2]), lengths);
        Snapshot {
            held: self.conversation.held(),
            read,
            written,
            moved,
            typed: self.typing.borrow().read.len(),
            shown: self.shown.borrow().bytes.len(),
            outcome: self.conversation.outcome(now),
            has_server: self.ends.server.is_some(),
            wants_connection: self.conversation.wants_connection(now),
            events: self.events.len(),
            deadline: self.conversation.next_deadline(&self.ends),
        }
    }

    fn readiness(&self) -> [bool; 6] {
        let server = self.ends.server.as_ref();
        let Ends { input, output, .. } = &self.ends;
        [
            server.is_some_and(Source::is_readable),
            server.is_some_and(Source::is_writable),
            server.is_some_and(Source::is_ending),
            input.is_readable(),
            output.is_writable(),
            input.is_ending(),
        ]
    }
}

/// Whether a line of the server answers a request.
pub(crate) fn is_answer(line: &[u8]) -> bool {
    let answers: [&[u8]; 5] = [b"HELLO", b"LIST-OK", b"SEND-OK", b"IN-USE", b"BUSY"];
    let (header, _) = oracle::answer(line.strip_suffix(b"\n").unwrap_or(line));
    answers.contains(&header) || header.starts_with(b"BAD")
}

fn look(input: InputKind) -> Look {
    if input != InputKind::Keys {
        return Look::default();
    }
    Look {
        terminal: true,
        style: Style { escape: Some(Rule::Harmful), ..Style::default() },
        ..Look::default()
    }
}
