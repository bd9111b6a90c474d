//! A connection whose bytes are encrypted on their way: a [`Transport`] on top of another.
//!
//! ```text
//! socket --read--> INCOMING --decrypt--> near, far, and what does not fit there: plain
//!                  (the start of a record that has not come whole: cipher)
//! write --encrypt--> outgoing --> socket
//! ```
//!
//! All connections share the memory that is read and encrypted into: an idle one owns none. What others learnt
//! is obeyed: whatever is decrypted is handed on before anybody waits for more; to read can make it necessary to
//! write; an end that was not announced is that of a lost connection.

use super::session::{Progress, Session, Wish};
use super::words;
use crate::wire::outbox::Outbox;
use crate::wire::source::{Stop, Transport};
use rustls::pki_types::CertificateDer;
use std::cell::Cell;
use std::fmt;
use std::io;
use std::mem;

/// The longest record that there can be (RFC 8446, 5.2), with its header. Of one that has not come whole, less
/// than that is kept; and no more is kept of text that was not taken.
pub(crate) const RECORD: usize = 5 + (1 << 14) + 256;

/// So much cipher text is read at a time.
const READ_MOST: usize = 64 * 1024;

/// So much text is encrypted at a time: what fits into one record. No more than that, encrypted, waits for a
/// socket that takes nothing.
const WRITE_MOST: usize = 1 << 14;

/// A message of the handshake may come in several records, which are kept until it is whole: so much of them at most.
/// Chains of certificates are shorter; and what a server keeps comes from strangers.
const HANDSHAKE_MOST: usize = RECORD;
const HANDSHAKE_MOST_OF_SERVER: usize = 2 * RECORD;

/// In one call the socket is read so often at most: records without a text may come as fast as they are read. The rest
/// is read after [a while](crate::wire::source::TRY_AGAIN).
const READS_MOST: usize = 64;

