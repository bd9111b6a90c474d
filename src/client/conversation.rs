//! All that a client decides: when to read which end, what waits, when to come back, how long to
//! linger, how it ends.
//!
//! A conversation has three ends, the server, the input and the output. Whoever owns them says what
//! happens and what time it is, and acts on what is asked for: in a program that is an event loop, in a
//! test a simulator. After each step everything follows from the state; nothing of it is kept by hand.
//!
//! ```text
//!   wants_connection  --> make one; then handle_connected or handle_connect_failed
//!   turn              --> moves what can be moved between the three ends
//!   has_work          --> another turn would move something: do not wait
//!   next_deadline     --> a turn is due at this time, though nothing happens
//!   outcome           --> how it has ended; then leave
//! ```
//!
//! Back-pressure is the same both ways: a full screen takes no reply, so the server is not read; a full
//! outbox takes no command, so the input is not read, but for a little that may hold a
//! `!quit`. The time is a duration since any fixed point.

mod leaving;
mod link;

pub use super::ends::{Ends, Event, Held, Outcome, Settings};

use self::link::Link;
use super::frontend::{Frontend, KeyEvent};
use super::linger::Linger;
use super::retry::Retry;
use super::session::Session;
use super::takers::{Commands, Replies};
use super::typed::Typed;
use crate::wire::lines::Lines;
use crate::wire::outbox::Outbox;
use crate::wire::source::{Filled, Source, Transport};
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

/// So often an end is read in one turn before the others are looked at.
pub const READS_PER_TURN: usize = 16;

/// So many keys are taken at a time.
const KEYS: usize = 1024;

/// A conversation, whoever shows it.
///
/// A whole one, with a [hub](crate::server::hub) in the place of a network. Where there is one, a read or a write that would
/// have to wait says [`Stop::Blocked`](crate::wire::source::Stop::Blocked), an event says when it would not
/// ([`Source::handle_readable`]), and between two turns without [work](Conversation::has_work) an event loop
/// waits.
///
/// ```
/// use chinwag::client::conversation::{Conversation, Ends, Outcome, Settings};
/// use chinwag::server::hub::{Hub, Id, Limits};
/// use chinwag::ui::screen::{Look, Screen};
/// use chinwag::wire::lines::Lines;
/// use chinwag::wire::source::{Source, Stop, Transport};
/// use core::{convert::Infallible, time::Duration};
///
/// /// What is typed, and what was shown.
/// struct Console(&'static [u8], Vec<u8>);
///
/// impl Transport for Console {
///     type Error = Infallible;
///     fn read(&mut self, near: &mut [u8], _far: &mut [u8]) -> Result<usize, Stop<Infallible>> {
///         let (now, later) = self.0.split_at(self.0.len().min(near.len()));
///         near[..now.len()].copy_from_slice(now);
///         self.0 = later;
///         Ok(now.len())
///     }
///     fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<Infallible>> {
///         self.1.extend_from_slice(bytes);
///         Ok(bytes.len())
///     }
/// }
///
/// /// A connection to a server that is here.
/// struct Server(Hub, Id, Lines);
///
/// impl Transport for Server {
///     type Error = Infallible;
///     fn read(&mut self, near: &mut [u8], _far: &mut [u8]) -> Result<usize, Stop<Infallible>> {
///         let mut count = 0;
///         let take = |bytes: &[u8]| {
///             let taken = bytes.len().min(near.len() - count);
///             near[count..count + taken].copy_from_slice(&bytes[..taken]);
///             count += taken;
///             Ok::<_, Infallible>(taken)
///         };
///         let Ok(()) = self.0.drain(self.1, |outbox| outbox.drain(take).map(drop));
///         if count == 0 { Err(Stop::Blocked) } else { Ok(count) }
///     }
///     fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<Infallible>> {
///         let Self(hub, id, lines) = self;
///         lines.push(bytes);
///         lines.drain(|line| hub.handle_line(*id, line, true).wait().is_none());
///         Ok(bytes.len())
///     }
/// }
///
/// let console = |typed| Source::new(Console(typed, Vec::new()));
/// let settings = Settings { linger: Duration::from_secs(2), ..Settings::default() };
/// let mut conversation = Conversation::new(&settings, Screen::new(Look::default()));
/// let mut ends = Ends::new(console(b"ann\n@ann hi\n!quit\n"), console(b""));
/// let mut now = Duration::ZERO;
/// let outcome = loop {
///     if conversation.wants_connection(now) {
///         let mut hub = Hub::new(Limits::default(), false);
///         let id = hub.connect().unwrap();
///         ends.server = Some(Source::new(Server(hub, id, Lines::new(None))));
///         conversation.handle_connecting();
///         conversation.handle_connected(now);
///     }
///     conversation.turn(&mut ends, now)?;
///     if let Some(outcome) = conversation.outcome(now) {
///         break outcome;
///     }
///     if let Some(server) = &mut ends.server {
///         server.handle_readable();
///     }
///     now += Duration::from_millis(1);
/// };
/// conversation.leave(&mut ends, now)?;
/// assert_eq!(outcome, Outcome::Left);
/// let Console(_, shown) = ends.output.transport();
/// assert_eq!(
///     String::from_utf8_lossy(shown),
///     "Welcome to Chat Client. Enter your login: \nSuccessfully logged in as ann!\n\
///      From ann: hi\nThe message was sent successfully\n"
/// );
/// # Ok::<_, Infallible>(())
/// ```
#[derive(Debug)]
pub struct Conversation<F> {
    session: Session,
    frontend: F,
    link: Link,
    retry: Retry,
    incoming: Lines,
    outbox: Outbox,
    typed: Typed,
    linger: Linger,
    events: Vec<Event>,
    over: Option<Outcome>,
}

