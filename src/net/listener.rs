//! Where a server is entered: a socket that listens, at a port or in the file system.

use super::endpoint::{self, Place};
use super::stream::Socket;
use super::transport;
use mio::event::Source;
use mio::net::{TcpListener, UnixListener, UnixStream};
use mio::{Interest, Registry, Token};
use rustix::fs::{CWD, FileType, FlockOperation, Mode, OFlags, RawMode};
use rustix::io::Errno;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{self, IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net as unix;
use std::path::Path;

/// So many connections may wait to be accepted; the system lowers it to what it allows.
const BACKLOG: i32 = 65_535;

/// A listening socket.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: Listening,
    /// Where it can be entered: with the port that the system chose, if it was asked to.
    place: Place,
    /// The file of a Unix socket, which is removed in the end.
    file: Option<(u64, u64)>,
}

#[derive(Debug)]
enum Listening {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Where somebody comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Peer {
    Remote(SocketAddr),
    /// From this machine, through a Unix socket.
    Local,
}

impl Peer {
    /// The address by which those who come are told apart; none of those from this machine.
    pub(crate) fn ip(self) -> Option<IpAddr> {
        match self {
            Self::Remote(address) => Some(address.ip()),
            Self::Local => None,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote(address) => address.fmt(formatter),
            Self::Local => formatter.write_str("this machine"),
        }
    }
}

impl Listener {
    /// Listens at a place, of which these addresses were [found](find); a Unix socket has a file of this mode, or the
    /// one that the process gives its files.
    ///
    /// # Errors
    /// Those of the system, when it does not let us listen there.
    pub(crate) fn at(place: &Place, addresses: &[SocketAddr], mode: Option<u32>) -> io::Result<Self> {
        match place {
            Place::Tcp { .. } => Self::at_address(addresses),
            Place::Unix(path) => Self::at_path(path, mode),
        }
    }

    /// Listens at one of these addresses, the first that the system lets us have.
    ///
    /// # Errors
    /// As [`endpoint::bind_first`].
    fn at_address(addresses: &[SocketAddr]) -> io::Result<Self> {
        let socket = endpoint::bind_first(addresses, TcpListener::bind)?;
        transport::configure(&socket);
        let place = socket.local_addr()?.into();
        Self::new(Listening::Tcp(socket), place, None)
    }

    /// Listens at a Unix socket. One that was left behind, so that nobody answers there, makes way.
    ///
    /// # Errors
    /// Those of the system, when it does not let us listen there; `AddrInUse` if somebody does.
    #[inline(never)]
    fn at_path(path: &str, mode: Option<u32>) -> io::Result<Self> {
        let address =
            endpoint::unix_address(path).map_err(|why| io::Error::new(ErrorKind::InvalidInput, why))?;
        let bind = || match mode {
            None => UnixListener::bind_addr(&address),
            // Not by changing it afterwards: somebody might enter before that.
            Some(mode) => {
                let usual = rustix::process::umask(
                    Mode::from_raw_mode(!mode as RawMode) & Mode::from_raw_mode(0o777),
                );
                let bound = UnixListener::bind_addr(&address);
                rustix::process::umask(usual);
                bound
            }
        };
        let socket = match bind() {
            Err(error) if error.kind() == ErrorKind::AddrInUse && !path.starts_with('@') => {
                // Others who find the same file at the same time wait for their turn.
                let _lock = lock_folder(path)?;
                remove_stale(path, &address)?;
                bind()?
            }
            bound => bound?,
        };
        Self::new(Listening::Unix(socket), Place::Unix(path.to_owned()), identity(path))
    }

    /// Accepts at a socket that somebody else listens with, and keeps.
    ///
    /// # Errors
    /// Those of the system, or that it does not listen.
    pub(crate) fn handed_tcp(socket: net::TcpListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        transport::configure(&socket);
        let place = socket.local_addr()?.into();
        Self { socket: Listening::Tcp(TcpListener::from_std(socket)), place, file: None }.listening()
    }

    /// The same at a Unix socket.
    ///
    /// # Errors
    /// As those of [`Listener::handed_tcp`].
    pub(crate) fn handed_unix(socket: unix::UnixListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let place = Place::from(&socket.local_addr()?);
        Self { socket: Listening::Unix(UnixListener::from_std(socket)), place, file: None }.listening()
    }

    /// Where the system can be asked; macOS cannot.
    fn listening(self) -> io::Result<Self> {
        #[cfg(not(target_vendor = "apple"))]
        if !rustix::net::sockopt::socket_acceptconn(&self)? {
            return Err(io::Error::new(ErrorKind::InvalidInput, "it does not listen"));
        }
        Ok(self)
    }

    fn new(socket: Listening, place: Place, file: Option<(u64, u64)>) -> io::Result<Self> {
        let listener = Self { socket, place, file };
        // mio listens with room for 128. To listen again only changes that.
        rustix::net::listen(&listener, BACKLOG)?;
        Ok(listener)
    }

    /// Where it can be entered.
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The address, if it is one of the network.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Listening::Tcp(socket) => socket.local_addr().ok(),
            Listening::Unix(_) => None,
        }
    }

    /// Who waits first.
    ///
    /// # Errors
    /// Those of accept(2); `WouldBlock` if nobody waits.
    pub(crate) fn accept(&self) -> io::Result<(Socket, Peer)> {
        match &self.socket {
            Listening::Tcp(socket) => {
                let (stream, peer) = socket.accept()?;
                transport::configure_accepted(&stream);
                Ok((stream.into(), Peer::Remote(peer)))
            }
            Listening::Unix(socket) => Ok((socket.accept()?.0.into(), Peer::Local)),
        }
    }

    /// Has the poll say when somebody comes.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let socket: &mut dyn Source = match &mut self.socket {
            Listening::Tcp(socket) => socket,
            Listening::Unix(socket) => socket,
        };
        socket.register(registry, token, Interest::READABLE)
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.socket {
            Listening::Tcp(socket) => socket.as_fd(),
            Listening::Unix(socket) => socket.as_fd(),
        }
    }
}

