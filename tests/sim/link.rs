//! A connection between a client and a server: two pipes with delays, bounded buffers and faults, and the
//! events that a poll would bring for them.
//!
//! Events are edges, as epoll's: one comes when something arrives, or when there is room after a write
//! that found none, and not again before the next change.

use crate::random::Random;
use crate::seal::{Seal, SealOptions};
use chinwag::wire::source::{Source, Stop, Transport};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

pub(crate) type Clock = Rc<Cell<Duration>>;

pub(crate) const CLIENT: usize = 0;
pub(crate) const SERVER: usize = 1;

/// Why a transport of this world breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The connection was reset.
    Reset,
    /// It has ended, and nobody has said that it would.
    CutOff,
    /// Nobody reads any more.
    NoReader,
}

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self:?}")
    }
}

/// What the next poll says about one end.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Events {
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    pub(crate) ending: bool,
    /// The connection was reset: always together with all others.
    pub(crate) broken: bool,
}

impl Events {
    pub(crate) fn any(self) -> bool {
        self.readable || self.writable || self.ending
    }

    pub(crate) fn apply<T: Transport>(self, source: &mut Source<T>) {
        if self.readable {
            source.handle_readable();
        }
        if self.ending {
            source.handle_ending();
        }
        if self.writable {
            source.handle_writable();
        }
    }
}

/// How links are in a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinkOptions {
    /// What each direction holds, in bytes.
    pub(crate) capacity: usize,
    /// What is written arrives after at most so many milliseconds.
    pub(crate) delay: usize,
    /// A layer of the transport holds bytes of its own, as a decoder does: reads bring any part of what is
    /// there, and no event says that there is more.
    pub(crate) is_layered: bool,
    /// Writes are taken in part.
    pub(crate) writes_short: bool,
    /// The end is not announced together with the last bytes, but later.
    pub(crate) announces_end_late: bool,
    /// Both sides talk through a layer of this kind.
    pub(crate) seal: Option<SealOptions>,
}

#[derive(Debug)]
enum Parcel {
    Bytes(Vec<u8>),
    Fin,
    Reset { destroys: bool },
    Announcement,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Fin,
    Reset,
}

/// One direction.
#[derive(Debug, Default)]
struct Pipe {
    on_the_way: VecDeque<(Duration, Parcel)>,
    way_len: usize,
    here: VecDeque<u8>,
    end: Option<End>,
    /// The reader has gone: what comes is dropped.
    is_abandoned: bool,
    /// The writer found no room, and waits for an event.
    is_awaited: bool,
    /// The writer has ended it, or may not write any more.
    is_closed: bool,
    /// What was written to, and read from, whatever is on top of the link.
    written: Vec<u8>,
    read: Vec<u8>,
    /// How many bytes went into it, and came out of it.
    moved: [usize; 2],
    /// The reader has come to its end.
    end_was_read: bool,
}

/// A connection, with a pipe from each side to the other.
#[derive(Debug)]
pub(crate) struct Link {
    options: LinkOptions,
    random: Random,
    clock: Clock,
    /// By the side that writes.
    pipes: [Pipe; 2],
    /// By the side that polls.
    events: [Events; 2],
    stalled_until: Duration,
    /// A fault broke it, or will.
    pub(crate) is_cut: bool,
    /// Who dropped its end.
    gone: [bool; 2],
}

