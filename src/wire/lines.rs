//! Whole lines out of a byte stream, however it is cut: the same splitter for the socket, standard
//! input and every connection of the server.
//!
//! A line ends with one `\n` and nothing else (spec W1). However slowly a line comes in, what was
//! there is not searched again; nothing is copied for a line that lies in one piece of the ring; the
//! ring grows for a long line and gives the memory back once the line is taken.

use super::newlines::Newlines;
use super::ring::Ring;
use super::sizes::STEP;
use alloc::vec;
use alloc::vec::Vec;
use core::mem;
use core::ops::{Deref, DerefMut};
use memchr::{memchr, memrchr};

pub use super::sizes::CHUNK;

/// One line, without its `\n`.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Line<'a> {
    /// A line that arrived whole.
    Whole(&'a [u8]),
    /// A line over the limit: dropped, and skipped up to its end. Said once, when the limit is
    /// crossed, which may be long before the line ends.
    TooLong,
}

impl<'a> Line<'a> {
    /// The line, if it arrived whole: for those who say nothing about one that was dropped.
    pub fn whole(self) -> Option<&'a [u8]> {
        match self {
            Self::Whole(line) => Some(line),
            Self::TooLong => None,
        }
    }
}

/// What became of a line.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Taken {
    /// All of it was taken.
    Whole,
    /// The rest has to wait. The line is offered again, first, the next time, with this number,
    /// which says how far it was taken to whoever took it.
    UpTo(usize),
}

/// Somebody who takes lines.
pub trait Take {
    /// Takes a line, or the rest of one, of which a part was taken before: up to `from`, at first 0.
    fn take(&mut self, line: Line<'_>, from: usize) -> Taken;

    /// Takes as many as it likes of the lines that `bytes` starts with, each with its `\n`; returns
    /// their length. There is at least one; behind the last there may be a part of another. Of what
    /// is left, one line is offered alone, then the rest here again.
    ///
    /// For those who can do more with many lines at once.
    #[inline(always)]
    fn take_many(&mut self, _bytes: &[u8]) -> usize {
        0
    }
}

/// Takes each line whole, or not at all.
struct EachLine<F>(F);

impl<F: FnMut(Line<'_>) -> bool> Take for EachLine<F> {
    #[inline(always)]
    fn take(&mut self, line: Line<'_>, from: usize) -> Taken {
        if (self.0)(line) { Taken::Whole } else { Taken::UpTo(from) }
    }
}

/// Splits what is read into lines.
///
/// ```
/// use chinwag::wire::lines::{Line, Lines};
/// let mut lines = Lines::new(None);
/// lines.push(b"one\ntw");
/// lines.push(b"o\nthr");
/// let mut seen = Vec::new();
/// lines.drain(|line| {
///     let Line::Whole(line) = line else { unreachable!("there is no limit") };
///     seen.push(line.to_vec());
///     true
/// });
/// assert_eq!(seen, [b"one", b"two"]);
/// assert!(lines.has_partial());
/// ```
#[derive(Debug)]
pub struct Lines {
    ring: Ring,
    /// How many of the oldest bytes are known to hold no `\n`: all that are held, unless the first
    /// line is whole and was not taken, or bytes came since the last drain.
    searched: usize,
    /// How far the first line was taken.
    taken: usize,
    /// The longest line that is kept, in bytes without the `\n`.
    limit: usize,
    skip: Skip,
    /// The first line, joined, if it wraps around the end of the ring and was offered; else empty.
    joined: Vec<u8>,
}

/// Whether the start of the line was dropped, and its rest is to be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Skip {
    #[default]
    No,
    /// It was, for want of memory, and nobody knows yet.
    Untold,
    Told,
}

impl Lines {
    /// No lines yet, and no memory; a line of more than `limit` bytes will be dropped.
    pub const fn new(limit: Option<usize>) -> Self {
        let limit = match limit {
            Some(limit) => limit,
            None => usize::MAX,
        };
        Self { ring: Ring::new(), searched: 0, taken: 0, limit, skip: Skip::No, joined: Vec::new() }
    }

