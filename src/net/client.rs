//! The client's event loop: it waits, passes events on, and lets the
//! conversation move bytes. With `--host` it runs the server, too.
//!
//! One thread, one poll; everything registered is edge-triggered. What is decided is decided in the
//! pure part: here stands only what knows a descriptor, a signal or the clock.

use super::connector::{ConnectError, Connector};
use super::failure::{Failure, Words};
use super::host::Outcome;
use super::journal::Journal;
use super::log;
use super::options::Options;
use super::raw_mode;
use super::server::Server;
use super::stdio::Stdio;
use super::tty::{Demand, Tty};
use crate::client::conversation::{self, Conversation, Ends, Event, Settings};
use crate::client::frontend::Frontend as _;
use crate::client::session::Unsaid;
use crate::ui::display::Style;
use crate::ui::screen::{Look, Screen};
use crate::wire::source::Source;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustix::io::Errno;
use signal_hook::consts::SIGINT;
use std::io;
use std::time::{Duration, Instant};

pub(crate) const SOCKET: Token = Token(0);
pub(crate) const LOOK_UP: Token = Token(4);
const INPUT: Token = Token(1);
const OUTPUT: Token = Token(2);
const SIGNALS: Token = Token(3);
/// The server of `--host` has the tokens from here on.
pub(crate) const SERVER: usize = 16;

/// A log that standard error did not take is tried again after this time.
const LOG_RETRY: Duration = Duration::from_millis(100);

/// For so long the server of `--host` goes on after its owner has left, to deliver what was said last.
const LAST_DELIVERIES: Duration = Duration::from_secs(1);

/// The client as it runs.
pub(crate) struct Client {
    poll: Poll,
    start: Instant,
    conversation: Conversation<Screen>,
    ends: Ends<TcpStream, Stdio, Stdio>,
    edge: Edge,
    connector: Connector,
    /// Why no connection could be made.
    unconnected: Option<ConnectError>,
    server: Option<Server>,
    /// The server as it was given, for messages: `host`, and `host:port`.
    host: String,
    target: String,
}