impl Drop for Listener {
    /// Removes the file, unless somebody has put another one there.
    fn drop(&mut self) {
        if let Place::Unix(path) = &self.place
            && self.file.is_some()
            && self.file == identity(path)
        {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The addresses of a place, if it is one of the network. That can take long.
///
/// # Errors
/// What the resolver says.
#[inline(never)]
pub(crate) fn find(place: &Place) -> io::Result<Vec<SocketAddr>> {
    let Place::Tcp { host, port } = place else { return Ok(Vec::new()) };
    endpoint::resolve(host, *port).map_err(|error| io::Error::new(ErrorKind::AddrNotAvailable, error))
}

/// Device and number of a socket's file; `None` if there is no socket.
fn identity(path: &str) -> Option<(u64, u64)> {
    let status = rustix::fs::lstat(path).ok()?;
    let is_socket = FileType::from_raw_mode(status.st_mode) == FileType::Socket;
    is_socket.then_some((status.st_dev as u64, status.st_ino as u64))
}

/// Keeps others who do the same out of the folder of `path`, for as long as the answer lives.
fn lock_folder(path: &str) -> io::Result<OwnedFd> {
    let folder = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::openat(CWD, folder.unwrap_or(Path::new(".")), flags, Mode::empty())?;
    match rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(ErrorKind::AddrInUse.into()),
        // Some file systems have no locks.
        _ => Ok(folder),
    }
}

/// Removes a socket on which nobody answers.
fn remove_stale(path: &str, address: &unix::SocketAddr) -> io::Result<()> {
    let answer = UnixStream::connect_addr(address);
    let is_refused = answer.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused);
    // Any file refuses, and not all of them are to be removed.
    if !is_refused || identity(path).is_none() {
        return Err(ErrorKind::AddrInUse.into());
    }
    std::fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A folder that is gone with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("chinwag-{name}-{}", std::process::id()));
            std::fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn path(&self, name: &str) -> String {
            self.0.join(name).to_str().unwrap().to_owned()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn place(path: &str) -> Place {
        Place::Unix(path.to_owned())
    }

    fn kind<T>(result: io::Result<T>) -> Option<ErrorKind> {
        result.err().map(|error| error.kind())
    }

    #[test]
    fn file_is_there_as_long_as_the_listener() {
        let folder = Folder::new("listener");
        let path = folder.path("socket");
        let listener = Listener::at(&place(&path), &[], None).unwrap();
        assert!(Path::new(&path).exists() && listener.place().to_string() == path);
        assert_eq!(kind(Listener::at(&place(&path), &[], None)), Some(ErrorKind::AddrInUse));
        drop(listener);
        assert!(!Path::new(&path).exists());
    }

    /// As one that was killed leaves it.
    fn leave_behind(path: &str) {
        drop(std::os::unix::net::UnixListener::bind(path).unwrap());
    }

    #[test]
    fn file_that_was_left_behind_makes_way() {
        let folder = Folder::new("stale");
        let path = folder.path("socket");
        leave_behind(&path);
        let listener = Listener::at(&place(&path), &[], None).unwrap();
        let _client = std::os::unix::net::UnixStream::connect(&path).unwrap();
        assert!(matches!(listener.accept().unwrap().1, Peer::Local));
    }

    #[test]
    fn what_is_no_socket_stays() {
        let folder = Folder::new("file");
        let path = folder.path("socket");
        std::fs::write(&path, "precious").unwrap();
        assert_eq!(kind(Listener::at(&place(&path), &[], None)), Some(ErrorKind::AddrInUse));
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
        let link = folder.path("link");
        leave_behind(&folder.path("left"));
        std::os::unix::fs::symlink(folder.path("left"), &link).unwrap();
        assert_eq!(kind(Listener::at(&place(&link), &[], None)), Some(ErrorKind::AddrInUse));
        assert!(Path::new(&link).exists());
    }

    #[test]
    fn somebody_elses_file_is_not_removed() {
        let folder = Folder::new("other");
        let path = folder.path("socket");
        let listener = Listener::at(&place(&path), &[], None).unwrap();
        std::fs::remove_file(&path).unwrap();
        let _other = Listener::at(&place(&path), &[], None).unwrap();
        drop(listener);
        assert!(Path::new(&path).exists());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn only_one_at_a_time_takes_over() {
        let folder = Folder::new("lock");
        let path = folder.path("socket");
        leave_behind(&path);
        let lock = lock_folder(&path).unwrap();
        assert_eq!(kind(Listener::at(&place(&path), &[], None)), Some(ErrorKind::AddrInUse));
        drop(lock);
        assert!(Listener::at(&place(&path), &[], None).is_ok());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn name_in_no_file_system_has_no_file() {
        let name = format!("@chinwag-test-{}", std::process::id());
        let listener = Listener::at(&place(&name), &[], None).unwrap();
        assert_eq!(listener.place().to_string(), format!("unix:{name}"));
        assert_eq!(kind(Listener::at(&place(&name), &[], None)), Some(ErrorKind::AddrInUse));
    }
}
