//! A growing ring of bytes: fill its free space, look, consume.
//!
//! ```text
//!   storage  [ d e f . . . . a b c ]     head = 7, len = 6: the bytes "abcdef" in two pieces
//!              second  free    first
//! ```
//!
//! Full is `len == capacity`, empty is `len == 0`; an empty ring rewinds to the start, so that a
//! reader that keeps up always reads into, and looks at, one piece.

use super::sizes::{LEFT, ZEROS, is_there};
use alloc::vec;
use alloc::vec::Vec;

/// A byte queue in one allocation, filled in place.
///
/// ```
/// let mut ring = chinwag::wire::ring::Ring::new();
/// ring.reserve(8);
/// let read = ring.fill(|near, _far| {
///     near[..5].copy_from_slice(b"hello");
///     Ok::<_, core::convert::Infallible>(5)
/// });
/// assert_eq!(read, Ok(5));
/// assert_eq!(ring.pieces(), (&b"hello"[..], &b""[..]));
/// ring.consume(4);
/// assert_eq!(ring.pieces(), (&b"o"[..], &b""[..]));
/// ```
#[derive(Debug, Default)]
pub struct Ring {
    /// Every byte of it is initialised; its length is the capacity of the ring.
    storage: Vec<u8>,
    /// Where the oldest byte is; less than the capacity, or 0.
    head: usize,
    /// How many bytes are held; never more than the capacity.
    len: usize,
}

impl Ring {
    /// An empty ring that owns no memory yet.
    pub const fn new() -> Self {
        Self { storage: Vec::new(), head: 0, len: 0 }
    }

    /// An empty ring that uses all of `storage`.
    pub const fn with_storage(storage: Vec<u8>) -> Self {
        Self { storage, head: 0, len: 0 }
    }

