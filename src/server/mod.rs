//! stub
use std::io;
use std::net::SocketAddr;
use std::time::Instant;
#[derive(Debug, Default)]
/// c
pub struct Config {
    /// e
    pub echobot: bool,
}
#[derive(Debug)]
/// s
pub struct Server;
impl Server {
    /// b
    pub fn bind(_a: SocketAddr, _c: Config, _r: &mio::Registry, _t: usize) -> io::Result<Self> {
        Ok(Self)
    }
    /// l
    pub fn local_addr(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 1))
    }
    /// h
    pub fn handle_event(&mut self, _e: &mio::event::Event) {}
    /// t
    pub fn turn(&mut self, _r: &mio::Registry) -> bool {
        false
    }
    /// n
    pub fn next_deadline(&self) -> Option<Instant> {
        None
    }
}
