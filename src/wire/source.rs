//! A stream that is read and written without waiting, and what is known about whether a call would
//! bring or take something.
//!
//! Polls report changes: what an event says is kept ("a read may bring something") until a call proves
//! otherwise. That is decided here, for all of a program's streams; a [`Transport`] only moves bytes.
//!
//! The contract (epoll(7), kqueue(2), and the documentation of mio): events may be spurious; what was
//! announced must be read, or written, until a call says that it would have to wait, before the next
//! event can be relied upon. Of a bare socket or pipe a read that brings less than was asked for says
//! that, too (epoll(7), question 9), which saves a call for each message that comes alone; but the end
//! is no byte, so once it has been announced only a read that brings none is the last one.

use super::lines::Lines;
use super::outbox::Outbox;
use core::time::Duration;

/// What the system had no memory for is tried again after this time.
pub const TRY_AGAIN: Duration = Duration::from_millis(250);

/// Something that moves bytes without waiting.
///
/// One of the standard library's sockets, after `set_nonblocking(true)`:
///
/// ```
/// use chinwag::wire::source::{Stop, Transport};
/// use std::io::{self, ErrorKind, IoSliceMut, Read, Write};
/// use std::net::TcpStream;
///
/// struct Socket(TcpStream);
///
/// impl Transport for Socket {
///     type Error = io::Error;
///     fn read(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<io::Error>> {
///         call(|| self.0.read_vectored(&mut [IoSliceMut::new(near), IoSliceMut::new(far)]))
///     }
///     fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<io::Error>> {
///         call(|| self.0.write(bytes))
///     }
///     fn drains_by_short_read(&self) -> bool {
///         true
///     }
/// }
///
/// fn call(mut call: impl FnMut() -> io::Result<usize>) -> Result<usize, Stop<io::Error>> {
///     loop {
///         match call() {
///             Err(error) if error.kind() == ErrorKind::Interrupted => {}
///             Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(Stop::Blocked),
///             other => return other.map_err(Stop::Broken),
///         }
///     }
/// }
/// ```
pub trait Transport {
    /// What breaks it.
    type Error;

    /// Reads once, into `near` and what does not fit there into `far`; returns how many bytes came, 0
    /// being the end. A call that a signal interrupts is made again.
    ///
    /// # Errors
    /// [`Stop::Blocked`] when nothing is there now.
    fn read(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<Self::Error>>;

    /// Writes once; returns how many bytes were taken, at least one.
    ///
    /// # Errors
    /// [`Stop::Blocked`] when nothing is taken now.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<Self::Error>>;

    /// Whether a read that brings less than was asked for says that no more is there: true for
    /// sockets and pipes; false for a terminal, which gives one line at a time (termios(3)), and for
    /// what holds bytes of its own, as a decoder does.
    fn drains_by_short_read(&self) -> bool {
        false
    }

    /// Ends the stream so that what was written arrives.
    fn end(&mut self) {}

    /// Whether it is to be ended so even after it was read to its end: it has a last word of its own.
    fn ends_with_a_word(&self) -> bool {
        false
    }

    /// Whether bytes were taken, or are to be sent because others were read, and the system has not taken
    /// them yet: those of what encrypts.
    fn has_unwritten(&self) -> bool {
        false
    }

    /// Passes those on until there are none; [`Source::flush`] calls it, after all else was taken.
    ///
    /// # Errors
    /// [`Stop::Blocked`] when the system takes no more now.
    fn push(&mut self) -> Result<(), Stop<Self::Error>> {
        Ok(())
    }

    /// Whether both sides are still about to agree on how to talk: until then a read brings nothing, and
    /// nothing is to be written, but what is to be [pushed](Transport::push).
    fn is_greeting(&self) -> bool {
        false
    }

    /// The only name with which whoever is behind it may log in; an empty one is none at all, and without
    /// one here it may be any. Asked for after the greeting.
    fn name(&self) -> Option<&[u8]> {
        None
    }
}

/// Why bytes did not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop<E> {
    /// Not now: there will be an event.
    Blocked,
    /// Not now, for want of memory in the system: no event will come.
    Starved,
    /// Never again.
    Broken(E),
}

