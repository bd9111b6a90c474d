//! One client, with a server around it that says what the benchmark wants.

use super::process::{Program, Task, wait_readable, wait_until};
use super::tracer::Tracer;
use super::{CHINWAG, DEADLINE};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::thread;
use std::time::Instant;

/// Which program.
#[derive(Clone, Copy)]
pub(crate) enum Kind<'a> {
    C(&'a Path),
    Nc(&'a Path),
    Chinwag,
    /// Another build of it.
    Other(&'a Path),
}

impl<'a> Kind<'a> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::C(_) => "C",
            Self::Nc(_) => "nc",
            Self::Chinwag => "chinwag",
            Self::Other(_) => "other",
        }
    }

    pub(crate) fn path(self) -> &'a Path {
        match self {
            Self::C(path) | Self::Nc(path) | Self::Other(path) => path,
            Self::Chinwag => Path::new(CHINWAG),
        }
    }

    /// The line on standard output that a message becomes.
    pub(crate) fn shown(self, text: &str) -> String {
        match self {
            Self::C(_) | Self::Chinwag | Self::Other(_) => format!("From ann: {text}\n"),
            Self::Nc(_) => delivery(text),
        }
    }

    fn command(self, address: SocketAddr) -> Command {
        let (host, port) = (&address.ip().to_string(), &address.port().to_string());
        let arguments: &[&str] = match self {
            Self::C(_) => &[host, port, "me"],
            Self::Nc(_) => &[host, port],
            Self::Chinwag | Self::Other(_) => &["--address", host, "--port", port, "--name", "me"],
        };
        let mut command = Command::new(self.path());
        command.args(arguments);
        command
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
        Self::start_traced(kind, stdout, None)
    }

    pub(crate) fn start_traced(kind: Kind<'_>, stdout: Stdio, tracer: Option<&Tracer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut command = kind.command(listener.local_addr().unwrap());
        if let Some(tracer) = tracer {
            command = tracer.around(&command);
        }
        let start = Instant::now();
        let mut program = Program::start(command, Stdio::piped(), stdout);
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

    /// Sends all that, and waits until the client has written so many bytes; asks meanwhile, when it
    /// has written a tenth of them.
    pub(crate) fn pass<T>(&self, bytes: &[u8], shown: usize, ask: impl FnOnce(&Task) -> T) -> T {
        let task = &self.program.task;
        let start = task.written();
        let answer = thread::scope(|scope| {
            scope.spawn(|| (&self.stream).write_all(bytes).unwrap());
            wait_until("a tenth is shown", || task.written() >= start + shown / 10);
            ask(task)
        });
        wait_until("everything is shown", || task.written() >= start + shown);
        task.wait_until_asleep();
        assert_eq!(task.written(), start + shown, "everything is shown, and nothing else");
        answer
    }
}
