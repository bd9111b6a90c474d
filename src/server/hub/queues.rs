//! What waits for each client: where it is appended, how it is written, how much it may be.

use super::{Client, Hub, Id, OWN_MARK, Standing};
use crate::server::budget::Budget;
use crate::wire::format::note;
use crate::wire::outbox::Outbox;
use crate::wire::sizes::{GUEST_MARK, SPARE_BUFFERS};
use core::mem;

/// No answer but a list is longer, once logged in.
const ANSWER: usize = b"BAD-RQST-BODY\n".len();

impl Hub {
    /// What waits for `id`.
    pub fn outbox(&self, id: Id) -> &Outbox {
        &self.clients[id.index()].outbox
    }

    /// Whether something is to be written to `id`.
    pub fn has_output(&self, id: Id) -> bool {
        !self.outbox(id).is_empty() || self.clients[id.index()].listing.is_some()
    }

    /// Has what waits for `id` written by `write`. If all of it was, and `id` reads a list, the next piece of
    /// that is new then: it is for the next turn, so that nobody waits for many who read long lists.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn drain<E>(&mut self, id: Id, write: impl FnOnce(&mut Outbox) -> Result<(), E>) -> Result<(), E> {
        let outbox = &mut self.clients[id.index()].outbox;
        let before = outbox.capacity();
        let written = write(outbox);
        let (after, is_empty) = (outbox.capacity(), outbox.is_empty());
        self.budget.note(before, after);
        if is_empty && written.is_ok() {
            self.continue_list(id);
        }
        written
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
    pub(in crate::server) fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    /// Who has the most to read of those whom `test` names, and how much, if that is more than `least` bytes.
    pub(in crate::server) fn worst_reader(
        &self,
        least: usize,
        test: impl Fn(Id) -> bool,
    ) -> Option<(Id, usize)> {
        let sizes = self.clients.iter().map(|client| client.outbox.len() + client.unlisted());
        let readers = sizes.enumerate().filter(|&(_, size)| size > least);
        let readers = readers.filter_map(|(index, size)| Some((Id::from_index(index)?, size)));
        readers.filter(|&(id, _)| test(id)).max_by_key(|&(_, size)| size)
    }

    /// What the budget has to say of this, counted anew.
    #[cfg(test)]
    pub(in crate::server) fn counted(&self) -> usize {
        let queues: usize = self.clients.iter().map(|client| client.outbox.capacity()).sum();
        let spares: usize = self.spares.iter().map(Vec::capacity).sum();
        self.len() * crate::wire::sizes::PER_CLIENT + queues + spares + self.lists.len()
    }

    /// Gives the memory back that is kept for the next outbox that fills.
    pub(in crate::server) fn forget_spares(&mut self) {
        for spare in mem::take(&mut self.spares) {
            self.budget.note(spare.capacity(), 0);
        }
    }

    /// `id` does not read: it is no user any more, nothing waits for it, and it is to be disconnected.
    pub(in crate::server) fn end_reader(&mut self, id: Id) {
        let waiting = self.outbox(id).len();
        note!(Warn, "client {} does not read: dropped with {waiting} bytes waiting", id.index());
        self.log_out(id);
        self.forget_queue(id);
        self.clients[id.index()].standing = Standing::Overfull;
        self.mark_dirty(id);
    }

    /// Nobody else asks for the list of users in this turn.
    pub(in crate::server) fn end_turn(&mut self) {
        self.lists.forget_current(&mut self.budget);
    }

    /// One whose outbox has something that it had not when it was last named here, or who has become
    /// [overfull](Hub::is_overfull) since. The outbox may be empty again.
    pub fn next_dirty(&mut self) -> Option<Id> {
        let id = self.dirty.pop_front()?;
        self.clients[id.index()].is_dirty = false;
        Some(id)
    }

    /// How many [`next_dirty`](Hub::next_dirty) would name, if nothing became new meanwhile.
    pub fn dirty_len(&self) -> usize {
        self.dirty.len()
    }

    /// Whether [`next_dirty`](Hub::next_dirty) would name somebody.
    pub fn has_dirty(&self) -> bool {
        !self.dirty.is_empty()
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

    /// Takes the next piece of a list that `id` reads, if it does, once nothing else waits.
    pub(super) fn continue_list(&mut self, id: Id) -> bool {
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
    pub(super) fn forget_queue(&mut self, id: Id) {
        let client = &mut self.clients[id.index()];
        self.budget.note(mem::take(&mut client.outbox).capacity(), 0);
        if client.listing.take().is_some() {
            self.lists.forget_unread(&mut self.budget);
        }
    }

    /// Whether a line would go beyond what may wait for one client.
    pub(super) fn has_no_room_for(&self, receiver: Id, line: usize) -> bool {
        let client = &self.clients[receiver.index()];
        client.outbox.len() + client.unlisted() + line > self.limits.max_queue
    }

    /// Makes room for so many bytes more in an outbox, if there is memory for it: some more than that, or
    /// just that. The answer behind it fits then, too: it asks nobody, and would double the memory.
    #[cold]
    pub(super) fn make_room(&mut self, id: Id, count: usize) -> bool {
        let count = count + ANSWER;
        let outbox = &mut self.clients[id.index()].outbox;
        let before = outbox.capacity();
        let is_made = [outbox.grown(count), outbox.least(count)]
            .into_iter()
            .any(|capacity| self.budget.allows(before, capacity) && outbox.try_grow(capacity));
        self.budget.note(before, outbox.capacity());
        is_made
    }

    /// The same for what was made before.
    pub(super) fn append(&mut self, id: Id, bytes: &[u8]) {
        let outbox = self.tail(id);
        let before = outbox.capacity();
        outbox.tail().extend_from_slice(bytes);
        let after = outbox.capacity();
        self.budget.note(before, after);
    }

    /// Where something for `id` is to be appended.
    #[inline]
    pub(super) fn tail(&mut self, id: Id) -> &mut Outbox {
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

    /// `id` is to be named by [`next_dirty`](Hub::next_dirty).
    #[inline]
    pub fn mark_dirty(&mut self, id: Id) {
        let client = &mut self.clients[id.index()];
        if !client.is_dirty {
            client.is_dirty = true;
            self.dirty.push_back(id);
        }
    }
}
