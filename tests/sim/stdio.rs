//! The user's ends of a client: where typed bytes come from, and where shown bytes go.

use crate::link::{Broken, Clock, Events, copy_out};
use crate::random::Random;
use chinwag::wire::source::{Stop, Transport};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

/// Where the user's lines come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InputKind {
    /// All is there, and no poll reports on it.
    File,
    /// Bytes come when somebody writes them.
    Pipe,
    /// A terminal in its line mode: a line a read, echoed by it.
    Terminal,
    /// A terminal whose keys are taken one by one.
    Keys,
}

impl InputKind {
    pub(crate) fn is_interactive(self) -> bool {
        matches!(self, Self::Terminal | Self::Keys)
    }
}

/// What comes in.
#[derive(Debug)]
pub(crate) struct Typing {
    kind: InputKind,
    /// When which bytes come.
    script: VecDeque<(Duration, Vec<u8>)>,
    here: VecDeque<u8>,
    /// When the end comes, after all bytes; `None` if it does not.
    end: Option<Duration>,
    events: Events,
    /// When the poll was to report the end.
    pub(crate) announced: Option<Duration>,
    /// All that was read.
    pub(crate) read: Vec<u8>,
    /// When the end was read.
    pub(crate) ended: Option<Duration>,
    random: Random,
    clock: Clock,
}

impl Typing {
    pub(crate) fn new(
        kind: InputKind,
        script: Vec<(Duration, Vec<u8>)>,
        end: Option<Duration>,
        random: Random,
        clock: &Clock,
    ) -> Rc<RefCell<Self>> {
        let mut typing = Self {
            kind,
            script: script.into(),
            here: VecDeque::new(),
            end,
            events: Events::default(),
            announced: None,
            read: Vec::new(),
            ended: None,
            random,
            clock: Rc::clone(clock),
        };
        if kind == InputKind::File {
            typing.here = typing.script.drain(..).flat_map(|(_, bytes)| bytes).collect();
        }
        Rc::new(RefCell::new(typing))
    }

    pub(crate) fn events(&self) -> Events {
        self.events
    }

    pub(crate) fn take_events(&mut self) -> Events {
        std::mem::take(&mut self.events)
    }

    pub(crate) fn pretend_readable(&mut self) {
        self.events.readable |= self.kind != InputKind::File;
    }

    /// This is typed now.
    pub(crate) fn type_in(&mut self, bytes: &[u8]) {
        self.script.push_back((self.clock.get(), bytes.to_vec()));
    }

    /// The rest of it comes at once, and then the end.
    pub(crate) fn finish(&mut self) {
        let now = self.clock.get();
        self.script.iter_mut().for_each(|(at, _)| *at = now);
        self.end = Some(self.end.map_or(now, |end| end.min(now)));
    }

    /// Whether more may come.
    pub(crate) fn stays_open(&self) -> bool {
        self.end.is_none() || !self.script.is_empty()
    }

    pub(crate) fn next_arrival(&self) -> Option<Duration> {
        let end = self.end.filter(|_| self.announced.is_none());
        self.script.front().map(|(at, _)| *at).or(end)
    }

    pub(crate) fn advance(&mut self) {
        let now = self.clock.get();
        while self.script.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, bytes)) = self.script.pop_front() {
                self.here.extend(bytes);
                self.events.readable = true;
            }
        }
        if self.script.is_empty() && self.announced.is_none() && self.end.is_some_and(|end| end <= now) {
            self.announced = Some(now);
            self.events.readable |= self.kind != InputKind::File;
            self.events.ending |= self.kind != InputKind::File;
        }
    }
}

/// The client's end of it.
#[derive(Debug)]
pub(crate) struct InputEnd(pub(crate) Rc<RefCell<Typing>>);

impl Transport for InputEnd {
    type Error = Broken;

