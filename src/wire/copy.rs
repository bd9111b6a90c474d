//! Short runs of bytes, copied without a call into the C library: names, and the texts of most messages.
//!
//! glibc is quick with them, musl is not: on x86_64 it takes three times as long for a name or a text,
//! which was half of what a message cost. There, and only there, a run is copied block by block, the last
//! block over a part of the one before: blocks of a known size are loads and stores.

use alloc::vec::Vec;

/// Whether the C library is slow with short runs.
const IS_NEEDED: bool = cfg!(target_env = "musl");

/// From so many bytes on, it is quick everywhere.
const LONG: usize = 512;

/// Appends `bytes` to `out`. Where it is done `OFTEN`, with each message of a flood, it is a little
/// quicker, and some hundred instructions longer.
///
/// ```
/// let mut out = b"From ".to_vec();
/// chinwag::wire::copy::extend::<false>(&mut out, b"bob");
/// assert_eq!(out, b"From bob");
/// ```
#[inline(always)]
pub fn extend<const OFTEN: bool>(out: &mut Vec<u8>, bytes: &[u8]) {
    match (IS_NEEDED, OFTEN) {
        (false, _) => out.extend_from_slice(bytes),
        (true, false) => append(out, bytes),
        (true, true) => extend_here(out, bytes),
    }
}

/// Copies `bytes` to `room`, as far as the shorter one of them goes.
#[inline(always)]
pub fn fill(room: &mut [u8], bytes: &[u8]) {
    let length = room.len().min(bytes.len());
    let (room, bytes) = (&mut room[..length], &bytes[..length]);
    if IS_NEEDED && length < LONG { fill_in_blocks(room, bytes) } else { room.copy_from_slice(bytes) }
}

/// Appends `bytes` to `out` where it is done seldom: by a call, without code of its own in each place.
#[inline(never)]
pub fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    if IS_NEEDED { extend_here(out, bytes) } else { out.extend_from_slice(bytes) }
}

/// Puts `bytes` into `out` so that they begin `at` this place; behind it, if `out` is not so long.
#[inline(never)]
pub fn insert(out: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let behind = out.len().saturating_sub(at);
    append(out, bytes);
    if let Some(rest) = out.get_mut(at..) {
        rest.rotate_left(behind);
    }
}

#[inline(always)]
fn extend_here(out: &mut Vec<u8>, bytes: &[u8]) {
    if bytes.len() < LONG { extend_in_blocks(out, bytes) } else { out.extend_from_slice(bytes) }
}

#[inline(always)]
fn extend_in_blocks(out: &mut Vec<u8>, bytes: &[u8]) {
    // All of it at once: each block finds its room.
    out.reserve(bytes.len());
    match bytes.len() {
        0..4 => bytes.iter().for_each(|&byte| out.push(byte)),
        4..8 => extend_by::<4>(out, bytes),
        8..16 => extend_by::<8>(out, bytes),
        16..32 => extend_by::<16>(out, bytes),
        _ => extend_by::<32>(out, bytes),
    }
}

/// There are as many bytes as a block has, or more.
#[inline(always)]
fn extend_by<const BLOCK: usize>(out: &mut Vec<u8>, bytes: &[u8]) {
    let end = out.len() + bytes.len();
    for block in bytes.as_chunks::<BLOCK>().0 {
        out.extend_from_slice(block);
    }
    if let Some((_, last)) = bytes.split_last_chunk::<BLOCK>() {
        out.truncate(end - BLOCK);
        out.extend_from_slice(last);
    }
}

/// Both are as long.
#[inline(always)]
fn fill_in_blocks(room: &mut [u8], bytes: &[u8]) {
    match bytes.len() {
        // A loop of single bytes would become a call again.
        0..2 => fill_by::<1>(room, bytes),
        2..4 => fill_by::<2>(room, bytes),
        4..8 => fill_by::<4>(room, bytes),
        8..16 => fill_by::<8>(room, bytes),
        16..32 => fill_by::<16>(room, bytes),
        _ => fill_by::<32>(room, bytes),
    }
}

#[inline(always)]
fn fill_by<const BLOCK: usize>(room: &mut [u8], bytes: &[u8]) {
    for (room, block) in room.as_chunks_mut::<BLOCK>().0.iter_mut().zip(bytes.as_chunks().0) {
        *room = *block;
    }
    if let (Some((_, last)), Some((_, room))) =
        (bytes.split_last_chunk::<BLOCK>(), room.split_last_chunk_mut())
    {
        *room = *last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than any run that is copied here, each byte unlike its neighbours.
    fn text() -> Vec<u8> {
        (0..LONG + 100).map(|at| (at * 7 % 251) as u8).collect()
    }

    type Extend = fn(&mut Vec<u8>, &[u8]);
    type Fill = fn(&mut [u8], &[u8]);

    #[test]
    fn every_length_is_appended_whole() {
        let text = text();
        for length in 0..text.len() {
            let run = &text[length.min(3)..length.max(3)];
            for extend in [extend::<false> as Extend, extend::<true>, append, extend_here, extend_in_blocks] {
                for before in [&b""[..], b"x", b"before"] {
                    let mut out = before.to_vec();
                    extend(&mut out, run);
                    assert_eq!(out, [before, run].concat(), "{length}");
                }
            }
        }
    }

    #[test]
    fn what_is_put_in_the_middle_keeps_what_is_round_it() {
        let text = text();
        for length in [0, 1, 2, 31, 32, 33, text.len()] {
            for (at, before, after) in [(0, "", "abcd"), (1, "a", "bcd"), (4, "abcd", ""), (9, "abcd", "")] {
                let mut out = b"abcd".to_vec();
                insert(&mut out, at, &text[..length]);
                assert_eq!(out, [before.as_bytes(), &text[..length], after.as_bytes()].concat(), "{at}");
            }
        }
    }

    #[test]
    fn no_more_memory_than_needed_is_asked_for() {
        let text = text();
        for length in 0..LONG {
            let mut exact = Vec::with_capacity(length + 1);
            exact.push(b'x');
            let place = exact.as_ptr();
            extend_in_blocks(&mut exact, &text[..length]);
            assert_eq!((exact.as_ptr(), exact.capacity()), (place, length + 1), "it was enough");
            let mut ours = b"four".to_vec();
            let mut theirs = ours.clone();
            extend_in_blocks(&mut ours, &text[..length]);
            theirs.extend_from_slice(&text[..length]);
            assert_eq!(ours.capacity(), theirs.capacity(), "{length}");
        }
    }

    #[test]
    fn every_length_is_put_where_it_belongs_and_nothing_else_is_touched() {
        let text = text();
        for length in 0..LONG {
            for fill in [fill as Fill, fill_in_blocks] {
                let mut room = vec![b'.'; length + 2];
                fill(&mut room[1..=length], &text[..length]);
                assert_eq!(room, [b".", &text[..length], b"."].concat());
            }
        }
    }

    #[test]
    fn the_shorter_one_bounds_what_is_put() {
        let mut room = *b"......";
        fill(&mut room, b"abc");
        fill(&mut room[4..], b"defg");
        fill(&mut [], b"abc");
        assert_eq!(&room, b"abc.de");
    }
}
