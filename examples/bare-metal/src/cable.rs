//! A cable between a client and the server: each end is a stream, as a socket is on a host.

use alloc::rc::Rc;
use alloc::vec;
use chinwag::wire::ring::Ring;
use chinwag::wire::source::{Stop, Transport};
use core::cell::RefCell;
use core::convert::Infallible;

/// So many bytes are on their way in each direction at most, as in the queues of a serial port: what
/// does not fit has to wait, and most lines take several turns.
const CAPACITY: usize = 16;

/// One direction.
#[derive(Debug)]
struct Wire {
    bytes: Ring,
    is_plugged_in: bool,
}

/// One end of a cable.
#[derive(Debug)]
pub struct Plug {
    incoming: Rc<RefCell<Wire>>,
    outgoing: Rc<RefCell<Wire>>,
}

/// Both ends of a new cable.
pub fn cable() -> (Plug, Plug) {
    let wire = || {
        let bytes = Ring::with_storage(vec![0; CAPACITY]);
        Rc::new(RefCell::new(Wire { bytes, is_plugged_in: true }))
    };
    let (there, back) = (wire(), wire());
    let near = Plug { incoming: Rc::clone(&back), outgoing: Rc::clone(&there) };
    (near, Plug { incoming: there, outgoing: back })
}

impl Plug {
    /// Whether a read would bring something, or the end.
    pub fn is_readable(&self) -> bool {
        let wire = self.incoming.borrow();
        !wire.bytes.is_empty() || !wire.is_plugged_in
    }

    /// Whether something would be taken.
    pub fn is_writable(&self) -> bool {
        let wire = self.outgoing.borrow();
        wire.bytes.len() < CAPACITY || !wire.is_plugged_in
    }
}

impl Transport for Plug {
    type Error = &'static str;

    fn read(&mut self, near: &mut [u8], _far: &mut [u8]) -> Result<usize, Stop<&'static str>> {
        let mut wire = self.incoming.borrow_mut();
        let (first, _) = wire.bytes.pieces();
        if first.is_empty() && wire.is_plugged_in {
            return Err(Stop::Blocked);
        }
        let count = first.len().min(near.len());
        near[..count].copy_from_slice(&first[..count]);
        wire.bytes.consume(count);
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<&'static str>> {
        let mut wire = self.outgoing.borrow_mut();
        if !wire.is_plugged_in {
            return Err(Stop::Broken("the cable was unplugged"));
        }
        if wire.bytes.len() == CAPACITY {
            return Err(Stop::Blocked);
        }
        let Ok(count) = wire.bytes.fill(|near, _far| {
            let count = bytes.len().min(near.len());
            near[..count].copy_from_slice(&bytes[..count]);
            Ok::<_, Infallible>(count)
        });
        Ok(count)
    }

    fn end(&mut self) {
        for wire in [&self.incoming, &self.outgoing] {
            wire.borrow_mut().is_plugged_in = false;
        }
    }
}
