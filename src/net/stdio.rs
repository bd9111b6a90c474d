//! The three inherited descriptors: read and written without ever blocking, and without changing
//! their flags, which belong to the shell as well (spec S16).
//!
//! `O_NONBLOCK` is a flag of the open file description, and that one is shared with whoever
//! started this program. What has a name can be opened afresh: the private description that this
//! gives has flags of its own. On Linux that is a terminal or a pipe, elsewhere a terminal. For a
//! socket the flag goes with each call. Where there is nothing of all that, the descriptor is asked
//! first (poll(2)), and given no more at once than it can take.

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, OFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use rustix::stdio;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// What a pipe that is ready takes without blocking (POSIX: PIPE_BUF is at least this; Linux has
/// 4096). Terminals take less at a time, but a little more than that never blocks for long.
const ATOMIC: usize = 512;

/// One of the inherited descriptors.
#[derive(Debug)]
pub(crate) struct Stdio {
    handle: Handle,
    kind: FileType,
    terminal: bool,
}

#[derive(Debug)]
enum Handle {
    /// Nothing that there is to know of comes or goes; the descriptor is never ready, nor waited for.
    Nowhere(File),
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
        Self::open(stdio::stdin(), 0, true)
    }

    /// Standard output.
    ///
    /// # Errors
    /// When the descriptor cannot be duplicated.
    pub(crate) fn output() -> io::Result<Self> {
        Self::open(stdio::stdout(), 1, false)
    }

    /// Standard error.
    ///
    /// # Errors
    /// When the descriptor cannot be duplicated.
    pub(crate) fn error() -> io::Result<Self> {
        Self::open(stdio::stderr(), 2, false)
    }

    /// What brings nothing, and takes everything.
    ///
    /// # Errors
    /// When there is no descriptor for it.
    pub(crate) fn nowhere() -> io::Result<Self> {
        Ok(Self { handle: Handle::Nowhere(null()?), kind: FileType::CharacterDevice, terminal: false })
    }

    fn open(inherited: BorrowedFd<'_>, number: u8, reads: bool) -> io::Result<Self> {
        let shared = inherited.try_clone_to_owned()?;
        // Opened afresh, what is open for the other direction only would be another end of its pipe.
        let mode = rustix::fs::fcntl_getfl(&shared)? & OFlags::RWMODE;
        if mode == if reads { OFlags::WRONLY } else { OFlags::RDONLY } {
            return Err(Errno::BADF.into());
        }
        let kind = FileType::from_raw_mode(rustix::fs::fstat(&shared)?.st_mode);
        let terminal = rustix::termios::isatty(&shared);
        let handle = match kind {
            FileType::Socket => Handle::Socket(shared),
            // A file has its place to write to in the shared description, and is always ready.
            FileType::RegularFile => Handle::Shared(shared.into()),
            _ => match open_private(&shared, number, reads) {
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

    /// Whether it is the same terminal as another: then what is written to one is seen between what is
    /// written to the other.
    pub(crate) fn shares_terminal_with(&self, other: &Self) -> bool {
        // A session has one controlling terminal, whether it was opened by its own name or as
        // /dev/tty, which is another file (tcgetsid(3): of any other terminal it is an error).
        let session = |stdio: &Self| rustix::termios::tcgetsid(stdio).ok();
        let same = || is_same_file(self, other) || session(self).is_some() && session(self) == session(other);
        self.terminal && other.terminal && same()
    }

    /// Registers it with a poll. Returns false for what is always ready and cannot be polled: epoll
    /// refuses regular files and `/dev/null` (`EPERM`), kqueue such devices, each system with an error
    /// of its own. Regular files are not even offered: kqueue(2) takes them, and says nothing of
    /// their end.
    ///
    /// # Errors
    /// Any other refusal; and any at all of what has to be waited for.
    pub(crate) fn register(&self, registry: &Registry, token: Token, interest: Interest) -> io::Result<bool> {
        if self.kind == FileType::RegularFile {
            return Ok(false);
        }
        let waits = self.terminal || matches!(self.kind, FileType::Fifo | FileType::Socket);
        match registry.register(&mut SourceFd(&self.as_fd().as_raw_fd()), token, interest) {
            Ok(()) => Ok(true),
            Err(error) if !waits && cannot_be_polled(&error) => Ok(false),
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

    /// A terminal that was hung up says EIO, and also that it is none (isatty(3)). Of a file that is an
    /// error.
    fn is_hung_up<T>(&self, moved: &io::Result<T>) -> bool {
        let error = moved.as_ref().err().and_then(io::Error::raw_os_error);
        self.kind == FileType::CharacterDevice && error == Some(Errno::IO.raw_os_error())
    }

    fn ask(&self, flags: PollFlags) -> io::Result<()> {
        let mut descriptors = [PollFd::new(&self.handle, flags)];
        match poll(&mut descriptors, Some(&Timespec::default()))? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            _ => Ok(()),
        }
    }
}

/// Writes to an inherited descriptor as it is, waiting if it is slow, and no more once it fails: for the words of a
/// program that has nothing else to do.
pub(crate) fn print(descriptor: BorrowedFd<'_>, mut words: &[u8]) {
    let write = |words| rustix::io::retry_on_intr(|| rustix::io::write(descriptor, words));
    while let Ok(count @ 1..) = write(words) {
        words = words.get(count..).unwrap_or_default();
    }
}

/// The file that brings nothing, and takes everything; where there is none, one that can be neither read nor
/// written, which even an empty system has.
pub(crate) fn null() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open("/dev/null").or_else(|_| File::open("/"))
}

/// Opens the file behind a descriptor once more, if it has a name that leads to the same file.
fn open_private(shared: &OwnedFd, number: u8, reads: bool) -> Option<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let mut options = OpenOptions::new();
    let private = options
        .read(reads)
        .write(!reads)
        .custom_flags(flags.bits() as i32)
        .open(name_of(shared, number)?)
        .ok()?;
    is_same_file(&private, shared).then_some(private)
}

/// The name of the file behind a descriptor.
///
/// On Linux every file has one, which opens it afresh (proc(5), `/proc/pid/fd`). Elsewhere the name
/// `/dev/fd/N` only duplicates the descriptor (fd(4) of macOS, FreeBSD, NetBSD and OpenBSD): the
/// description stays the shared one, and whether it would then be made non-blocking for everybody is
/// nothing to find out. A terminal has a name of its own, though.
fn name_of(shared: &OwnedFd, number: u8) -> Option<PathBuf> {
    if cfg!(any(target_os = "linux", target_os = "android")) {
        Some(format!("/proc/self/fd/{number}").into())
    } else {
        terminal_name(shared)
    }
}

/// ttyname(3).
fn terminal_name(terminal: impl AsFd) -> Option<PathBuf> {
    let name = rustix::termios::ttyname(terminal, Vec::new()).ok()?;
    Some(OsString::from_vec(name.into_bytes()).into())
}

fn is_same_file(one: impl AsFd, other: impl AsFd) -> bool {
    let file = |descriptor: BorrowedFd<'_>| {
        rustix::fs::fstat(descriptor).map(|status| (status.st_dev, status.st_ino, status.st_rdev))
    };
    file(one.as_fd()).is_ok_and(|one| file(other.as_fd()) == Ok(one))
}

