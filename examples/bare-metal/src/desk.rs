//! What a person has in front of them: a keyboard on which a script types, and a screen that is printed
//! on the debugger's console.

use crate::heap;
use chinwag::wire::escape::Printable;
use chinwag::wire::source::{Stop, Transport};
use core::convert::Infallible;
use cortex_m_semihosting::{hprint, hprintln};

/// A keyboard.
#[derive(Debug)]
pub struct Keyboard {
    owner: &'static str,
    /// What was typed and not read.
    typed: &'static str,
}

impl Keyboard {
    pub fn new(owner: &'static str) -> Self {
        Self { owner, typed: "" }
    }

    /// Somebody types a line; the one before has been read.
    pub fn type_in(&mut self, line: &'static str) {
        hprint!("{} > {}", self.owner, line);
        self.typed = line;
    }
}

impl Transport for Keyboard {
    type Error = Infallible;

    fn read(&mut self, near: &mut [u8], _far: &mut [u8]) -> Result<usize, Stop<Infallible>> {
        heap::measure();
        if self.typed.is_empty() {
            return Err(Stop::Blocked);
        }
        let (now, later) = self.typed.split_at(self.typed.len().min(near.len()));
        near[..now.len()].copy_from_slice(now.as_bytes());
        self.typed = later;
        Ok(now.len())
    }

    fn write(&mut self, _bytes: &[u8]) -> Result<usize, Stop<Infallible>> {
        Err(Stop::Blocked)
    }
}

/// A screen; its lines are marked with whose it is, as both share one console.
#[derive(Debug)]
pub struct Display {
    owner: &'static str,
    is_inside_line: bool,
}

impl Display {
    pub fn new(owner: &'static str) -> Self {
        Self { owner, is_inside_line: false }
    }
}

impl Transport for Display {
    type Error = Infallible;

    fn read(&mut self, _near: &mut [u8], _far: &mut [u8]) -> Result<usize, Stop<Infallible>> {
        Err(Stop::Blocked)
    }

    /// Takes one line, or a part of one, at a time.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<Infallible>> {
        heap::measure();
        if !self.is_inside_line {
            hprint!("{} | ", self.owner);
        }
        let end = bytes.iter().position(|&byte| byte == b'\n');
        self.is_inside_line = end.is_none();
        hprint!("{}", Printable(&bytes[..end.unwrap_or(bytes.len())]));
        if end.is_some() {
            hprintln!();
        }
        Ok(end.map_or(bytes.len(), |end| end + 1))
    }
}
