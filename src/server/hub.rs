//! Who is here and who gets what: the server without its sockets (spec section 6).
//!
//! Lines come in with the [`Id`] of the client that sent them; answers and messages are appended to
//! the outboxes of those they are for, and the loop around the hub asks which of them have something
//! [new to write](Hub::next_dirty). A message costs the same however many users there are, and no
//! allocation once the buffers are warm: an outbox that was emptied hands its buffer on to the next
//! one that fills.
//!
//! # Queues and their bounds
//!
//! Nothing may pile up for a client that reads slowly, or not at all, so a line can be put off
//! ([`Handled::Later`]): its sender is then to be left unread until the named queue is shorter.
//!
//! - While a client has more than [`OWN_MARK`] bytes to read itself, its lines wait, for as long as
//!   that takes: whoever sends without reading fills its own socket and nothing else.
//! - While the receiver of a message has more than the mark of [`Limits::mark`] to read, the message
//!   waits: a live receiver slows its senders down to its own pace. The caller decides how patient to
//!   be, and insists in the end: the message is then queued all the same, up to
//!   [`Limits::max_queue`].
//! - What would go beyond that ends the receiver, and the message had no such destination.

use crate::wire::escape::Printable;
use crate::wire::lines::Line;
use crate::wire::outbox::Outbox;
use crate::wire::protocol::{self, BadRequest, Reply, Request};
use log::{debug, info, warn};
use std::collections::HashMap;
use std::rc::Rc;

/// The name of the user who sends everything back.
pub const ECHOBOT: &[u8] = b"echobot";

/// The longest line of a client that has not logged in, in bytes. It bounds the names too.
pub const LOG_IN_LIMIT: usize = 4 * 1024;

/// While it has more than this to read, no further line of a client is taken, in bytes.
pub const OWN_MARK: usize = 128 * 1024;

/// The largest value of [`Limits::mark`], in bytes.
const MARK: usize = 1024 * 1024;

/// A queue must have room for this much more than the longest message, in bytes: for the header and
/// the name before it, and for what may be queued already when it is taken.
pub const QUEUE_ROOM: usize = 64 * 1024;

/// So many emptied buffers are kept for the next outbox that fills.
const SPARES: usize = 16;

/// A client's number: small, and given to another one once it has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(u32);

impl Id {
    /// The number as an index.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The id with this index; ids are dense, so that 32 bits suffice for any number of sockets.
    pub(crate) fn from_index(index: usize) -> Option<Self> {
        u32::try_from(index).ok().map(Self)
    }
}

/// What bounds the clients of one hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many may be logged in at once; the echobot does not count.
    pub max_users: usize,
    /// The longest text of a message, in bytes.
    pub max_message: usize,
    /// The most that may wait for one client, in bytes. At least [`QUEUE_ROOM`] more than
    /// `max_message`, or a single message might end its receiver.
    pub max_queue: usize,
}

impl Default for Limits {
    /// As many users as the reference server has; texts of 16 MiB; room for two of them in a queue.
    fn default() -> Self {
        Self { max_users: 16, max_message: 16 * 1024 * 1024, max_queue: 40 * 1024 * 1024 }
    }
}

impl Limits {
    /// While more than this waits for a client, in bytes, messages to it are put off.
    ///
    /// Below it there is always room for one message, so that a receiver that reads is never ended
    /// by one, however many senders there are.
    pub fn mark(&self) -> usize {
        let room = self.max_queue.saturating_sub(self.max_message.saturating_add(2 * LOG_IN_LIMIT));
        room.min(MARK)
    }

    /// The longest line worth keeping, in bytes: the longest message and what goes before it.
    pub fn max_line(&self) -> usize {
        self.max_message.saturating_add(LOG_IN_LIMIT)
    }
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Handled {
    /// It was taken, and answered.
    Done,
    /// It was not: it is to be offered again, first, when less waits for this client.
    Later(Id),
}

impl Handled {
    /// Whose queue the line waits for, if it does.
    #[inline]
    pub fn wait(self) -> Option<Id> {
        match self {
            Self::Done => None,
            Self::Later(id) => Some(id),
        }
    }
}

/// Somebody to send a message to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum User {
    Client(Id),
    Echobot,
}

#[derive(Debug, Default)]
struct Client {
    /// None before the log-in.
    name: Option<Rc<[u8]>>,
    outbox: Outbox,
    /// To whom it wrote last, whoever has that id by now: most write to the same one again, and to
    /// compare one name is quicker than to look it up.
    wrote_to: Option<Id>,
    /// Whether it is in `Hub::dirty`.
    is_dirty: bool,
}