/// EPERM: epoll_ctl(2). EINVAL, ENODEV and EOPNOTSUPP: what drivers without a filter make kqueue(2) say.
fn cannot_be_polled(error: &io::Error) -> bool {
    let refusals = [Errno::PERM, Errno::INVAL, Errno::NODEV, Errno::OPNOTSUPP];
    refusals.iter().any(|refusal| error.raw_os_error() == Some(refusal.raw_os_error()))
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Nowhere(file) | Self::Private(file) | Self::Shared(file) => file.as_fd(),
            Self::Socket(socket) => socket.as_fd(),
        }
    }
}

impl AsFd for Stdio {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// The end, where there was a terminal.
impl Read for Stdio {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_vectored(&mut [IoSliceMut::new(buffer)])
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if matches!(self.handle, Handle::Shared(_)) && self.kind != FileType::RegularFile {
            self.ask(PollFlags::IN)?;
        }
        match &mut self.handle {
            Handle::Nowhere(_) => Ok(0),
            Handle::Private(file) | Handle::Shared(file) => {
                let read = file.read_vectored(buffers);
                if self.is_hung_up(&read) { Ok(0) } else { read }
            }
            Handle::Socket(socket) => {
                let Some(buffer) = buffers.iter_mut().find(|buffer| !buffer.is_empty()) else { return Ok(0) };
                Ok(rustix::net::recv(socket, &mut **buffer, RecvFlags::DONTWAIT)?.0)
            }
        }
    }
}

