//! One client, with a server around it that says what the benchmark wants.

use super::process::{Program, wait_readable, wait_until};
use super::{CHINWAG, DEADLINE};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::time::Instant;

/// Which program.
#[derive(Clone, Copy)]
pub(crate) enum Kind<'a> {
    Chinwag,
    Nc(&'a Path),
}

impl Kind<'_> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chinwag => "chinwag",
            Self::Nc(_) => "nc",
        }
    }

    /// The line on standard output that a message becomes.
    pub(crate) fn shown(self, text: &str) -> String {
        match self {
            Self::Chinwag => format!("From ann: {text}\n"),
            Self::Nc(_) => delivery(text),
        }
    }

    fn spawn(self, address: SocketAddr, stdout: Stdio) -> Program {
        let (host, port) = (&address.ip().to_string(), &address.port().to_string());
        match self {
            Self::Chinwag => {
                let arguments = ["--address", host, "--port", port, "--name", "me"];
                Program::start(Path::new(CHINWAG), &arguments, Stdio::piped(), stdout)
            }
            Self::Nc(path) => Program::start(path, &[host, port], Stdio::piped(), stdout),
        }
    }
}

/// The line of the server that brings a message.
pub(crate) fn delivery(text: &str) -> String {
    format!("DELIVERY ann {text}\n")
}

/// A client that is connected to us.
pub(crate) struct Client {
    pub(crate) program: Program,
    pub(crate) stream: TcpStream,
    /// From before it was started until it was connected, in microseconds.
    pub(crate) start_up: f64,
    stdin: ChildStdin,
}

impl Client {
    pub(crate) fn start(kind: Kind<'_>, stdout: Stdio) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let start = Instant::now();
        let mut program = kind.spawn(address, stdout);
        wait_readable(&listener);
        let stream = listener.accept().unwrap().0;
        let start_up = start.elapsed().as_nanos() as f64 / 1000.0;
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        let stdin = program.child.stdin.take().unwrap();
        let mut client = Self { program, stream, start_up, stdin };
        client.log_in(kind);
        client
    }

    fn log_in(&mut self, kind: Kind<'_>) {
        let hello = "HELLO-FROM me\n";
        if matches!(kind, Kind::Nc(_)) {
            self.stdin.write_all(hello.as_bytes()).unwrap();
        }
        let mut said = vec![0; hello.len()];
        self.stream.read_exact(&mut said).unwrap();
        assert_eq!(String::from_utf8_lossy(&said), hello);
        self.stream.write_all(b"HELLO me\n").unwrap();
        let task = &self.program.task;
        wait_until("it says that it is logged in", || task.written() > 0);
        task.wait_until_asleep();
    }

    /// Sends all that, and waits until the client has written so many bytes.
    pub(crate) fn pass(&mut self, bytes: &[u8], shown: usize) {
        let task = self.program.task.clone();
        let end = task.written() + shown;
        self.stream.write_all(bytes).unwrap();
        wait_until("everything is shown", || task.written() >= end);
        task.wait_until_asleep();
        assert_eq!(task.written(), end, "everything is shown, and nothing else");
    }
}
