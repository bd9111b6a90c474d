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
//! - What would go beyond that ends the receiver, and the message had no such destination. The receiver
//!   is [overfull](Hub::is_overfull) then, until it is disconnected, and dirty, so that whoever writes
//!   what is new finds it.
//! - While there is no memory left of what [all together](Limits::max_memory) may have, the message waits
//!   for that. Who has the most is for the caller to [end](Hub::end_worst_reader); one that insists is
//!   refused.
//! - Before the log-in a client has a few refusals to read, and then its lines wait.
//!
//! A list of users is made once for all who ask in the same turn. A long one is no one's own: each
//! of them gets it in pieces as it reads, and what comes meanwhile waits as for a long queue.

use super::budget::Budget;
use super::listing::{Listing, Lists};
use super::users::Users;
use crate::wire::escape::Printable;
use crate::wire::format::note;
use crate::wire::guise;
use crate::wire::lines::Line;
use crate::wire::outbox::Outbox;
use crate::wire::protocol::{self, BadRequest, Reply, Request};
use crate::wire::sizes::{GUEST_MARK, LIST_PIECE, PER_CLIENT, SPARE_BUFFERS};
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::mem;
use core::num::NonZeroU32;

pub use super::limits::{LOG_IN_LIMIT, Limits, OWN_MARK, QUEUE_ROOM};

/// The name of the user who sends everything back.
pub const ECHOBOT: &[u8] = b"echobot";

/// A client's number: small, and given to another one once it has left.
///
/// Kept as one more than its index, so that an `Option` of it is no larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(NonZeroU32);

impl Id {
    /// The number as an index.
    #[inline]
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    /// The id with this index; ids are dense, so that 32 bits suffice for any number of sockets.
    pub(crate) fn from_index(index: usize) -> Option<Self> {
        NonZeroU32::MIN.checked_add(u32::try_from(index).ok()?).map(Self)
    }
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Handled {
    /// It was taken, and answered.
    Done,
    /// It was not: it is to be offered again, first, when this is over.
    Later(Wait),
}

impl Handled {
    /// What the line waits for, if it does.
    #[inline]
    pub fn wait(self) -> Option<Wait> {
        match self {
            Self::Done => None,
            Self::Later(wait) => Some(wait),
        }
    }
}

/// What a line can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// That less waits for this client.
    Queue(Id),
    /// Memory.
    Memory,
}

/// Somebody to send a message to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum User {
    Client(Id),
    Echobot,
}

/// What a client may do.
#[derive(Debug, Default)]
enum Standing {
    /// Log in; or nobody has this id.
    #[default]
    Guest,
    /// Send and list, with this name.
    User(Rc<[u8]>),
    /// Nothing: too much waits for it, so that it was logged out and is to be disconnected.
    Overfull,
}

#[derive(Debug, Default)]
struct Client {
    standing: Standing,
    outbox: Outbox,
    /// Behind that, a list; what comes later stands behind the list.
    listing: Option<Box<Listing>>,
    /// To whom it wrote last, whoever has that id by now: most write to the same one again, and to
    /// compare one name is quicker than to look it up.
    wrote_to: Option<Id>,
    /// Whether it is in `Hub::dirty`.
    is_dirty: bool,
}

impl Client {
    #[inline]
    fn name(&self) -> Option<&Rc<[u8]>> {
        match &self.standing {
            Standing::User(name) => Some(name),
            Standing::Guest | Standing::Overfull => None,
        }
    }

    fn unlisted(&self) -> usize {
        self.listing.as_ref().map_or(0, |listing| listing.rest().len())
    }
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
    /// [`Limits::mark`]: it is asked for twice a message.
    mark: usize,
    echobot: bool,
    /// By id.
    clients: Vec<Client>,
    /// The ids that nobody has; the latest first, for its memory is warm.
    free: Vec<Id>,
    users: Users,
    /// Who has something new to write.
    dirty: Vec<Id>,
    spares: Vec<Vec<u8>>,
    lists: Lists,
    budget: Budget,
}

impl Hub {
    /// Nobody is here yet, but perhaps the echobot.
    pub fn new(limits: Limits, echobot: bool) -> Self {
        Self {
            mark: limits.mark(),
            limits,
            echobot,
            clients: Vec::new(),
            free: Vec::new(),
            users: Users::default(),
            dirty: Vec::new(),
            spares: Vec::new(),
            lists: Lists::default(),
            budget: Budget::new(&limits),
        }
    }

    /// Somebody has come. `None` if there are more than ids, which takes four billion sockets.
    pub fn connect(&mut self) -> Option<Id> {
        let id = match self.free.pop() {
            Some(id) => id,
            None => Id::from_index(self.clients.len())?,
        };
        if id.index() == self.clients.len() {
            self.clients.push(Client::default());
        }
        self.budget.note_client(0, PER_CLIENT);
        Some(id)
    }

