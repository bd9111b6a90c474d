//! What a stream can be: sockets and inherited descriptors, as the pure part moves bytes through them.

use super::stdio::Stdio;
use crate::wire::source::{Stop, Transport};
use mio::net::TcpStream;
use std::io::{self, ErrorKind, IoSliceMut, Read, Write};

impl Transport for TcpStream {
    type Error = io::Error;

    fn read(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<io::Error>> {
        read(self, near, far)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<io::Error>> {
        write(self, bytes)
    }

    fn drains_by_short_read(&self) -> bool {
        true
    }

    /// A socket that is closed with unread bytes in it resets the connection, and that may overtake
    /// what is on its way.
    fn end(&mut self) {
        let _ = self.shutdown(std::net::Shutdown::Write);
        let mut rest = [0; 4096];
        // As much as can be there now, and no more: a flood must not hold the program up.
        for _ in 0..256 {
            if !matches!(Read::read(self, &mut rest), Ok(1..)) {
                break;
            }
        }
    }
}

impl Transport for Stdio {
    type Error = io::Error;

    fn read(&mut self, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<io::Error>> {
        read(self, near, far)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, Stop<io::Error>> {
        write(self, bytes)
    }

    fn drains_by_short_read(&self) -> bool {
        self.short_read_is_last()
    }
}

fn read(reader: &mut impl Read, near: &mut [u8], far: &mut [u8]) -> Result<usize, Stop<io::Error>> {
    moved(|| {
        if far.is_empty() {
            reader.read(near)
        } else {
            reader.read_vectored(&mut [IoSliceMut::new(near), IoSliceMut::new(far)])
        }
    })
}

fn write(writer: &mut impl Write, bytes: &[u8]) -> Result<usize, Stop<io::Error>> {
    match moved(|| writer.write(bytes))? {
        0 => Err(Stop::Broken(ErrorKind::WriteZero.into())),
        count => Ok(count),
    }
}

/// A call that a signal interrupts is made again.
fn moved(mut call: impl FnMut() -> io::Result<usize>) -> Result<usize, Stop<io::Error>> {
    loop {
        match call() {
            Ok(count) => return Ok(count),
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock => return Err(Stop::Blocked),
                _ => return Err(Stop::Broken(error)),
            },
        }
    }
}