    /// Lends free space to `read`, more if there is none, as [`Ring::fill`] does: whoever reads into one
    /// piece only, as from a socket that blocks, leaves the second one alone, and the first is never empty. Returns how many
    /// bytes came, 0 being the end. A line for which there is no memory is dropped as one over the limit is.
    ///
    /// # Errors
    /// Those of `read`; nothing is lost then.
    pub fn fill<E>(
        &mut self,
        read: impl FnOnce(&mut [u8], &mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        if self.ring.len() == self.ring.capacity() {
            self.grow();
        }
        self.ring.fill(read)
    }

    /// The most memory that may be owned after so many bytes were read, into a [spare](Lines::borrow)
    /// storage if this one is smaller.
    pub(crate) fn memory_after(&self, count: usize) -> usize {
        let (held, capacity) = (self.len(), self.ring.capacity());
        match held.saturating_add(count) {
            few if few <= SETTLED && capacity <= CHUNK => few,
            _ if held == capacity => grown(capacity),
            _ => capacity.max(CHUNK),
        }
    }

    #[cold]
    fn grow(&mut self) {
        let capacity = grown(self.ring.capacity());
        if self.searched < self.ring.len() || capacity <= CHUNK {
            self.ring.reserve(capacity);
        } else if !self.ring.try_reserve(capacity) {
            self.clear();
            self.skip = Skip::Untold;
        }
    }

    /// Appends bytes that were read elsewhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.ring.push(bytes);
    }

    /// The input has ended: a last line without its `\n` counts as a line (spec C4).
    pub fn finish(&mut self) {
        if self.has_partial() {
            self.ring.push(b"\n");
        }
        self.skip = Skip::No;
    }

    /// Whether something has arrived since the last `\n`.
    pub fn has_partial(&self) -> bool {
        let (first, second) = self.ring.pieces();
        second.last().or(first.last()).is_some_and(|&byte| byte != b'\n')
    }

    /// The length of the first line, if it is whole and was not taken when it was offered last.
    #[inline]
    pub fn refused(&self) -> Option<usize> {
        (self.ring.get(self.searched) == Some(b'\n')).then_some(self.searched)
    }

    /// Whether what is held begins with these bytes.
    pub(crate) fn starts_with(&self, bytes: &[u8]) -> bool {
        bytes.iter().enumerate().all(|(at, &byte)| self.ring.get(at) == Some(byte))
    }

    /// Whether nothing is held, neither lines nor a part of one.
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// The number of bytes held.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// The number of bytes of memory owned for what is held.
    pub fn capacity(&self) -> usize {
        self.ring.capacity() + self.joined.capacity()
    }

    /// Forgets everything that is held.
    pub fn clear(&mut self) {
        self.ring.consume(usize::MAX);
        self.ring.shrink(CHUNK);
        self.joined = Vec::new();
        (self.searched, self.taken, self.skip) = (0, 0, Skip::No);
    }

    /// The first line is to be offered from its start, however far it was taken.
    pub(crate) fn start_over(&mut self) {
        self.taken = 0;
    }

    /// Drops the line that has begun: the part of it that is held, and the rest when it comes.
    ///
    /// For a limit that depends on the lines before: take those first, then look at
    /// [`len`](Lines::len), which is by then the length of the part.
    pub(crate) fn skip_partial(&mut self) {
        if self.has_partial() {
            self.clear();
            self.skip = Skip::Told;
        }
    }

    /// Gives the memory up, if nothing is held.
    pub fn release(&mut self) {
        if self.ring.is_empty() {
            self.ring = Ring::new();
        }
    }

