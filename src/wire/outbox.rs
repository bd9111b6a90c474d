//! Bytes that wait to be written: appended at one end, written from the other as far as the
//! descriptor takes them.

use memchr::{memchr, memrchr};
use std::io::{self, Write};

/// An emptied outbox keeps this much memory, in bytes; what is more is given back.
const KEPT: usize = 128 * 1024;

/// A queue of bytes on their way out.
///
/// It has no bound of its own: whoever fills it looks at [`Outbox::len`] first, and stops taking
/// input when that is more than the bound named there.
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

    /// Whether this outbox could use a [spare](Outbox::adopt) buffer.
    #[inline]
    pub fn owns_no_memory(&self) -> bool {
        self.bytes.capacity() == 0
    }

    /// Uses `spare` from now on, if it owns no memory itself.
    ///
    /// Whoever has many outboxes, most of them empty, lends each a buffer when it gets something
    /// to hold, and takes it back with [`release`](Outbox::release) once all of it is written.
    pub fn adopt(&mut self, spare: Vec<u8>) {
        if self.owns_no_memory() {
            self.bytes = spare;
            self.bytes.clear();
        }
    }

    /// Gives the memory of an empty outbox up; `None` if something waits or no memory is owned.
    pub fn release(&mut self) -> Option<Vec<u8>> {
        (self.is_empty() && !self.owns_no_memory()).then(|| std::mem::take(&mut self.bytes))
    }

    /// Forgets what waits.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.written = 0;
    }

    /// Writes until nothing waits.
    ///
    /// # Errors
    /// Those of the writer; [`io::ErrorKind::WouldBlock`] when it takes no more, and
    /// [`io::ErrorKind::WriteZero`] if it says that it took nothing. What was not written stays.
    pub fn write_to(&mut self, writer: &mut impl Write) -> io::Result<()> {
        while !self.is_empty() {
            match writer.write(self.as_slice()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.advance(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes the whole lines of which nothing has been written, and forgets the rest.
    pub fn take_unsent_lines(&mut self) -> Vec<u8> {
        let waiting = self.as_slice();
        let start = if self.is_inside_line { memchr(b'\n', waiting).map(|end| end + 1) } else { Some(0) };
        let lines = start.map_or(&[][..], |start| &waiting[start..]);
        let lines = lines[..memrchr(b'\n', lines).map_or(0, |end| end + 1)].to_vec();
        self.clear();
        self.is_inside_line = false;
        lines
    }

    fn advance(&mut self, count: usize) {
        self.written += count;
        self.is_inside_line = self.bytes[self.written - 1] != b'\n';
        if self.written == self.bytes.len() {
            self.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes a call, then refuses.
    struct Narrow {
        taken: Vec<u8>,
        at_once: usize,
        calls: usize,
    }

    impl Write for Narrow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.calls = self.calls.checked_sub(1).ok_or(io::ErrorKind::WouldBlock)?;
            let count = bytes.len().min(self.at_once);
            self.taken.extend_from_slice(&bytes[..count]);
            Ok(count)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn partial_writes_lose_and_repeat_nothing() {
        let mut outbox = Outbox::new();
        let mut expected = Vec::new();
        let mut narrow = Narrow { taken: Vec::new(), at_once: 7, calls: 0 };
        for round in 0..100_000_u32 {
            outbox.tail().extend_from_slice(&round.to_le_bytes());
            expected.extend_from_slice(&round.to_le_bytes());
            narrow.calls = usize::from(round % 2 == 0);
            let _ = outbox.write_to(&mut narrow);
        }
        assert_eq!(outbox.len(), expected.len() - narrow.taken.len());
        narrow.calls = usize::MAX;
        outbox.write_to(&mut narrow).unwrap();
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
        outbox.write_to(&mut Vec::new()).unwrap();
        assert_eq!(outbox.release().map(|buffer| buffer.capacity()), Some(8));
        assert!(outbox.owns_no_memory());
    }

    #[test]
    fn unsent_lines_are_those_not_begun() {
        for (at_once, expected) in [(0, "one\ntwo\n"), (1, "two\n"), (4, "two\n"), (5, ""), (8, ""), (10, "")]
        {
            let mut outbox = Outbox::new();
            outbox.tail().extend_from_slice(b"one\ntwo\nthr");
            let mut narrow = Narrow { taken: Vec::new(), at_once, calls: usize::from(at_once > 0) };
            let _ = outbox.write_to(&mut narrow);
            assert_eq!(String::from_utf8(outbox.take_unsent_lines()).unwrap(), expected, "{at_once}");
            assert!(outbox.is_empty());
        }
    }

    #[test]
    fn writer_that_takes_nothing_is_an_error() {
        let mut outbox = Outbox::new();
        outbox.tail().push(b'x');
        let mut narrow = Narrow { taken: Vec::new(), at_once: 0, calls: 9 };
        assert_eq!(outbox.write_to(&mut narrow).unwrap_err().kind(), io::ErrorKind::WriteZero);
        assert_eq!(outbox.as_slice(), b"x");
    }
}