    fn read(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<Broken>> {
        let typing = &mut *self.0.borrow_mut();
        if typing.here.is_empty() {
            let is_over = typing.end.is_some_and(|end| end <= typing.clock.get()) && typing.script.is_empty();
            if !is_over {
                // What stays open is no file: the driver makes none of that kind.
                return Err(Stop::Blocked);
            }
            typing.ended = typing.ended.or(Some(typing.clock.get()));
            return Ok(0);
        }
        let mut count = typing.here.len().min(near.len() + far.len());
        match typing.kind {
            InputKind::Pipe => {}
            InputKind::File if typing.random.percent(80) => {}
            InputKind::Terminal => {
                let line = typing.here.iter().position(|&byte| byte == b'\n');
                count = line.map_or(count, |end| count.min(end + 1));
            }
            _ => count = typing.random.between(1, count),
        }
        copy_out(&mut typing.here, count, near, far, &mut typing.read);
        Ok(count)
    }

    fn write(&mut self, _: &[u8]) -> Result<usize, Stop<Broken>> {
        Err(Stop::Broken(Broken::NoReader))
    }

    fn drains_by_short_read(&self) -> bool {
        self.0.borrow().kind == InputKind::Pipe
    }
}

/// How an output takes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputKind {
    /// Always, all of them.
    Wide,
    /// So many at a time, and more after a while.
    Narrow { at_once: usize, every: Duration },
    /// So many, then none, until this time (if there is one), then all.
    Stuck { after: usize, until: Option<Duration> },
    /// So many, and then its reader goes away.
    Closing { after: usize },
}

/// What was shown.
#[derive(Debug)]
pub(crate) struct Shown {
    kind: OutputKind,
    pub(crate) bytes: Vec<u8>,
    room: usize,
    is_awaited: bool,
    refill: Option<Duration>,
    events: Events,
    /// Nobody reads.
    pub(crate) is_gone: bool,
    /// When bytes were taken last.
    pub(crate) last: Duration,
    random: Random,
    clock: Clock,
}

impl Shown {
    pub(crate) fn new(kind: OutputKind, random: Random, clock: &Clock) -> Rc<RefCell<Self>> {
        let room = match kind {
            OutputKind::Wide => usize::MAX,
            OutputKind::Narrow { at_once, .. } => at_once,
            OutputKind::Stuck { after, .. } | OutputKind::Closing { after } => after,
        };
        Rc::new(RefCell::new(Self {
            kind,
            bytes: Vec::new(),
            room,
            is_awaited: false,
            refill: None,
            events: Events::default(),
            is_gone: false,
            last: Duration::ZERO,
            random,
            clock: Rc::clone(clock),
        }))
    }

    pub(crate) fn is_stuck_for_ever(&self) -> bool {
        matches!(self.kind, OutputKind::Stuck { until: None, .. })
    }

    pub(crate) fn events(&self) -> Events {
        self.events
    }

    pub(crate) fn take_events(&mut self) -> Events {
        std::mem::take(&mut self.events)
    }

    pub(crate) fn pretend_writable(&mut self) {
        self.events.writable = true;
    }

    /// From now on everything is taken, unless it never is.
    pub(crate) fn heal(&mut self) {
        if !self.is_stuck_for_ever() && !self.is_gone {
            self.kind = OutputKind::Wide;
            self.open();
        }
    }

    fn open(&mut self) {
        self.room = usize::MAX;
        self.refill = None;
        self.events.writable |= std::mem::take(&mut self.is_awaited);
    }

    pub(crate) fn next_arrival(&self) -> Option<Duration> {
        self.refill
    }

    pub(crate) fn advance(&mut self) {
        if self.refill.is_none_or(|at| self.clock.get() < at) {
            return;
        }
        match self.kind {
            OutputKind::Narrow { at_once, .. } => {
                self.refill = None;
                self.room = self.random.between(1, at_once);
                self.events.writable |= std::mem::take(&mut self.is_awaited);
            }
            _ => self.open(),
        }
    }
}

/// The client's end of it.
#[derive(Debug)]
pub(crate) struct OutputEnd(pub(crate) Rc<RefCell<Shown>>);

impl Transport for OutputEnd {
    type Error = Broken;

    fn read(&mut self, _: &mut [u8], _: &mut [u8]) -> Result<usize, Stop<Broken>> {
        Err(Stop::Blocked)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<Broken>> {
        let shown = &mut *self.0.borrow_mut();
        if shown.room == 0 {
            if matches!(shown.kind, OutputKind::Closing { .. }) {
                shown.is_gone = true;
                return Err(Stop::Broken(Broken::NoReader));
            }
            shown.is_awaited = true;
            shown.refill = match shown.kind {
                OutputKind::Narrow { every, .. } => Some(shown.clock.get() + every),
                OutputKind::Stuck { until, .. } => until.map(|until| until.max(shown.clock.get())),
                _ => None,
            };
            return Err(Stop::Blocked);
        }
        let count = bytes.len().min(shown.room);
        if shown.room != usize::MAX {
            shown.room -= count;
        }
        shown.last = shown.clock.get();
        shown.bytes.extend_from_slice(&bytes[..count]);
        Ok(count)
    }
}