thread_local! {
    static INCOMING: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static OUTGOING: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// An encrypted connection on top of `S`.
pub(crate) struct Encrypted<S> {
    socket: S,
    session: Session,
    /// The start of what has not come whole.
    cipher: Vec<u8>,
    /// What was decrypted and not taken yet.
    plain: Plain,
    /// What was encrypted and not taken by the socket yet.
    outgoing: Outbox,
    end: End,
    /// The last read from the socket brought all that was there.
    is_drained: bool,
    /// What makes a name of the other side's certificate,
    naming: Option<Naming>,
    /// and that name.
    name: Option<Box<[u8]>>,
}

/// The name that a certificate is for; empty, if it is for none.
pub(crate) type Naming = fn(&CertificateDer<'_>) -> Vec<u8>;

/// Text that waits to be taken.
#[derive(Debug, Default)]
struct Plain {
    bytes: Vec<u8>,
    taken: usize,
}

/// What is known about the end.
#[derive(Debug)]
enum End {
    /// It has not come.
    Open,
    /// The other side has said that it sends no more.
    Closed,
    /// This is to be said when all that came before has been taken.
    Failed(io::Error),
    /// That was said.
    Over,
}

/// What a step of the session brought.
struct Step {
    /// So much cipher text is of no more use.
    used: usize,
    /// So much text is in `near` and `far`.
    count: usize,
    is_granted: bool,
}

impl<S: Transport<Error = io::Error>> Encrypted<S> {
    /// On top of a connection that stands. What the client has to say first waits to be [pushed](Transport::push).
    pub(crate) fn new(socket: S, session: Session, naming: Option<Naming>) -> Self {
        let mut encrypted = Self {
            socket,
            session,
            cipher: Vec::new(),
            plain: Plain::default(),
            outgoing: Outbox::new(),
            end: End::Open,
            is_drained: false,
            naming,
            name: None,
        };
        encrypted.step(&mut [], Wish::Nothing, &mut [], &mut []);
        encrypted
    }

    /// What it is on top of.
    pub(crate) fn socket(&self) -> &S {
        &self.socket
    }

    /// What it is on top of.
    pub(crate) fn socket_mut(&mut self) -> &mut S {
        &mut self.socket
    }

    /// Goes on with the handshake as far as that goes now; returns whether it is over.
    ///
    /// # Errors
    /// Why there will be no connection.
    pub(crate) fn greet(&mut self) -> io::Result<bool> {
        while self.session.is_handshaking() {
            match self.read_socket(&mut [], &mut []).and_then(|_| self.check_end()) {
                Ok(_) => {}
                Err(Stop::Blocked | Stop::Starved) => return Ok(false),
                Err(Stop::Broken(error)) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Whether the end has come, so that nothing is to be read any more.
    fn check_end(&mut self) -> Result<bool, Stop<io::Error>> {
        match self.end {
            End::Open => Ok(false),
            End::Closed | End::Over => Ok(true),
            End::Failed(_) => match mem::replace(&mut self.end, End::Over) {
                End::Failed(error) => Err(Stop::Broken(error)),
                _ => Ok(true),
            },
        }
    }

    /// Reads from the socket once, and decrypts what came; returns how much of it is in `near` and `far`: perhaps
    /// nothing.
    fn read_socket(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<io::Error>> {
        // What is broken, the read will find.
        let _ = self.push();
        let kept = self.cipher.len();
        let most = (near.len() + far.len()).clamp(RECORD, READ_MOST);
        let mut incoming = INCOMING.take();
        if incoming.len() < kept + most {
            incoming.resize(kept + most, 0);
        }
        let read = self.socket.read(&mut incoming[kept..kept + most], &mut []);
        let read = read.map(|count| {
            if count == 0 {
                self.end = End::Failed(words::cut_off(self.session.is_handshaking()));
                return 0;
            }
            self.is_drained = count < most && self.socket.drains_by_short_read();
            incoming[..kept].copy_from_slice(&self.cipher);
            let came = &mut incoming[..kept + count];
            let step = self.step(came, Wish::Nothing, near, far);
            self.keep(&came[step.used..]);
            let _ = self.push();
            step.count
        });
        INCOMING.set(incoming);
        read
    }

    /// Has the session go on.
    fn step(&mut self, incoming: &mut [u8], wish: Wish<'_>, near: &mut [u8], far: &mut [u8]) -> Step {
        if self.outgoing.owns_no_memory() {
            self.outgoing.adopt(OUTGOING.take());
        }
        let (plain, mut count) = (&mut self.plain, 0);
        let mut take = |text: &[u8]| {
            let taken = copy(text, near, far, count);
            count += taken;
            plain.bytes.extend_from_slice(&text[taken..]);
        };
        let progress = self.session.advance(incoming, wish, &mut take, self.outgoing.tail());
        self.release();
        let Progress { used, is_granted, is_closed, error } = progress;
        if let Some(error) = error {
            self.end = End::Failed(words::broken(&error));
        } else if is_closed {
            self.end = End::Closed;
        }
        if let Some(naming) = self.naming
            && !self.session.is_handshaking()
        {
            self.naming = None;
            self.name = Some(self.session.certificate().map(naming).unwrap_or_default().into());
        }
        Step { used, count, is_granted }
    }

    /// Keeps the start of what has not come whole.
    fn keep(&mut self, rest: &[u8]) {
        let comes_from_server = matches!(self.session, Session::Client(_));
        let most = if comes_from_server { HANDSHAKE_MOST_OF_SERVER } else { HANDSHAKE_MOST };
        self.cipher.clear();
        if !matches!(self.end, End::Open) || rest.is_empty() {
            self.cipher = Vec::new();
        } else if rest.len() > most {
            self.end = End::Failed(words::too_long());
        } else {
            self.cipher.reserve_exact(rest.len());
            self.cipher.extend_from_slice(rest);
        }
    }

    /// Gives the memory back that nothing is in.
    fn release(&mut self) {
        if let Some(memory) = self.outgoing.release() {
            OUTGOING.set(memory);
        }
    }
}

impl<S: Transport<Error = io::Error>> Transport for Encrypted<S> {
    type Error = io::Error;

    fn read(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<io::Error>> {
        let count = self.plain.take(near, far);
        if count > 0 {
            // More may have come since the socket was read, and been announced.
            self.is_drained = false;
            return Ok(count);
        }
        for _ in 0..READS_MOST {
            if self.check_end()? {
                return Ok(0);
            }
            let count = self.read_socket(near, far)?;
            if count > 0 {
                return Ok(count);
            }
        }
        if self.check_end()? { Ok(0) } else { Err(Stop::Starved) }
    }

    /// Takes as much as fits into one record, once the one before has gone.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<io::Error>> {
        self.push()?;
        if matches!(self.end, End::Failed(_) | End::Over) {
            return Err(Stop::Broken(words::no_more()));
        }
        if self.session.is_handshaking() {
            return Err(Stop::Blocked);
        }
        let text = &bytes[..bytes.len().min(WRITE_MOST)];
        let mut cipher = mem::take(&mut self.cipher);
        let step = self.step(&mut cipher, Wish::Text(text), &mut [], &mut []);
        self.cipher = cipher;
        self.cipher.drain(..step.used);
        if !step.is_granted {
            return Err(Stop::Broken(words::no_more()));
        }
        match self.push() {
            Err(Stop::Broken(error)) => Err(Stop::Broken(error)),
            _ => Ok(text.len()),
        }
    }

    fn ends_with_a_word(&self) -> bool {
        true
    }

    fn has_unwritten(&self) -> bool {
        !self.outgoing.is_empty()
    }

    fn push(&mut self) -> Result<(), Stop<io::Error>> {
        if self.outgoing.is_empty() {
            return Ok(());
        }
        let socket = &mut self.socket;
        let pushed = self.outgoing.drain(|bytes| socket.write(bytes));
        self.release();
        pushed.map(drop)
    }

    fn is_greeting(&self) -> bool {
        self.session.is_handshaking()
    }

    fn name(&self) -> Option<&[u8]> {
        self.name.as_deref()
    }

    /// What did not fit was handed out by a read that was not short.
    fn drains_by_short_read(&self) -> bool {
        self.is_drained && matches!(self.end, End::Open)
    }

    fn end(&mut self) {
        if !matches!(self.end, End::Failed(_) | End::Over) {
            let mut cipher = mem::take(&mut self.cipher);
            self.step(&mut cipher, Wish::Goodbye, &mut [], &mut []);
        }
        // What it does not take now is lost, as with any connection.
        let _ = self.push();
        self.socket.end();
    }
}

impl<S: fmt::Debug> fmt::Debug for Encrypted<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(formatter)
    }
}

impl Plain {
    fn take(&mut self, near: &mut [u8], far: &mut [u8]) -> usize {
        let count = copy(&self.bytes[self.taken..], near, far, 0);
        self.taken += count;
        if self.taken == self.bytes.len() {
            *self = Self::default();
        }
        count
    }
}

/// Copies what fits behind the first `at` bytes of both; returns how much that is.
fn copy(text: &[u8], near: &mut [u8], far: &mut [u8], at: usize) -> usize {
    let near_at = at.min(near.len());
    let far_at = (at - near_at).min(far.len());
    let mut text_at = 0;
    for room in [&mut near[near_at..], &mut far[far_at..]] {
        let count = room.len().min(text.len() - text_at);
        room[..count].copy_from_slice(&text[text_at..text_at + count]);
        text_at += count;
    }
    text_at
}

#[cfg(test)]
mod tests;
