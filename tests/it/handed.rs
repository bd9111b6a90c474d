//! Sockets that whoever starts the server hands over, and what it is told in return (sd_listen_fds(3),
//! sd_notify(3)).

use crate::runner::{self, deadline};
use crate::support::{Client, output, until};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::Signal;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};

/// The server behind a shell that hands these over, from descriptor 3 on.
fn handing(sockets: &[&dyn AsFd]) -> (Command, Vec<OwnedFd>) {
    // Out of the way of the numbers that they are to have.
    let sockets: Vec<_> = sockets.iter().map(|socket| fcntl_dupfd_cloexec(socket, 100).unwrap()).collect();
    for socket in &sockets {
        rustix::io::fcntl_setfd(socket, rustix::io::FdFlags::empty()).unwrap();
    }
    let moves: Vec<_> = sockets
        .iter()
        .enumerate()
        .map(|(index, socket)| format!("{}<&{} {}<&-", 3 + index, socket.as_raw_fd(), socket.as_raw_fd()))
        .collect();
    let count = sockets.len();
    let script = format!(
        "LISTEN_PID=$$ LISTEN_FDS={count}; export LISTEN_PID LISTEN_FDS; exec \"$0\" \"$@\" {}",
        moves.join(" ")
    );
    let mut command = runner::server_behind(&["bash", "-c", &script]);
    command.env_remove("NOTIFY_SOCKET").stdout(Stdio::piped()).stderr(Stdio::piped());
    (command, sockets)
}

/// A server that is ended with the test.
struct Served(Child);

impl Served {
    /// Starts it, and waits until it says where it listens.
    fn start(mut command: Command, places: usize) -> (Self, Vec<String>) {
        let mut child = runner::start(&mut command).unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines.take(places).map(|line| line.unwrap().replace("listening on ", "")).collect();
        (Self(child), said)
    }

    fn signal(&self, signal: Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.0), signal).unwrap();
    }

    fn stop(&mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        let mut status = None;
        until("it ends", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn sockets_that_are_handed_over_are_served_and_left_open() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let path = std::env::temp_dir().join(format!("chinwag-handed-{}", std::process::id()));
    let unix = UnixListener::bind(&path).unwrap();
    for round in 0..2 {
        let (command, sockets) = handing(&[&tcp, &unix]);
        // One who came before the server did, as when it was away for an update.
        let mut early = Client::connect(tcp.local_addr().unwrap());
        early.says(format!("HELLO-FROM early{round}\n"));
        let (mut served, said) = Served::start(command, 2);
        drop(sockets);
        assert_eq!(said, [tcp.local_addr().unwrap().to_string(), path.to_str().unwrap().to_owned()]);
        early.hears(&format!("HELLO early{round}\n"));
        let mut bob = UnixStream::connect(&path).unwrap();
        bob.set_read_timeout(Some(deadline())).unwrap();
        std::io::Write::write_all(&mut bob, b"HELLO-FROM bob\n").unwrap();
        let mut answer = [0; 10];
        bob.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HELLO bob\n");
        assert_eq!(served.stop(), Some(0));
        // They are still there, with the file.
        assert!(path.exists());
        let _waits = UnixStream::connect(&path).unwrap();
        let _waits = Client::connect(tcp.local_addr().unwrap());
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn address_that_is_asked_for_is_served_too() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut command, _sockets) = handing(&[&tcp]);
    command.args(["--address", "127.0.0.1:0"]);
    let (_served, said) = Served::start(command, 2);
    assert_eq!(said[1], tcp.local_addr().unwrap().to_string());
    for address in said {
        Client::connect(address.parse().unwrap()).says("HELLO-FROM ann\n");
    }
}

/// Somebody else's variables, or an old shell's.
#[test]
fn sockets_for_another_process_are_not_taken() {
    for pid in [Some("1"), Some(""), None] {
        let mut command = runner::server();
        command.args(["--port", "0"]).env("LISTEN_FDS", "1").env_remove("LISTEN_PID").stdout(Stdio::piped());
        command.envs(pid.map(|pid| ("LISTEN_PID", pid)));
        let (_served, said) = Served::start(command, 1);
        assert!(said[0].starts_with("127.0.0.1:"), "{said:?}");
    }
}

#[test]
fn more_sockets_than_anybody_hands_over_are_refused() {
    for count in ["65", "2000000000", "4294967295"] {
        let script =
            format!("LISTEN_PID=$$ LISTEN_FDS={count}; export LISTEN_PID LISTEN_FDS; exec \"$0\" \"$@\"");
        let output = output(runner::server_behind(&["sh", "-c", &script]));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
        assert!(said.contains("there are more than 64"), "{said}");
    }
}

/// No address was said: the default one, where nobody has a name, is not served.
#[test]
fn at_a_socket_that_is_handed_over_one_has_ones_own_name() {
    let path = std::env::temp_dir().join(format!("chinwag-handed-names-{}", std::process::id()));
    let unix = UnixListener::bind(&path).unwrap();
    let (mut command, _sockets) = handing(&[&unix]);
    command.args(["--names", "peer"]);
    let (_served, said) = Served::start(command, 1);
    assert_eq!(said, [path.to_str().unwrap()]);
    let mut stranger = UnixStream::connect(&path).unwrap();
    stranger.set_read_timeout(Some(deadline())).unwrap();
    std::io::Write::write_all(&mut stranger, b"HELLO-FROM somebody-else\n").unwrap();
    let mut answer = [0; 14];
    stranger.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"BAD-RQST-BODY\n");
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn port_that_is_handed_over_gives_nobody_a_name() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut command, _sockets) = handing(&[&tcp]);
    command.args(["--names", "peer"]);
    let output = output(command);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("people would choose their names"), "{said}");
}

