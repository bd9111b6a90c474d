//! A server that does what a test says, byte by byte.

use crate::runner::deadline;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, SocketType, sockopt};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What takes no more for so long will not before something else happens. Only the absence of
/// progress shows that a stream is blocked; a longer time would make no test stricter.
const STUCK: Duration = Duration::from_millis(300);

/// Where clients of a test connect to.
pub(crate) struct Peer {
    listener: TcpListener,
}

impl Peer {
    pub(crate) fn new() -> Self {
        Self { listener: TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap() }
    }

    pub(crate) fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    #[track_caller]
    pub(crate) fn accept(&self) -> Talk {
        assert!(comes(&self.listener, PollFlags::IN, deadline()), "nobody connected");
        let (stream, _) = self.listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(deadline())).unwrap();
        stream.set_write_timeout(Some(deadline())).unwrap();
        Talk { reader: BufReader::new(stream) }
    }

    /// A connection on which `name` has just logged in.
    #[track_caller]
    pub(crate) fn welcome(&self, name: &str) -> Talk {
        let mut talk = self.accept();
        talk.answer(&format!("HELLO-FROM {name}"), format!("HELLO {name}\n"));
        talk
    }
}

/// One connection, seen from the server.
pub(crate) struct Talk {
    reader: BufReader<TcpStream>,
}

impl Talk {
    /// The next line, without its `\n`.
    #[track_caller]
    pub(crate) fn line(&mut self) -> Vec<u8> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).unwrap();
        assert_eq!(line.pop(), Some(b'\n'), "the client left in the middle of {}", line.escape_ascii());
        line
    }

    #[track_caller]
    pub(crate) fn expect(&mut self, request: impl AsRef<[u8]>) {
        assert_eq!(
            self.line().escape_ascii().to_string(),
            request.as_ref().escape_ascii().to_string(),
            "what the client sent, and what it should have sent"
        );
    }

    #[track_caller]
    pub(crate) fn answer(&mut self, request: &str, reply: impl AsRef<[u8]>) {
        self.expect(request);
        self.send(reply);
    }

    /// The client has left in good order, and has said nothing more before.
    #[track_caller]
    pub(crate) fn expect_end(&mut self) {
        let mut rest = Vec::new();
        self.reader.read_until(b'\n', &mut rest).unwrap();
        assert_eq!(rest.escape_ascii().to_string(), "", "sent by a client that should have left");
    }

    #[track_caller]
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.reader.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// Sends each piece in a segment of its own.
    #[track_caller]
    pub(crate) fn send_cut<'a>(&mut self, pieces: impl IntoIterator<Item = &'a [u8]>) {
        pieces.into_iter().for_each(|piece| self.send(piece));
    }

    /// Sends from a thread of its own, which ends with the client at the latest.
    pub(crate) fn send_aside(&mut self, bytes: Vec<u8>) -> JoinHandle<io::Result<()>> {
        let mut stream = self.reader.get_ref().try_clone().unwrap();
        thread::spawn(move || stream.write_all(&bytes))
    }

    /// Sends as many of the bytes as the client takes while it is stuck, and says how many.
    pub(crate) fn send_until_stuck(&mut self, bytes: &[u8]) -> usize {
        let stream = self.reader.get_mut();
        stream.set_nonblocking(true).unwrap();
        let mut sent = 0;
        while sent < bytes.len() && comes(&*stream, PollFlags::OUT, STUCK) {
            match stream.write(&bytes[sent..]) {
                Ok(written) => sent += written,
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
        stream.set_nonblocking(false).unwrap();
        sent
    }

    /// Sends nothing more, and listens on.
    pub(crate) fn stop_sending(&mut self) {
        self.reader.get_ref().shutdown(Shutdown::Write).unwrap();
    }

    /// Ends the connection in this way; the client is told, or the connection is kept.
    pub(crate) fn end(self, how: End) -> Option<Self> {
        match how {
            End::Keep => return Some(self),
            End::Close => {}
            End::Reset => {
                sockopt::set_socket_linger(self.reader.get_ref(), Some(Duration::ZERO)).unwrap();
            }
        }
        None
    }
}

/// What a server does after its last word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum End {
    Keep,
    Close,
    Reset,
}

impl End {
    pub(crate) const ALL: [Self; 3] = [Self::Keep, Self::Close, Self::Reset];
}

/// A port where every connection is refused, for as long as this lives: it is taken, and nobody
/// listens.
pub(crate) struct Refusing {
    _socket: OwnedFd,
    pub(crate) port: u16,
}

impl Refusing {
    pub(crate) fn new() -> Self {
        let (socket, port) = bound();
        Self { _socket: socket, port }
    }
}

/// A port that stays ours while nobody listens on it: a server may go away and come back.
pub(crate) struct Reserved {
    _socket: OwnedFd,
    pub(crate) port: u16,
}

impl Reserved {
    pub(crate) fn new() -> Self {
        let (socket, port) = sharing(0);
        Self { _socket: socket, port }
    }

    /// Clients can connect for as long as the peer lives.
    pub(crate) fn listen(&self) -> Peer {
        let (socket, _) = sharing(self.port);
        rustix::net::listen(&socket, 16).unwrap();
        Peer { listener: socket.into() }
    }
}

/// A port where connecting hangs: the queue of the listener is full, and so the system drops every
/// further request for a connection (listen(2); Linux lets one more than the given number in).
pub(crate) struct Hanging {
    _listener: OwnedFd,
    _first: TcpStream,
    pub(crate) port: u16,
}

impl Hanging {
    pub(crate) fn new() -> Self {
        let (listener, port) = bound();
        rustix::net::listen(&listener, 0).unwrap();
        let first = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(comes(&listener, PollFlags::IN, deadline()), "the queue holds nothing");
        Self { _listener: listener, _first: first, port }
    }
}

fn bound() -> (OwnedFd, u16) {
    let socket = socket();
    let port = bind(&socket, 0);
    (socket, port)
}

/// A socket whose port, this one or the system's choice for 0, others of ours can have as well.
fn sharing(port: u16) -> (OwnedFd, u16) {
    let socket = socket();
    sockopt::set_socket_reuseport(&socket, true).unwrap();
    let port = bind(&socket, port);
    (socket, port)
}

fn socket() -> OwnedFd {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC).unwrap();
    socket
}

fn bind(socket: &OwnedFd, port: u16) -> u16 {
    rustix::net::bind(socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, port))).unwrap();
    SocketAddr::try_from(rustix::net::getsockname(socket).unwrap()).unwrap().port()
}

/// Whether this happens to the descriptor within this time.
pub(crate) fn comes(descriptor: impl AsFd, flags: PollFlags, timeout: Duration) -> bool {
    let timeout = Timespec::try_from(timeout).unwrap();
    poll(&mut [PollFd::new(&descriptor, flags)], Some(&timeout)).unwrap() > 0
}
