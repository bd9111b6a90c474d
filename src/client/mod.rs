//! The client: its event loop and the edges where it touches the world.

mod connection;
mod event_loop;
mod failure;
mod input;
mod output;

pub use failure::Failure;

use crate::options::Options;
use crate::server::{self, Server};
use crate::session::Ending;
use event_loop::{Client, SERVER};
use mio::Poll;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

/// Chats until the user leaves, the server is full, or something breaks.
///
/// # Errors
/// What broke, in words for the user.
pub fn run(options: &Options) -> Result<Ending, Failure> {
    let poll = Poll::new().map_err(Failure::local("the poll"))?;
    let target = shown(&options.address, options.port);
    let addresses = resolve(options)?;
    if !options.host {
        return Client::new(options, target, addresses, poll, None)?.run();
    }
    let config = server::Config { echobot: true, ..server::Config::default() };
    let server = Server::bind(addresses[0], config, poll.registry(), SERVER)
        .map_err(|error| Failure::Host { server: target.clone(), error })?;
    let address = reachable(server.local_addr());
    log::info!("hosting at {}", server.local_addr());
    Client::new(options, target, vec![address], poll, Some(server))?.run()
}

/// The addresses of the server, at least one. This is the one call that may block: the system's
/// resolver knows no other way. Numbers, and names of this machine, need no waiting.
fn resolve(options: &Options) -> Result<Vec<SocketAddr>, Failure> {
    let unknown = |error| Failure::Unknown { host: options.address.clone(), error };
    let addresses: Vec<_> =
        (options.address.as_str(), options.port).to_socket_addrs().map_err(unknown)?.collect();
    if addresses.is_empty() { Err(unknown(std::io::ErrorKind::NotFound.into())) } else { Ok(addresses) }
}

/// Where a server that listens at `address` can be reached from this machine.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// `host:port`, as people write it.
fn shown(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
