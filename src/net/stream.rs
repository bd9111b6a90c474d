//! The connection to the other side: a socket of whatever kind.

use super::transport;
use crate::wire::source::{Stop, Transport};
use mio::event::Source;
use mio::net::{TcpStream, UnixStream};
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::io::{self, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// A connected socket that does not block. Once it stands, all kinds of them are read and written alike.
#[derive(Debug)]
pub(crate) struct Socket(OwnedFd);

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        Self(stream.into())
    }
}

impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Self {
        Self(stream.into())
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(recv(&self.0, buffer, RecvFlags::empty())?.0)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        Ok(rustix::io::readv(&self.0, buffers)?)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(&self.0, bytes, SEND)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A peer that is gone is an error, and no signal (send(2)); macOS does not know the flag, and Rust programs ignore
/// the signal.
#[cfg(not(target_vendor = "apple"))]
const SEND: SendFlags = SendFlags::NOSIGNAL;
#[cfg(target_vendor = "apple")]
const SEND: SendFlags = SendFlags::empty();

impl Transport for Socket {
    type Error = io::Error;

    fn read(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<io::Error>> {
        transport::read(self, near, far)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<io::Error>> {
        transport::write(self, bytes)
    }

    fn drains_by_short_read(&self) -> bool {
        true
    }

    fn end(&mut self) {
        transport::end(self);
    }
}

impl Source for Socket {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).deregister(registry)
    }
}

pub(crate) use super::tls::stream::{Stream, plain};
