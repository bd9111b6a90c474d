//! Standard output: what waits for it is written as far as it takes it.

use crate::net::stdio::Stdio;
use crate::wire::outbox::Outbox;
use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Standard output as the event loop sees it.
pub(crate) struct Output {
    sink: Stdio,
    token: Token,
    /// It took no more; an event will say when it does.
    blocked: bool,
    /// It is registered with the poll.
    watched: bool,
    /// Nobody reads it any more.
    gone: bool,
}

impl Output {
    /// A pipe is watched from the start, because the poll says when its reader goes away. A
    /// terminal would wake the program whenever it has shown something: it is watched only while
    /// it takes no more.
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        let sink = Stdio::output()?;
        let watched = sink.is_pipe() && sink.register(registry, token, Interest::WRITABLE)?;
        Ok(Self { sink, token, blocked: false, watched, gone: false })
    }

    pub(crate) fn is_terminal(&self) -> bool {
        self.sink.is_terminal()
    }

    /// Whether its reader has gone.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    pub(crate) fn handle_event(&mut self, event: &Event, registry: &Registry) {
        self.blocked = false;
        self.gone |= self.sink.is_pipe() && event.is_error();
        if self.watched && !self.sink.is_pipe() {
            self.watched = registry.deregister(&mut SourceFd(&self.sink.as_fd().as_raw_fd())).is_err();
        }
    }

    /// Writes what waits, as far as it is taken.
    ///
    /// # Errors
    /// Those of the descriptor, except that it takes no more, or that its reader has gone.
    pub(crate) fn write(&mut self, waiting: &mut Outbox, registry: &Registry) -> io::Result<()> {
        if self.blocked || self.gone || waiting.is_empty() {
            return Ok(());
        }
        let Err(error) = waiting.write_to(&mut self.sink) else { return Ok(()) };
        match error.kind() {
            io::ErrorKind::WouldBlock => {
                self.blocked = true;
                self.watched =
                    self.watched || self.sink.register(registry, self.token, Interest::WRITABLE)?;
            }
            // EIO: the terminal was hung up.
            _ if error.kind() == io::ErrorKind::BrokenPipe || is_hang_up(&error) => self.gone = true,
            _ => return Err(error),
        }
        Ok(())
    }
}

fn is_hang_up(error: &io::Error) -> bool {
    let gone = [rustix::io::Errno::IO, rustix::io::Errno::CONNRESET];
    gone.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}
