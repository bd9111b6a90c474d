//! The other side of a connection: a server for the client, users for the server.

use crate::program::Patience;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Nobody is listened to for longer.
const LONGEST: Duration = Duration::from_secs(30);

/// A server that answers all it is asked, and to `ping` with `pong`.
pub(crate) struct Peer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    heard: Mutex<Vec<String>>,
    /// The connection over which this text comes is closed after the answer, once.
    leaves_after: Option<&'static str>,
    has_left: AtomicBool,
    is_over: AtomicBool,
}

impl Peer {
    pub(crate) fn start(leaves_after: Option<&'static str>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a port");
        let address = listener.local_addr().expect("it has an address");
        let shared = Arc::new(Shared { leaves_after, ..Shared::default() });
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if of_thread.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&of_thread);
                thread::spawn(move || shared.serve(stream));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn port(&self) -> String {
        self.address.port().to_string()
    }

    /// The texts that have arrived.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.shared.heard.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) {
        let _ = stream.set_read_timeout(Some(LONGEST));
        let Ok(mut writer) = stream.try_clone() else { return };
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            let answer = self.answer(&line);
            if writer.write_all(answer.as_bytes()).is_err() {
                return;
            }
            let leaves = self.leaves_after.is_some_and(|text| line.ends_with(text));
            if leaves && !self.has_left.swap(true, Ordering::SeqCst) {
                let _ = writer.shutdown(Shutdown::Both);
                return;
            }
        }
    }

    fn answer(&self, line: &str) -> String {
        if let Some(name) = line.strip_prefix("HELLO-FROM ") {
            return format!("HELLO {name}\n");
        }
        if let Some(text) = line.strip_prefix("SEND bob ") {
            self.heard.lock().expect("nobody panics with it").push(text.to_owned());
            return format!("SEND-OK\nDELIVERY bob {}\n", text.replace("ping", "pong"));
        }
        if line == "LIST" { "LIST-OK ann,bob\n".to_owned() } else { "BAD-RQST-HDR\n".to_owned() }
    }
}

/// One who talks to a server, and writes down what it says.
pub(crate) struct User {
    stream: Option<BufReader<TcpStream>>,
    pub(crate) name: &'static str,
    pub(crate) heard: Vec<String>,
    patience: Patience,
}

impl User {
    /// Logs in, if there is somebody to log in to.
    pub(crate) fn log_in(name: &'static str, port: Option<u16>) -> Self {
        let stream = port.and_then(|port| {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()
        });
        let stream = stream.map(BufReader::new);
        let mut user = Self { stream, name, heard: Vec::new(), patience: Patience::new() };
        user.asks(&format!("HELLO-FROM {name}\n"), &format!("HELLO {name}"));
        user
    }

    /// Says something, and listens until this line comes after it; returns whether it has.
    pub(crate) fn asks(&mut self, request: &str, answer: &str) -> bool {
        if let Some(stream) = &mut self.stream
            && stream.get_mut().write_all(request.as_bytes()).is_err()
        {
            self.stream = None;
        }
        self.hears_after(self.heard.len(), answer)
    }

    /// Listens until this line has come; returns whether it has, now or before.
    pub(crate) fn hears(&mut self, line: &str) -> bool {
        self.hears_after(0, line)
    }

    fn hears_after(&mut self, start: usize, line: &str) -> bool {
        while !self.heard[start..].iter().any(|heard| heard == line) {
            let Some(stream) = &mut self.stream else { return false };
            let _ = stream.get_mut().set_read_timeout(Some(self.patience.left()));
            let mut next = String::new();
            match stream.read_line(&mut next) {
                Ok(1..) if next.ends_with('\n') => self.heard.push(next.trim_end().to_owned()),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    self.patience.note(false);
                    return false;
                }
                _ => self.stream = None,
            }
        }
        true
    }

    /// It was let in, and nobody has ended the connection.
    pub(crate) fn is_there(&self) -> bool {
        self.stream.is_some() && self.heard.iter().any(|line| line.starts_with("HELLO "))
    }
}