    /// The number of bytes held.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no byte is held.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of bytes that fit without growing.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.storage.len()
    }

    /// The bytes held, oldest first: the second piece is empty unless they wrap around.
    #[inline(never)]
    pub fn pieces(&self) -> (&[u8], &[u8]) {
        let until_end = self.storage.len() - self.head;
        match self.len.checked_sub(until_end) {
            None => (&self.storage[self.head..self.head + self.len], &[]),
            Some(wrapped) => (&self.storage[self.head..], &self.storage[..wrapped]),
        }
    }

    /// Makes the capacity at least `capacity`, keeping what is held, in one piece from the start.
    ///
    /// The storage is extended in place where the allocator can do that: for a large one the
    /// common ones remap pages, so that nothing is copied and memory never peaks at twice the size.
    /// Each time it gets a quarter more than asked for, which costs nothing until it is asked for, too:
    /// pages that nothing was written to take no memory.
    pub fn reserve(&mut self, capacity: usize) {
        if capacity > self.capacity() {
            self.rewind();
            if capacity > self.storage.capacity() && !self.storage.is_empty() {
                self.storage.reserve_exact(roomy(capacity) - self.storage.len());
            }
            self.extend(capacity);
        }
    }

    /// The same, if there is memory for it; returns whether that is so. Nothing has changed if it is not.
    #[must_use]
    pub(crate) fn try_reserve(&mut self, capacity: usize) -> bool {
        let missing = roomy(capacity) - self.storage.len().min(capacity);
        if capacity > self.storage.capacity() {
            if self.storage.try_reserve_exact(missing).is_err() {
                return false;
            }
            if !is_there(LEFT) {
                self.storage.shrink_to_fit();
                return false;
            }
        }
        self.reserve(capacity);
        true
    }

    /// Gives memory back until the capacity is `capacity`, or what is held if that is more.
    pub fn shrink(&mut self, capacity: usize) {
        let capacity = capacity.max(self.len);
        if capacity >= self.capacity() {
            return;
        }
        self.make_contiguous();
        self.storage.copy_within(self.head..self.head + self.len, 0);
        self.head = 0;
        self.storage.truncate(capacity);
        self.storage.shrink_to_fit();
    }

    /// Lends all of the free space to `read`, in the order in which it fills: the far part is empty
    /// unless it wraps around. What is returned says how many bytes were put there.
    ///
    /// There must be free space: a read into none returns 0 and looks like the end.
    ///
    /// # Errors
    /// Those of `read`; the ring then holds what it held.
    pub fn fill<E>(
        &mut self,
        read: impl FnOnce(&mut [u8], &mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        debug_assert!(self.len < self.capacity(), "a read into no space looks like the end");
        let (near, far) = self.free();
        let count = read(near, far)?.min(self.capacity() - self.len);
        self.len += count;
        Ok(count)
    }

    /// Appends `bytes`, growing as needed.
    pub fn push(&mut self, bytes: &[u8]) {
        self.reserve(self.len + bytes.len());
        let (near, far) = self.free();
        let (first, second) = bytes.split_at(near.len().min(bytes.len()));
        near[..first.len()].copy_from_slice(first);
        far[..second.len()].copy_from_slice(second);
        self.len += bytes.len();
    }

    /// Drops the `count` oldest bytes (all of them, if there are fewer).
    #[inline]
    pub fn consume(&mut self, count: usize) {
        if count >= self.len {
            self.head = 0;
            self.len = 0;
            return;
        }
        self.len -= count;
        self.head += count;
        if self.head >= self.storage.len() {
            self.head -= self.storage.len();
        }
    }

    /// The byte at this place, counted from the oldest one.
    pub(crate) fn get(&self, at: usize) -> Option<u8> {
        let (first, second) = self.pieces();
        first.get(at).or_else(|| second.get(at - first.len())).copied()
    }

    /// Keeps the `count` oldest bytes (all of them, if there are fewer).
    pub(crate) fn truncate(&mut self, count: usize) {
        self.len = self.len.min(count);
        if self.len == 0 {
            self.head = 0;
        }
    }

    /// Appends all that `other` holds, growing as needed.
    pub(crate) fn append(&mut self, other: &Ring) {
        let (first, second) = other.pieces();
        self.reserve(self.len + other.len);
        self.push(first);
        self.push(second);
    }

    /// Gives the storage up; what is held is gone.
    pub(crate) fn into_storage(self) -> Vec<u8> {
        self.storage
    }

    /// The free space, in the order in which it fills.
    fn free(&mut self) -> (&mut [u8], &mut [u8]) {
        let capacity = self.storage.len();
        let tail = self.head + self.len;
        if tail >= capacity {
            return (&mut self.storage[tail - capacity..self.head], &mut []);
        }
        let (front, near) = self.storage.split_at_mut(tail);
        (near, &mut front[..self.head])
    }

    /// Makes what is held one piece, in place.
    pub(crate) fn make_contiguous(&mut self) {
        if self.head + self.len > self.capacity() {
            self.rewind();
        }
    }

    /// Makes the storage, rewound, this large.
    fn extend(&mut self, capacity: usize) {
        if self.storage.capacity() == 0 {
            // Fresh zeroed pages cost nothing until they are written to.
            self.storage = vec![0; capacity];
            return;
        }
        // A block at a time: built for size, `Vec::resize` goes byte by byte.
        while self.storage.len() < capacity {
            let zeros = [0; ZEROS];
            let missing = zeros.len().min(capacity - self.storage.len());
            self.storage.extend_from_slice(&zeros[..missing]);
        }
    }

    /// Moves what is held to the start of the storage, in one piece.
    fn rewind(&mut self) {
        self.storage.rotate_left(self.head);
        self.head = 0;
    }
}

