//! What a stream can be, as the pure part moves bytes through it; and what a connection is to be like,
//! on either side of it.

use super::stdio::Stdio;
use super::stream::Socket;
use crate::wire::format::note;
use crate::wire::source::{Stop, Transport};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{Shutdown, shutdown, sockopt};
use std::io::{self, ErrorKind, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
#[cfg(not(target_os = "openbsd"))]
use std::time::Duration;

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

/// A connection over which nothing goes is probed after this time, so that it is still known to the
/// routers on its way: they may forget one that was silent for two hours (RFC 5382, REQ-5), and many
/// do so after minutes.
#[cfg(not(target_os = "openbsd"))]
pub(crate) const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);

/// A probe that was not answered is repeated after this time each,
#[cfg(not(target_os = "openbsd"))]
pub(crate) const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// and after so many the connection is broken: two minutes after the last sign of life, as with
/// [`USER_TIMEOUT`].
#[cfg(not(target_os = "openbsd"))]
pub(crate) const KEEPALIVE_PROBES: u32 = 4;

/// What was sent and not acknowledged for so long will not be: the connection is broken (RFC 5482;
/// without it the system tries for a quarter of an hour, tcp(7), `tcp_retries2`).
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) const USER_TIMEOUT: Duration = Duration::from_secs(120);

/// Whether an accepted socket has the options of the one that listened. POSIX leaves it open; Linux and
/// FreeBSD copy all of those that are set here.
const IS_INHERITED: bool = cfg!(any(target_os = "linux", target_os = "android", target_os = "freebsd"));

/// How much is read away at the end, in reads of 4 KiB: as much as can be there already, and no more,
/// for a flood must not hold the program up.
const LAST_READS: usize = 256;

/// Small requests go out at once, and a dead peer is noticed. For a socket that connects, and for one
/// that listens. Where the system lacks an option the connection works without.
pub(crate) fn configure(socket: impl AsFd) {
    set_options(socket.as_fd());
}

/// Does it, once for all kinds of sockets.
#[inline(never)]
fn set_options(socket: BorrowedFd<'_>) {
    let results = [
        sockopt::set_tcp_nodelay(socket, true),
        sockopt::set_socket_keepalive(socket, true),
        // On OpenBSD all sockets share the times of sysctl(2), TCPCTL_KEEPIDLE.
        #[cfg(not(target_os = "openbsd"))]
        sockopt::set_tcp_keepidle(socket, KEEPALIVE_IDLE),
        #[cfg(not(target_os = "openbsd"))]
        sockopt::set_tcp_keepintvl(socket, KEEPALIVE_INTERVAL),
        #[cfg(not(target_os = "openbsd"))]
        sockopt::set_tcp_keepcnt(socket, KEEPALIVE_PROBES),
        #[cfg(any(target_os = "linux", target_os = "android"))]
        sockopt::set_tcp_user_timeout(socket, USER_TIMEOUT.as_millis() as u32),
    ];
    for error in results.into_iter().filter_map(Result::err) {
        note!(Debug, "a socket option could not be set: {error}");
    }
}

/// The same for a socket that was accepted by one that is configured: where that is enough, it saves
/// six system calls.
pub(crate) fn configure_accepted(socket: impl AsFd) {
    if !IS_INHERITED {
        configure(socket);
    }
}

/// Ends a connection so that what was sent arrives: a socket that is closed with unread bytes in it
/// resets the connection (RFC 9293, 3.6.1, after RFC 1122, 4.2.2.13), and that may overtake what is on
/// its way. To be dropped after that.
pub(crate) fn end(stream: &mut Socket) {
    let _ = shutdown(&*stream, Shutdown::Write);
    let mut rest = [0; 4096];
    for _ in 0..LAST_READS {
        match Read::read(stream, &mut rest) {
            Ok(1..) => {}
            _ => break,
        }
    }
}

/// Reads into `near`, then into `far`, which may be empty; 0 is the end.
pub(crate) fn read(
    reader: &mut impl Read,
    near: &mut [u8],
    far: &mut [u8],
) -> Result<usize, Stop<io::Error>> {
    moved(|| {
        if far.is_empty() {
            reader.read(near)
        } else {
            reader.read_vectored(&mut [IoSliceMut::new(near), IoSliceMut::new(far)])
        }
    })
}

/// Writes once; at least one byte, if there is one.
pub(crate) fn write(writer: &mut (impl Write + AsFd), bytes: &[u8]) -> Result<usize, Stop<io::Error>> {
    match moved(|| writer.write(bytes)) {
        Ok(0) => Err(Stop::Broken(ErrorKind::WriteZero.into())),
        Err(Stop::Blocked) if is_writable(writer.as_fd()) => Err(Stop::Starved),
        other => other,
    }
}

