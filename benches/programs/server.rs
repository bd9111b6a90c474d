//! A server and its users.

use super::process::{Program, Task, wait_readable};
use super::tracer::Tracer;
use super::{CHINWAGD, DEADLINE, Stdio};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

/// Which program.
#[derive(Clone, Copy)]
pub(crate) enum Kind<'a> {
    C(&'a Path),
    Chinwagd,
    /// Another build of it.
    Other(&'a Path),
}

impl<'a> Kind<'a> {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::C(_) => "C",
            Self::Chinwagd => "chinwagd",
            Self::Other(_) => "other",
        }
    }

    pub(crate) fn path(self) -> &'a Path {
        match self {
            Self::C(path) | Self::Other(path) => path,
            Self::Chinwagd => Path::new(CHINWAGD),
        }
    }

    fn command(self, max_users: usize) -> Command {
        let mut command = Command::new(self.path());
        match self {
            Self::C(_) => command.args(["127.0.0.1", "0"]),
            Self::Chinwagd | Self::Other(_) => {
                command.args(["--port", "0", "--max-users", &max_users.to_string()])
            }
        };
        command
    }
}

/// A server, ended with this value.
pub(crate) struct Daemon {
    program: Program,
    pub(crate) address: SocketAddr,
}

impl Daemon {
    pub(crate) fn start(kind: Kind<'_>, max_users: usize) -> Self {
        Self::start_command(kind.command(max_users))
    }

    pub(crate) fn start_traced(kind: Kind<'_>, tracer: &Tracer) -> Self {
        Self::start_command(tracer.around(&kind.command(16)))
    }

    fn start_command(command: Command) -> Self {
        let mut program = Program::start(command, Stdio::null(), Stdio::piped());
        let stdout = program.child.stdout.take().unwrap();
        wait_readable(&stdout);
        let mut said = String::new();
        BufReader::new(stdout).read_line(&mut said).unwrap();
        let address = said.trim_end().strip_prefix("listening on ").unwrap().parse().unwrap();
        Self { program, address }
    }

    pub(crate) fn task(&self) -> &Task {
        &self.program.task
    }
}

/// Connects and logs in.
pub(crate) fn log_in(address: SocketAddr, name: &str) -> TcpStream {
    let mut stream = TcpStream::connect_timeout(&address, DEADLINE).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(format!("HELLO-FROM {name}\n").as_bytes()).unwrap();
    let answer = hear(&stream);
    assert!(answer.starts_with(b"HELLO "), "{}", answer.escape_ascii());
    stream
}

/// Reads until a line has ended.
pub(crate) fn hear(mut stream: &TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    while heard.last() != Some(&b'\n') {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the server closed the connection");
        heard.extend_from_slice(&buffer[..count]);
    }
    heard
}

/// Reads so many bytes, and keeps none.
pub(crate) fn drain(mut stream: &TcpStream, bytes: usize) {
    let mut buffer = vec![0; 256 * 1024];
    let mut left = bytes;
    while left > 0 {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0 && count <= left, "as many bytes as expected");
        left -= count;
    }
}
