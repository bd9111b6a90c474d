//! Whole lines out of a byte stream, however it is cut: the same splitter for the socket, standard
//! input and every connection of the server.
//!
//! A line ends with one `\n` and nothing else (spec W1). However slowly a line comes in, what was
//! there is not searched again; nothing is copied for a line that lies in one piece of the ring; the
//! ring grows for a long line and gives the memory back once the line is taken.

use crate::wire::newlines::Newlines;
use crate::wire::ring::Ring;
use memchr::{memchr, memrchr};
use std::io::{self, Read};

/// What is read at a time, and the size to which the ring returns, in bytes.
///
/// With messages of 64 bytes a read brings about 1,600 of them: what a system call costs no longer
/// counts. Memory that nothing was read into costs nothing: allocators map as much as this afresh.
pub const CHUNK: usize = 128 * 1024;

/// A full ring grows by at most so many bytes: what is cleared at a time is still in the processor's
/// caches when it is read into, and a message of 100 MB never takes more than 101.
const STEP: usize = 1024 * 1024;

/// One line, without its `\n`.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Line<'a> {
    /// A line that arrived whole.
    Whole(&'a [u8]),
    /// A line over the limit: dropped, and skipped up to its end. Said once, when the limit is
    /// crossed, which may be long before the line ends.
    TooLong,
}