impl<F: Frontend> Conversation<F> {
    /// A conversation without a connection yet.
    pub fn new(settings: &Settings<'_>, mut frontend: F) -> Self {
        let mut outbox = Outbox::new();
        let session = Session::new(settings, &mut outbox, &mut frontend);
        Self {
            session,
            frontend,
            link: Link::Down,
            retry: Retry::new(settings.seed),
            incoming: Lines::new(settings.max_message),
            outbox,
            typed: Typed::new(settings.reading()),
            linger: Linger::new(settings.linger, settings.is_interactive),
            events: Vec::new(),
            over: None,
        }
    }

    /// Who shows the conversation.
    pub fn frontend(&mut self) -> &mut F {
        &mut self.frontend
    }

    /// This is all that is typed: no input is read.
    pub fn type_all(&mut self, bytes: &[u8], now: Duration) {
        self.typed.lines().push(bytes);
        self.typed.end(now);
    }

    /// Whether a line of the server would be taken, if it came.
    pub fn wants_replies(&self) -> bool {
        self.link == Link::Up
            && self.session.takes_replies()
            && self.incoming.refused().is_none()
            && !self.is_done()
    }

    /// Whether what is typed would be taken, if it came.
    pub fn wants_input(&self) -> bool {
        self.typed.wants_more()
    }

    /// Moves what can be moved between the three ends, a bounded part of it.
    ///
    /// # Errors
    /// Those of the output.
    pub fn turn<N: Transport, I: Transport, O: Transport>(
        &mut self,
        ends: &mut Ends<N, I, O>,
        now: Duration,
    ) -> Result<(), O::Error> {
        ends.try_again(now);
        self.frontend.handle_time(now);
        self.receive(ends, now)?;
        if let Some(error) = self.listen(&mut ends.input, now) {
            ends.input_broken = Some(error);
        }
        self.frontend.handle_pause();
        self.send(&mut ends.server, now);
        let shown = self.show(&mut ends.output, now);
        self.typed.note_waiting(ends.input.is_finite(), self.is_server_silent(), now);
        ends.note_starved(now);
        shown
    }

    /// Whether another turn would move something though nothing happens.
    pub fn has_work<N: Transport, I: Transport, O: Transport>(
        &self,
        ends: &Ends<N, I, O>,
        now: Duration,
    ) -> bool {
        let can_receive = self.wants_replies() && ends.server.as_ref().is_some_and(Source::is_readable);
        let can_listen = self.wants_input() && ends.input.is_readable();
        can_receive
            || can_listen
            || self.can_take_replies()
            || self.can_take_input()
            || self.can_end()
            || self.wants_connection(now)
    }

    /// When a turn is due though nothing happens, and nothing is left to be done at once.
    pub fn next_deadline<N: Transport, I: Transport, O: Transport>(
        &self,
        ends: &Ends<N, I, O>,
    ) -> Option<Duration> {
        let retry = self.retry.deadline().filter(|_| self.link != Link::Ended);
        let frontend = self.frontend.next_deadline();
        [retry, self.linger_deadline(), ends.next_deadline(), frontend].into_iter().flatten().min()
    }

    /// How much is held between the ends.
    pub fn held(&self) -> Held {
        Held {
            incoming: self.incoming.len(),
            to_show: self.frontend.to_show_len(),
            typed: self.typed.len(),
            to_send: self.outbox.len(),
        }
    }

    /// The reader of the output has gone.
    pub fn handle_unseen(&mut self) {
        self.over = Some(Outcome::Unseen);
    }

    /// What has come up since the last time.
    pub fn take_events(&mut self) -> Vec<Event> {
        mem::take(&mut self.events)
    }

    /// From the server to the screen, and on to the output.
    fn receive<N: Transport, I: Transport, O: Transport>(
        &mut self,
        ends: &mut Ends<N, I, O>,
        now: Duration,
    ) -> Result<(), O::Error> {
        self.take_replies(&mut ends.output, now)?;
        for _ in 0..READS_PER_TURN {
            let Some(server) = &mut ends.server else { break };
            if !self.wants_replies() || !server.is_readable() {
                break;
            }
            match server.fill(&mut self.incoming) {
                Filled::Bytes(_) => self.take_replies(&mut ends.output, now)?,
                Filled::End => self.link = Link::Ended,
                Filled::Broken(error) => {
                    self.link = Link::Ended;
                    ends.broken = Some(error);
                }
            }
        }
        if self.link == Link::Up {
            self.judge_connection(now);
        }
        if self.link == Link::Ended
            && let Some(server) = ends.server.take()
        {
            server.end();
        }
        if self.can_end() || self.link == Link::Ended && !self.session.is_over() && self.has_lingered(now) {
            self.handle_disconnected(now);
        }
        Ok(())
    }

