//! The client's event loop: it waits, passes events on, and lets the conversation move bytes. With
//! `--host` it runs the server, too.
//!
//! One thread, one poll; everything registered is edge-triggered. What is decided is decided in the
//! pure part: here stands only what knows a descriptor or the clock.

use super::connector::{ConnectError, Connector};
use super::console::{self, Console, Tokens};
use super::failure::{self, Failure, Words};
use super::hosting::Hosted;
use super::log;
use super::options::Options;
use super::run::{Ending, Outcome};
use super::signals::Demand;
use super::stdio::Stdio;
use super::stream::Stream;
use crate::client::conversation::{Conversation, Ends, Event, Outcome as Over, Settings};
use crate::client::session::Unsaid;
use crate::ui::screen::Screen;
use crate::wire::format::note;
use crate::wire::source::{Source, Transport};
use mio::{Events, Interest, Poll, Token};
use std::io;
use std::process;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub(crate) const SOCKET: Token = Token(0);
pub(crate) const LOOK_UP: Token = Token(1);
const INPUT: Token = Token(2);
const OUTPUT: Token = Token(3);
const SIGNALS: Token = Token(4);
const JOURNAL: Token = Token(5);
/// The server of `--host` has the tokens from here on.
#[cfg(feature = "host")]
pub(crate) const SERVER: usize = 16;

/// For so long the server of `--host` goes on after its owner has left, to deliver what was said last.
const LAST_DELIVERIES: Duration = Duration::from_secs(1);

/// The client as it runs.
pub(crate) struct Client {
    poll: Poll,
    start: Instant,
    conversation: Conversation<Screen>,
    ends: Ends<Stream, Stdio, Stdio>,
    console: Console,
    connector: Connector,
    /// Why no connection could be made.
    unconnected: Option<ConnectError>,
    server: Option<Hosted>,
    /// The server, for messages.
    target: String,
}

impl Client {
    /// A client with everything registered.
    ///
    /// # Errors
    /// When the log file cannot be opened, or the system has no standard input or output for us.
    pub(crate) fn new(
        options: &Options,
        target: String,
        connector: Connector,
        poll: Poll,
        server: Option<Hosted>,
    ) -> Result<Self, Failure> {
        let registry = poll.registry();
        let send = options.send.as_ref();
        let text = send.and_then(|send| send.text.as_deref());
        let input = if text.is_some() { Stdio::nowhere() } else { Stdio::input() };
        let input = input.map_err(Failure::local("standard input"))?;
        let output = if send.is_some() { Stdio::nowhere() } else { Stdio::output() };
        let output = output.map_err(Failure::local("standard output"))?;
        let is_polled = input.register(registry, INPUT, Interest::READABLE);
        let is_polled = is_polled.map_err(Failure::local("standard input"))?;
        let tokens = Tokens { output: OUTPUT, signals: SIGNALS, journal: JOURNAL };
        let (console, screen) = Console::open(options, (&input, &output), registry, &tokens)?;
        let settings = Settings {
            name: options.name.as_deref().map(str::as_bytes),
            max_message: options.max_message,
            linger: options.linger,
            reconnects: options.reconnect,
            is_interactive: input.is_terminal() && send.is_none(),
            is_strict: options.strict || send.is_some(),
            texts_to: send.map(|send| &send.to[..]),
            to: options.to.as_deref(),
            seed: seed(),
        };
        let mut conversation = Conversation::new(&settings, screen);
        if let Some(text) = text {
            conversation.type_all(text, Duration::ZERO);
        }
        Ok(Self {
            poll,
            start: Instant::now(),
            conversation,
            ends: Ends::new(
                if is_polled { Source::new(input) } else { Source::always_ready(input) },
                Source::new(output),
            ),
            console,
            connector,
            unconnected: None,
            server,
            target,
        })
    }