/// Somebody who takes lines.
pub(crate) trait Take {
    /// Takes a line. Returns whether it was taken; if not, it is offered again, first, the next time.
    fn take(&mut self, line: Line<'_>) -> bool;

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

/// Takes one line at a time.
struct EachLine<F>(F);

impl<F: FnMut(Line<'_>) -> bool> Take for EachLine<F> {
    #[inline(always)]
    fn take(&mut self, line: Line<'_>) -> bool {
        self.0(line)
    }
}

/// Splits what is read into lines.
///
/// ```
/// use chinwag::wire::lines::{Line, Lines};
/// let mut lines = Lines::new(None);
/// lines.fill_from(&mut &b"one\ntw"[..]).unwrap();
/// lines.fill_from(&mut &b"o\nthr"[..]).unwrap();
/// let mut seen = Vec::new();
/// lines.drain(|line| {
///     let Line::Whole(line) = line else { unreachable!("there is no limit") };
///     seen.push(line.to_vec());
///     true
/// });
/// assert_eq!(seen, [b"one", b"two"]);
/// assert!(lines.has_partial());
/// ```
#[derive(Debug, Default)]
pub struct Lines {
    ring: Ring,
    /// How many of the oldest bytes are known to hold no `\n`, except that a line which was offered
    /// and not taken is searched again from its `\n`.
    searched: usize,
    /// The longest line that is kept, in bytes without the `\n`.
    limit: Option<usize>,
    /// The start of the line was dropped, its rest is to be dropped.
    skipping: bool,
    /// A line that wraps around the end of the ring, joined.
    joined: Vec<u8>,
}

impl Lines {
    /// No lines yet, and no memory; a line of more than `limit` bytes will be dropped.
    pub const fn new(limit: Option<usize>) -> Self {
        Self { ring: Ring::new(), searched: 0, limit, skipping: false, joined: Vec::new() }
    }

    /// Reads once from `source`, growing if there is no room; returns how many bytes came, 0 being
    /// the end.
    ///
    /// # Errors
    /// Those of the reader; nothing is lost then.
    pub fn fill_from(&mut self, source: &mut impl Read) -> io::Result<usize> {
        if self.is_full() {
            self.ring.reserve(grown(self.ring.capacity()));
        }
        self.ring.read_from(source)
    }

    /// Appends a line that was read elsewhere; it must hold no `\n`.
    pub fn push_line(&mut self, line: &[u8]) {
        self.ring.push(line);
        self.ring.push(b"\n");
    }

    /// The input has ended: a last line without its `\n` counts as a line (spec C4).
    pub fn finish(&mut self) {
        if self.has_partial() {
            self.ring.push(b"\n");
        }
        self.skipping = false;
    }

    /// Whether something has arrived since the last `\n`.
    pub fn has_partial(&self) -> bool {
        let (first, second) = self.ring.pieces();
        second.last().or(first.last()).is_some_and(|&byte| byte != b'\n')
    }

    /// Whether nothing is held, neither lines nor a part of one.
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// The number of bytes held.
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether there is no room left: the last read may not have brought all there was.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.ring.len() == self.ring.capacity()
    }

    /// The number of bytes of memory owned for what is held.
    pub fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// Forgets everything that is held.
    pub fn clear(&mut self) {
        self.ring.consume(usize::MAX);
        self.ring.shrink(CHUNK);
        self.searched = 0;
        self.skipping = false;
    }

    /// Drops the line that has begun: the part of it that is held, and the rest when it comes.
    ///
    /// For a limit that depends on the lines before: take those first, then look at
    /// [`len`](Lines::len), which is by then the length of the part.
    pub fn skip_partial(&mut self) {
        if self.has_partial() {
            self.clear();
            self.skipping = true;
        }
    }

    /// Offers the whole lines to `take`, oldest first, until it refuses one by returning `false`
    /// or none is left. A refused line stays, and is the first one the next time.
    pub fn drain(&mut self, take: impl FnMut(Line<'_>) -> bool) {
        self.drain_to(&mut EachLine(take));
    }

    /// The same for somebody who may take many lines at once.
    pub(crate) fn drain_to(&mut self, take: &mut impl Take) {
        while self.skipping && !self.ring.is_empty() {
            self.skip();
        }
        while self.drain_first_piece(take) && self.drain_wrapped_line(take) {}
        if self.limit.is_some_and(|limit| self.searched == self.ring.len() && self.ring.len() > limit) {
            self.clear();
            self.skipping = true;
            take.take(Line::TooLong);
        }
        if self.ring.capacity() > CHUNK && self.ring.len() <= CHUNK / 2 {
            self.ring.shrink(CHUNK);
            self.joined = Vec::new();
        }
    }

    /// Whether any whole line that is held satisfies `test`. Takes nothing.
    pub fn any(&self, test: impl Fn(&[u8]) -> bool) -> bool {
        let (first, second) = self.ring.pieces();
        let mut rest = first;
        while let Some(end) = memchr(b'\n', rest) {
            if test(&rest[..end]) {
                return true;
            }
            rest = &rest[end + 1..];
        }
        let Some(end) = memchr(b'\n', second) else { return false };
        if test(&[rest, &second[..end]].concat()) {
            return true;
        }
        let whole = memrchr(b'\n', second).unwrap_or(end);
        second[end..whole].split(|&byte| byte == b'\n').skip(1).any(test)
    }

    /// Moves what is held to the larger storage `spare`, if there is one.
    ///
    /// Whoever has many splitters, most of them empty, keeps one storage for the turn of each:
    /// borrow it, fill, drain, and [`settle`](Lines::settle).
    pub fn borrow_storage(&mut self, spare: &mut Vec<u8>) {
        if self.ring.capacity() < spare.len() {
            let mut large = Ring::with_storage(std::mem::take(spare));
            large.append(&self.ring);
            self.ring = large;
        }
    }

    /// Moves what is held to a storage just large enough, if it is little, and gives the one it was
    /// in back to `spare`.
    pub fn settle(&mut self, spare: &mut Vec<u8>) {
        if self.ring.capacity() != CHUNK || self.ring.len() > CHUNK / 4 {
            return;
        }
        let mut small = Ring::new();
        small.append(&self.ring);
        *spare = std::mem::replace(&mut self.ring, small).into_storage();
        self.joined = Vec::new();
    }

    /// Offers the whole lines of the ring's first piece; returns whether all of them were taken.
    #[inline]
    fn drain_first_piece(&mut self, take: &mut impl Take) -> bool {
        let (piece, _) = self.ring.pieces();
        let mut start = 0;
        let mut from = self.searched.min(piece.len());
        let mut ends = Newlines::new(&piece[from..]);
        while let Some(distance) = ends.next() {
            let taken = if self.limit.is_none() { take.take_many(&piece[start..]) } else { 0 };
            if taken > 0 {
                start += taken;
                from = start;
                ends = Newlines::new(&piece[from..]);
                continue;
            }
            let end = from + distance;
            let line = &piece[start..end];
            let fits = self.limit.is_none_or(|limit| line.len() <= limit);
            if !take.take(if fits { Line::Whole(line) } else { Line::TooLong }) && fits {
                self.searched = end - start;
                self.ring.consume(start);
                return false;
            }
            start = end + 1;
        }
        self.searched = self.searched.max(piece.len()) - start;
        self.ring.consume(start);
        true
    }

    /// Offers the line that wraps around the end of the ring, if it is whole; returns whether it
    /// was taken.
    fn drain_wrapped_line(&mut self, take: &mut impl Take) -> bool {
        let (first, second) = self.ring.pieces();
        let Some(from) = self.searched.checked_sub(first.len()) else {
            return true; // The first piece ended with a whole line: what was the second is the first.
        };
        let Some(distance) = memchr(b'\n', &second[from..]) else {
            self.searched = self.ring.len();
            return false;
        };
        let end = from + distance;
        self.joined.clear();
        self.joined.extend_from_slice(first);
        self.joined.extend_from_slice(&second[..end]);
        let fits = self.limit.is_none_or(|limit| self.joined.len() <= limit);
        let line = if fits { Line::Whole(&self.joined) } else { Line::TooLong };
        if !take.take(line) && fits {
            self.searched = self.joined.len();
            return false;
        }
        self.ring.consume(self.joined.len() + 1);
        self.searched = 0;
        true
    }

    /// Drops the rest of a line over the limit, as far as it has arrived.
    fn skip(&mut self) {
        let (piece, _) = self.ring.pieces();
        let end = memchr(b'\n', piece);
        let count = end.map_or(piece.len(), |end| end + 1);
        self.ring.consume(count);
        self.skipping = end.is_none();
    }
}

/// The next capacity of a full ring.
fn grown(capacity: usize) -> usize {
    if capacity < CHUNK { CHUNK } else { capacity + capacity.min(STEP) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a splitter says, in a form that compares well.
    fn drained(lines: &mut Lines) -> Vec<Option<Vec<u8>>> {
        let mut seen = Vec::new();
        lines.drain(|line| {
            seen.push(match line {
                Line::Whole(line) => Some(line.to_vec()),
                Line::TooLong => None,
            });
            true
        });
        seen
    }

    fn fed<'a>(
        limit: Option<usize>,
        reads: impl IntoIterator<Item = &'a [u8]>,
    ) -> (Vec<Option<Vec<u8>>>, Lines) {
        let mut lines = Lines::new(limit);
        let mut seen = Vec::new();
        for mut read in reads {
            while !read.is_empty() {
                lines.fill_from(&mut read).unwrap();
                seen.append(&mut drained(&mut lines));
            }
        }
        (seen, lines)
    }

    /// Whole, byte by byte and split at every point, the bytes give the same lines.
    fn check(limit: Option<usize>, bytes: &[u8], expected: &[Option<&[u8]>]) {
        let ways = (0..=bytes.len()).map(|at| vec![&bytes[..at], &bytes[at..]]);
        for way in ways.chain([bytes.chunks(1).collect()]) {
            let (seen, _) = fed(limit, way.iter().copied());
            let seen: Vec<_> = seen.iter().map(Option::as_deref).collect();
            assert_eq!(seen, expected, "{way:?}");
        }
    }

    #[test]
    fn lines_end_with_a_newline_and_nothing_else() {
        check(None, b"", &[]);
        check(None, b"part", &[]);
        check(None, b"\n\n", &[Some(b""), Some(b"")]);
        check(None, b"one\r\ntwo\0\xff \nthree", &[Some(b"one\r"), Some(b"two\0\xff ")]);
    }

    #[test]
    fn line_over_the_limit_is_dropped_whole_and_said_once() {
        let bytes = b"1234\n12345\n123456789\n1\n";
        check(Some(4), bytes, &[Some(b"1234"), None, None, Some(b"1")]);
        check(Some(0), b"\na\n\n", &[Some(b""), None, Some(b"")]);
    }

    #[test]
    fn endless_line_over_the_limit_costs_no_memory() {
        let mut lines = Lines::new(Some(1000));
        let mut said = 0;
        for _ in 0..1000 {
            lines.fill_from(&mut &[b'x'; CHUNK][..]).unwrap();
            said += drained(&mut lines).len();
            assert!(lines.capacity() <= CHUNK);
        }
        assert_eq!(said, 1);
        lines.fill_from(&mut &b"x\nnext\n"[..]).unwrap();
        assert_eq!(drained(&mut lines), [Some(b"next".to_vec())]);
    }

    #[test]
    fn skipped_part_takes_the_rest_of_its_line_with_it() {
        let (_, mut lines) = fed(None, [&b"par"[..]]);
        lines.skip_partial();
        assert!(lines.is_empty());
        lines.fill_from(&mut &b"tial"[..]).unwrap();
        assert_eq!(drained(&mut lines), []);
        lines.skip_partial();
        lines.fill_from(&mut &b"\nnext\n"[..]).unwrap();
        assert_eq!(drained(&mut lines), [Some(b"next".to_vec())]);
        lines.skip_partial();
        lines.fill_from(&mut &b"new\n"[..]).unwrap();
        assert_eq!(drained(&mut lines), [Some(b"new".to_vec())], "no line had begun");
    }

    #[test]
    fn last_line_counts_without_its_newline() {
        let (seen, mut lines) = fed(None, [&b"a\nb"[..]]);
        assert_eq!(seen.len(), 1);
        lines.finish();
        lines.finish();
        assert_eq!(drained(&mut lines), [Some(b"b".to_vec())]);
        lines.finish();
        assert!(lines.is_empty());
    }

    #[test]
    fn refused_line_is_offered_again() {
        let (_, mut lines) = fed(None, [&b""[..]]);
        lines.fill_from(&mut &b"a\nb\nc\n"[..]).unwrap();
        let mut offered = Vec::new();
        for accepted in [0, 1, 0, 2] {
            let mut left = accepted;
            lines.drain(|line| {
                offered.push(line == Line::Whole(b"b"));
                left -= i32::from(left >= 0);
                left >= 0
            });
        }
        assert_eq!(offered, [false, false, true, true, true, false]);
        assert!(lines.is_empty());
    }

    #[test]
    fn any_sees_whole_lines_only_and_takes_none() {
        for head in 0..CHUNK.min(12) {
            let mut lines = Lines::new(None);
            // Move the head of the ring close to its end, so that each byte of the lines wraps once.
            lines.ring.push(&vec![b'x'; CHUNK - head]);
            lines.ring.push(b"\n");
            lines.ring.consume(CHUNK - head);
            lines.ring.push(b"ab\ncd\nef\ngh");
            assert!(["", "ab", "cd", "ef"].iter().all(|line| lines.any(|seen| seen == line.as_bytes())));
            assert!(!lines.any(|line| line == b"gh" || line.contains(&b'\n')));
            assert_eq!(drained(&mut lines).len(), 4);
        }
    }

    #[test]
    fn long_line_is_kept_whole_and_its_memory_given_back() {
        const LONG: usize = 3_000_000;
        let mut lines = Lines::new(None);
        let mut source = io::Cursor::new([vec![b'x'; LONG], b"\nshort".to_vec()].concat());
        let mut seen = Vec::new();
        while lines.fill_from(&mut source).unwrap() > 0 {
            assert!(lines.capacity() <= CHUNK.max(lines.len() + lines.len().min(STEP)));
            seen.append(&mut drained(&mut lines));
        }
        assert_eq!(seen, [Some(vec![b'x'; LONG])]);
        assert_eq!((lines.len(), lines.capacity()), (5, CHUNK));
    }

    #[test]
    fn settled_splitter_owns_only_what_it_holds() {
        let mut spare = vec![0; CHUNK];
        let mut lines = Lines::new(None);
        lines.borrow_storage(&mut spare);
        assert!(spare.is_empty());
        lines.fill_from(&mut &b"a\nhalf"[..]).unwrap();
        assert_eq!(drained(&mut lines).len(), 1);
        lines.settle(&mut spare);
        assert_eq!((lines.capacity(), spare.len()), (4, CHUNK));
        lines.borrow_storage(&mut spare);
        assert_eq!((lines.capacity(), spare.len()), (CHUNK, 0));
        lines.fill_from(&mut &b" more\n"[..]).unwrap();
        assert_eq!(drained(&mut lines), [Some(b"half more".to_vec())]);
        lines.settle(&mut spare);
        assert_eq!((lines.capacity(), spare.len()), (0, CHUNK));
    }

    /// A small generator of pseudo-random numbers (xorshift), the same in every run.
    fn random(state: &mut u64) -> usize {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state >> 33) as usize
    }

    /// Random bytes, random reads, random refusals: the lines are those of `split`.
    #[test]
    fn agrees_with_split() {
        let mut state = 88_172_645_463_325_252;
        for _ in 0..200 {
            let most = [2, 8, 100, 3000][random(&mut state) % 4];
            let bytes: Vec<u8> = (0..200_000)
                .map(|_| {
                    if random(&mut state).is_multiple_of(most) {
                        b'\n'
                    } else {
                        b'a' + random(&mut state) as u8 % 3
                    }
                })
                .collect();
            let mut expected = bytes.split(|&byte| byte == b'\n');
            let mut lines = Lines::new(None);
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (mut read, after) = rest.split_at(rest.len().min(1 + random(&mut state) % 90_000));
                while !read.is_empty() {
                    lines.fill_from(&mut read).unwrap();
                    let mut left = random(&mut state) % 3000;
                    lines.drain(|line| {
                        if left == 0 {
                            return false;
                        }
                        left -= 1;
                        assert_eq!(line, Line::Whole(expected.next().unwrap()));
                        true
                    });
                }
                rest = after;
            }
            lines.drain(|line| line == Line::Whole(expected.next().unwrap()));
            let mut partial = expected.next().unwrap().to_vec();
            assert_eq!(expected.next(), None);
            partial.reverse();
            assert_eq!(lines.len(), partial.len());
        }
    }
}
