//! One side's end of a link, with the layer on top of it if there is one: what a socket is to a program.

use crate::link::{Broken, Link};
use crate::seal::Seal;
use chinwag::wire::source::{Stop, Transport};
use std::cell::RefCell;
use std::rc::Rc;

/// One side's end of a link.
#[derive(Debug)]
pub(crate) struct SocketEnd {
    link: Rc<RefCell<Link>>,
    side: usize,
    seal: Option<Box<Seal>>,
}

impl SocketEnd {
    pub(crate) fn new(link: &Rc<RefCell<Link>>, side: usize) -> Self {
        let seal = link.borrow_mut().seal(side);
        Self { link: Rc::clone(link), side, seal }
    }

    pub(crate) fn link(&self) -> &Rc<RefCell<Link>> {
        &self.link
    }

    /// Says that no more will be said, where there are words for that; they may still have to be pushed.
    pub(crate) fn say_goodbye(&mut self) {
        if let Some(seal) = &mut self.seal {
            seal.close();
        }
    }

    /// Writes no more, and still reads.
    pub(crate) fn half_close(&mut self) {
        self.link.borrow_mut().end(self.side);
    }

    /// Whether it holds something that the link would take.
    pub(crate) fn has_pushable(&self) -> bool {
        self.seal.as_ref().is_some_and(|seal| seal.has_pushable())
    }

    /// The connection is dropped at once; what was written before can still be read.
    pub(crate) fn reset(self) {
        self.link.borrow_mut().reset(self.side);
    }
}

impl Drop for SocketEnd {
    fn drop(&mut self) {
        if let Ok(mut link) = self.link.try_borrow_mut() {
            link.drop_end(self.side);
        }
    }
}

impl Transport for SocketEnd {
    type Error = Broken;

    fn read(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<Broken>> {
        let mut link = self.link.borrow_mut();
        match &mut self.seal {
            Some(seal) => seal.read(&mut link, near, far),
            None => link.read(self.side, near, far),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<Broken>> {
        let mut link = self.link.borrow_mut();
        match &mut self.seal {
            Some(seal) => seal.write(&mut link, bytes),
            None => link.write(self.side, bytes),
        }
    }

    fn drains_by_short_read(&self) -> bool {
        match &self.seal {
            Some(seal) => seal.is_drained(),
            None => !self.link.borrow().is_layered(),
        }
    }

    fn end(&mut self) {
        self.say_goodbye();
        let _ = self.push();
        self.half_close();
    }

    fn ends_with_a_word(&self) -> bool {
        self.seal.is_some()
    }

    fn has_unwritten(&self) -> bool {
        self.seal.as_ref().is_some_and(|seal| seal.has_unwritten())
    }

    fn push(&mut self) -> Result<(), Stop<Broken>> {
        match &mut self.seal {
            Some(seal) => seal.push(&mut self.link.borrow_mut()),
            None => Ok(()),
        }
    }

    fn is_greeting(&self) -> bool {
        self.seal.as_ref().is_some_and(|seal| seal.is_greeting())
    }
}
