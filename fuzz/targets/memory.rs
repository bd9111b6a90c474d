//! An end of a conversation in memory: brings what it is given, a few bytes at a time, takes what there is room
//! for, and can end or break.

use chinwag::wire::source::{Source, Stop, Transport};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::Read as _;
use std::rc::Rc;

#[derive(Default)]
pub(super) struct Memory {
    pub(super) bytes: VecDeque<u8>,
    pub(super) at_once: usize,
    /// What was taken; it can be looked at when the stream is no more.
    pub(super) written: Rc<RefCell<Vec<u8>>>,
    /// So much more is taken.
    pub(super) room: usize,
    /// After the bytes comes the end.
    pub(super) has_end: bool,
    /// After the bytes comes an error, and nothing is taken.
    pub(super) is_broken: bool,
    /// So many bytes are not for who reads, and nothing is to be written before they came.
    pub(super) greeting: usize,
    /// Who is behind it, if that is known.
    pub(super) name: Option<Vec<u8>>,
}

impl Memory {
    pub(super) fn new(at_once: usize) -> Source<Self> {
        Source::new(Self { at_once: at_once.max(1), room: usize::MAX, ..Self::default() })
    }
}

impl Transport for Memory {
    type Error = &'static str;

    fn read(&mut self, near: &mut [u8], _: &mut [u8]) -> Result<usize, Stop<&'static str>> {
        let greeting = self.greeting.min(self.bytes.len());
        self.bytes.drain(..greeting);
        self.greeting -= greeting;
        let most = near.len().min(self.at_once);
        // As long as bytes are there, to read them cannot fail.
        let count = self.bytes.read(&mut near[..most]).unwrap_or(0);
        match count {
            0 if self.is_broken => Err(Stop::Broken("broken")),
            0 if self.has_end => Ok(0),
            0 => Err(Stop::Blocked),
            _ => Ok(count),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<&'static str>> {
        if self.is_broken {
            return Err(Stop::Broken("broken"));
        }
        assert!(self.greeting == 0, "it talks before it has greeted");
        let count = bytes.len().min(self.at_once).min(self.room);
        self.room -= count;
        self.written.borrow_mut().extend_from_slice(&bytes[..count]);
        if count == 0 { Err(Stop::Blocked) } else { Ok(count) }
    }

    fn is_greeting(&self) -> bool {
        self.greeting > 0
    }

    fn name(&self) -> Option<&[u8]> {
        self.name.as_deref()
    }
}

/// Brings these bytes.
pub(super) fn bring(source: &mut Source<Memory>, bytes: &[u8]) {
    source.transport_mut().bytes.extend(bytes);
    source.handle_readable();
}

/// Makes room for so many bytes, and for no more.
pub(super) fn make_room(source: &mut Source<Memory>, room: usize) {
    source.transport_mut().room = room;
    source.handle_writable();
}

/// Brings the end, or breaks it.
pub(super) fn end(source: &mut Source<Memory>, is_broken: bool) {
    let memory = source.transport_mut();
    memory.has_end = true;
    memory.is_broken = is_broken;
    source.handle_ending();
}
