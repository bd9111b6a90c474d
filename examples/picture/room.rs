//! The server, and the others who are there.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A program that was built with this one.
pub(crate) fn beside(name: &str) -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().join("..").join(name)
}

/// A real server, until this is dropped.
pub(crate) struct Room {
    server: Child,
    pub(crate) address: String,
}

impl Room {
    pub(crate) fn open() -> Self {
        let mut server = Command::new(beside("chinwagd"))
            .args(["--port", "0", "--echobot"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let address = said.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { server, address }
    }

    /// Somebody else, once that one is there.
    pub(crate) fn enter(&self, name: &str) -> TcpStream {
        let mut user = TcpStream::connect(&self.address).unwrap();
        writeln!(user, "HELLO-FROM {name}").unwrap();
        let mut answer = String::new();
        BufReader::new(&user).read_line(&mut answer).unwrap();
        assert_eq!(answer, format!("HELLO {name}\n"));
        user
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = (self.server.kill(), self.server.wait());
    }
}