    /// Offers the whole lines to `take`, oldest first, until it refuses one by returning `false`
    /// or none is left. A refused line stays, and is the first one the next time.
    pub fn drain(&mut self, take: impl FnMut(Line<'_>) -> bool) {
        self.drain_to(&mut EachLine(take));
    }

    /// The same for somebody who may take many lines at once, or a long one in parts.
    pub fn drain_to(&mut self, take: &mut impl Take) {
        let must_prepare = self.skip != Skip::No || !self.joined.is_empty();
        if must_prepare && self.prepare() {
            take.take(Line::TooLong, 0);
        }
        while self.drain_first_piece(take)
            && self.searched < self.ring.len()
            && self.drain_wrapped_line(&mut |line, from| take.take(line, from))
        {}
        if self.limit < usize::MAX && self.drop_overlong_start() {
            take.take(Line::TooLong, 0);
        }
        self.give_back();
    }

    /// As [`drain`](Lines::drain), for what happens rarely: it is slower, but takes no code for each who calls it.
    pub(crate) fn drain_rarely(&mut self, take: &mut dyn FnMut(&[u8]) -> bool) {
        self.prepare();
        let mut length = None;
        let offered = self.find(0, &mut |line| {
            length = (!take(line)).then_some(line.len());
            length.is_some()
        });
        let (Ok(end) | Err(end)) = offered;
        if end > 0 {
            self.joined.clear();
            self.taken = 0;
        }
        self.ring.consume(end);
        self.searched = length.unwrap_or(self.ring.len());
        self.give_back();
    }

    fn give_back(&mut self) {
        if self.ring.capacity() > CHUNK && self.ring.len() <= CHUNK / 2 {
            self.ring.shrink(CHUNK);
        }
    }

    /// Looks for a whole line that satisfies `test`, at the lines behind the first `looked` bytes,
    /// with which a line must end; returns where the first such line begins, or else where the last
    /// line that was looked at ends. Takes nothing.
    ///
    /// # Errors
    /// That end: the place from which to look on when more has come.
    pub(crate) fn find(&self, looked: usize, test: &mut dyn FnMut(&[u8]) -> bool) -> Result<usize, usize> {
        let (first, second) = self.ring.pieces();
        let mut start = looked;
        while let Some(length) = first.get(start..).and_then(|rest| memchr(b'\n', rest)) {
            if test(&first[start..start + length]) {
                return Ok(start);
            }
            start += length + 1;
        }
        if start < first.len() {
            let Some(end) = memchr(b'\n', second) else { return Err(start) };
            if test(&[&first[start..], &second[..end]].concat()) {
                return Ok(start);
            }
            start = first.len() + end + 1;
        }
        let whole = memrchr(b'\n', second).map_or(0, |end| end + 1);
        for line in
            second.get(start - first.len()..whole).unwrap_or_default().split_inclusive(|&byte| byte == b'\n')
        {
            if test(&line[..line.len() - 1]) {
                return Ok(start);
            }
            start += line.len();
        }
        Err(start)
    }

    /// Keeps the `count` oldest bytes, with which a line must end, and forgets the rest.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.ring.truncate(count);
        self.searched = self.searched.min(count);
    }

    /// Lends the storage `spare` to be read into, until what is returned is dropped: then what is
    /// held moves to a storage just large enough, if it is little.
    ///
    /// Whoever has many splitters, most of them empty, keeps one storage for the turn of each. An
    /// empty one is made as large as it has to be.
    #[doc(hidden)]
    pub fn borrow<'a>(&'a mut self, spare: &'a mut Vec<u8>) -> Borrowed<'a> {
        if spare.is_empty() {
            *spare = vec![0; CHUNK];
        }
        if self.ring.capacity() < spare.len() {
            let mut large = Ring::with_storage(mem::take(spare));
            large.append(&self.ring);
            self.ring = large;
        }
        Borrowed { lines: self, spare }
    }

    /// Forgets what is not to be offered any more; returns whether that is news.
    #[inline(never)]
    fn prepare(&mut self) -> bool {
        if !self.joined.is_empty() && self.ring.pieces().1.is_empty() {
            self.joined.clear(); // The ring has grown: the line does not wrap any more.
        }
        let is_news = self.skip == Skip::Untold;
        if is_news {
            self.skip = Skip::Told;
        }
        while self.skip != Skip::No && !self.ring.is_empty() {
            self.skip();
        }
        is_news
    }

    /// Drops the start of a line that has crossed the limit already; returns whether there was one.
    #[inline(never)]
    fn drop_overlong_start(&mut self) -> bool {
        let is_overlong = self.searched == self.ring.len() && self.ring.len() > self.limit;
        if is_overlong {
            self.clear();
            self.skip = Skip::Told;
        }
        is_overlong
    }

