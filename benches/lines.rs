//! What it costs to split a stream into lines, however long they are and however the stream is cut.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![allow(clippy::unwrap_used, reason = "reading from memory cannot fail")]

mod harness;

use chinwag::wire::copy;
use chinwag::wire::lines::{CHUNK, Line, Lines};
use harness::{Arguments, Contest, fill};
use memchr::memchr_iter;
use std::hint::black_box;
use std::io::{self, BufRead, BufReader, IoSliceMut, Read};

fn main() {
    let arguments = Arguments::read();
    for (text_name, lengths) in TEXTS {
        let title = format!("lines: {text_name}, split only");
        compare_splitting(&title, &text(lengths, 256 * 1024), &arguments);
        for (reads_name, most) in READS {
            // So many system calls would be all that is measured: fewer bytes will do.
            let size = if most == 1 { 256 * 1024 } else { 1024 * 1024 };
            let text = text(lengths, size);
            compare(&format!("lines: {text_name}, {reads_name}"), &text, most, &arguments);
        }
    }
    compare_lengths(&arguments);
    compare_copies(&arguments);
}

const TEXTS: [(&str, &[usize]); 5] = [
    ("8 bytes", &[8]),
    ("80 bytes", &[80]),
    ("1,000 bytes", &[1000]),
    ("64 KiB", &[64 * 1024]),
    ("mixed lengths", &[3, 70, 0, 900, 25, 15_000, 140, 48, 80, 2, 300]),
];

const READS: [(&str, usize); 3] =
    [("whole reads", usize::MAX), ("1,500-byte reads", 1500), ("1-byte reads", 1)];

/// Lines of these lengths, over and over, until there are `size` bytes or a few more. A length is
/// without the `\n`.
fn text(lengths: &[usize], size: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for length in lengths.iter().cycle() {
        text.extend((0..*length).map(|at| b'a' + (at % 26) as u8));
        text.push(b'\n');
        if text.len() >= size {
            break;
        }
    }
    text
}

fn compare(title: &str, text: &[u8], most: usize, arguments: &Arguments) {
    if !arguments.selects(title) {
        return;
    }
    check(text, most);
    let lines = text.split(|&byte| byte == b'\n').count() - 1;
    let amount = (lines, text.len());
    let source = || Source { rest: text, most };
    let mut contest = Contest::new(title, "line");
    contest.add("memchr_iter", amount, lines, || find(black_box(text)));
    let (mut buffer, mut buffer_too) = (vec![0; CHUNK], vec![0; CHUNK]);
    contest.add("memcpy", amount, text.len(), move || copy(&mut source(), &mut buffer));
    contest.add("memcpy, memchr_iter", amount, lines, move || count(&mut source(), &mut buffer_too));
    contest.add("read_until", amount, lines, || read_until(BufReader::with_capacity(CHUNK, source())));
    let mut splitter = Lines::new(None);
    contest.add("Lines", amount, lines, move || split(&mut source(), &mut splitter));
    contest.run(arguments);
}

/// Only the splitting: everything has been read, as many whole lines at a time as are read at once.
fn compare_splitting(title: &str, text: &[u8], arguments: &Arguments) {
    if !arguments.selects(title) {
        return;
    }
    let reads = &whole_lines(text);
    let lines = text.split(|&byte| byte == b'\n').count() - 1;
    let amount = (lines, text.len());
    let sum = |work: fn(&[u8]) -> usize| move || reads.iter().map(|read| work(read)).sum();
    let mut contest = Contest::new(title, "line");
    contest.add("memchr_iter", amount, lines, sum(|read| find(black_box(read))));
    contest.add("read_until", amount, lines, sum(|read| read_until(black_box(read))));
    let splitters: Vec<Lines> = reads.iter().map(|_| Lines::new(None)).collect();
    let fill_all = |splitters: &mut Vec<Lines>| {
        for (splitter, read) in splitters.iter_mut().zip(reads) {
            assert_eq!(fill(splitter, &mut &read[..]), read.len());
        }
    };
    contest.add_prepared("Lines", amount, lines, splitters, fill_all, |splitters| {
        splitters.iter_mut().map(drain).sum()
    });
    contest.run(arguments);
}

