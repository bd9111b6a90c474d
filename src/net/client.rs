//! One thread, one poll: socket, standard input and standard output of the client, and, with
//! `--host`, the server it runs.
//!
//! Everything registered is edge-triggered. What an event says is kept ("a read may bring
//! something") until a call proves otherwise; what is done with it follows from the state alone,
//! in `Client::turn`:
//!
//! ```text
//!   receive:  socket --> incoming --> session --> screen --> standard output
//!   listen:   standard input --> typed --> session --> outbox --> socket
//! ```
//!
//! Back-pressure is the same both ways: a full screen takes no reply, so the socket is not read; a
//! full outbox takes no command, so standard input is not read.

use super::connection::Connection;
use super::failure::Failure;
use super::host::Outcome;
use super::input::Input;
use super::journal::Journal;
use super::log as logging;
use super::options::Options;
use super::output::Output;
use super::raw_mode;
use super::server::Server;
use super::tty::{Demand, Tty};
use crate::client::retry::Retry;
use crate::client::session::{Disconnect, Ending, Session};
use crate::ui::display::Style;
use crate::ui::screen::{Look, Screen};
use crate::wire::lines::Lines;
use crate::wire::outbox::Outbox;
use mio::event::Event;
use mio::{Events, Poll, Token};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const SOCKET: Token = Token(0);
const INPUT: Token = Token(1);
const OUTPUT: Token = Token(2);
const SIGNALS: Token = Token(3);
/// The server of `--host` has the tokens from here on.
pub(crate) const SERVER: usize = 16;

/// So often a source is read in one turn before the others are looked at.
const READS_PER_TURN: usize = 16;

/// A log that standard error did not take is tried again after this time.
const LOG_RETRY: Duration = Duration::from_millis(100);

/// The client as it runs.
pub(crate) struct Client {
    poll: Poll,
    session: Session,
    connection: Connection,
    /// How the connection has ended, until everything that came before its end is shown.
    ended: Option<io::Result<()>>,
    retry: Retry,
    incoming: Lines,
    /// The session did not take the first reply, for want of room on the screen.
    refused: bool,
    outbox: Outbox,
    input: Input,
    screen: Screen,
    output: Output,
    /// The terminal, if the typed line is edited here.
    tty: Option<Tty>,
    /// The poll has an event for the terminal.
    signaled: bool,
    journal: Journal,
    linger: Duration,
    /// When the last sign of life came that lingering waits for (spec C3).
    last_progress: Instant,
    /// A signal asks to end.
    killed: Option<i32>,
    /// The server, `host:port`, for messages.
    target: String,
    server: Option<Server>,
}

impl Client {
    /// A client of `target`, which has these addresses, with everything registered.
    ///
    /// # Errors
    /// When the log file cannot be opened, or the system has no standard input or output for us.
    pub(crate) fn new(
        options: &Options,
        target: String,
        addresses: Vec<SocketAddr>,
        poll: Poll,
        server: Option<Server>,
    ) -> Result<Self, Failure> {
        let input = Input::new(poll.registry(), INPUT).map_err(Failure::local("standard input"))?;
        let output = Output::new(poll.registry(), OUTPUT).map_err(Failure::local("standard output"))?;
        let mut screen = Screen::new(look(options, output.is_terminal()));
        let journal = Journal::open(options, &mut screen)?;
        let edits = input.is_terminal() && output.is_terminal() && options.edits() && raw_mode::makes_sense();
        let tty = if edits {
            Some(Tty::take(poll.registry(), SIGNALS, &mut screen).map_err(Failure::local("the terminal"))?)
        } else {
            None
        };
        journal.tell_time(&mut screen);
        let name = options.name.as_deref().map(str::as_bytes);
        let session = Session::new(name, options.reconnect, &mut screen);
        Ok(Self {
            poll,
            session,
            connection: Connection::new(addresses, options.connect_timeout, SOCKET),
            ended: None,
            retry: Retry::default(),
            incoming: Lines::new(options.max_message),
            refused: false,
            outbox: Outbox::new(),
            input,
            screen,
            output,
            tty,
            signaled: false,
            journal,
            linger: options.linger,
            last_progress: Instant::now(),
            killed: None,
            target,
            server,
        })
    }

    /// Runs until the user leaves, the server is full, or something breaks.
    pub(crate) fn run(mut self) -> Result<Outcome, Failure> {
        let result = self.run_turns();
        self.screen.leave();
        let shown = self.show();
        self.connection.write(&mut self.outbox);
        self.connection.close(self.poll.registry());
        let unshown = self.screen.waiting().len();
        let works = shown.is_ok() && !matches!(result, Err(Failure::Local { .. }));
        if unshown > 0 && works && !self.output.is_gone() {
            log::error!("standard output took no more: {unshown} bytes were not shown");
        }
        result.and_then(|outcome| shown.map(|()| outcome))
    }