/// Whether the poll has nothing more to say: short of memory, Linux refuses with EAGAIN what a socket has
/// room for.
#[cold]
#[inline(never)]
fn is_writable(descriptor: BorrowedFd<'_>) -> bool {
    let mut asked = [PollFd::from_borrowed_fd(descriptor, PollFlags::OUT)];
    poll(&mut asked, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

/// A call that a signal interrupts is made again.
fn moved(mut call: impl FnMut() -> io::Result<usize>) -> Result<usize, Stop<io::Error>> {
    loop {
        match call() {
            Ok(count) => return Ok(count),
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock => return Err(Stop::Blocked),
                _ if is_want_of_memory(&error) => return Err(Stop::Starved),
                _ => return Err(Stop::Broken(error)),
            },
        }
    }
}

fn is_want_of_memory(error: &io::Error) -> bool {
    let wants = [Errno::NOBUFS, Errno::NOMEM];
    wants.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::net::TcpStream;
    use std::net::{TcpListener, TcpStream as StdStream};

    #[test]
    fn only_some_failures_of_a_call_are_its_end() {
        let failing = |errors: &[Errno]| {
            let mut errors = errors.iter();
            moved(|| errors.next().map_or(Ok(7), |&error| Err(error.into()))).map_err(|stop| match stop {
                Stop::Broken(error) => Stop::Broken(error.kind()),
                Stop::Blocked => Stop::Blocked,
                Stop::Starved => Stop::Starved,
            })
        };
        assert_eq!(failing(&[Errno::INTR, Errno::INTR]), Ok(7));
        assert_eq!(failing(&[Errno::INTR, Errno::AGAIN]), Err(Stop::Blocked));
        assert_eq!(failing(&[Errno::NOBUFS]), Err(Stop::Starved));
        assert_eq!(failing(&[Errno::NOMEM]), Err(Stop::Starved));
        assert_eq!(failing(&[Errno::CONNRESET]), Err(Stop::Broken(ErrorKind::ConnectionReset)));
    }

    /// As if the system had refused what there is room for.
    #[test]
    fn refusal_without_a_reason_is_no_wait_for_an_event() {
        struct Refusing(std::io::PipeWriter);
        impl Write for Refusing {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(ErrorKind::WouldBlock.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        impl AsFd for Refusing {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.0.as_fd()
            }
        }
        let (_reader, writer) = io::pipe().unwrap();
        rustix::io::ioctl_fionbio(&writer, true).unwrap();
        let mut refusing = Refusing(writer);
        assert!(matches!(super::write(&mut refusing, b"x"), Err(Stop::Starved)));
        while refusing.0.write(&[0; 4096]).is_ok() {}
        assert!(matches!(super::write(&mut refusing, b"x"), Err(Stop::Blocked)));
    }

    #[cfg(not(target_os = "openbsd"))]
    fn check(socket: impl AsFd) {
        let socket = socket.as_fd();
        assert!(sockopt::tcp_nodelay(socket).unwrap());
        assert!(sockopt::socket_keepalive(socket).unwrap());
        assert_eq!(sockopt::tcp_keepidle(socket).unwrap(), KEEPALIVE_IDLE);
        assert_eq!(sockopt::tcp_keepintvl(socket).unwrap(), KEEPALIVE_INTERVAL);
        assert_eq!(sockopt::tcp_keepcnt(socket).unwrap(), KEEPALIVE_PROBES);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        assert_eq!(u128::from(sockopt::tcp_user_timeout(socket).unwrap()), USER_TIMEOUT.as_millis());
    }

    #[test]
    #[cfg(not(target_os = "openbsd"))]
    fn both_sides_have_all_options() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        configure(&listener);
        let client = StdStream::connect(listener.local_addr().unwrap()).unwrap();
        configure(&client);
        check(&client);
        let (accepted, _) = listener.accept().unwrap();
        configure_accepted(&accepted);
        check(&accepted);
    }

    #[test]
    fn what_has_no_options_is_left_as_it_is() {
        configure(std::io::pipe().unwrap().0);
    }

    /// What the peer reads when we answer, and end with `with` while something it sent is unread.
    fn last_words(with: fn(&mut Socket)) -> io::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = StdStream::connect(listener.local_addr().unwrap()).unwrap();
        let (ours, _) = listener.accept().unwrap();
        peer.write_all(&[b'x'; 10_000]).unwrap();
        // All of it has come when the last byte can be seen.
        let mut seen = [0; 10_000];
        while ours.peek(&mut seen).unwrap() < seen.len() {}
        ours.set_nonblocking(true).unwrap();
        let mut ours = Socket::from(TcpStream::from_std(ours));
        ours.write_all(b"the last words").unwrap();
        with(&mut ours);
        drop(ours);
        io::read_to_string(&mut peer)
    }

    #[test]
    fn unread_input_does_not_reset_the_connection() {
        assert_eq!(last_words(end).unwrap(), "the last words");
        if cfg!(target_os = "linux") {
            assert_eq!(last_words(|_| ()).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        }
    }
}