/// Everybody who is connected.
///
/// ```
/// use chinwag::wire::lines::Line;
/// use chinwag::server::hub::{Hub, Limits};
/// let mut hub = Hub::new(Limits::default(), false);
/// let ann = hub.connect().unwrap();
/// for line in ["HELLO-FROM ann", "SEND ann hi"] {
///     let _ = hub.handle_line(ann, Line::Whole(line.as_bytes()), false);
/// }
/// assert_eq!(hub.outbox(ann).as_slice(), b"HELLO ann\nDELIVERY ann hi\nSEND-OK\n");
/// ```
#[derive(Debug)]
pub struct Hub {
    limits: Limits,
    echobot: bool,
    /// By id.
    clients: Vec<Client>,
    /// The ids that nobody has; the latest first, for its memory is warm.
    free: Vec<Id>,
    /// Everybody who is logged in.
    names: HashMap<Rc<[u8]>, Id>,
    /// Who has something new to write, and perhaps some who have left since.
    dirty: Vec<Id>,
    /// Who was logged out because too much waits for it.
    overfull: Vec<Id>,
    spares: Vec<Vec<u8>>,
}

impl Hub {
    /// Nobody is here yet, but perhaps the echobot.
    pub fn new(limits: Limits, echobot: bool) -> Self {
        Self {
            limits,
            echobot,
            clients: Vec::new(),
            free: Vec::new(),
            names: HashMap::new(),
            dirty: Vec::new(),
            overfull: Vec::new(),
            spares: Vec::new(),
        }
    }

    /// Somebody has come. `None` if there are more than ids, which takes four billion sockets.
    pub fn connect(&mut self) -> Option<Id> {
        if let Some(id) = self.free.pop() {
            return Some(id);
        }
        let id = Id::from_index(self.clients.len())?;
        self.clients.push(Client::default());
        Some(id)
    }

    /// The connection of `id` is no more; the id is free for another one.
    pub fn disconnect(&mut self, id: Id) {
        self.log_out(id);
        let client = &mut self.clients[id.index()];
        client.outbox = Outbox::new();
        client.wrote_to = None;
        self.free.push(id);
    }

    /// `id` is no user any more: its name is free, and nothing is sent to it. What waits for it stays.
    pub fn log_out(&mut self, id: Id) {
        if let Some(name) = self.clients[id.index()].name.take() {
            self.names.remove(&name);
            info!("{} has left", Printable(&name));
        }
    }

    /// Whether `id` has a name.
    pub fn is_logged_in(&self, id: Id) -> bool {
        self.clients[id.index()].name.is_some()
    }

    /// What waits for `id`.
    pub fn outbox(&self, id: Id) -> &Outbox {
        &self.clients[id.index()].outbox
    }

    /// What waits for `id`, to be written.
    pub fn outbox_mut(&mut self, id: Id) -> &mut Outbox {
        &mut self.clients[id.index()].outbox
    }

    /// Whether lines of `sender` are to wait for `receiver`, who may be the same.
    #[inline]
    pub fn must_wait(&self, sender: Id, receiver: Id) -> bool {
        let mark = if sender == receiver { self.own_mark() } else { self.limits.mark() };
        self.outbox(receiver).len() > mark
    }

    /// One whose outbox has something that it had not when it was last named here. It may be
    /// empty again, or belong to somebody else by now.
    pub fn next_dirty(&mut self) -> Option<Id> {
        let id = self.dirty.pop()?;
        self.clients[id.index()].is_dirty = false;
        Some(id)
    }

    /// The socket of `id` takes bytes again: what waits for it is new once more.
    pub fn retry(&mut self, id: Id) {
        if !self.outbox(id).is_empty() {
            self.mark_dirty(id);
        }
    }

    /// One who is to be disconnected, for not reading. It may belong to somebody else by now only if
    /// this was not asked before the disconnecting.
    pub fn next_overfull(&mut self) -> Option<Id> {
        self.overfull.pop()
    }

    /// Takes the buffer of an emptied outbox, for another one or to be freed.
    pub fn reclaim(&mut self, id: Id) {
        if let Some(buffer) = self.clients[id.index()].outbox.release()
            && self.spares.len() < SPARES
        {
            self.spares.push(buffer);
        }
    }

    /// Does what a line asks for, and answers it.
    ///
    /// Unless the sender `insists`, a message to somebody who has much to read is put off. Once
    /// it has something to write again, no line of a client that does not read is taken, however
    /// it insists; but a line that was too long is always answered at once, since nothing of it is
    /// left to be offered again.
    pub fn handle_line(&mut self, id: Id, line: Line<'_>, insists: bool) -> Handled {
        let line = match line {
            Line::Whole(line) => line,
            Line::TooLong => {
                debug!("client {} sent a line that is too long", id.0);
                return self.answer(id, Reply::BadRqstBody);
            }
        };
        if self.must_wait(id, id) {
            return Handled::Later(id);
        }
        match (Request::parse(line), self.clients[id.index()].name.clone()) {
            (Ok(Request::Send { to, text }), Some(from)) => self.send(id, &from, to, text, insists),
            (Ok(Request::List), Some(_)) => self.list(id),
            (Ok(Request::HelloFrom { name }), None) => self.log_in(id, name, line),
            (Err(BadRequest::Body), Some(_)) | (Err(BadRequest::LogInBody), None) => {
                self.refuse(id, line, Reply::BadRqstBody)
            }
            _ => self.refuse(id, line, Reply::BadRqstHdr),
        }
    }

