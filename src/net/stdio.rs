//! The three inherited descriptors: read and written without ever blocking, and without changing
//! their flags, which belong to the shell as well (spec S16).
//!
//! `O_NONBLOCK` is a flag of the open file description, and that one is shared with whoever
//! started this program. A terminal or a pipe can be opened afresh through the system's name for
//! it: the private description that this gives has flags of its own. For a socket the flag goes
//! with each call. Where the system refuses all that, the descriptor is asked first (poll(2)), and
//! given no more at once than it can take.

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, OFlags};
use rustix::net::{RecvFlags, SendFlags};
use std::fs::{File, OpenOptions};
use std::io::{self, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

/// What a pipe that is ready takes without blocking (POSIX: PIPE_BUF is at least this; Linux has
/// 4096). Terminals take less at a time, but a little more than that never blocks for long.
const ATOMIC: usize = 512;

/// Where the system shows the descriptors of a process as files.
const DESCRIPTORS: &str = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };

/// One of the inherited descriptors.
#[derive(Debug)]
pub(crate) struct Stdio {
    handle: Handle,
    kind: FileType,
    terminal: bool,
}

#[derive(Debug)]
enum Handle {
    /// A description of our own: non-blocking.
    Private(File),
    /// A socket: each call says that it must not block.
    Socket(OwnedFd),
    /// A description shared with others: asked before each call.
    Shared(File),
}

impl Stdio {
    /// Standard input.
    ///
    /// # Errors
    /// When the descriptor cannot be duplicated.
    pub(crate) fn input() -> io::Result<Self> {
        Self::open(io::stdin().as_fd(), 0, OpenOptions::new().read(true))
    }

    /// Standard output.
    ///
    /// # Errors
    /// When the descriptor cannot be duplicated.
    pub(crate) fn output() -> io::Result<Self> {
        Self::open(io::stdout().as_fd(), 1, OpenOptions::new().write(true))
    }

    /// Standard error.
    ///
    /// # Errors
    /// When the descriptor cannot be duplicated.
    pub(crate) fn error() -> io::Result<Self> {
        Self::open(io::stderr().as_fd(), 2, OpenOptions::new().write(true))
    }

    fn open(inherited: BorrowedFd<'_>, number: u8, options: &mut OpenOptions) -> io::Result<Self> {
        let shared = inherited.try_clone_to_owned()?;
        let kind = FileType::from_raw_mode(rustix::fs::fstat(&shared)?.st_mode);
        let terminal = rustix::termios::isatty(&shared);
        let handle = match kind {
            FileType::Socket => Handle::Socket(shared),
            // A file has its place to write to in the shared description, and is always ready.
            FileType::RegularFile => Handle::Shared(shared.into()),
            _ => match open_private(&shared, number, options) {
                Some(private) => Handle::Private(private),
                None => Handle::Shared(shared.into()),
            },
        };
        Ok(Self { handle, kind, terminal })
    }

    /// Whether it is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether it is a pipe, whose other end is known to be gone when the poll says so.
    pub(crate) fn is_pipe(&self) -> bool {
        self.kind == FileType::Fifo
    }

    /// Whether a short read says that nothing more is there now: true for streams, false for a
    /// terminal in line mode, which gives one line at a time (epoll(7), termios(3)).
    pub(crate) fn short_read_is_last(&self) -> bool {
        matches!(self.kind, FileType::Fifo | FileType::Socket)
    }

    /// Registers it with a poll. Returns false for what is always ready and cannot be polled:
    /// epoll refuses regular files and `/dev/null` (`EPERM`).
    ///
    /// # Errors
    /// Any other refusal.
    pub(crate) fn register(&self, registry: &Registry, token: Token, interest: Interest) -> io::Result<bool> {
        match registry.register(&mut SourceFd(&self.as_fd().as_raw_fd()), token, interest) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes it off the poll.
    pub(crate) fn deregister(&self, registry: &Registry) {
        let _ = registry.deregister(&mut SourceFd(&self.as_fd().as_raw_fd()));
    }

    /// Waits until it takes bytes, for so long at most.
    pub(crate) fn wait_writable(&self, timeout: Duration) {
        let timeout = Timespec::try_from(timeout).ok();
        let _ = poll(&mut [PollFd::new(&self.handle, PollFlags::OUT)], timeout.as_ref());
    }

    fn ask(&self, flags: PollFlags) -> io::Result<()> {
        let mut descriptors = [PollFd::new(&self.handle, flags)];
        match poll(&mut descriptors, Some(&Timespec::default()))? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            _ => Ok(()),
        }
    }
}

/// Opens the file behind a descriptor once more, if that gives the same file.
fn open_private(shared: &OwnedFd, number: u8, options: &mut OpenOptions) -> Option<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let private = options.custom_flags(flags.bits() as i32).open(format!("{DESCRIPTORS}/{number}")).ok()?;
    let (ours, theirs) = (rustix::fs::fstat(&private).ok()?, rustix::fs::fstat(shared).ok()?);
    // Some systems open /dev/fd/N by duplicating the descriptor: then the flags are not our own.
    let own_flags = !rustix::fs::fcntl_getfl(shared).ok()?.contains(OFlags::NONBLOCK);
    let same_file = (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino);
    (same_file && own_flags).then_some(private)
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Private(file) | Self::Shared(file) => file.as_fd(),
            Self::Socket(socket) => socket.as_fd(),
        }
    }
}

impl AsFd for Stdio {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

impl Read for Stdio {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_vectored(&mut [IoSliceMut::new(buffer)])
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if matches!(self.handle, Handle::Shared(_)) && self.kind != FileType::RegularFile {
            self.ask(PollFlags::IN)?;
        }
        match &mut self.handle {
            Handle::Private(file) | Handle::Shared(file) => file.read_vectored(buffers),
            Handle::Socket(socket) => {
                let Some(buffer) = buffers.iter_mut().find(|buffer| !buffer.is_empty()) else { return Ok(0) };
                Ok(rustix::net::recv(socket, &mut **buffer, RecvFlags::DONTWAIT)?.0)
            }
        }
    }
}

impl Write for Stdio {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut most = bytes.len();
        if matches!(self.handle, Handle::Shared(_)) && self.kind != FileType::RegularFile {
            self.ask(PollFlags::OUT)?;
            most = most.min(ATOMIC);
        }
        match &mut self.handle {
            Handle::Private(file) | Handle::Shared(file) => file.write(&bytes[..most]),
            Handle::Socket(socket) => Ok(rustix::net::send(socket, bytes, SendFlags::DONTWAIT)?),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