    /// The connection of `id` is no more; the id is free for another one.
    pub fn disconnect(&mut self, id: Id) {
        self.log_out(id);
        let Client { outbox, listing, is_dirty, .. } = mem::take(&mut self.clients[id.index()]);
        self.budget.note(outbox.capacity(), 0);
        self.budget.note_client(PER_CLIENT, 0);
        if listing.is_some() {
            drop(listing);
            self.lists.forget_unread(&mut self.budget);
        }
        if is_dirty {
            self.dirty.retain(|&other| other != id);
        }
        self.free.push(id);
    }

    /// How many there are, logged in or not.
    pub fn len(&self) -> usize {
        self.clients.len() - self.free.len()
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What bounds everybody.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// `id` is no user any more: its name is free, and nothing is sent to it. What waits for it stays.
    pub fn log_out(&mut self, id: Id) {
        let client = &mut self.clients[id.index()];
        if let Standing::User(name) = &client.standing {
            self.users.remove(name);
            self.lists.forget_current(&mut self.budget);
            note!(Info, "{} has left", Printable(name));
            client.standing = Standing::Guest;
        }
    }

    /// Whether `id` has a name.
    pub fn is_logged_in(&self, id: Id) -> bool {
        self.clients[id.index()].name().is_some()
    }

    /// Whether `id` is to be disconnected, for not reading.
    pub fn is_overfull(&self, id: Id) -> bool {
        matches!(self.clients[id.index()].standing, Standing::Overfull)
    }

    /// What waits for `id`.
    pub fn outbox(&self, id: Id) -> &Outbox {
        &self.clients[id.index()].outbox
    }

    /// Whether something is to be written to `id`.
    pub fn has_output(&self, id: Id) -> bool {
        !self.outbox(id).is_empty() || self.clients[id.index()].listing.is_some()
    }

    /// Has what waits for `id` written by `write`, piece by piece, until some of it is left.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn drain<E>(&mut self, id: Id, mut write: impl FnMut(&mut Outbox) -> Result<(), E>) -> Result<(), E> {
        loop {
            let outbox = &mut self.clients[id.index()].outbox;
            let before = outbox.capacity();
            let written = write(outbox);
            self.budget.note(before, outbox.capacity());
            if written.is_err() || !outbox.is_empty() || !self.continue_list(id) {
                return written;
            }
        }
    }

    /// Whether lines of `sender` are to wait for `receiver`, who may be the same.
    #[inline]
    pub fn must_wait(&self, sender: Id, receiver: Id) -> bool {
        let Client { standing, outbox, listing, .. } = &self.clients[receiver.index()];
        let mark = match standing {
            _ if sender != receiver => self.mark,
            Standing::User(_) => self.mark.min(OWN_MARK),
            Standing::Guest => GUEST_MARK,
            Standing::Overfull => return true,
        };
        outbox.len() > mark || listing.is_some()
    }

    /// What all clients together have made the server hold, and may; for what is held elsewhere, too.
    pub(super) fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    /// Who has the most to read, if that is more than `least` bytes: it can be ended.
    pub(super) fn worst_reader(&self, least: usize) -> Option<Id> {
        let sizes = self.clients.iter().map(|client| client.outbox.len() + client.unlisted());
        let (index, size) = sizes.enumerate().max_by_key(|&(_, size)| size)?;
        Id::from_index(index).filter(|_| size > least)
    }

    /// What the budget has to say of this, counted anew.
    #[cfg(test)]
    pub(super) fn counted(&self) -> usize {
        let queues: usize = self.clients.iter().map(|client| client.outbox.capacity()).sum();
        let spares: usize = self.spares.iter().map(Vec::capacity).sum();
        self.len() * PER_CLIENT + queues + spares + self.lists.len()
    }

    /// Gives the memory back that is kept for the next outbox that fills.
    pub(super) fn forget_spares(&mut self) {
        for spare in mem::take(&mut self.spares) {
            self.budget.note(spare.capacity(), 0);
        }
    }

    /// `id` does not read: it is no user any more, nothing waits for it, and it is to be disconnected.
    pub(super) fn end_reader(&mut self, id: Id) {
        let waiting = self.outbox(id).len();
        note!(Warn, "client {} does not read: dropped with {waiting} bytes waiting", id.index());
        self.log_out(id);
        self.forget_queue(id);
        self.clients[id.index()].standing = Standing::Overfull;
        self.mark_dirty(id);
    }

    /// Nobody else asks for the list of users in this turn.
    pub(super) fn end_turn(&mut self) {
        self.lists.forget_current(&mut self.budget);
    }

