//! Where lines end: the positions of all `\n` in a text, many of them found at once.
//!
//! Searching anew from each `\n` to the next, as `memchr_iter` does, looks at the bytes between two
//! calls twice and pays for a start each time: for lines as short as messages that is most of the
//! cost. Here a block of 64 bytes becomes 64 bits, one for each `\n`, and those are said one by one.
//! In a long line, `memchr` takes over, with the widest registers that the processor has.

use memchr::memchr;
use wide::u8x16;

/// So many bytes are looked at together.
const BLOCK: usize = 64;

/// After so many blocks without a `\n` it is a long line.
const SHORT: usize = 3;

/// The positions of the `\n`s of a text, in order.
///
/// ```
/// use chinwag::wire::newlines::Newlines;
/// assert_eq!(Newlines::new(b"one\n\nthree").collect::<Vec<_>>(), [3, 4]);
/// ```
#[derive(Debug, Clone)]
pub struct Newlines<'a> {
    /// What has not been looked at yet.
    rest: &'a [u8],
    /// How many bytes have been looked at.
    looked: usize,
    /// The last [`BLOCK`] of those: a bit for each `\n` that has not been said yet, the first one being
    /// the lowest.
    bits: u64,
}

impl<'a> Newlines<'a> {
    /// Nothing is looked at before the first position is asked for, and never much more than needed.
    #[inline(always)]
    pub fn new(text: &'a [u8]) -> Self {
        Self { rest: text, looked: 0, bits: 0 }
    }
}

impl Iterator for Newlines<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let mut blocks = 0;
        while self.bits == 0 {
            let Some((block, rest)) = self.rest.split_first_chunk().filter(|_| blocks < SHORT) else {
                // The end of the text, or a long line.
                let end = memchr(b'\n', self.rest)?;
                self.rest = &self.rest[end + 1..];
                self.looked += end + 1;
                return Some(self.looked - 1);
            };
            blocks += 1;
            self.bits = bits(block);
            self.rest = rest;
            self.looked += BLOCK;
        }
        let at = self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(self.looked - BLOCK + at)
    }
}

/// A bit for each `\n` of a block.
#[inline(always)]
fn bits(block: &[u8; BLOCK]) -> u64 {
    let (quarters, _) = block.as_chunks();
    let newline = u8x16::splat(b'\n');
    let bits = |quarter: [u8; 16]| u64::from(u8x16::new(quarter).simd_eq(newline).to_bitmask());
    // Not a loop: built for size, it would stay one.
    bits(quarters[0]) | bits(quarters[1]) << 16 | bits(quarters[2]) << 32 | bits(quarters[3]) << 48
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One or two `\n` anywhere, in texts of every length around some blocks; and nothing but `\n`s.
    #[test]
    fn every_newline_is_found() {
        for length in (0..2 * BLOCK + 2).chain((SHORT + 2) * BLOCK - 2..(SHORT + 3) * BLOCK) {
            for first in 0..length {
                for second in [first, first + 1, first + BLOCK - 1, first + SHORT * BLOCK, length - 1] {
                    let mut text = vec![b'\x0b'; length];
                    text[first] = b'\n';
                    text[second.min(length - 1)] = b'\n';
                    let expected: Vec<_> = (0..length).filter(|&at| text[at] == b'\n').collect();
                    assert_eq!(Newlines::new(&text).collect::<Vec<_>>(), expected);
                }
            }
            let newlines = vec![b'\n'; length];
            assert!(Newlines::new(&newlines).eq(0..length));
        }
    }

    #[test]
    fn end_is_the_end() {
        let text = [b'x'; 1000];
        let mut newlines = Newlines::new(&text);
        assert_eq!([newlines.next(), newlines.next()], [None, None]);
    }
}
