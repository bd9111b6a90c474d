//! Programs and peers for the tests: each is ended by its own guard, each wait has a deadline.

use crate::runner::{self, deadline};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// A server that listens, ended with the test.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Daemon {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = chinwagd();
        command.args(arguments);
        Self::spawn(command)
    }

    /// Under a hard limit of descriptors, so that the server cannot raise it.
    pub(crate) fn start_with_descriptors(count: usize, arguments: &[&str]) -> Self {
        let script = format!("ulimit -n {count}; exec \"$0\" \"$@\"");
        let mut command = runner::server_behind(&["sh", "-c", &script]);
        command.args(["-p", "0"]).args(arguments);
        Self::spawn(command)
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        crate::program::heed_signals();
        let mut child = runner::start(&mut command).unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let address = said.strip_prefix("listening on ").map(|address| address.trim_end().parse());
        let Some(Ok(address)) = address else {
            let _ = child.kill();
            panic!("the server said {said:?}");
        };
        Self { child, address }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    pub(crate) fn user(&self, name: &str) -> Client {
        let mut client = self.client();
        client.says(format!("HELLO-FROM {name}\n"));
        client.hears(&format!("HELLO {name}\n"));
        client
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }

    /// A line of /proc/PID/status, in KiB.
    #[cfg(target_os = "linux")]
    pub(crate) fn memory(&self, key: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn chinwagd() -> Command {
    let mut command = runner::server();
    command.args(["-p", "0"]);
    command
}

fn wait(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(start.elapsed() < deadline(), "it does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a program that ends by itself.
pub(crate) fn output(mut command: Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = runner::start(&mut command).unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > deadline() {
            let _ = child.kill();
            panic!("it does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// The tests of many connections hold the other ends of them all.
pub(crate) fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

/// What a client shows that has logged in.
pub(crate) const LOGGED_IN: &str = "Successfully logged in as ann!";

/// Waits until `test` holds.
pub(crate) fn until(what: &str, mut test: impl FnMut() -> bool) {
    let start = Instant::now();
    while !test() {
        assert!(start.elapsed() < deadline(), "it never happens that {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// One end of a connection, that says and hears bytes.
pub(crate) struct Client {
    pub(crate) stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, deadline()).unwrap();
        stream.set_read_timeout(Some(deadline())).unwrap();
        stream.set_write_timeout(Some(deadline())).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn says(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    /// Exactly these bytes are what comes next.
    pub(crate) fn hears(&mut self, expected: &str) {
        let mut heard = vec![0; expected.len()];
        self.stream.read_exact(&mut heard).unwrap();
        // What is only written to be compared costs a flood more than all the rest.
        if heard != expected.as_bytes() {
            assert_eq!(heard.escape_ascii().to_string(), expected.as_bytes().escape_ascii().to_string());
        }
    }

    pub(crate) fn hears_line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line
    }

    /// The rest, until the other side closes or breaks the connection.
    pub(crate) fn hears_the_end(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        if let Err(error) = self.stream.read_to_end(&mut rest) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        }
        rest
    }
}

/// Says that a test is left out for want of an interpreter; where everything has been installed, that is an error.
#[allow(clippy::print_stderr, reason = "whoever runs the tests is to know")]
pub(crate) fn is_there(interpreter: &str) -> bool {
    let mut probe = Command::new(interpreter);
    probe.args(["-c", ":"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let found = runner::start(&mut probe).map(|mut child| child.wait()).is_ok();
    let must_be = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(found || !must_be, "there is no {interpreter}");
    if !found {
        eprintln!("left out: there is no {interpreter}");
    }
    found
}