    /// One whose outbox has something that it had not when it was last named here, or who has become
    /// [overfull](Hub::is_overfull) since. The outbox may be empty again.
    pub fn next_dirty(&mut self) -> Option<Id> {
        let id = self.dirty.pop()?;
        self.clients[id.index()].is_dirty = false;
        Some(id)
    }

    /// Whether [`next_dirty`](Hub::next_dirty) would name somebody.
    pub fn has_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// The socket of `id` takes bytes again: what waits for it is new once more.
    pub fn retry(&mut self, id: Id) {
        if self.has_output(id) {
            self.mark_dirty(id);
        }
    }

    /// Takes the buffer of an emptied outbox, for another one or to be freed.
    pub fn reclaim(&mut self, id: Id) {
        let Some(buffer) = self.clients[id.index()].outbox.release() else { return };
        if self.spares.len() < SPARE_BUFFERS && self.budget.allows(0, self.limits.max_memory / 4) {
            self.spares.push(buffer);
        } else {
            self.budget.note(buffer.capacity(), 0);
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
                note!(Debug, "client {} sent a line that is too long", id.index());
                return self.answer(id, Reply::BadRqstBody);
            }
        };
        if self.must_wait(id, id) {
            return Handled::Later(Wait::Queue(id));
        }
        match (Request::parse(line), self.clients[id.index()].name().cloned()) {
            (Ok(Request::Send { to, text }), Some(from)) => self.send(id, &from, to, text, insists),
            (Ok(Request::List), Some(_)) => self.list(id, insists),
            (Ok(Request::HelloFrom { name }), None) => self.log_in(id, name, line),
            (Err(BadRequest::Body), Some(_)) | (Err(BadRequest::LogInBody), None) => {
                self.refuse(id, line, Reply::BadRqstBody)
            }
            _ => self.refuse(id, line, Reply::BadRqstHdr),
        }
    }

    fn log_in(&mut self, id: Id, name: &[u8], line: &[u8]) -> Handled {
        let too_long = name.len() > self.limits.max_name || line.len() > LOG_IN_LIMIT;
        if too_long || !protocol::is_valid_name(name) || !guise::is_visible(name) {
            return self.refuse(id, line, Reply::BadRqstBody);
        }
        if self.users.len() >= self.limits.max_users {
            note!(Debug, "no room for {}: there are {} users", Printable(name), self.users.len());
            return self.answer(id, Reply::Busy);
        }
        if self.find(name).is_some() {
            return self.answer(id, Reply::InUse);
        }
        let shared: Rc<[u8]> = name.into();
        self.users.insert(Rc::clone(&shared), id);
        self.clients[id.index()].standing = Standing::User(shared);
        self.lists.forget_current(&mut self.budget);
        note!(Info, "client {} is {}", id.index(), Printable(name));
        self.answer(id, Reply::Hello { name })
    }

    fn list(&mut self, id: Id, insists: bool) -> Handled {
        let line = self.lists.current().unwrap_or_else(|| self.make_list());
        let piece = line.len().min(LIST_PIECE);
        if !self.tail(id).has_room(piece) && !self.make_room(id, piece) {
            return self.lack_memory(id, &line, insists);
        }
        if line.len() > piece {
            self.clients[id.index()].listing = Some(Box::new(Listing::new(line)));
        } else {
            self.append(id, &line);
        }
        Handled::Done
    }

    /// Not in the way of the messages.
    #[inline(never)]
    fn make_list(&mut self) -> Rc<[u8]> {
        let mut names = Vec::new();
        for name in self.echobot.then_some(ECHOBOT).into_iter().chain(self.names()) {
            names.extend_from_slice(name);
            names.push(b',');
        }
        names.pop();
        let mut line = Vec::new();
        Reply::ListOk { names: &names }.write(&mut line);
        let line = Rc::from(line);
        self.lists.set_current(&line, &mut self.budget);
        line
    }

    /// Takes the next piece of a list that `id` reads, if it does, once nothing else waits.
    fn continue_list(&mut self, id: Id) -> bool {
        let Some(mut listing) = self.clients[id.index()].listing.take() else { return false };
        self.append(id, listing.next_piece());
        if listing.rest().is_empty() {
            drop(listing);
            self.lists.forget_unread(&mut self.budget);
        } else {
            self.clients[id.index()].listing = Some(listing);
        }
        true
    }

    /// Something is to stand behind the list that `id` reads.
    fn finish_list(&mut self, id: Id) {
        while self.continue_list(id) {}
    }

    /// What waits for `id` waits no more.
    fn forget_queue(&mut self, id: Id) {
        let client = &mut self.clients[id.index()];
        self.budget.note(mem::take(&mut client.outbox).capacity(), 0);
        if client.listing.take().is_some() {
            self.lists.forget_unread(&mut self.budget);
        }
    }

    fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.users.iter().filter_map(|id| self.clients[id.index()].name().map(|name| &**name))
    }

    fn send(&mut self, id: Id, from: &[u8], to: &[u8], text: &[u8], insists: bool) -> Handled {
        if text.len() > self.limits.max_message {
            return self.refuse(id, text, Reply::BadRqstBody);
        }
        let (receiver, from) = match self.find_for(id, to) {
            None => return self.answer(id, Reply::BadDestUser),
            Some(User::Echobot) => (id, ECHOBOT),
            Some(User::Client(receiver)) => (receiver, from),
        };
        let line = b"DELIVERY  \n".len() + from.len() + text.len();
        // For one who need not be waited for, there is room (`Limits::mark`).
        if receiver != id && self.must_wait(id, receiver) {
            if !insists {
                return Handled::Later(Wait::Queue(receiver));
            }
            if self.has_no_room_for(receiver, line) {
                self.end_reader(receiver);
                return self.answer(id, Reply::BadDestUser);
            }
        }
        let has_room = self.tail(receiver).has_room(line);
        if !has_room && !self.make_room(receiver, line) {
            return self.lack_memory(id, text, insists);
        }
        protocol::write_delivery(from, text, self.clients[receiver.index()].outbox.tail());
        self.answer(id, Reply::SendOk)
    }

    /// Whether a line would go beyond what may wait for one client.
    fn has_no_room_for(&self, receiver: Id, line: usize) -> bool {
        let client = &self.clients[receiver.index()];
        client.outbox.len() + client.unlisted() + line > self.limits.max_queue
    }

    /// Makes room for so many bytes more in an outbox, if there is memory for it: some more than that, or
    /// just that.
    #[cold]
    fn make_room(&mut self, id: Id, count: usize) -> bool {
        let outbox = &mut self.clients[id.index()].outbox;
        let before = outbox.capacity();
        let is_made = [outbox.grown(count), outbox.least(count)]
            .into_iter()
            .any(|capacity| self.budget.allows(before, capacity) && outbox.try_grow(capacity));
        self.budget.note(before, outbox.capacity());
        is_made
    }

    /// The same as `find`, quicker for the one to whom `sender` wrote last.
    #[inline]
    fn find_for(&mut self, sender: Id, name: &[u8]) -> Option<User> {
        if let Some(last) = self.clients[sender.index()].wrote_to
            && self.clients[last.index()].name().is_some_and(|known| **known == *name)
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
        self.users.find(name).map(User::Client)
    }

    /// There is no memory for what a line asks for.
    #[cold]
    fn lack_memory(&mut self, id: Id, line: &[u8], insists: bool) -> Handled {
        if insists { self.refuse(id, line, Reply::BadRqstBody) } else { Handled::Later(Wait::Memory) }
    }

    fn refuse(&mut self, id: Id, line: &[u8], reply: Reply<'_>) -> Handled {
        note!(Debug, "client {} sent a bad line: {}", id.index(), Printable(line));
        self.answer(id, reply)
    }

    #[inline]
    fn answer(&mut self, id: Id, reply: Reply<'_>) -> Handled {
        let outbox = self.tail(id);
        let before = outbox.capacity();
        reply.write(outbox.tail());
        let after = outbox.capacity();
        self.budget.note(before, after);
        Handled::Done
    }

    /// The same for what was made before.
    fn append(&mut self, id: Id, bytes: &[u8]) {
        let outbox = self.tail(id);
        let before = outbox.capacity();
        outbox.tail().extend_from_slice(bytes);
        let after = outbox.capacity();
        self.budget.note(before, after);
    }

    /// Where something for `id` is to be appended.
    #[inline]
    fn tail(&mut self, id: Id) -> &mut Outbox {
        self.mark_dirty(id);
        let client = &mut self.clients[id.index()];
        if client.outbox.owns_no_memory() || client.listing.is_some() {
            self.prepare_tail(id);
        }
        &mut self.clients[id.index()].outbox
    }

    /// Guests do not get the buffers that messages need.
    #[inline(never)]
    fn prepare_tail(&mut self, id: Id) {
        self.finish_list(id);
        let client = &mut self.clients[id.index()];
        if client.outbox.owns_no_memory()
            && client.name().is_some()
            && let Some(spare) = self.spares.pop()
        {
            client.outbox.adopt(spare);
        }
    }

    #[inline]
    fn mark_dirty(&mut self, id: Id) {
        let client = &mut self.clients[id.index()];
        if !client.is_dirty {
            client.is_dirty = true;
            self.dirty.push(id);
        }
    }
}

#[cfg(test)]
mod tests;
