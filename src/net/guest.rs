//! One client's socket, and what the loop remembers about it.

use crate::server::hub::{Hub, Id, LOG_IN_LIMIT};
use crate::wire::lines::{Line, Lines};
use crate::wire::source::{Stop, Transport};
use mio::net::TcpStream;
use std::io;
use std::time::Duration;

/// Why a connection is not read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hold {
    /// Whose queue is too long: another's, or its own.
    pub(crate) on: Id,
    /// When the wait began.
    pub(crate) since: Duration,
}

/// What one read brought.
#[derive(Debug)]
pub(crate) enum Filled {
    /// Perhaps some bytes, and perhaps not all there are.
    Read,
    /// The client sends no more.
    End,
    /// The connection is broken.
    Broken(io::Error),
}

/// A client's socket and the lines that come from it. What goes to it is in the hub.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    lines: Lines,
    /// When the socket last took some of a queue, but not all of it.
    pub(crate) moved: Duration,
    pub(crate) hold: Option<Hold>,
    /// Whether the lines that were put off are to be taken however long the queue they are for.
    pub(crate) insists: bool,
    /// Whether it is in the list of those to be served.
    pub(crate) is_queued: bool,
    /// Whether a read may bring something: true after an event, until a read says otherwise.
    pub(crate) is_readable: bool,
    /// Whether an event has announced the end: then only a read that says so is the last one.
    pub(crate) is_ending: bool,
    /// Whether the socket takes no more, until an event says otherwise.
    pub(crate) is_blocked: bool,
    /// Whether the client sends no more: it is kept until it has what waits for it.
    pub(crate) has_ended: bool,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, max_line: usize, now: Duration) -> Self {
        Self {
            stream,
            lines: Lines::new(Some(max_line)),
            moved: now,
            hold: None,
            insists: false,
            is_queued: false,
            is_readable: false,
            is_ending: false,
            is_blocked: false,
            has_ended: false,
        }
    }

    /// Reads once, into `spare` if a storage of its own is smaller.
    pub(crate) fn fill(&mut self, spare: &mut Vec<u8>) -> Filled {
        let stream = &mut self.stream;
        let mut lines = self.lines.borrow(spare);
        let mut is_short = false;
        let filled = lines.fill(|near, far| {
            let room = near.len() + far.len();
            let read = Transport::read(stream, near, far);
            is_short = matches!(read, Ok(count) if count < room);
            read
        });
        match filled {
            Ok(0) => Filled::End,
            Ok(_) => {
                self.is_readable = self.is_ending || !is_short;
                Filled::Read
            }
            Err(Stop::Blocked) => {
                self.is_readable = false;
                Filled::Read
            }
            Err(Stop::Broken(error)) => Filled::Broken(error),
        }
    }

    /// Hands the whole lines to the hub; returns whose queue the first of the rest waits for.
    pub(crate) fn take_lines(&mut self, id: Id, hub: &mut Hub) -> Option<Id> {
        let mut wait = None;
        let insists = self.insists;
        self.lines.drain(|line| {
            wait = hub.handle_line(id, line, insists).wait();
            wait.is_none()
        });
        if wait.is_none() && self.lines.len() > LOG_IN_LIMIT && !hub.is_logged_in(id) {
            self.lines.skip_partial();
            let _ = hub.handle_line(id, Line::TooLong, insists);
        }
        wait
    }

    /// Nothing more is to be read, and what was is to be forgotten.
    pub(crate) fn end(&mut self) {
        self.has_ended = true;
        self.lines = Lines::new(None);
    }
}
