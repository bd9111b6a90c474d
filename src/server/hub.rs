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
//!   for that. Who has to give way is for the caller to say; one that insists is refused.
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
use crate::wire::sizes::{LIST_PIECE, PER_CLIENT};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::mem;
use core::num::NonZeroU32;

pub use super::limits::{LOG_IN_LIMIT, Limits, OWN_MARK, QUEUE_ROOM};

mod queues;

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

/// Who a guest is, where that is known.
#[derive(Debug)]
struct Known {
    /// It may log in with this name alone, or, if it is empty, not at all.
    only: Vec<u8>,
    /// It has tried another one.
    has_tried: bool,
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
    /// It has said something before it was logged in.
    has_spoken: bool,
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

/// Everybody who is connected. A client has its id from [`Hub::connect`] to [`Hub::disconnect`]; then that may be another's.
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
    /// By id, as far as somebody's name is known: few servers know any.
    known: Vec<Option<Known>>,
    /// Who has something new to write, the first one first.
    dirty: VecDeque<Id>,
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
            known: Vec::new(),
            dirty: VecDeque::new(),
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
        if let Some(known) = self.known.get_mut(id.index()) {
            *known = None;
        }
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

    /// From now on this is the only name with which the guest `id` may log in; an empty one is none.
    pub fn restrict(&mut self, id: Id, name: &[u8]) {
        if self.known.len() <= id.index() {
            self.known.resize_with(id.index() + 1, || None);
        }
        self.known[id.index()].get_or_insert_with(|| Known { only: name.to_vec(), has_tried: false });
    }

    /// What `id` begins with is TLS, which is not spoken here: tells it that this is no request, if it is the
    /// first thing that it says. Returns whether it is.
    #[cold]
    pub(super) fn turn_down(&mut self, id: Id) -> bool {
        if self.clients[id.index()].has_spoken {
            return false;
        }
        note!(Info, "client {} tried to speak TLS, which is not spoken where it came in", id.index());
        let _ = self.answer(id, Reply::BadRqstHdr);
        true
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
                self.clients[id.index()].has_spoken = true;
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
        if self.is_another(id, name) {
            return self.refuse(id, line, Reply::BadRqstBody);
        }
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

    /// Whether this is not the name of `id`, where that is known. It is told once: whoever comes in may try as often
    /// as they like.
    fn is_another(&mut self, id: Id, name: &[u8]) -> bool {
        self.clients[id.index()].has_spoken = true;
        let known = self.known.get_mut(id.index()).and_then(Option::as_mut);
        let Some(known) = known.filter(|known| known.only != name) else { return false };
        if !mem::replace(&mut known.has_tried, true) {
            let only = if known.only.is_empty() { b"nobody" } else { &known.only[..] };
            let (only, name) = (Printable(only), Printable(name));
            note!(Warn, "client {}, who is {only}, tried to log in as {name}", id.index());
        }
        true
    }

    fn list(&mut self, id: Id, insists: bool) -> Handled {
        let line = self.lists.current().unwrap_or_else(|| self.make_list());
        let piece = line.len().min(LIST_PIECE);
        if !self.tail(id).has_room(piece) && !self.make_room(id, piece) {
            return self.lack_memory(id, &line, insists);
        }
        if line.len() > piece {
            self.clients[id.index()].listing = Some(Box::new(Listing::new(line)));
            self.continue_list(id);
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

    #[cold]
    fn refuse(&mut self, id: Id, line: &[u8], reply: Reply<'_>) -> Handled {
        note!(Debug, "client {} sent a bad line: {}", id.index(), Printable(line));
        self.clients[id.index()].has_spoken = true;
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
}

#[cfg(test)]
mod tests;
