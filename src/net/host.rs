//! The client as a whole: with the server that it hosts, if it is to host one.

use super::client::{Client, LOOK_UP, SERVER, SOCKET};
use super::connector::Connector;
use super::endpoint;
use super::failure::Failure;
use super::options::Options;
use super::server::Server;
use crate::server;
use mio::Poll;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// How a conversation ended that nothing has broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The user left.
    Left,
    /// The server was full.
    Full,
    /// This signal came.
    Killed(i32),
}

/// Chats until the user leaves, the server is full, or something breaks.
///
/// # Errors
/// What broke, in words for the user.
pub(crate) fn run(options: &Options) -> Result<Outcome, Failure> {
    let poll = Poll::new().map_err(Failure::local("the poll"))?;
    let target = endpoint::join(&options.address, options.port);
    if !options.host {
        let connector =
            Connector::new(&options.address, options.port, options.connect_timeout, SOCKET, LOOK_UP);
        return Client::new(options, target, connector, poll, None)?.run();
    }
    let host = |error| Failure::Host { server: target.clone(), error };
    let addresses = endpoint::resolve(&options.address, options.port)
        .map_err(|error| Failure::Unknown { host: options.address.clone(), error })?;
    let config = server::Config { echobot: true, ..server::Config::default() };
    let bind = |address| Server::bind(address, config, poll.registry(), SERVER);
    let server = endpoint::bind_first(&addresses, bind).map_err(host)?;
    let address = server.local_addr().map_err(host)?;
    ::log::info!("hosting at {address}");
    let connector = Connector::to(reachable(address), options.connect_timeout, SOCKET, LOOK_UP);
    Client::new(options, target, connector, poll, Some(server))?.run()
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
