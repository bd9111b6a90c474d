//! What client and server talk through, encrypted or not.

use super::encrypted::Encrypted;
use crate::net::stream::Socket;
use crate::wire::source::{Stop, Transport};
use mio::event::Source;
use mio::{Interest, Registry, Token};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

/// A connection of either kind.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(Socket),
    Encrypted(Box<Encrypted<Socket>>),
}

/// One that is not encrypted.
pub(crate) fn plain(socket: Socket) -> Stream {
    Stream::Plain(socket)
}

impl Stream {
    fn socket(&mut self) -> &mut Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Encrypted(encrypted) => encrypted.socket_mut(),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Plain(socket) => socket.as_fd(),
            Self::Encrypted(encrypted) => encrypted.socket().as_fd(),
        }
    }
}

impl Transport for Stream {
    type Error = io::Error;

    fn read(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<io::Error>> {
        match self {
            Self::Plain(socket) => Transport::read(socket, near, far),
            Self::Encrypted(encrypted) => encrypted.read(near, far),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<io::Error>> {
        match self {
            Self::Plain(socket) => Transport::write(socket, bytes),
            Self::Encrypted(encrypted) => encrypted.write(bytes),
        }
    }

    fn drains_by_short_read(&self) -> bool {
        match self {
            Self::Plain(socket) => socket.drains_by_short_read(),
            Self::Encrypted(encrypted) => encrypted.drains_by_short_read(),
        }
    }

    fn end(&mut self) {
        match self {
            Self::Plain(socket) => socket.end(),
            Self::Encrypted(encrypted) => encrypted.end(),
        }
    }

    fn ends_with_a_word(&self) -> bool {
        matches!(self, Self::Encrypted(encrypted) if encrypted.ends_with_a_word())
    }

    fn has_unwritten(&self) -> bool {
        matches!(self, Self::Encrypted(encrypted) if encrypted.has_unwritten())
    }

    fn push(&mut self) -> Result<(), Stop<io::Error>> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Encrypted(encrypted) => encrypted.push(),
        }
    }

    fn is_greeting(&self) -> bool {
        matches!(self, Self::Encrypted(encrypted) if encrypted.is_greeting())
    }

    fn name(&self) -> Option<&[u8]> {
        match self {
            Self::Plain(_) => None,
            Self::Encrypted(encrypted) => encrypted.name(),
        }
    }
}

impl Source for Stream {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.socket().register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.socket().reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.socket().deregister(registry)
    }
}