    /// Offers the whole lines of the ring's first piece; returns whether all of them were taken.
    #[inline]
    fn drain_first_piece(&mut self, take: &mut impl Take) -> bool {
        let (piece, _) = self.ring.pieces();
        let mut start = 0;
        let mut taken = self.taken;
        let mut from = self.searched.min(piece.len());
        let mut ends = Newlines::new(&piece[from..]);
        while let Some(distance) = ends.next() {
            let many =
                if self.limit == usize::MAX && taken == 0 { take.take_many(&piece[start..]) } else { 0 };
            if many > 0 {
                start += many;
                from = start;
                ends = Newlines::new(&piece[from..]);
                continue;
            }
            let end = from + distance;
            let line = &piece[start..end];
            let fits = line.len() <= self.limit;
            let offered = take.take(if fits { Line::Whole(line) } else { Line::TooLong }, taken);
            if let (Taken::UpTo(up_to), true) = (offered, fits) {
                self.searched = end - start;
                self.taken = up_to;
                self.ring.consume(start);
                return false;
            }
            taken = 0;
            start = end + 1;
        }
        self.searched = self.searched.max(piece.len()) - start;
        self.taken = taken;
        self.ring.consume(start);
        true
    }

    /// Offers the line that wraps around the end of the ring, if it is whole; returns whether to go
    /// on with the ring's first piece. There is one such line in a ring at most: too few for code of
    /// their own for each who takes them.
    fn drain_wrapped_line(&mut self, take: &mut dyn FnMut(Line<'_>, usize) -> Taken) -> bool {
        let (first, second) = self.ring.pieces();
        let Some(from) = self.searched.checked_sub(first.len()) else {
            return true; // The first piece ended with a whole line: what was the second is the first.
        };
        let Some(distance) = memchr(b'\n', &second[from..]) else {
            self.searched = self.ring.len();
            return false;
        };
        let length = first.len() + from + distance;
        let fits = length <= self.limit;
        if fits && length > CHUNK {
            // A copy would take its memory twice, and be made again for each part that is taken.
            self.searched = length;
            self.ring.make_contiguous();
            return true;
        }
        if fits && self.joined.is_empty() {
            self.joined.extend_from_slice(first);
            self.joined.extend_from_slice(&second[..length - first.len()]);
        }
        let line = if fits { Line::Whole(&self.joined) } else { Line::TooLong };
        if let (Taken::UpTo(up_to), true) = (take(line, self.taken), fits) {
            (self.searched, self.taken) = (length, up_to);
            return false;
        }
        self.joined.clear();
        self.ring.consume(length + 1);
        (self.searched, self.taken) = (0, 0);
        true
    }

    /// Drops the rest of a line over the limit, as far as it has arrived.
    fn skip(&mut self) {
        let (piece, _) = self.ring.pieces();
        let end = memchr(b'\n', piece);
        let count = end.map_or(piece.len(), |end| end + 1);
        self.ring.consume(count);
        if end.is_some() {
            self.skip = Skip::No;
        }
    }

    /// Gives the storage back to `spare`, if what is held is little.
    fn settle(&mut self, spare: &mut Vec<u8>) {
        if self.ring.capacity() != CHUNK || self.ring.len() > SETTLED {
            return;
        }
        let mut small = Ring::new();
        small.append(&self.ring);
        *spare = mem::replace(&mut self.ring, small).into_storage();
        if self.joined.is_empty() {
            self.joined = Vec::new();
        }
    }
}

/// A splitter with a storage that is not its own.
#[derive(Debug)]
#[doc(hidden)]
pub struct Borrowed<'a> {
    lines: &'a mut Lines,
    spare: &'a mut Vec<u8>,
}

impl Deref for Borrowed<'_> {
    type Target = Lines;

    fn deref(&self) -> &Lines {
        self.lines
    }
}

impl DerefMut for Borrowed<'_> {
    fn deref_mut(&mut self) -> &mut Lines {
        self.lines
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        self.lines.settle(self.spare);
    }
}

/// No more than this moves to a storage just large enough when a borrowed one is given back.
const SETTLED: usize = CHUNK / 4;

/// The next capacity of a full ring.
fn grown(capacity: usize) -> usize {
    if capacity < CHUNK { CHUNK } else { capacity + capacity.min(STEP) }
}

#[cfg(test)]
mod tests;