    fn run_turns(&mut self) -> Result<Outcome, Failure> {
        let mut events = Events::with_capacity(64);
        loop {
            let busy = self.turn()?;
            if let Some(outcome) = self.outcome() {
                return Ok(outcome);
            }
            let timeout = if busy { Some(Duration::ZERO) } else { self.timeout() };
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    return Err(Failure::local("the poll")(error));
                }
                _ => events.iter().for_each(|event| self.handle_event(event)),
            }
        }
    }

    fn handle_event(&mut self, event: &Event) {
        match event.token() {
            SOCKET => self.connection.handle_event(event),
            INPUT => self.input.handle_event(event),
            OUTPUT => self.output.handle_event(event, self.poll.registry()),
            SIGNALS => self.signaled = true,
            _ => {
                if let Some(server) = &mut self.server {
                    server.handle_event(event);
                }
            }
        }
    }

    /// Does what can be done now. Returns whether more of it is left.
    fn turn(&mut self) -> Result<bool, Failure> {
        let unanswered = self.session.unanswered();
        let hosting = self.server.as_mut().is_some_and(|server| server.turn(self.poll.registry()));
        self.journal.tell_time(&mut self.screen);
        self.obey()?;
        self.connect()?;
        self.receive()?;
        self.listen();
        let unsent = self.outbox.len();
        self.connection.write(&mut self.outbox);
        self.report();
        self.show()?;
        self.obey()?;
        if self.outbox.len() < unsent || self.session.unanswered() < unanswered {
            self.made_progress();
        }
        let connecting = self.connection.is_closed() && self.can_connect(Instant::now());
        Ok(hosting || connecting || self.can_receive() || self.can_listen())
    }

    /// Makes the connection that the session wants.
    fn connect(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        if self.connection.is_closed() && !self.can_connect(now) {
            return Ok(());
        }
        let registry = self.poll.registry();
        self.retry.start();
        let opened = if self.connection.is_closed() { self.connection.open(registry, now) } else { Ok(()) };
        match opened.and_then(|()| self.connection.advance(registry, now)) {
            Ok(true) => {
                self.session.handle_connected(&mut self.outbox, &mut self.screen);
                self.made_progress();
            }
            Ok(false) => {}
            Err(error) if self.session.is_returning() => {
                log::info!("{}: {error}", self.target);
                self.retry.schedule(now);
            }
            Err(error) => return Err(Failure::Connect { server: self.target.clone(), error }),
        }
        Ok(())
    }

    /// From the socket to the screen.
    fn receive(&mut self) -> Result<(), Failure> {
        for _ in 0..READS_PER_TURN {
            self.take_replies();
            self.show()?;
            if self.refused || !self.connection.is_readable() || self.is_leaving() {
                break;
            }
            match self.connection.read(&mut self.incoming) {
                Ok(1..) => {}
                Ok(0) => self.end_connection(Ok(())),
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(error) => self.end_connection(Err(error)),
            }
        }
        if self.session.take_rebuff() {
            self.end_connection(Ok(()));
        }
        let stuck = self.refused || !self.screen.waiting().is_empty();
        if stuck && !self.has_lingered() || self.session.over() == Some(Ending::Full) {
            return Ok(());
        }
        self.ended.take().map_or(Ok(()), |result| self.handle_disconnected(result))
    }

    fn take_replies(&mut self) {
        let returning = self.session.is_returning();
        self.refused = !self.session.handle_replies(&mut self.incoming, &mut self.outbox, &mut self.screen);
        if returning && !self.session.is_returning() {
            self.retry = Retry::default();
            logging::say("chinwag", &format_args!("connected to {} again", self.target));
        }
    }

    fn end_connection(&mut self, result: io::Result<()>) {
        self.connection.close(self.poll.registry());
        self.ended = Some(result);
    }

    fn handle_disconnected(&mut self, result: io::Result<()>) -> Result<(), Failure> {
        self.incoming.clear();
        let was_returning = self.session.is_returning();
        match self.session.handle_disconnected(&mut self.outbox) {
            Disconnect::Expected => {
                log::info!("{} closed the connection after a refused log-in", self.target);
                Ok(())
            }
            Disconnect::Lost => Err(Failure::Lost { server: self.target.clone(), error: result.err() }),
            Disconnect::Again { unanswered } => {
                self.retry.schedule(Instant::now());
                if !was_returning {
                    self.say_lost(unanswered);
                }
                Ok(())
            }
        }
    }

    fn say_lost(&self, unanswered: u64) {
        let target = &self.target;
        logging::say("chinwag", &format_args!("the connection to {target} was lost: trying to come back"));
        if unanswered > 0 {
            let text = format_args!("{unanswered} requests were not answered: they may not have arrived");
            logging::say("chinwag", &text);
        }
    }

    /// From standard input to the outbox.
    fn listen(&mut self) {
        for _ in 0..READS_PER_TURN {
            self.take_input();
            if !self.input.can_read() {
                return;
            }
            self.input.read(&mut self.screen);
        }
    }

    fn take_input(&mut self) {
        let Self { input, session, outbox, screen, .. } = self;
        let echoed = input.is_terminal();
        input.drain(|line| {
            if echoed && session.is_ready_for_input(outbox, screen) {
                screen.prompt_answered();
            }
            session.handle_input(line, outbox, screen)
        });
        if session.over() == Some(Ending::Left) {
            input.quit();
        }
    }

    fn show(&mut self) -> Result<(), Failure> {
        self.screen.settle();
        self.journal.write(&mut self.screen);
        let waiting = self.screen.waiting();
        let before = waiting.len();
        self.output.write(waiting, self.poll.registry()).map_err(Failure::local("standard output"))?;
        if self.screen.waiting().len() < before {
            self.made_progress();
        }
        Ok(())
    }

    /// Does what signals, and the keys that stand for them, ask for.
    fn obey(&mut self) -> Result<(), Failure> {
        let key = self.input.take_signal();
        let Some(tty) = self.tty.as_mut().filter(|_| self.signaled || key.is_some()) else { return Ok(()) };
        let mut demands = if std::mem::take(&mut self.signaled) { tty.demands() } else { Vec::new() };
        demands.extend(key.map(Demand::from));
        for demand in demands {
            match demand {
                Demand::End(signal) => self.killed = Some(signal),
                Demand::Stop => self.stop()?,
                Demand::Redraw => {
                    if let Some(tty) = &mut self.tty {
                        tty.redraw(&mut self.screen);
                    }
                }
            }
        }
        self.show()
    }

    fn stop(&mut self) -> Result<(), Failure> {
        self.screen.suspend();
        let waiting = self.screen.waiting();
        self.output.write(waiting, self.poll.registry()).map_err(Failure::local("standard output"))?;
        if let Some(tty) = &mut self.tty {
            tty.stop(&mut self.screen);
        }
        Ok(())
    }

    /// Lets the log appear between the lines of the screen where both are the same terminal.
    fn report(&mut self) -> bool {
        if self.screen.is_editing() && logging::is_terminal() {
            return !self.screen.is_between_lines() || logging::take(|lines| self.screen.show_aside(lines));
        }
        logging::flush()
    }

    /// A sign of life: only who wants to leave cares when it was.
    fn made_progress(&mut self) {
        if self.input.over_since().is_some() {
            self.last_progress = Instant::now();
        }
    }

    fn can_connect(&self, now: Instant) -> bool {
        self.session.wants_connection() && self.ended.is_none() && !self.retry.is_waiting(now)
    }

    fn can_receive(&self) -> bool {
        if self.refused {
            !self.screen.is_full()
        } else {
            self.connection.is_readable() && !self.is_leaving()
        }
    }

    fn can_listen(&self) -> bool {
        let offer = self.input.is_refused() && self.session.is_ready_for_input(&self.outbox, &self.screen);
        offer || self.input.can_read()
    }

    /// Whether nothing is left but to show what waits: everything asked was answered.
    fn is_leaving(&self) -> bool {
        self.input.is_exhausted() && self.session.is_settled() && self.outbox.is_empty()
    }

    /// How the run ends, if it does now.
    fn outcome(&mut self) -> Option<Outcome> {
        if let Some(signal) = self.killed {
            return Some(Outcome::Killed(signal));
        }
        if self.output.is_gone() {
            return Some(Outcome::Left);
        }
        let shown = self.screen.waiting().is_empty();
        if self.session.over() == Some(Ending::Full) {
            return (shown || self.has_lingered()).then_some(Outcome::Full);
        }
        let now = self.input.is_terminal() && self.input.wants_to_leave();
        (now || self.is_leaving() && shown || self.has_lingered()).then_some(Outcome::Left)
    }

    /// When to leave without the answers that have not come (spec C3).
    fn linger_deadline(&self) -> Option<Instant> {
        let since = self.input.over_since()?;
        // Who only comes to the end of a script has time until the connection stands.
        let waits = self.connection.is_open() || self.connection.is_closed() || self.input.is_quitting();
        waits.then(|| since.max(self.last_progress) + self.linger)
    }

    fn has_lingered(&self) -> bool {
        self.linger_deadline().is_some_and(|deadline| deadline <= Instant::now())
    }

    /// How long nothing has to be done if nothing happens.
    fn timeout(&mut self) -> Option<Duration> {
        let log = (!self.report()).then(|| Instant::now() + LOG_RETRY);
        let retry = self.retry.deadline().filter(|_| self.connection.is_closed());
        let server = self.server.as_ref().and_then(Server::next_deadline);
        let deadlines = [self.connection.deadline(), self.linger_deadline(), retry, server, log];
        let next = deadlines.into_iter().flatten().min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }
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