/// What the conversation does not see of the place where it is held.
struct Edge {
    /// The terminal, if the typed line is edited here.
    tty: Option<Tty>,
    /// The poll has an event for the terminal.
    is_signaled: bool,
    /// A signal asks to end.
    killed: Option<i32>,
    journal: Journal,
    /// When to try again to write the log that was not taken.
    log_retry: Option<Duration>,
    /// The output is registered with the poll.
    watches_output: bool,
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
        server: Option<Server>,
    ) -> Result<Self, Failure> {
        let input = Stdio::input().map_err(Failure::local("standard input"))?;
        let output = Stdio::output().map_err(Failure::local("standard output"))?;
        let is_polled = input.register(poll.registry(), INPUT, Interest::READABLE);
        let is_polled = is_polled.map_err(Failure::local("standard input"))?;
        let mut screen = Screen::new(look(options, output.is_terminal()));
        let journal = Journal::open(options, &mut screen)?;
        journal.tell_time(&mut screen);
        let edits = input.is_terminal() && output.is_terminal() && options.edits() && raw_mode::makes_sense();
        let tty = edits.then(|| Tty::take(poll.registry(), SIGNALS, &mut screen));
        let tty = tty.transpose().map_err(Failure::local("the terminal"))?;
        let settings = Settings {
            name: options.name.as_deref().map(str::as_bytes),
            max_message: options.max_message,
            linger: options.linger,
            reconnects: options.reconnect,
            is_interactive: input.is_terminal(),
        };
        Ok(Self {
            poll,
            start: Instant::now(),
            conversation: Conversation::new(&settings, screen),
            ends: Ends {
                server: None,
                input: if is_polled { Source::new(input) } else { Source::always_ready(input) },
                output: Source::new(output),
                broken: None,
            },
            edge: Edge {
                tty,
                is_signaled: false,
                killed: None,
                journal,
                log_retry: None,
                watches_output: false,
            },
            connector,
            unconnected: None,
            server,
            host: options.address.clone(),
            target,
        })
    }

    /// Runs until the user leaves, the server is full, or something breaks.
    pub(crate) fn run(mut self) -> Result<Outcome, Failure> {
        let result = self.run_turns();
        self.serve_last_requests();
        let left = self.leave();
        self.finish_hosting();
        self.judge(result?, left?)
    }

    fn run_turns(&mut self) -> Result<Option<conversation::Outcome>, Failure> {
        let mut events = Events::with_capacity(64);
        loop {
            let now = self.start.elapsed();
            self.turn(now)?;
            let outcome = self.conversation.outcome(now);
            if outcome.is_some() || self.edge.killed.is_some() {
                return Ok(outcome);
            }
            let timeout = if self.has_work(now) { Some(Duration::ZERO) } else { self.rest(now) };
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    return Err(Failure::local("the poll")(error));
                }
                _ => events.iter().for_each(|event| self.handle_event(event)),
            }
        }
    }

    fn handle_event(&mut self, event: &mio::event::Event) {
        let is_ending = event.is_read_closed() || event.is_error();
        match event.token() {
            SOCKET => {
                if let Some(server) = &mut self.ends.server {
                    handle_readiness(server, event);
                }
            }
            INPUT => handle_readiness(&mut self.ends.input, event),
            OUTPUT => {
                self.ends.output.handle_writable();
                if is_ending && self.ends.output.transport().is_pipe() {
                    self.conversation.handle_unseen();
                }
            }
            SIGNALS => self.edge.is_signaled = true,
            _ => {
                if let Some(server) = &mut self.server {
                    server.handle_event(event);
                }
            }
        }
    }

    /// Does what can be done now.
    fn turn(&mut self, now: Duration) -> Result<(), Failure> {
        if let Some(server) = &mut self.server {
            server.turn(self.poll.registry(), now);
        }
        self.edge.journal.tell_time(self.conversation.frontend());
        self.obey_signals()?;
        self.connect(now);
        let moved = self.conversation.turn(&mut self.ends, now);
        self.note_unseen(moved)?;
        for event in self.conversation.take_events() {
            self.act_on(event)?;
        }
        self.edge.journal.write(self.conversation.frontend());
        self.show_log(now);
        self.show()
    }

    fn has_work(&self, now: Duration) -> bool {
        self.conversation.has_work(&self.ends, now)
            || self.server.as_ref().is_some_and(Server::has_work)
            || log::is_waiting() && self.edge.log_retry.is_none()
    }

    /// How long nothing has to be done if nothing happens.
    fn rest(&self, now: Duration) -> Option<Duration> {
        let server = self.server.as_ref().and_then(Server::next_deadline);
        let deadlines = [
            self.conversation.next_deadline(),
            self.connector.next_deadline(),
            server,
            self.edge.log_retry.filter(|_| log::is_waiting()),
        ];
        deadlines.into_iter().flatten().min().map(|at| at.saturating_sub(now))
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
                ::log::info!("{}: {error}", self.target);
                self.unconnected = Some(error);
                self.conversation.handle_connect_failed(now);
            }
        }
    }

    fn act_on(&mut self, event: Event) -> Result<(), Failure> {
        let target = &self.target;
        match event {
            Event::Suspend => return self.obey(Demand::Stop),
            Event::Back => log::say("chinwag", &format_args!("connected to {target} again")),
            Event::Lost { unanswered } => {
                let text = format_args!("the connection to {target} was lost: trying to come back");
                log::say("chinwag", &text);
                if unanswered > 0 {
                    log::say("chinwag", &Words(Unsaid { unanswered, unsent: 0 }));
                }
            }
        }
        Ok(())
    }

    fn show(&mut self) -> Result<(), Failure> {
        let shown = self.ends.output.flush(self.conversation.frontend().to_show());
        self.note_unseen(shown)?;
        self.watch_output()
    }

    /// A reader that has gone is a quiet end.
    fn note_unseen(&mut self, shown: io::Result<()>) -> Result<(), Failure> {
        match shown {
            Err(error) if is_gone(&error) => self.conversation.handle_unseen(),
            other => other.map_err(Failure::local("standard output"))?,
        }
        Ok(())
    }

    /// A pipe is watched all the time, because the poll says when its reader goes away. A terminal
    /// would wake the program whenever it has shown something: it is watched while it takes no more.
    fn watch_output(&mut self) -> Result<(), Failure> {
        let output = &self.ends.output;
        let wanted = output.transport().is_pipe() || output.is_blocked();
        if wanted != self.edge.watches_output {
            let registry = self.poll.registry();
            self.edge.watches_output = if wanted {
                let registered = output.transport().register(registry, OUTPUT, Interest::WRITABLE);
                registered.map_err(Failure::local("standard output"))?
            } else {
                output.transport().deregister(registry);
                false
            };
        }
        Ok(())
    }

    /// Lets the log appear between the lines of the screen where both are the same terminal.
    fn show_log(&mut self, now: Duration) {
        let screen = self.conversation.frontend();
        let is_shown = if screen.takes_keys() && log::shares_terminal_with(self.ends.output.transport()) {
            log::take(|lines| screen.show_aside(lines))
        } else {
            log::flush()
        };
        self.edge.log_retry = (!is_shown).then(|| now + LOG_RETRY);
    }

    fn obey_signals(&mut self) -> Result<(), Failure> {
        if !std::mem::take(&mut self.edge.is_signaled) {
            return Ok(());
        }
        let demands = self.edge.tty.as_mut().map(Tty::demands).unwrap_or_default();
        demands.into_iter().try_for_each(|demand| self.obey(demand))
    }

    fn obey(&mut self, demand: Demand) -> Result<(), Failure> {
        let Some(tty) = &mut self.edge.tty else { return Ok(()) };
        match demand {
            Demand::End(signal) => self.edge.killed = Some(signal),
            Demand::Redraw => tty.redraw(self.conversation.frontend()),
            Demand::Stop => {
                let screen = self.conversation.frontend();
                screen.suspend();
                let shown = self.ends.output.flush(screen.waiting());
                tty.stop(screen);
                self.note_unseen(shown)?;
            }
        }
        Ok(())
    }

    /// Writes what can be written for the last time.
    fn leave(&mut self) -> Result<Unsaid, Failure> {
        let left = self.conversation.leave(&mut self.ends, self.start.elapsed());
        self.edge.journal.write(self.conversation.frontend());
        let unshown = self.conversation.held().to_show;
        if unshown > 0 && left.is_ok() && !self.ends.output.is_broken() {
            ::log::error!("standard output took no more: {unshown} bytes were not shown");
        }
        match left {
            Err(error) if is_gone(&error) => Ok(Unsaid::default()),
            left => left.map_err(Failure::local("standard output")),
        }
    }

    /// With `--host`, what was typed last can go to the server only as fast as that takes it.
    fn serve_last_requests(&mut self) {
        let end = self.start.elapsed() + LAST_DELIVERIES;
        let mut events = Events::with_capacity(64);
        while self.server.is_some() && self.ends.server.is_some() && self.conversation.held().to_send > 0 {
            let now = self.start.elapsed();
            if now >= end || self.poll.poll(&mut events, Some(Duration::ZERO)).is_err() {
                return;
            }
            events.iter().for_each(|event| self.handle_event(event));
            if self.turn(now).is_err() {
                return;
            }
        }
    }

    /// What was said last is to reach those who are here, as far as they read it at once.
    fn finish_hosting(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let end = self.start.elapsed() + LAST_DELIVERIES;
        let mut events = Events::with_capacity(64);
        loop {
            let now = self.start.elapsed();
            let polled = self.poll.poll(&mut events, Some(Duration::ZERO));
            events.iter().for_each(|event| server.handle_event(event));
            let is_quiet = events.is_empty() && !server.has_work();
            if polled.is_err() || is_quiet || now >= end {
                return server.shut_down();
            }
            server.turn(self.poll.registry(), now);
        }
    }

    /// What the end of the conversation means for the program.
    fn judge(self, outcome: Option<conversation::Outcome>, unsaid: Unsaid) -> Result<Outcome, Failure> {
        use conversation::Outcome::{Full, Interrupted, Left, Lost, Unconnected, Unseen};
        let server = self.target;
        match outcome {
            _ if self.edge.killed.is_some() => Ok(Outcome::Killed(self.edge.killed.unwrap_or(SIGINT))),
            Some(Interrupted) => Ok(Outcome::Killed(SIGINT)),
            Some(Full) => Ok(Outcome::Full),
            Some(Lost) => Err(Failure::Lost { server, error: self.ends.broken }),
            Some(Unconnected) => Err(match self.unconnected {
                Some(ConnectError::Unknown(error)) => Failure::Unknown { host: self.host, error },
                Some(ConnectError::Refused(error)) => Failure::Connect { server, error },
                None => Failure::Connect { server, error: io::ErrorKind::NotConnected.into() },
            }),
            Some(Left) if self.ends.input.transport().is_terminal() => {
                if unsaid.unsent > 0 {
                    let unsaid = Unsaid { unanswered: 0, ..unsaid };
                    log::say("chinwag", &format_args!("left with {}", Words(unsaid)));
                }
                Ok(Outcome::Left)
            }
            Some(Left) if unsaid != Unsaid::default() => Err(Failure::Unanswered { server, unsaid }),
            Some(Left | Unseen) | None => Ok(Outcome::Left),
        }
    }
}

/// Passes on what an event says of a stream.
fn handle_readiness<T: crate::wire::source::Transport>(source: &mut Source<T>, event: &mio::event::Event) {
    if event.is_read_closed() || event.is_error() {
        source.handle_ending();
    } else if event.is_readable() {
        source.handle_readable();
    }
    if event.is_writable() || event.is_write_closed() || event.is_error() {
        source.handle_writable();
    }
}

/// Whether nobody is left who reads the output. EIO: the terminal was hung up.
fn is_gone(error: &io::Error) -> bool {
    let gone = [Errno::PIPE, Errno::IO, Errno::CONNRESET];
    gone.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

/// How the screen is to look on this standard output.
fn look(options: &Options, terminal: bool) -> Look {
    Look {
        terminal,
        style: Style {
            escape: options.escape.applies(terminal),
            color: options.color.applies(terminal && !options.no_color),
            one_line: false,
        },
        timestamps: options.timestamps,
        bell: options.bell && terminal,
    }
}