/// What a read brought.
#[derive(Debug, PartialEq, Eq)]
pub enum Filled<E> {
    /// So many bytes; none, if there are none now.
    Bytes(usize),
    /// The end: nothing will come any more.
    End,
    /// Nothing will come any more, for this reason.
    Broken(E),
}

/// A transport, and what is known about it.
#[derive(Debug)]
pub struct Source<T> {
    transport: T,
    input: Input,
    output: Output,
    /// The last read failed for want of memory: nothing is read until it is tried again.
    is_read_starved: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    /// Nothing is there; an event will say when something is.
    Idle,
    /// A read may bring something.
    Ready,
    /// The end has been announced: to be read until it is there.
    Ending,
    /// No event will ever come: a read always brings something, or the end.
    Always,
    /// Nothing will come any more.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    /// A write may take something.
    Ready,
    /// Nothing is taken; an event will say when something is.
    Blocked,
    /// Nothing is taken for want of memory; no event will say when something is.
    Starved,
    /// Nothing will be taken any more.
    Broken,
}

impl<T: Transport> Source<T> {
    /// Whether bytes are there, or are taken, is not known yet: the first call of each will tell.
    pub fn new(transport: T) -> Self {
        Self { transport, input: Input::Ready, output: Output::Ready, is_read_starved: false }
    }

    /// The same for what no poll reports on, as it need not be waited for: a file.
    pub fn always_ready(transport: T) -> Self {
        Self { input: Input::Always, ..Self::new(transport) }
    }

    /// What moves the bytes.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// What moves the bytes.
    pub fn transport_mut(&mut self) -> &mut T {
        &mut self.transport
    }

    /// Whether a read may bring something, or the end.
    pub fn is_readable(&self) -> bool {
        !self.is_read_starved && !matches!(self.input, Input::Idle | Input::Ended)
    }

    /// Whether a write may take something.
    pub fn is_writable(&self) -> bool {
        self.output == Output::Ready
    }

    /// Whether nothing is taken now, but may be later.
    pub fn is_blocked(&self) -> bool {
        matches!(self.output, Output::Blocked | Output::Starved)
    }

    /// Whether something did not move for want of memory: no event will come, so
    /// [`Source::try_again`] is to be called after [`TRY_AGAIN`].
    pub fn is_starved(&self) -> bool {
        self.is_read_starved || self.output == Output::Starved
    }

    /// What did not move for want of memory may move now.
    pub fn try_again(&mut self) {
        self.is_read_starved = false;
        if self.output == Output::Starved {
            self.output = Output::Ready;
        }
    }

    /// Whether something was taken, or is to be sent, that the system has not taken yet, and may be.
    #[inline]
    pub fn has_unwritten(&self) -> bool {
        self.transport.has_unwritten() && !self.is_broken()
    }

    /// Whether it may take that now: [`Source::flush`] does it, whatever else waits.
    #[inline]
    pub fn can_push(&self) -> bool {
        self.transport.has_unwritten() && self.is_writable()
    }

    /// Whether nothing will be taken any more.
    pub fn is_broken(&self) -> bool {
        self.output == Output::Broken
    }

    /// Whether the end has been announced, or was read.
    pub fn is_ending(&self) -> bool {
        matches!(self.input, Input::Ending | Input::Ended)
    }

    /// Whether the end is known to come without anybody's doing: it has been announced, or it is that of a
    /// file.
    pub fn is_finite(&self) -> bool {
        self.is_ending() || self.input == Input::Always
    }

    /// An event says that something can be read.
    pub fn handle_readable(&mut self) {
        if self.input == Input::Idle {
            self.input = Input::Ready;
        }
    }