/// Cuts a text into pieces of whole lines that fit into a splitter as it is at first.
fn whole_lines(mut text: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    while !text.is_empty() {
        let end = text[..text.len().min(CHUNK)].iter().rposition(|&byte| byte == b'\n').unwrap();
        let (piece, rest) = text.split_at(end + 1);
        pieces.push(piece);
        text = rest;
    }
    pieces
}

/// The splitter is worth measuring only if it finds every line.
fn check(text: &[u8], most: usize) {
    let mut expected = text.split(|&byte| byte == b'\n');
    let mut lines = Lines::new(None);
    let mut source = Source { rest: text, most };
    while fill(&mut lines, &mut source) > 0 {
        lines.drain(|line| {
            assert_eq!(Some(line), expected.next().map(Line::Whole));
            true
        });
    }
    assert!(lines.is_empty() && expected.next() == Some(b""));
}

/// One line that comes in byte by byte: as nothing is searched twice, a thousand times the length
/// costs a thousand times the time, not a million times.
fn compare_lengths(arguments: &Arguments) {
    let mut contest = Contest::new("lines: one line, 1-byte reads (linear: x 1,024)", "line");
    for (name, length) in [("1 KiB", 1024), ("1 MiB", 1024 * 1024)] {
        let text = text(&[length - 1], length);
        contest.add(name, (1, length), 1, move || {
            split(&mut Source { rest: &text, most: 1 }, &mut Lines::new(None))
        });
    }
    contest.run(arguments);
}

/// Finds where each line ends, and nothing else. (To count without looking at each would be quicker
/// still, and no use to anybody.)
fn find(text: &[u8]) -> usize {
    let mut lines = 0;
    for end in memchr_iter(b'\n', text) {
        lines += 1;
        black_box(end);
    }
    lines
}

fn copy(source: &mut impl Read, buffer: &mut [u8]) -> usize {
    let mut bytes = 0;
    loop {
        match source.read(buffer).unwrap() {
            0 => return bytes,
            read => bytes += black_box(&buffer[..read]).len(),
        }
    }
}

fn count(source: &mut impl Read, buffer: &mut [u8]) -> usize {
    let mut lines = 0;
    loop {
        match source.read(buffer).unwrap() {
            0 => return lines,
            read => lines += find(&buffer[..read]),
        }
    }
}

fn read_until(mut source: impl BufRead) -> usize {
    let mut line = Vec::new();
    let mut lines = 0;
    while source.read_until(b'\n', &mut line).unwrap() > 0 {
        lines += 1;
        black_box(&line);
        line.clear();
    }
    lines
}

fn split(source: &mut impl Read, splitter: &mut Lines) -> usize {
    let mut lines = 0;
    while fill(splitter, source) > 0 {
        lines += drain(splitter);
    }
    lines
}

fn drain(splitter: &mut Lines) -> usize {
    let mut lines = 0;
    splitter.drain(|line| {
        lines += 1;
        black_box(line);
        true
    });
    lines
}

/// Reads from memory, so many bytes at once as a socket might bring.
struct Source<'a> {
    rest: &'a [u8],
    most: usize,
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(self.most).min(self.rest.len());
        let (now, later) = self.rest.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.rest = later;
        Ok(count)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let mut left = self.most;
        for buffer in buffers {
            let room = buffer.len().min(left);
            left -= self.read(&mut buffer[..room])?;
        }
        Ok(self.most - left)
    }
}

/// Runs as short as names and texts are, one behind the other.
fn compare_copies(arguments: &Arguments) {
    const TIMES: usize = 1000;
    type Extend = fn(&mut Vec<u8>, &[u8]);
    // No multiples of eight: a text begins anywhere.
    for length in [3, 10, 41, 83, 203, 1001] {
        let text = text(&[length], length);
        let run = &text[..length];
        let title = format!("lines: runs of {} bytes, appended", harness::number(length as f64));
        let mut contest = Contest::new(&title, "run");
        for (name, extend) in [
            ("extend_from_slice", (|out, run| out.extend_from_slice(run)) as Extend),
            ("copy", copy::extend::<false>),
            ("copy, often", copy::extend::<true>),
        ] {
            let mut out = Vec::with_capacity(TIMES * length);
            contest.add(name, (TIMES, TIMES * length), TIMES * length, move || {
                out.clear();
                (0..TIMES).for_each(|_| black_box(extend)(&mut out, black_box(run)));
                black_box(&out).len()
            });
        }
        contest.run(arguments);
    }
}