    /// Runs until the user leaves, the server is full, or something breaks.
    pub(crate) fn run(mut self) -> Result<Ending, Failure> {
        let result = self.run_turns();
        self.serve_last_requests();
        let left = self.leave();
        self.finish_hosting();
        self.console.close(self.conversation.frontend(), self.start.elapsed());
        let is_lost = matches!(result, Ok(Outcome::Over(Over::Lost)));
        let command = if is_lost { self.connector.last_words() } else { None };
        let refused = self.conversation.refusal().map(|refusal| failure::refused(refusal, &self.target));
        Ok(Ending {
            outcome: result?,
            unsaid: left?,
            is_interactive: self.conversation.is_interactive(),
            refused: refused.unwrap_or_default(),
            unconnected: self.unconnected,
            broken: command.map(io::Error::from).or(self.ends.broken),
            input_broken: self.ends.input_broken,
        })
    }

    fn run_turns(&mut self) -> Result<Outcome, Failure> {
        let mut events = Events::with_capacity(64);
        loop {
            let now = self.start.elapsed();
            self.turn(now)?;
            if let Some(signal) = self.console.killed() {
                return Ok(Outcome::Killed(signal));
            }
            if let Some(outcome) = self.conversation.outcome(now) {
                return Ok(Outcome::Over(outcome));
            }
            let timeout = if self.has_work(now) { Some(Duration::ZERO) } else { self.rest(now) };
            self.wait(&mut events, timeout).map_err(Failure::local("the poll"))?;
        }
    }

    /// Does what can be done now.
    fn turn(&mut self, now: Duration) -> Result<(), Failure> {
        if let Some(server) = &mut self.server {
            server.turn(self.poll.registry(), now);
        }
        self.console.prepare(&mut self.conversation, &mut self.ends.output)?;
        self.connect(now);
        let moved = self.conversation.turn(&mut self.ends, now);
        console::note_unseen(moved, &mut self.conversation)?;
        for event in self.conversation.take_events() {
            self.act_on(event)?;
        }
        let registry = self.poll.registry();
        let finished = self.console.finish(&mut self.conversation, &mut self.ends.output, registry, now);
        self.ends.note_starved(now);
        finished
    }

    fn has_work(&self, now: Duration) -> bool {
        self.conversation.has_work(&self.ends, now)
            || self.console.has_work()
            || self.server.as_ref().is_some_and(Hosted::has_work)
    }

    /// How long nothing has to be done if nothing happens.
    fn rest(&self, now: Duration) -> Option<Duration> {
        let deadlines = [
            self.conversation.next_deadline(&self.ends),
            self.connector.next_deadline(),
            self.console.next_deadline(),
            self.server.as_ref().and_then(Hosted::next_deadline),
        ];
        deadlines.into_iter().flatten().min().map(|at| at.saturating_sub(now))
    }

    fn wait(&mut self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        match self.poll.poll(events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => events.iter().for_each(|event| self.handle_event(event)),
        }
        Ok(())
    }

    fn handle_event(&mut self, event: &mio::event::Event) {
        match event.token() {
            SOCKET => {
                if let Some(server) = &mut self.ends.server {
                    handle_readiness(server, event);
                }
            }
            INPUT => handle_readiness(&mut self.ends.input, event),
            OUTPUT => {
                self.ends.output.handle_writable();
                if event.is_error() && self.ends.output.transport().is_pipe() {
                    self.conversation.handle_unseen();
                }
            }
            // The console looks for itself.
            LOOK_UP => self.connector.handle_event(),
            SIGNALS | JOURNAL => {}
            _ => {
                if let Some(server) = &mut self.server {
                    server.handle_event(event);
                }
            }
        }
    }

    /// Makes the connection that the conversation wants.
    fn connect(&mut self, now: Duration) {
        let registry = self.poll.registry();
        if self.conversation.wants_connection(now) {
            self.conversation.handle_connecting();
            self.connector.start(registry, now);
        }
        match self.connector.advance(registry, now) {
            Ok(Some(stream)) => {
                self.ends.server = Some(Source::new(stream));
                self.ends.broken = None;
                self.conversation.handle_connected(now);
            }
            Ok(None) => {}
            Err(error) => {
                note!(Info, "{}: {error}", self.target);
                #[cfg_attr(not(feature = "tls"), expect(unused_variables, reason = "nobody is distrusted"))]
                let before = self.unconnected.replace(error);
                self.conversation.handle_connect_failed(now);
                #[cfg(feature = "tls")]
                self.say_distrust(before.as_ref(), now);
            }
        }
    }

