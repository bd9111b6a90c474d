//! The server, its users, and the least that could be in its place.

use super::process::{Program, Task, wait_readable};
use super::{CHINWAGD, DEADLINE, Stdio};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;

/// chinwagd, ended with this value.
pub(crate) struct Daemon {
    program: Program,
    pub(crate) address: SocketAddr,
}

impl Daemon {
    pub(crate) fn start(max_users: usize) -> Self {
        let arguments = ["--port", "0", "--max-users", &max_users.to_string()];
        let mut program = Program::start(Path::new(CHINWAGD), &arguments, Stdio::null(), Stdio::piped());
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

/// A thread that stands in for a server, to say what the sockets alone cost.
pub(crate) struct Bare {
    pub(crate) address: SocketAddr,
    pub(crate) task: Task,
    thread: JoinHandle<()>,
}

impl Bare {
    /// Copies what the first to connect says to the second.
    pub(crate) fn relay() -> Self {
        Self::run(|listener| {
            let (mut from, mut to) = (accept(&listener), accept(&listener));
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                to.write_all(&buffer[..count]).unwrap();
            }
        })
    }

    /// Answers the first line of each of so many connections, and waits for its end.
    pub(crate) fn greet(visits: usize) -> Self {
        Self::run(move |listener| {
            for _ in 0..visits {
                let mut user = accept(&listener);
                let mut buffer = [0; 4096];
                let count = user.read(&mut buffer).unwrap();
                assert!(buffer[..count].ends_with(b"\n"));
                user.write_all(b"HELLO somebody\n").unwrap();
                assert_eq!(user.read(&mut buffer).unwrap(), 0);
            }
        })
    }

    fn run(serve: impl FnOnce(TcpListener) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            sender.send(Task::this_thread()).unwrap();
            serve(listener);
        });
        Self { address, task: receiver.recv().unwrap(), thread }
    }

    pub(crate) fn join(self) {
        self.thread.join().unwrap();
    }
}

fn accept(listener: &TcpListener) -> TcpStream {
    wait_readable(listener);
    prepare(listener.accept().unwrap().0)
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    prepare(TcpStream::connect_timeout(&address, DEADLINE).unwrap())
}

fn prepare(stream: TcpStream) -> TcpStream {
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Connects and logs in.
pub(crate) fn log_in(address: SocketAddr, name: &str) -> TcpStream {
    let mut stream = connect(address);
    stream.write_all(format!("HELLO-FROM {name}\n").as_bytes()).unwrap();
    let answer = hear(&mut stream);
    assert!(answer.starts_with(b"HELLO "), "{}", answer.escape_ascii());
    stream
}

/// Reads until a line has ended.
pub(crate) fn hear(stream: &mut TcpStream) -> Vec<u8> {
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
