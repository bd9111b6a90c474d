//! An end of a conversation in memory: brings what it is given, a few bytes at a time, and keeps what is written.

use chinwag::wire::source::{Source, Stop, Transport};
use std::convert::Infallible;

#[derive(Default)]
pub struct Memory {
    pub bytes: Vec<u8>,
    pub at_once: usize,
    pub written: Vec<u8>,
}

impl Memory {
    pub fn new(at_once: usize) -> Source<Self> {
        Source::new(Self { at_once: at_once.max(1), ..Self::default() })
    }
}

impl Transport for Memory {
    type Error = Infallible;

    fn read(&mut self, near: &mut [u8], _: &mut [u8]) -> Result<usize, Stop<Infallible>> {
        let count = near.len().min(self.bytes.len()).min(self.at_once);
        near[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes.drain(..count);
        if count == 0 { Err(Stop::Blocked) } else { Ok(count) }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<Infallible>> {
        let count = bytes.len().min(self.at_once);
        self.written.extend_from_slice(&bytes[..count]);
        Ok(count)
    }
}

/// Brings these bytes.
pub fn bring(source: &mut Source<Memory>, bytes: &[u8]) {
    source.transport_mut().bytes.extend_from_slice(bytes);
    source.handle_readable();
}
