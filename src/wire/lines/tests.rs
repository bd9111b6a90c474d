//! Lines, however a stream is cut.

use super::*;
use std::convert::Infallible;
use std::io::Read as _;

/// Reads once, as much as there is room for.
fn fill(lines: &mut Lines, source: &mut &[u8]) -> usize {
    lines
        .fill(|near, far| {
            let count = source.read(near).unwrap();
            Ok::<_, Infallible>(count + source.read(far).unwrap())
        })
        .unwrap()
}

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

fn fed<'a>(limit: Option<usize>, reads: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Option<Vec<u8>>>, Lines) {
    let mut lines = Lines::new(limit);
    let mut seen = Vec::new();
    for mut read in reads {
        while !read.is_empty() {
            fill(&mut lines, &mut read);
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
        fill(&mut lines, &mut &[b'x'; CHUNK][..]);
        said += drained(&mut lines).len();
        assert!(lines.capacity() <= CHUNK);
    }
    assert_eq!(said, 1);
    fill(&mut lines, &mut &b"x\nnext\n"[..]);
    assert_eq!(drained(&mut lines), [Some(b"next".to_vec())]);
}

#[test]
fn skipped_part_takes_the_rest_of_its_line_with_it() {
    let (_, mut lines) = fed(None, [&b"par"[..]]);
    lines.skip_partial();
    assert!(lines.is_empty());
    fill(&mut lines, &mut &b"tial"[..]);
    assert_eq!(drained(&mut lines), []);
    lines.skip_partial();
    fill(&mut lines, &mut &b"\nnext\n"[..]);
    assert_eq!(drained(&mut lines), [Some(b"next".to_vec())]);
    lines.skip_partial();
    fill(&mut lines, &mut &b"new\n"[..]);
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
    fill(&mut lines, &mut &b"a\nb\nc\n"[..]);
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
fn rare_drain_leaves_a_refused_line_as_it_was_taken() {
    for head in 2..16 {
        let mut lines = wrapped(head, b"ab\ncd\nef");
        let mut slow = Slow { at_once: 1, places: Vec::new(), lines: Vec::new() };
        lines.drain_to(&mut slow);
        lines.drain_rarely(&mut |line| line != b"ab");
        assert_eq!((lines.refused(), lines.taken), (Some(2), 1));
        lines.drain_rarely(&mut |line| line == b"ab");
        assert_eq!((lines.refused(), lines.taken), (Some(2), 0));
        assert_eq!(drained(&mut lines), [Some(b"cd".to_vec())]);
        assert_eq!((lines.refused(), lines.len()), (None, 2));
    }
}

/// Lines that begin `head` bytes before the end of the ring, so that each byte of them may wrap.
fn wrapped(head: usize, bytes: &[u8]) -> Lines {
    let mut lines = Lines::new(None);
    lines.ring.reserve(CHUNK);
    lines.push(&vec![b'x'; CHUNK - head]);
    // Never empty: it would rewind.
    lines.ring.consume(CHUNK - head - 1);
    lines.push(bytes);
    lines.ring.consume(1);
    assert_eq!(lines.ring.pieces().0.len(), head.min(bytes.len()));
    lines
}

#[test]
fn find_looks_at_whole_lines_only_and_takes_none() {
    for head in 2..16 {
        let mut lines = wrapped(head, b"\nab\ncd\nef\ngh");
        for (line, start) in [("", 0), ("ab", 1), ("cd", 4), ("ef", 7)] {
            for looked in [0, 1, 4, 7, 10] {
                let expected = if looked <= start { Ok(start) } else { Err(10) };
                assert_eq!(lines.find(looked, &mut |seen| seen == line.as_bytes()), expected);
            }
        }
        assert_eq!(lines.find(0, &mut |line| line == b"gh" || line.contains(&b'\n')), Err(10));
        lines.truncate(4);
        assert_eq!(drained(&mut lines), [Some(b"".to_vec()), Some(b"ab".to_vec())]);
        assert!(lines.is_empty());
    }
}

/// Takes so many bytes of a line at a time, and notes where each line lay when it was offered.
struct Slow {
    at_once: usize,
    places: Vec<*const u8>,
    lines: Vec<Vec<u8>>,
}

impl Take for Slow {
    fn take(&mut self, line: Line<'_>, from: usize) -> Taken {
        let Line::Whole(line) = line else { panic!("there is no limit") };
        if from == 0 {
            self.lines.push(Vec::new());
            self.places.clear();
        }
        self.places.push(line.as_ptr());
        let to = line.len().min(from + self.at_once);
        self.lines.last_mut().unwrap().extend_from_slice(&line[from..to]);
        if to == line.len() { Taken::Whole } else { Taken::UpTo(to) }
    }
}

/// However often a line is offered, wherever it lies in the ring, it is not copied again, and a
/// long one never is: the second one costs what the first one does.
#[test]
fn line_taken_in_parts_is_not_joined_again() {
    const LONG: usize = 1_000_000;
    let message = |byte| [vec![byte; LONG], b"\n".to_vec()].concat();
    let stream: Vec<u8> = (b'a'..b'f').flat_map(message).collect();
    let mut slow = Slow { at_once: 32 * 1024, places: Vec::new(), lines: Vec::new() };
    let mut lines = Lines::new(None);
    let mut source = &stream[..];
    while fill(&mut lines, &mut source) > 0 {
        loop {
            lines.drain_to(&mut slow);
            assert!(slow.places.windows(2).all(|pair| pair[0] == pair[1]));
            assert!(lines.capacity() <= LONG + STEP + 2 * CHUNK, "{}", lines.capacity());
            if lines.refused().is_none() {
                break;
            }
        }
    }
    assert!(lines.is_empty());
    assert!(slow.lines.iter().zip(b'a'..b'f').all(|(line, byte)| *line == vec![byte; LONG]));
    assert_eq!(slow.lines.len(), 5);
}

#[test]
fn short_line_taken_in_parts_may_wrap() {
    for head in 2..20 {
        for at_once in 1..8 {
            let mut slow = Slow { at_once, places: Vec::new(), lines: Vec::new() };
            let mut lines = wrapped(head, b"abcdefg\nhij\nklm");
            for _ in 0..20 {
                lines.drain_to(&mut slow);
                if lines.refused().is_some() {
                    lines.push(b"."); // What comes meanwhile changes nothing.
                }
            }
            assert_eq!(slow.lines, [&b"abcdefg"[..], b"hij"]);
            assert!(lines.has_partial() && lines.refused().is_none());
        }
    }
}

/// What was joined is of no use when the ring has grown meanwhile, and must not be taken for the next one.
#[test]
fn line_that_was_joined_is_forgotten_when_the_ring_grows() {
    let mut lines = wrapped(4, b"abcdefg\nhij\n");
    lines.drain(|_| false);
    let long = vec![b'y'; CHUNK];
    lines.push(&long);
    lines.push(b"\n");
    assert_eq!(drained(&mut lines), [Some(b"abcdefg".to_vec()), Some(b"hij".to_vec()), Some(long)]);
    lines.push(&vec![b'x'; CHUNK - 3]);
    lines.ring.consume(CHUNK - 4);
    lines.push(b"12345\n");
    lines.ring.consume(1);
    assert_eq!(drained(&mut lines), [Some(b"12345".to_vec())]);
}

#[test]
fn line_that_starts_over_is_taken_from_its_start() {
    let mut slow = Slow { at_once: 2, places: Vec::new(), lines: Vec::new() };
    let mut lines = Lines::new(None);
    lines.push(b"abc\n");
    lines.drain_to(&mut slow);
    lines.start_over();
    lines.drain_to(&mut slow);
    lines.drain_to(&mut slow);
    assert_eq!(slow.lines, [&b"ab"[..], b"abc"]);
    assert!(lines.is_empty());
}

#[test]
fn long_line_is_kept_whole_and_its_memory_given_back() {
    const LONG: usize = 3_000_000;
    let mut lines = Lines::new(None);
    let bytes = [vec![b'x'; LONG], b"\nshort".to_vec()].concat();
    let mut source = &bytes[..];
    let mut seen = Vec::new();
    while fill(&mut lines, &mut source) > 0 {
        assert!(lines.capacity() <= CHUNK.max(lines.len() + lines.len().min(STEP)));
        seen.append(&mut drained(&mut lines));
    }
    assert_eq!(seen, [Some(vec![b'x'; LONG])]);
    assert_eq!((lines.len(), lines.capacity()), (5, CHUNK));
}

#[test]
fn splitter_that_borrowed_owns_only_what_it_holds() {
    let mut spare = Vec::new();
    let mut lines = Lines::new(None);
    for (read, held) in [("a\nhalf", 4), (" more\n", 0), ("b\n", 0)] {
        let mut borrowed = lines.borrow(&mut spare);
        assert_eq!(borrowed.capacity(), CHUNK);
        fill(&mut borrowed, &mut read.as_bytes());
        assert_eq!(drained(&mut borrowed).len(), 1);
        drop(borrowed);
        assert_eq!((lines.len(), lines.capacity(), spare.len()), (held, held, CHUNK));
    }
}

#[test]
fn splitter_that_holds_much_keeps_what_it_borrowed() {
    let mut spare = Vec::new();
    let mut lines = Lines::new(None);
    let mut borrowed = lines.borrow(&mut spare);
    fill(&mut borrowed, &mut &vec![b'x'; CHUNK / 2][..]);
    drop(borrowed);
    assert_eq!((lines.capacity(), spare.len()), (CHUNK, 0));
    drop(lines.borrow(&mut spare));
    assert_eq!((lines.len(), lines.capacity(), spare.len()), (CHUNK / 2, CHUNK, CHUNK));
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
                fill(&mut lines, &mut read);
                let mut left = random(&mut state) % 3000;
                let mut refused = None;
                let mut take = |line: &[u8]| {
                    if left == 0 {
                        refused = Some(line.len());
                        return false;
                    }
                    left -= 1;
                    assert_eq!(line, expected.next().unwrap());
                    true
                };
                if random(&mut state).is_multiple_of(4) {
                    lines.drain_rarely(&mut take);
                } else {
                    lines.drain(|line| matches!(line, Line::Whole(line) if take(line)));
                }
                assert_eq!(lines.refused(), refused);
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