#[test]
fn what_is_no_listening_socket_is_said_in_one_line() {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (one, _other) = UnixStream::pair().unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    for socket in [&udp as &dyn AsFd, &one, &file] {
        let (command, _sockets) = handing(&[socket]);
        let output = output(command);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
        assert!(said.starts_with("chinwagd: a socket that was handed over cannot be used: "), "{said}");
    }
}

#[test]
fn who_started_it_is_told_how_it_is() {
    let path = std::env::temp_dir().join(format!("chinwag-notify-{}", std::process::id()));
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(deadline())).unwrap();
    let hears = || {
        let mut said = [0; 100];
        let count = manager.recv(&mut said).unwrap();
        String::from_utf8_lossy(&said[..count]).into_owned()
    };
    let mut command = runner::server();
    command.args(["--port", "0"]).env("NOTIFY_SOCKET", &path).stdout(Stdio::piped());
    let (mut served, _said) = Served::start(command, 1);
    assert_eq!(hears(), "READY=1");
    // Whoever is told asks for all to be read again so, be it nothing.
    served.signal(Signal::HUP);
    assert_eq!(served.stop(), Some(0));
    assert_eq!(hears(), "STOPPING=1");
    std::fs::remove_file(&path).unwrap();
}

/// As older ones do it; and one that reads nothing keeps nobody from being served.
#[test]
#[cfg(target_os = "linux")]
fn who_started_it_may_listen_at_a_name_and_take_nothing() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;
    let name = format!("chinwag-notify-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let manager = UnixDatagram::bind_addr(&address).unwrap();
    let start = || {
        let mut command = runner::server();
        command.args(["--port", "0"]).env("NOTIFY_SOCKET", format!("@{name}")).stdout(Stdio::piped());
        Served::start(command, 1)
    };
    let (mut served, _said) = start();
    let mut said = [0; 100];
    manager.set_read_timeout(Some(deadline())).unwrap();
    let count = manager.recv(&mut said).unwrap();
    assert_eq!(&said[..count], b"READY=1");
    assert_eq!(served.stop(), Some(0));

    let sender = UnixDatagram::unbound().unwrap();
    sender.set_nonblocking(true).unwrap();
    while sender.send_to_addr(b"x", &address).is_ok() {}
    let (mut served, said) = start();
    let mut ann = Client::connect(said[0].parse().unwrap());
    ann.says("HELLO-FROM ann\n");
    ann.hears("HELLO ann\n");
    assert_eq!(served.stop(), Some(0));
}

#[test]
fn nobody_to_tell_is_no_failure() {
    let mut command = runner::server();
    command.args(["--port", "0"]).env("NOTIFY_SOCKET", "/nowhere/at/all").stdout(Stdio::piped());
    let (mut served, _said) = Served::start(command, 1);
    assert_eq!(served.stop(), Some(0));
}
