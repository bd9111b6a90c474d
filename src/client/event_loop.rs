//! One thread, one poll: socket, standard input and standard output of the client, and, with
//! `--host`, the server it runs.
//!
//! Everything registered is edge-triggered. What an event says is kept ("a read may bring
//! something") until a call proves otherwise; what is done with it follows from the state alone,
//! in [`Client::turn`]:
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
use super::input::Input;
use super::options::Options;
use super::output::Output;
use crate::display::Screen;
use crate::lines::{Line, Lines};
use crate::logging;
use crate::outbox::Outbox;
use crate::server::Server;
use crate::session::{Disconnect, Ending, Session};
use mio::event::Event;
use mio::{Events, Poll, Token};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const SOCKET: Token = Token(0);
const INPUT: Token = Token(1);
const OUTPUT: Token = Token(2);
/// The server of `--host` has the tokens from here on.
pub(super) const SERVER: usize = 16;

/// So often a source is read in one turn before the others are looked at.
const READS_PER_TURN: usize = 16;

/// A log that standard error did not take is tried again after this time.
const LOG_RETRY: Duration = Duration::from_millis(100);

/// The client as it runs.
pub(super) struct Client {
    poll: Poll,
    session: Session,
    connection: Connection,
    /// How the connection has ended, until everything that came before its end is shown.
    ended: Option<io::Result<()>>,
    incoming: Lines,
    /// The session did not take the first reply, for want of room on the screen.
    refused: bool,
    outbox: Outbox,
    input: Input,
    screen: Screen,
    output: Output,
    linger: Duration,
    /// When the last sign of life came that lingering waits for (spec C3).
    last_progress: Instant,
    /// The server, `host:port`, for messages.
    target: String,
    server: Option<Server>,
}

impl Client {
    /// A client of `target`, which has these addresses, with everything registered.
    ///
    /// # Errors
    /// When the system has no room for another poll, or no standard input or output.
    pub(super) fn new(
        options: &Options,
        target: String,
        addresses: Vec<SocketAddr>,
        poll: Poll,
        server: Option<Server>,
    ) -> Result<Self, Failure> {
        let input = Input::new(poll.registry(), INPUT).map_err(Failure::local("standard input"))?;
        let output = Output::new(poll.registry(), OUTPUT).map_err(Failure::local("standard output"))?;
        let terminal = output.is_terminal();
        let mut screen = Screen::new(terminal, options.escape.applies(terminal));
        let session = Session::new(options.name.as_deref().map(str::as_bytes), &mut screen);
        Ok(Self {
            poll,
            session,
            connection: Connection::new(addresses, options.connect_timeout, SOCKET),
            ended: None,
            incoming: Lines::new(options.max_message),
            refused: false,
            outbox: Outbox::new(),
            input,
            screen,
            output,
            linger: options.linger,
            last_progress: Instant::now(),
            target,
            server,
        })
    }

    /// Runs until the user leaves, the server is full, or something breaks.
    pub(super) fn run(mut self) -> Result<Ending, Failure> {
        let result = self.run_turns();
        self.screen.close_prompt();
        let shown = self.show();
        self.connection.write(&mut self.outbox);
        self.connection.close(self.poll.registry());
        let unshown = self.screen.waiting().len();
        if unshown > 0 && !self.output.is_gone() {
            log::error!("standard output took no more: {unshown} bytes were not shown");
        }
        result.and_then(|ending| shown.map(|()| ending))
    }

    fn run_turns(&mut self) -> Result<Ending, Failure> {
        let mut events = Events::with_capacity(256);
        loop {
            let busy = self.turn()?;
            if let Some(ending) = self.ending() {
                return Ok(ending);
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
        self.connect()?;
        self.receive()?;
        self.listen();
        let unsent = self.outbox.len();
        self.connection.write(&mut self.outbox);
        self.show()?;
        if self.outbox.len() < unsent || self.session.unanswered() < unanswered {
            self.made_progress();
        }
        Ok(hosting || self.can_receive() || self.can_listen())
    }

    /// Makes the connection that the session wants.
    fn connect(&mut self) -> Result<(), Failure> {
        if self.connection.is_open() || !(self.session.wants_connection() && self.ended.is_none()) {
            return Ok(());
        }
        let now = Instant::now();
        let registry = self.poll.registry();
        let opened = if self.connection.is_closed() { self.connection.open(registry, now) } else { Ok(()) };
        match opened.and_then(|()| self.connection.advance(registry, now)) {
            Ok(true) => {
                self.session.handle_connected(&mut self.outbox, &mut self.screen);
                self.made_progress();
                Ok(())
            }
            Ok(false) => Ok(()),
            Err(error) => Err(Failure::Connect { server: self.target.clone(), error }),
        }
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
        if self.refused || self.session.over() == Some(Ending::Full) {
            return Ok(());
        }
        self.ended.take().map_or(Ok(()), |result| self.handle_disconnected(result))
    }

    fn take_replies(&mut self) {
        let Self { incoming, session, screen, refused, .. } = self;
        *refused = false;
        incoming.drain(|line| match line {
            Line::Whole(line) => {
                *refused = !session.handle_reply(line, screen);
                !*refused
            }
            Line::TooLong => {
                log::error!("a message over the limit was dropped: --max-message sets the limit");
                true
            }
        });
    }

    fn end_connection(&mut self, result: io::Result<()>) {
        self.connection.close(self.poll.registry());
        self.ended = Some(result);
    }

    fn handle_disconnected(&mut self, result: io::Result<()>) -> Result<(), Failure> {
        self.incoming.clear();
        self.outbox.clear();
        match self.session.handle_disconnected() {
            Disconnect::Expected => {
                log::info!("{} closed the connection after a refused log-in", self.target);
                Ok(())
            }
            Disconnect::Lost => Err(Failure::Lost { server: self.target.clone(), error: result.err() }),
        }
    }

    /// From standard input to the outbox.
    fn listen(&mut self) {
        for _ in 0..READS_PER_TURN {
            self.take_input();
            if !self.input.can_read() {
                return;
            }
            self.input.read();
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
        let waiting = self.screen.waiting();
        let before = waiting.len();
        self.output.write(waiting, self.poll.registry()).map_err(Failure::local("standard output"))?;
        if self.screen.waiting().len() < before {
            self.made_progress();
        }
        Ok(())
    }

    /// A sign of life: only who wants to leave cares when it was.
    fn made_progress(&mut self) {
        if self.input.over_since().is_some() {
            self.last_progress = Instant::now();
        }
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
    fn ending(&mut self) -> Option<Ending> {
        if self.output.is_gone() {
            return Some(Ending::Left);
        }
        let shown = self.screen.waiting().is_empty();
        if self.session.over() == Some(Ending::Full) {
            return (shown || self.has_lingered()).then_some(Ending::Full);
        }
        let now = self.input.is_terminal() && self.input.wants_to_leave();
        (now || self.is_leaving() && shown || self.has_lingered()).then_some(Ending::Left)
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
    fn timeout(&self) -> Option<Duration> {
        let log = (!logging::flush()).then(|| Instant::now() + LOG_RETRY);
        let server = self.server.as_ref().and_then(Server::next_deadline);
        let deadlines = [self.connection.deadline(), self.linger_deadline(), server, log];
        let next = deadlines.into_iter().flatten().min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }
}
