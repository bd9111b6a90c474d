//! Bytes that wait to be written: appended at one end, written from the other as far as somebody
//! takes them.

use super::sizes::{KEPT, LEFT, STEP, is_there};
use alloc::vec::Vec;
use core::mem;
use memchr::{memchr, memrchr};

/// A queue of bytes on their way out.
///
/// It has no bound of its own: whoever fills it looks at [`Outbox::len`] first, and stops taking
/// input when that is more than the bound named there (`SCREEN_FULL` for what is shown, `OUTBOX_FULL` for what
/// is sent, both in `wire/sizes.rs`).
///
/// ```
/// use chinwag::wire::outbox::Outbox;
/// let mut outbox = Outbox::new();
/// outbox.tail().extend_from_slice(b"LIST\n");
/// let mut taken = Vec::new();
/// let is_empty = outbox.drain(|bytes| {
///     let count = if taken.is_empty() { 2 } else { 0 }; // it takes no more now
///     taken.extend_from_slice(&bytes[..count]);
///     Ok::<_, core::convert::Infallible>(count)
/// });
/// assert_eq!((is_empty, outbox.as_slice()), (Ok(false), &b"ST\n"[..]));
/// ```
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    /// How many of `bytes` have been written; less than their number, or 0.
    written: usize,
    /// The byte written last did not end a line.
    is_inside_line: bool,
}