    fn log_in(&mut self, id: Id, name: &[u8], line: &[u8]) -> Handled {
        if !protocol::is_valid_name(name) || line.len() > LOG_IN_LIMIT {
            return self.refuse(id, line, Reply::BadRqstBody);
        }
        if self.names.len() >= self.limits.max_users {
            debug!("no room for {}: there are {} users", Printable(name), self.names.len());
            return self.answer(id, Reply::Busy);
        }
        if self.find(name).is_some() {
            return self.answer(id, Reply::InUse);
        }
        let shared: Rc<[u8]> = name.into();
        self.names.insert(Rc::clone(&shared), id);
        self.clients[id.index()].name = Some(shared);
        info!("client {} is {}", id.0, Printable(name));
        self.answer(id, Reply::Hello { name })
    }

    fn list(&mut self, id: Id) -> Handled {
        let users = self.clients.iter().filter_map(|client| client.name.as_deref());
        let everyone = self.echobot.then_some(ECHOBOT).into_iter().chain(users);
        let mut names = Vec::new();
        for name in everyone {
            names.extend_from_slice(name);
            names.push(b',');
        }
        names.pop();
        self.answer(id, Reply::ListOk { names: &names })
    }

    fn send(&mut self, id: Id, from: &[u8], to: &[u8], text: &[u8], insists: bool) -> Handled {
        if text.len() > self.limits.max_message {
            return self.refuse(id, text, Reply::BadRqstBody);
        }
        let delivered = match self.find_for(id, to) {
            None => false,
            Some(User::Echobot) => {
                protocol::write_delivery(ECHOBOT, text, self.tail(id));
                true
            }
            Some(User::Client(receiver)) if receiver == id => {
                protocol::write_delivery(from, text, self.tail(id));
                true
            }
            Some(User::Client(receiver)) => {
                if !insists && self.must_wait(id, receiver) {
                    return Handled::Later(receiver);
                }
                self.deliver(receiver, from, text)
            }
        };
        self.answer(id, if delivered { Reply::SendOk } else { Reply::BadDestUser })
    }

    /// Queues a message for somebody else, or ends the one it is for; says whether it was queued.
    fn deliver(&mut self, receiver: Id, from: &[u8], text: &[u8]) -> bool {
        let waiting = self.outbox(receiver).len();
        let line = text.len() + from.len() + b"DELIVERY  \n".len();
        if waiting + line > self.limits.max_queue {
            warn!("client {} does not read: dropped with {waiting} bytes waiting", receiver.0);
            self.log_out(receiver);
            self.overfull.push(receiver);
            return false;
        }
        protocol::write_delivery(from, text, self.tail(receiver));
        true
    }

    /// The same as `find`, quicker for the one to whom `sender` wrote last.
    #[inline]
    fn find_for(&mut self, sender: Id, name: &[u8]) -> Option<User> {
        if let Some(last) = self.clients[sender.index()].wrote_to
            && self.clients[last.index()].name.as_deref() == Some(name)
        {
            return Some(User::Client(last));
        }
        let found = self.find(name);
        if let Some(User::Client(receiver)) = found {
            self.clients[sender.index()].wrote_to = Some(receiver);
        }
        found
    }

    fn find(&self, name: &[u8]) -> Option<User> {
        if self.echobot && name == ECHOBOT {
            return Some(User::Echobot);
        }
        self.names.get(name).map(|&id| User::Client(id))
    }

    fn refuse(&mut self, id: Id, line: &[u8], reply: Reply<'_>) -> Handled {
        debug!("client {} sent a bad line: {}", id.0, Printable(line));
        self.answer(id, reply)
    }

    #[inline]
    fn answer(&mut self, id: Id, reply: Reply<'_>) -> Handled {
        reply.write(self.tail(id));
        Handled::Done
    }

    /// Where something for `id` is to be appended.
    #[inline]
    fn tail(&mut self, id: Id) -> &mut Vec<u8> {
        self.mark_dirty(id);
        let client = &mut self.clients[id.index()];
        if client.outbox.owns_no_memory()
            && let Some(spare) = self.spares.pop()
        {
            client.outbox.adopt(spare);
        }
        client.outbox.tail()
    }

    #[inline]
    fn mark_dirty(&mut self, id: Id) {
        let client = &mut self.clients[id.index()];
        if !client.is_dirty {
            client.is_dirty = true;
            self.dirty.push(id);
        }
    }

    fn own_mark(&self) -> usize {
        self.limits.mark().min(OWN_MARK)
    }
}

#[cfg(test)]
mod tests;
