//! `--via`: a command in place of a socket, as ssh's ProxyCommand: the server is behind its input and output.
//!
//! A shell runs it, in a session of its own: nothing that it does can tear the line on the terminal, or wait for a
//! password there. What it complains of comes through a pipe and is said as our own. When the connection ends, so does
//! its input, and that is all: what it has taken may still be on its way. It is killed only where another one is to
//! take its place.

use super::child::{Command, Ended};
use super::log;
use super::stream::Socket;
use super::transport;
use crate::wire::source::Stop;
use mio::event::Source;
use mio::net::UnixStream;
use mio::unix::pipe::{self, Receiver};
use mio::{Interest, Registry, Token};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::ffi::CString;
use std::fmt;
use std::io;
use std::os::unix::net;
use std::time::{Duration, Instant};

/// Longer lines of its complaints are said in pieces.
const COMPLAINT: usize = 4096;

/// So long the last words of a command are waited for, once its output has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A command, and what it is at.
#[derive(Debug)]
pub(crate) struct Via {
    line: CString,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    command: Command,
    errors: Receiver,
    /// A line that has begun.
    complaint: Vec<u8>,
}

impl Via {
    /// Is to run this line of a shell.
    pub(crate) const fn new(line: CString) -> Self {
        Self { line, running: None }
    }

    /// Starts the command, anew if it runs. At an event of `complaints`, [`Via::relay`] is to be called.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn start(
        &mut self,
        registry: &Registry,
        token: Token,
        complaints: Token,
    ) -> io::Result<Socket> {
        if let Some(mut running) = self.running.take() {
            running.relay();
            running.command.end();
        }
        let (ours, its) = net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let (sender, mut errors) = pipe::new()?;
        // The two ends are two descriptions: this one is the command's, which expects it to block.
        sender.set_nonblocking(false)?;
        let mut stream = Socket::from(UnixStream::from_std(ours));
        stream.register(registry, token, Interest::READABLE | Interest::WRITABLE)?;
        errors.register(registry, complaints, Interest::READABLE)?;
        let command = Command::start_shell(&self.line, &its, &sender)?;
        self.running = Some(Running { command, errors, complaint: Vec::new() });
        Ok(stream)
    }

    /// Says what the command complains of.
    pub(crate) fn relay(&mut self) {
        if let Some(running) = &mut self.running {
            running.relay();
        }
    }

    /// Its output has ended: how it did itself, if that can be known soon. What it says last is said.
    pub(crate) fn last_words(&mut self) -> Option<Ended> {
        let mut running = self.running.take()?;
        let end = Instant::now() + LAST_WORDS;
        let mut ended = None;
        loop {
            let is_over = running.relay();
            ended = ended.or_else(|| running.command.ended());
            let rest = end.saturating_duration_since(Instant::now());
            if is_over && ended.is_some() || rest.is_zero() {
                return ended;
            }
            // What it complains of ends a moment before itself, or goes on in what it has started.
            let pause = if is_over || ended.is_some() { Duration::from_millis(5) } else { rest };
            let mut pipe = [PollFd::new(&running.errors, PollFlags::IN)];
            let pipe = if is_over { &mut [][..] } else { &mut pipe };
            let _ = poll(pipe, Timespec::try_from(pause).ok().as_ref());
        }
    }
}

impl Running {
    /// Says what has come; returns whether that was all.
    fn relay(&mut self) -> bool {
        let mut buffer = [0; 1024];
        loop {
            let count = match transport::read(&mut self.errors, &mut buffer, &mut []) {
                Ok(count @ 1..) => count,
                Err(Stop::Blocked | Stop::Starved) => return false,
                Ok(0) | Err(Stop::Broken(_)) => {
                    self.say();
                    return true;
                }
            };
            for &byte in &buffer[..count] {
                if byte != b'\n' {
                    self.complaint.push(byte);
                }
                if byte == b'\n' || self.complaint.len() == COMPLAINT {
                    self.say();
                }
            }
        }
    }

    fn say(&mut self) {
        // As ssh ends its lines.
        if self.complaint.last() == Some(&b'\r') {
            self.complaint.pop();
        }
        if !self.complaint.is_empty() {
            log::say(
                "chinwag",
                &format_args!("the command says: {}", String::from_utf8_lossy(&self.complaint)),
            );
            self.complaint.clear();
        }
    }
}

impl From<Ended> for io::Error {
    fn from(ended: Ended) -> Self {
        Self::other(ended.to_string())
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::With(status) => write!(formatter, "the command ended with status {status}"),
            Self::By(signal) => write!(formatter, "the command was ended by signal {signal}"),
            Self::Somehow => formatter.write_str("the command has ended"),
        }
    }
}