/// A reader who has gone, where there was a terminal.
impl Write for Stdio {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut most = bytes.len();
        if matches!(self.handle, Handle::Shared(_)) && self.kind != FileType::RegularFile {
            self.ask(PollFlags::OUT)?;
            most = most.min(ATOMIC);
        }
        match &mut self.handle {
            Handle::Nowhere(_) => Ok(most),
            Handle::Private(file) | Handle::Shared(file) => {
                let written = file.write(&bytes[..most]);
                if self.is_hung_up(&written) { Err(Errno::PIPE.into()) } else { written }
            }
            Handle::Socket(socket) => Ok(rustix::net::send(socket, bytes, SendFlags::DONTWAIT)?),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// rustix knows no ptsname(3) of NetBSD.
#[cfg(test)]
#[cfg(not(target_os = "netbsd"))]
pub(crate) mod tests {
    use super::*;
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    /// A new terminal: its other side, and itself.
    pub(crate) fn terminal() -> (OwnedFd, OwnedFd) {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        // A child that another test starts would keep the terminal from being hung up.
        #[cfg(target_os = "linux")]
        let flags = flags | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let slave = rustix::fs::open(name, flags, rustix::fs::Mode::empty()).unwrap();
        (master, slave)
    }

    /// A descriptor as if it had been inherited.
    pub(crate) fn inherited(descriptor: &OwnedFd) -> Stdio {
        let number = u8::try_from(descriptor.as_raw_fd()).unwrap();
        Stdio::open(descriptor.as_fd(), number, true).unwrap()
    }

    fn is_blocking(descriptor: impl AsFd) -> bool {
        !rustix::fs::fcntl_getfl(descriptor).unwrap().contains(OFlags::NONBLOCK)
    }

    #[test]
    fn flags_of_what_is_inherited_are_left_alone() {
        let (master, slave) = terminal();
        let (reader, writer) = io::pipe().unwrap();
        let reader = OwnedFd::from(reader);
        for (descriptor, private) in [(&slave, true), (&reader, cfg!(target_os = "linux"))] {
            let mut stdio = inherited(descriptor);
            assert_eq!(matches!(stdio.handle, Handle::Private(_)), private);
            assert_eq!(stdio.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
            assert!(is_blocking(descriptor) && is_blocking(&stdio) != private);
        }
        drop((master, writer));
    }

    #[test]
    fn terminal_can_be_opened_by_its_own_name() {
        let (_master, slave) = terminal();
        let again = File::open(terminal_name(&slave).unwrap()).unwrap();
        assert!(is_same_file(&again, &slave));
        assert_eq!(terminal_name(io::pipe().unwrap().0), None);
    }

    /// The other end of its pipe is not ours.
    #[test]
    fn wrong_end_of_a_pipe_is_an_error() {
        let (reader, writer) = io::pipe().unwrap();
        for (end, reads) in [(OwnedFd::from(reader), false), (writer.into(), true)] {
            let number = u8::try_from(end.as_raw_fd()).unwrap();
            assert_eq!(
                Stdio::open(end.as_fd(), number, reads).unwrap_err().raw_os_error(),
                Some(Errno::BADF.raw_os_error())
            );
            assert!(Stdio::open(end.as_fd(), number, !reads).is_ok());
        }
    }

    #[test]
    fn hung_up_terminal_is_an_end_and_no_error() {
        let (master, slave) = terminal();
        let mut stdio = inherited(&slave);
        drop(master);
        // A child that another test has just started has it until it is another program.
        let mut end = [PollFd::new(&slave, PollFlags::IN)];
        assert_eq!(poll(&mut end, Some(&Timespec { tv_sec: 30, tv_nsec: 0 })), Ok(1));
        assert_eq!(stdio.read(&mut [0]).unwrap(), 0);
        let number = u8::try_from(slave.as_raw_fd()).unwrap();
        let mut output = Stdio::open(slave.as_fd(), number, false).unwrap();
        assert_eq!(output.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn terminals_are_told_apart() {
        let ((_one, first), (_two, second)) = (terminal(), terminal());
        let (reader, _writer) = io::pipe().unwrap();
        let pipe = inherited(&reader.into());
        let again = File::open(terminal_name(&first).unwrap()).unwrap();
        assert!(inherited(&first).shares_terminal_with(&inherited(&again.into())));
        assert!(!inherited(&first).shares_terminal_with(&inherited(&second)));
        assert!(!inherited(&first).shares_terminal_with(&pipe));
        assert!(!pipe.shares_terminal_with(&pipe), "no terminal is shared");
    }

    #[test]
    fn what_is_always_ready_need_not_be_polled() {
        let poll = mio::Poll::new().unwrap();
        let register = |descriptor: OwnedFd| {
            inherited(&descriptor).register(poll.registry(), Token(0), Interest::READABLE).unwrap()
        };
        assert!(!register(File::open("/dev/null").unwrap().into()));
        assert!(!register(File::open("/etc/passwd").unwrap().into()));
        assert!(register(io::pipe().unwrap().0.into()));
        assert!(register(terminal().1));
    }
}