impl Outbox {
    /// An empty outbox that owns no memory yet.
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), written: 0, is_inside_line: false }
    }

    /// The number of bytes that wait.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len() - self.written
    }

    /// Whether nothing waits.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// What waits, oldest first.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// The number of bytes of memory owned.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Where to append. What is there already must be left as it is.
    #[inline(always)]
    pub fn tail(&mut self) -> &mut Vec<u8> {
        // Only when nearly all has been written is it worth moving the rest: the cost of a move is
        // then covered by the bytes written since the last one.
        if self.written > KEPT && self.written > self.len() {
            self.forget_written();
        }
        &mut self.bytes
    }

    #[cold]
    fn forget_written(&mut self) {
        self.bytes.drain(..self.written);
        self.written = 0;
    }

    /// Whether so many bytes can be appended without more memory.
    #[inline]
    pub(crate) fn has_room(&self, count: usize) -> bool {
        count <= self.bytes.capacity() - self.bytes.len()
    }

    /// How much memory it had best own to have room for so many bytes more. A small one grows to twice its
    /// size, so that growing costs little; a large one, by a step at a time.
    pub(crate) fn grown(&self, count: usize) -> usize {
        let capacity = self.bytes.capacity();
        self.least(count).max(capacity + capacity.min(STEP))
    }

    /// How much memory it needs to have room for so many bytes more.
    pub(crate) fn least(&self, count: usize) -> usize {
        self.bytes.len().saturating_add(count)
    }

    /// Owns so much memory from now on, if there is some; returns whether that is so.
    #[must_use]
    pub(crate) fn try_grow(&mut self, capacity: usize) -> bool {
        let before = self.bytes.capacity();
        let has_grown = self.bytes.try_reserve_exact(capacity.saturating_sub(self.bytes.len())).is_ok();
        // What a read of short messages becomes is more than is kept. It comes with each read, and to ask
        // takes two system calls.
        if capacity <= 2 * KEPT || !has_grown || is_there(LEFT) {
            return has_grown;
        }
        self.bytes.shrink_to(before);
        false
    }

    /// Whether this outbox could use a [spare](Outbox::adopt) buffer.
    #[inline]
    pub(crate) fn owns_no_memory(&self) -> bool {
        self.bytes.capacity() == 0
    }

    /// Uses `spare` from now on, if it owns no memory itself.
    ///
    /// Whoever has many outboxes, most of them empty, lends each a buffer when it gets something
    /// to hold, and takes it back with [`release`](Outbox::release) once all of it is written.
    pub(crate) fn adopt(&mut self, spare: Vec<u8>) {
        if self.owns_no_memory() {
            self.bytes = spare;
            self.bytes.clear();
        }
    }

    /// Gives the memory of an empty outbox up; `None` if something waits or no memory is owned.
    pub(crate) fn release(&mut self) -> Option<Vec<u8>> {
        (self.is_empty() && !self.owns_no_memory()).then(|| mem::take(&mut self.bytes))
    }

    /// Forgets what waits: what comes next begins a stream of its own.
    pub fn clear(&mut self) {
        self.is_inside_line = false;
        self.forget_all();
    }

    fn forget_all(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.written = 0;
    }

    /// Hands what waits to `write`, which says how many bytes it took, until nothing waits; returns
    /// whether that is so. One who takes none ends it as well.
    ///
    /// # Errors
    /// Those of `write`. What was not taken stays.
    pub fn drain<E>(&mut self, mut write: impl FnMut(&[u8]) -> Result<usize, E>) -> Result<bool, E> {
        while !self.is_empty() {
            match write(self.as_slice())? {
                0 => return Ok(false),
                count => self.advance(count),
            }
        }
        Ok(true)
    }

    /// The whole lines of which nothing has been written.
    pub(crate) fn unsent_lines(&self) -> &[u8] {
        let waiting = self.as_slice();
        let start = if self.is_inside_line { memchr(b'\n', waiting).map(|end| end + 1) } else { Some(0) };
        let lines = start.map_or(&[][..], |start| &waiting[start..]);
        &lines[..memrchr(b'\n', lines).map_or(0, |end| end + 1)]
    }

    /// Takes those, and forgets the rest.
    pub(crate) fn take_unsent_lines(&mut self) -> Vec<u8> {
        let lines = self.unsent_lines().to_vec();
        self.clear();
        lines
    }

    fn advance(&mut self, count: usize) {
        self.written = self.bytes.len().min(self.written + count);
        self.is_inside_line = self.bytes[self.written - 1] != b'\n';
        if self.written == self.bytes.len() {
            self.forget_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::convert::Infallible;

    /// Takes so many bytes a call, and then none.
    #[derive(Default)]
    struct Narrow {
        taken: Vec<u8>,
        at_once: usize,
        calls: usize,
    }

    impl Narrow {
        fn empty(&mut self, outbox: &mut Outbox) -> bool {
            let take = |bytes: &[u8]| {
                let count = if self.calls == 0 { 0 } else { bytes.len().min(self.at_once) };
                self.calls = self.calls.saturating_sub(1);
                self.taken.extend_from_slice(&bytes[..count]);
                Ok::<_, Infallible>(count)
            };
            outbox.drain(take).unwrap()
        }
    }

    #[test]
    fn partial_writes_lose_and_repeat_nothing() {
        let mut outbox = Outbox::new();
        let mut expected = Vec::new();
        let mut narrow = Narrow { at_once: 7, ..Narrow::default() };
        for round in 0..100_000_u32 {
            outbox.tail().extend_from_slice(&round.to_le_bytes());
            expected.extend_from_slice(&round.to_le_bytes());
            narrow.calls = usize::from(round % 2 == 0);
            narrow.empty(&mut outbox);
        }
        assert_eq!(outbox.len(), expected.len() - narrow.taken.len());
        narrow.calls = usize::MAX;
        assert!(narrow.empty(&mut outbox));
        assert_eq!(narrow.taken, expected);
        assert!(outbox.is_empty() && outbox.capacity() <= KEPT);
    }

    #[test]
    fn only_an_empty_outbox_gives_its_memory_up() {
        let mut outbox = Outbox::new();
        assert_eq!(outbox.release(), None, "there is none");
        outbox.adopt(Vec::from(*b"leftover"));
        outbox.tail().push(b'x');
        assert_eq!(outbox.release(), None, "a byte waits");
        outbox.adopt(vec![0; 100]);
        assert_eq!((outbox.as_slice(), outbox.capacity()), (&b"x"[..], 8), "one buffer is enough");
        outbox.clear();
        assert_eq!(outbox.release().map(|buffer| buffer.capacity()), Some(8));
        assert!(outbox.owns_no_memory());
    }

    #[test]
    fn room_is_made_if_there_is_memory() {
        let mut outbox = Outbox::new();
        assert!(outbox.has_room(0) && !outbox.has_room(1) && outbox.grown(7) == 7);
        assert!(outbox.try_grow(7) && outbox.has_room(7) && !outbox.has_room(8));
        outbox.tail().extend_from_slice(b"1234567");
        assert_eq!((outbox.least(1), outbox.grown(1), outbox.grown(20)), (8, 14, 27));
        assert!(!outbox.try_grow(isize::MAX as usize + 1) && outbox.try_grow(3));
        assert_eq!((outbox.as_slice(), outbox.capacity()), (&b"1234567"[..], 7));
        assert!(outbox.try_grow(3 * STEP) && outbox.has_room(3 * STEP - 7));
        assert_eq!(outbox.grown(3 * STEP), outbox.capacity() + STEP);
    }

    #[test]
    fn unsent_lines_are_those_not_begun() {
        for (at_once, expected) in [(0, "one\ntwo\n"), (1, "two\n"), (4, "two\n"), (5, ""), (8, ""), (10, "")]
        {
            let mut outbox = Outbox::new();
            outbox.tail().extend_from_slice(b"one\ntwo\nthr");
            let mut narrow = Narrow { at_once, calls: 1, ..Narrow::default() };
            narrow.empty(&mut outbox);
            assert_eq!(String::from_utf8(outbox.take_unsent_lines()).unwrap(), expected, "{at_once}");
            assert!(outbox.is_empty());
        }
    }

    #[test]
    fn failed_write_loses_nothing() {
        let mut outbox = Outbox::new();
        outbox.tail().extend_from_slice(b"xy");
        let mut results = [Ok(1), Err("broken")].into_iter();
        assert_eq!(outbox.drain(|_| results.next().unwrap()), Err("broken"));
        assert_eq!(outbox.as_slice(), b"y");
    }

    #[test]
    fn no_writer_can_take_more_than_there_is() {
        let mut outbox = Outbox::new();
        outbox.tail().extend_from_slice(b"xy");
        assert_eq!(outbox.drain(|_| Ok::<_, Infallible>(9)), Ok(true));
        assert!(outbox.is_empty());
    }
}