    /// Who comes back by and by is told that the server is not the right one any more, once.
    #[cfg(feature = "tls")]
    fn say_distrust(&mut self, before: Option<&ConnectError>, now: Duration) {
        let distrust =
            |error: Option<&ConnectError>| error.and_then(ConnectError::distrust).map(str::to_owned);
        let said = distrust(self.unconnected.as_ref());
        if let Some(why) = said.as_ref().filter(|_| said != distrust(before))
            && self.conversation.outcome(now).is_none()
        {
            log::say("chinwag", why);
        }
    }

    #[cold]
    fn act_on(&mut self, event: Event) -> Result<(), Failure> {
        let target = &self.target;
        match event {
            Event::Suspend => {
                return self.console.obey(Demand::Stop, &mut self.conversation, &mut self.ends.output);
            }
            Event::Back => log::say("chinwag", &format_args!("connected to {target} again")),
            Event::Lost => {
                let text = format_args!("the connection to {target} was lost: trying to come back");
                log::say("chinwag", &text);
            }
            Event::Unanswered(unanswered) => {
                log::say("chinwag", &Words(Unsaid { unanswered, unsent: 0 }));
            }
            Event::Taken => {
                let text = format_args!("somebody else at {target} has the name by now");
                log::say("chinwag", &text);
            }
        }
        Ok(())
    }

    /// Writes what can be written for the last time.
    fn leave(&mut self) -> Result<Unsaid, Failure> {
        let now = self.start.elapsed();
        let left = self.conversation.leave(&mut self.ends, now);
        let unshown = self.conversation.held().to_show;
        if unshown > 0 && left.is_ok() && !self.ends.output.is_broken() {
            note!(Error, "standard output took no more: {unshown} bytes were not shown");
        }
        match left {
            Err(error) if console::is_gone(&error) => Ok(Unsaid::default()),
            left => left.map_err(Failure::local("standard output")),
        }
    }

    /// With `--host`, what was typed last can go to the server only as fast as that takes it.
    fn serve_last_requests(&mut self) {
        let end = self.start.elapsed() + LAST_DELIVERIES;
        let mut events = Events::with_capacity(64);
        let takes = |ends: &Ends<Stream, _, _>| ends.server.as_ref().is_some_and(|it| !it.is_broken());
        while self.server.is_some()
            && takes(&self.ends)
            && (self.conversation.held().to_send > 0 || self.ends.has_unwritten())
        {
            let now = self.start.elapsed();
            let rest = if self.has_work(now) { Duration::ZERO } else { end.saturating_sub(now) };
            let waited = self.wait(&mut events, Some(rest));
            if now >= end || waited.is_err() || self.turn(now).is_err() {
                return;
            }
        }
    }

    /// What was said last is to reach those who are here, as far as they read it at once.
    fn finish_hosting(&mut self) {
        let end = self.start.elapsed() + LAST_DELIVERIES;
        let mut events = Events::with_capacity(64);
        while let Some(server) = &mut self.server {
            let now = self.start.elapsed();
            server.turn(self.poll.registry(), now);
            let waited = self.wait(&mut events, Some(Duration::ZERO));
            let is_quiet = events.is_empty() && !self.server.as_ref().is_some_and(Hosted::has_work);
            if now >= end || waited.is_err() || is_quiet {
                break;
            }
        }
        if let Some(server) = self.server.take() {
            server.shut_down();
        }
    }
}

/// Where chance begins: elsewhere for all who are started at the same moment.
fn seed() -> u64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    time.as_nanos() as u64 ^ u64::from(process::id()) << 32
}

/// Passes on what an event says of a stream.
fn handle_readiness<T: Transport>(source: &mut Source<T>, event: &mio::event::Event) {
    if event.is_read_closed() || event.is_error() {
        source.handle_ending();
    } else if event.is_readable() {
        source.handle_readable();
    }
    if event.is_writable() || event.is_write_closed() || event.is_error() {
        source.handle_writable();
    }
}