    /// An event says that the end is near, with or without bytes before it.
    pub fn handle_ending(&mut self) {
        if matches!(self.input, Input::Idle | Input::Ready) {
            self.input = Input::Ending;
        }
    }

    /// An event says that something can be written.
    pub fn handle_writable(&mut self) {
        if self.is_blocked() {
            self.output = Output::Ready;
        }
    }

    /// Reads once, as much as there is room for.
    #[inline]
    pub fn fill(&mut self, lines: &mut Lines) -> Filled<T::Error> {
        self.fill_with(lines, usize::MAX)
    }

    /// Reads once, so many bytes at most.
    #[inline]
    pub fn fill_with(&mut self, lines: &mut Lines, most: usize) -> Filled<T::Error> {
        let mut is_short = false;
        let transport = &mut self.transport;
        let read = lines.fill(|near, far| {
            let near_room = near.len().min(most);
            let far_room = far.len().min(most - near_room);
            let (near, far) = (&mut near[..near_room], &mut far[..far_room]);
            let room = near.len() + far.len();
            let read = transport.read(near, far);
            is_short = matches!(read, Ok(count) if count < room);
            read
        });
        self.filled(read, is_short)
    }

    /// Reads once, into a buffer that is not empty.
    pub fn read(&mut self, buffer: &mut [u8]) -> Filled<T::Error> {
        let read = self.transport.read(buffer, &mut []);
        let is_short = matches!(read, Ok(count) if count < buffer.len());
        self.filled(read, is_short)
    }

    /// Writes until nothing waits, in the transport neither, or nothing is taken.
    ///
    /// # Errors
    /// That of the transport, once: nothing will be taken any more. What had come before is still to be
    /// read, up to the end.
    pub fn flush(&mut self, outbox: &mut Outbox) -> Result<(), T::Error> {
        if !self.is_writable() {
            return Ok(());
        }
        match self.write_all(outbox) {
            Ok(true) => {}
            Ok(false) | Err(Stop::Blocked) => self.output = Output::Blocked,
            Err(Stop::Starved) => self.output = Output::Starved,
            Err(Stop::Broken(error)) => {
                self.output = Output::Broken;
                self.handle_ending();
                return Err(error);
            }
        }
        Ok(())
    }

    fn write_all(&mut self, outbox: &mut Outbox) -> Result<bool, Stop<T::Error>> {
        let transport = &mut self.transport;
        loop {
            // What waits for the end of a greeting is not blocked: no event would say that it may go on.
            let was_greeting = transport.is_greeting();
            if !was_greeting && !outbox.drain(|bytes| transport.write(bytes))? {
                return Ok(false);
            }
            transport.push()?;
            if !was_greeting || transport.is_greeting() {
                return Ok(true);
            }
        }
    }

    /// Ends the stream so that what was written arrives. One that was read to its end needs no care, as a rule.
    pub fn end(mut self) {
        if self.input != Input::Ended || self.transport.ends_with_a_word() {
            self.transport.end();
        }
    }

    fn filled(&mut self, read: Result<usize, Stop<T::Error>>, is_short: bool) -> Filled<T::Error> {
        match read {
            Ok(0) => {
                self.input = Input::Ended;
                Filled::End
            }
            Ok(count) => {
                if is_short && self.input == Input::Ready && self.transport.drains_by_short_read() {
                    self.input = Input::Idle;
                }
                Filled::Bytes(count)
            }
            Err(Stop::Blocked) => {
                if self.input != Input::Always {
                    self.input = Input::Idle;
                }
                Filled::Bytes(0)
            }
            Err(Stop::Starved) => {
                self.is_read_starved = true;
                Filled::Bytes(0)
            }
            Err(Stop::Broken(error)) => {
                self.input = Input::Ended;
                Filled::Broken(error)
            }
        }
    }
}

#[cfg(test)]
mod tests;