    /// Takes the replies that wait, as many as can be shown.
    fn take_replies<O: Transport>(&mut self, output: &mut Source<O>, now: Duration) -> Result<(), O::Error> {
        let unanswered = self.session.unanswered();
        let (was_logged_in, was_returning) = (self.session.is_logged_in(), self.session.is_returning());
        loop {
            let Self { session, outbox, frontend, incoming, .. } = self;
            incoming.drain_to(&mut Replies { session, outbox, frontend });
            self.show(output, now)?;
            if !self.can_take_replies() {
                break;
            }
        }
        if self.session.unanswered() < unanswered {
            self.linger.handle_answer(now);
        }
        if self.session.is_logged_in() && !was_logged_in {
            self.linger.handle_progress(now);
            if self.retry.handle_logged_in(now) {
                self.events.push(Event::Back);
            }
        }
        if self.session.is_asking() && was_returning {
            self.linger.handle_progress(now);
            self.retry.start();
            self.keep_typed(now);
        }
        Ok(())
    }

    /// From the input to the outbox. Returns what has broken the input.
    fn listen<I: Transport>(&mut self, input: &mut Source<I>, now: Duration) -> Option<I::Error> {
        self.take_input(now);
        let mut broken = None;
        for _ in 0..READS_PER_TURN {
            if !self.wants_input() || !input.is_readable() {
                break;
            }
            let typed = self.typed.len();
            let filled = if self.frontend.takes_keys() {
                self.read_keys(input, now)
            } else {
                input.fill(self.typed.lines())
            };
            match filled {
                Filled::Bytes(_) => {}
                Filled::End => self.typed.end(now),
                // What came before is still sent.
                Filled::Broken(error) => {
                    self.typed.end(now);
                    broken = Some(error);
                }
            }
            if self.typed.len() > typed {
                self.retry.hurry(now);
            }
            self.take_input(now);
        }
        broken
    }

    fn read_keys<I: Transport>(&mut self, input: &mut Source<I>, now: Duration) -> Filled<I::Error> {
        let mut keys = [0; KEYS];
        let filled = input.read(&mut keys);
        let Filled::Bytes(count) = filled else { return filled };
        let mut rest = &keys[..count];
        while !rest.is_empty() && self.typed.over_since().is_none() && self.over.is_none() {
            let (taken, event) = self.typed.handle_keys(rest, &mut self.frontend, now);
            rest = &rest[taken..];
            match event {
                Some(KeyEvent::Interrupt) => self.over = Some(Outcome::Interrupted),
                Some(KeyEvent::Suspend) => self.events.push(Event::Suspend),
                _ => {}
            }
        }
        filled
    }

    fn take_input(&mut self, now: Duration) {
        let Self { session, outbox, frontend, typed, .. } = self;
        let is_echoed = self.linger.is_interactive && !frontend.takes_keys();
        typed.drain_to(&mut Commands { session, outbox, frontend, is_echoed }, now);
    }

    fn send<N: Transport>(&mut self, server: &mut Option<Source<N>>, now: Duration) {
        let Some(server) = server.as_mut().filter(|_| self.link == Link::Up) else { return };
        let unsent = self.outbox.len();
        // A connection that takes nothing any more has an end that is still to be read.
        let _ = server.flush(&mut self.outbox);
        let left = self.outbox.len();
        self.linger.handle_moved(unsent - left, left, now);
    }

    fn show<O: Transport>(&mut self, output: &mut Source<O>, now: Duration) -> Result<(), O::Error> {
        let is_awaited = self.is_done() || self.session.is_answering();
        let was_full = self.frontend.is_full();
        let to_show = self.frontend.to_show();
        let before = to_show.len();
        output.flush(to_show)?;
        let left = to_show.len();
        if is_awaited {
            self.linger.handle_moved(before - left, left, now);
        } else if self.incoming.refused().is_some() {
            self.linger.handle_others_shown(before - left, left, now);
        }
        if was_full {
            // Now there may be room for the user's line.
            output.flush(self.frontend.to_show())?;
        }
        Ok(())
    }

    fn can_take_replies(&self) -> bool {
        self.session.takes_replies() && !self.frontend.is_full() && self.incoming.refused().is_some()
    }

    fn can_take_input(&self) -> bool {
        self.typed.is_refused() && self.session.is_ready_for_input(&self.outbox, &self.frontend)
    }

    /// Whether the connection has ended and all that came before its end is shown.
    fn can_end(&self) -> bool {
        let is_shown = self.session.is_turned_away()
            || self.incoming.refused().is_none() && self.frontend.to_show_len() == 0;
        self.link == Link::Ended && is_shown && !self.session.is_over()
    }
}

#[cfg(test)]
mod tests;