/// A quarter more than asked for.
fn roomy(capacity: usize) -> usize {
    capacity.saturating_add(capacity / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::io::Read as _;

    #[test]
    fn ring_without_memory_to_grow_stays_as_it_is() {
        for held in ["", "abc"] {
            let mut ring = Ring::new();
            ring.push(held.as_bytes());
            let capacity = ring.capacity();
            assert!(!ring.try_reserve(isize::MAX as usize));
            assert_eq!((ring.pieces().0, ring.capacity()), (held.as_bytes(), capacity));
            assert!(ring.try_reserve(10) && ring.capacity() == 10);
        }
    }

    fn ring(capacity: usize) -> Ring {
        let mut ring = Ring::new();
        ring.reserve(capacity);
        ring
    }

    fn read(ring: &mut Ring, mut bytes: &[u8]) -> usize {
        let mut take = |room: &mut [u8]| bytes.read(room).unwrap();
        ring.fill(|near, far| Ok::<_, Infallible>(take(near) + take(far))).unwrap()
    }

    #[test]
    fn wraps_and_grows_in_order() {
        let mut ring = ring(6);
        assert_eq!(read(&mut ring, b"abcd"), 4);
        assert_eq!(ring.storage, b"abcd\0\0");
        ring.consume(3);
        assert_eq!(read(&mut ring, b"efghij"), 5, "both pieces of the free space are filled");
        assert_eq!(ring.storage, b"ghidef");
        assert_eq!(ring.pieces(), (&b"def"[..], &b"ghi"[..]));
        ring.reserve(8);
        assert_eq!(ring.storage, b"defghi\0\0");
        ring.consume(4);
        ring.shrink(1);
        assert_eq!(ring.storage, b"hi", "never less than what is held");
    }

    #[test]
    fn empty_ring_rewinds() {
        let mut ring = ring(4);
        read(&mut ring, b"abc");
        ring.consume(9);
        assert_eq!((ring.head, ring.len()), (0, 0));
        read(&mut ring, b"defg");
        assert_eq!(ring.pieces(), (&b"defg"[..], &b""[..]));
    }

    #[test]
    fn failed_read_changes_nothing() {
        let mut ring = ring(4);
        ring.push(b"ab");
        let refused = ring.fill(|near, _| {
            near.fill(b'!');
            Err("refused")
        });
        assert_eq!(refused, Err("refused"));
        assert_eq!(ring.pieces(), (&b"ab"[..], &b""[..]));
    }

    #[test]
    fn no_reader_can_say_that_more_came_than_fits() {
        let mut ring = ring(4);
        assert_eq!(ring.fill(|_, _| Ok::<_, Infallible>(9)), Ok(4));
        assert_eq!(ring.pieces(), (&[0; 4][..], &b""[..]));
    }

    /// Every capacity up to 6, every head, every length, then each operation with every argument.
    #[test]
    fn agrees_with_a_deque_in_every_small_state() {
        for capacity in 1..=6 {
            for head in 0..capacity {
                for len in 0..=capacity {
                    for argument in 0..=capacity + 2 {
                        for operation in 0..6 {
                            check(capacity, head, len, argument, operation);
                        }
                    }
                }
            }
        }
    }

    fn check(capacity: usize, head: usize, len: usize, argument: usize, operation: usize) {
        let mut ring = ring(capacity);
        ring.push(&vec![b'.'; head]);
        if len > 0 && head > 0 {
            // Keep one byte in it while the head moves: an empty ring would rewind.
            ring.consume(head - 1);
            ring.push(&b"abcdef"[..len.min(capacity - 1)]);
            ring.consume(1);
        } else {
            ring.consume(head);
            ring.push(&b"abcdef"[..len]);
        }
        let mut oracle: VecDeque<u8> = [ring.pieces().0, ring.pieces().1].concat().into();
        match operation {
            0 => {
                ring.consume(argument);
                oracle.drain(..argument.min(oracle.len()));
            }
            1 => {
                ring.push(&b"uvwxyz!?"[..argument]);
                oracle.extend(&b"uvwxyz!?"[..argument]);
            }
            2 => {
                ring.reserve(argument);
                assert!(ring.capacity() >= argument);
            }
            3 => {
                ring.shrink(argument);
                assert!(ring.capacity() <= argument.max(ring.len()).max(capacity));
            }
            4 => {
                ring.make_contiguous();
                assert!(ring.pieces().1.is_empty());
            }
            _ if ring.len() < ring.capacity() => {
                let read = read(&mut ring, &b"uvwxyz!?"[..argument]);
                assert_eq!(read, argument.min(capacity - oracle.len()));
                oracle.extend(&b"uvwxyz!?"[..read]);
            }
            _ => {}
        }
        let (first, second) = ring.pieces();
        let state = (capacity, head, len, argument, operation);
        assert_eq!([first, second].concat(), Vec::from(oracle), "{state:?}");
    }
}