impl Link {
    /// A connection that stands.
    pub(crate) fn new(options: LinkOptions, random: Random, clock: &Clock) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            options,
            random,
            clock: Rc::clone(clock),
            pipes: [Pipe::default(), Pipe::default()],
            events: [Events::default(); 2],
            stalled_until: Duration::ZERO,
            is_cut: false,
            gone: [false; 2],
        }))
    }

    pub(crate) fn take_events(&mut self, side: usize) -> Events {
        std::mem::take(&mut self.events[side])
    }

    pub(crate) fn events(&self, side: usize) -> Events {
        self.events[side]
    }

    /// An event about nothing.
    pub(crate) fn pretend(&mut self, side: usize, events: Events) {
        let pending = &mut self.events[side];
        pending.readable |= events.readable;
        pending.writable |= events.writable;
        pending.ending |= events.ending;
    }

    /// In short, for whoever looks into a failure.
    pub(crate) fn state(&self) -> String {
        let pipe =
            |pipe: &Pipe| format!("{} on the way, {} here, {:?}", pipe.way_len, pipe.here.len(), pipe.end);
        let [one, other] = &self.pipes;
        format!("to the server: {}; back: {}; gone: {:?}", pipe(one), pipe(other), self.gone)
    }

    /// Whether there is room for all that anybody says here but the longest messages.
    pub(crate) fn is_wide(&self) -> bool {
        self.options.capacity > 200_000
    }

    pub(crate) fn is_layered(&self) -> bool {
        self.options.is_layered
    }

    /// How many bytes the side has moved, sealed ones and those that are no text too.
    pub(crate) fn moved(&self, side: usize) -> [usize; 2] {
        [self.pipes[side].moved[0], self.pipes[1 - side].moved[1]]
    }

    /// All that the side has written.
    pub(crate) fn written(&self, side: usize) -> &[u8] {
        &self.pipes[side].written
    }

    /// All that the side has read.
    pub(crate) fn read_by(&self, side: usize) -> &[u8] {
        &self.pipes[1 - side].read
    }

    /// Whether the side has read up to the end.
    pub(crate) fn was_read_to_the_end(&self, side: usize) -> bool {
        self.pipes[1 - side].end_was_read
    }

    /// Whether the side has dropped its end.
    pub(crate) fn is_gone(&self, side: usize) -> bool {
        self.gone[side]
    }

    /// Whether nothing will ever happen here.
    pub(crate) fn is_over(&self) -> bool {
        self.gone == [true; 2]
    }

    /// Whether the side has bytes to read up to an end that is still to be announced.
    pub(crate) fn will_announce(&self, side: usize) -> bool {
        let way = &self.pipes[1 - side].on_the_way;
        way.iter().any(|(_, parcel)| matches!(parcel, Parcel::Announcement))
    }

    /// When something arrives, at the earliest.
    pub(crate) fn next_arrival(&self) -> Option<Duration> {
        let fronts = self.pipes.iter().filter_map(|pipe| pipe.on_the_way.front());
        fronts.map(|(at, _)| *at).min().map(|at| at.max(self.stalled_until))
    }

    /// Lets arrive what is due.
    pub(crate) fn advance(&mut self) {
        let now = self.clock.get();
        if now < self.stalled_until {
            return;
        }
        for writer in [CLIENT, SERVER] {
            while self.pipes[writer].on_the_way.front().is_some_and(|(at, _)| *at <= now) {
                if let Some((_, parcel)) = self.pipes[writer].on_the_way.pop_front() {
                    self.arrive(writer, parcel);
                }
            }
        }
    }

    fn arrive(&mut self, writer: usize, parcel: Parcel) {
        let reader = 1 - writer;
        let pipe = &mut self.pipes[writer];
        let events = &mut self.events[reader];
        match parcel {
            Parcel::Bytes(bytes) => {
                if pipe.is_abandoned {
                    pipe.way_len -= bytes.len();
                    self.wake_writer(writer);
                } else if pipe.end.is_none() {
                    pipe.way_len -= bytes.len();
                    pipe.here.extend(bytes);
                    events.readable = true;
                }
            }
            Parcel::Fin => {
                if pipe.end.is_none() {
                    pipe.end = Some(End::Fin);
                    events.readable = true;
                    events.ending |= !self.options.announces_end_late;
                }
                if self.options.announces_end_late {
                    let at = self.clock.get() + self.random.millis(20);
                    self.pipes[writer].on_the_way.push_back((at, Parcel::Announcement));
                }
            }
            Parcel::Announcement => events.ending = true,
            Parcel::Reset { destroys } => {
                if destroys {
                    // What is lost makes no room: nobody says that it has arrived.
                    pipe.way_len += pipe.here.len();
                    pipe.here.clear();
                }
                pipe.end = Some(End::Reset);
                *events = Events { readable: true, writable: true, ending: true, broken: true };
                self.pipes[reader].is_closed = true;
            }
        }
    }

    fn wake_writer(&mut self, writer: usize) {
        let pipe = &mut self.pipes[writer];
        if pipe.is_awaited && pipe.way_len + pipe.here.len() < self.options.capacity {
            pipe.is_awaited = false;
            self.events[writer].writable = true;
        }
    }

    /// Breaks it: each side is told at its own time. What is on the way may be lost, from any byte on.
    pub(crate) fn cut(&mut self, server_learns_after: Duration) {
        self.is_cut = true;
        let destroys = self.random.percent(50);
        for writer in [CLIENT, SERVER] {
            let kept = self.random.below(self.pipes[writer].way_len + 1);
            let kept = if self.random.percent(50) { 0 } else { kept };
            self.keep(writer, kept);
            let learns = if writer == CLIENT { server_learns_after } else { self.random.millis(30) };
            let at = self.arrival().max(self.clock.get() + learns);
            self.post_at(writer, at, Parcel::Reset { destroys });
        }
    }

    /// A silent half: the server is told now, if it was not before.
    pub(crate) fn heal(&mut self) {
        self.stalled_until = Duration::ZERO;
        let now = self.clock.get();
        for pipe in &mut self.pipes {
            for (at, _) in &mut pipe.on_the_way {
                *at = (*at).min(now + Duration::from_millis(50));
            }
        }
    }

    /// Drops what is on the way but its first bytes.
    fn keep(&mut self, writer: usize, mut count: usize) {
        let pipe = &mut self.pipes[writer];
        for (_, parcel) in &mut pipe.on_the_way {
            if let Parcel::Bytes(bytes) = parcel {
                // It makes no room, either.
                let kept = bytes.len().min(count);
                bytes.truncate(kept);
                count -= kept;
            }
        }
        pipe.on_the_way.retain(|(_, parcel)| !matches!(parcel, Parcel::Bytes(bytes) if bytes.is_empty()));
    }

    /// Nothing passes for a while.
    pub(crate) fn stall(&mut self, time: Duration) {
        self.stalled_until = self.clock.get() + time;
    }

    fn arrival(&mut self) -> Duration {
        self.clock.get() + self.random.millis(self.options.delay)
    }

    fn post(&mut self, writer: usize, parcel: Parcel) {
        let at = self.arrival();
        self.post_at(writer, at, parcel);
    }

    fn post_at(&mut self, writer: usize, at: Duration, parcel: Parcel) {
        let way = &mut self.pipes[writer].on_the_way;
        // In order, whatever the delay.
        let at = way.back().map_or(at, |(last, _)| at.max(*last));
        way.push_back((at, parcel));
    }

    pub(crate) fn write(&mut self, writer: usize, bytes: &[u8]) -> Result<usize, Stop<Broken>> {
        let pipe = &mut self.pipes[writer];
        if pipe.is_closed {
            return Err(Stop::Broken(Broken::Reset));
        }
        let room = self.options.capacity.saturating_sub(pipe.way_len + pipe.here.len());
        if room == 0 {
            pipe.is_awaited = true;
            return Err(Stop::Blocked);
        }
        let mut count = bytes.len().min(room);
        if self.options.writes_short && self.random.percent(30) {
            count = self.random.between(1, count);
        }
        pipe.way_len += count;
        pipe.moved[0] += count;
        self.post(writer, Parcel::Bytes(bytes[..count].to_vec()));
        if self.options.seal.is_none() {
            self.note_written(writer, &bytes[..count]);
        }
        Ok(count)
    }

    pub(crate) fn note_written(&mut self, writer: usize, bytes: &[u8]) {
        self.pipes[writer].written.extend_from_slice(bytes);
    }

    /// Hands out text that a layer has read.
    pub(crate) fn open(
        &mut self,
        reader: usize,
        plain: &mut VecDeque<u8>,
        count: usize,
        near: &mut [u8],
        far: &mut [u8],
    ) {
        copy_out(plain, count, near, far, &mut self.pipes[1 - reader].read);
    }

    /// The side has learnt that no more will come.
    pub(crate) fn note_end(&mut self, reader: usize) {
        self.pipes[1 - reader].end_was_read = true;
    }

    pub(crate) fn read(
        &mut self,
        reader: usize,
        near: &mut [u8],
        far: &mut [u8],
    ) -> Result<usize, Stop<Broken>> {
        let writer = 1 - reader;
        let pipe = &mut self.pipes[writer];
        if pipe.here.is_empty() {
            pipe.end_was_read |= pipe.end.is_some();
            return match pipe.end {
                None => Err(Stop::Blocked),
                Some(End::Fin) => Ok(0),
                Some(End::Reset) => Err(Stop::Broken(Broken::Reset)),
            };
        }
        let mut count = pipe.here.len().min(near.len() + far.len());
        if self.options.is_layered {
            count = self.random.between(1, count);
        }
        let before = pipe.read.len();
        copy_out(&mut pipe.here, count, near, far, &mut pipe.read);
        if self.options.seal.is_some() {
            pipe.read.truncate(before);
        }
        pipe.moved[1] += count;
        self.wake_writer(writer);
        Ok(count)
    }

    /// The layer of a side, if there is one.
    pub(crate) fn seal(&mut self, side: usize) -> Option<Box<Seal>> {
        self.options.seal.map(|seal| Box::new(Seal::new(seal, side, self.random.split())))
    }

    /// The side drops it at once; what it wrote before can still be read.
    pub(crate) fn reset(&mut self, side: usize) {
        self.pipes[side].is_closed = true;
        self.post(side, Parcel::Reset { destroys: false });
    }

    /// The end of what the side writes, after all of it.
    pub(crate) fn end(&mut self, side: usize) {
        if !std::mem::replace(&mut self.pipes[side].is_closed, true) {
            self.post(side, Parcel::Fin);
        }
    }

    /// The side is gone. If something was left unread, the other side learns it by a reset, as from a kernel.
    pub(crate) fn drop_end(&mut self, side: usize) {
        self.gone[side] = true;
        let unread = &mut self.pipes[1 - side];
        let is_rude = !unread.here.is_empty() && !self.pipes[side].is_closed;
        let unread = &mut self.pipes[1 - side];
        unread.is_abandoned = true;
        unread.here.clear();
        unread.end_was_read = true;
        if is_rude {
            self.pipes[side].is_closed = true;
            self.post(side, Parcel::Reset { destroys: false });
        }
        self.end(side);
        self.wake_writer(1 - side);
    }
}

/// Moves bytes out of a queue into two places, and into a record.
pub(crate) fn copy_out(
    from: &mut VecDeque<u8>,
    count: usize,
    near: &mut [u8],
    far: &mut [u8],
    record: &mut Vec<u8>,
) {
    let start = record.len();
    let (first, second) = from.as_slices();
    let split = first.len().min(count);
    record.extend_from_slice(&first[..split]);
    record.extend_from_slice(&second[..count - split]);
    from.drain(..count);
    let bytes = &record[start..];
    let split = near.len().min(count);
    near[..split].copy_from_slice(&bytes[..split]);
    far[..count - split].copy_from_slice(&bytes[split..]);
}
