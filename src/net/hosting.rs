//! The server of `--host`: in the client's process, for as long as its user chats.

use super::client::SERVER;
use super::daemon;
use super::endpoint;
use super::failure::Failure;
use super::log;
use super::options::Options;
use super::server::Server;
pub(crate) use super::server::Server as Hosted;
use crate::server::Config;
use mio::{Poll, Registry};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Runs a server where the options say, and tells its owner; returns where it can be reached.
///
/// # Errors
/// When it cannot listen at `target`, which is what the options say in one word.
pub(crate) fn open(
    options: &Options,
    target: &str,
    poll: &Poll,
) -> Result<(Hosted, Vec<SocketAddr>), Failure> {
    let failure = |error| Failure::Host { server: target.to_owned(), error };
    let server = bind(options, poll.registry()).map_err(failure)?;
    let address = server.local_addr().map_err(failure)?;
    say_where(address);
    Ok((server, reachable(address)))
}

fn bind(options: &Options, registry: &Registry) -> io::Result<Server> {
    daemon::raise_descriptor_limit();
    let elsewhere = |error| io::Error::new(io::ErrorKind::AddrNotAvailable, error);
    let addresses = endpoint::resolve(&options.address, options.port).map_err(elsewhere)?;
    let config = Config { echobot: true, ..Config::default() };
    endpoint::bind_first(&addresses, |address| Server::bind(address, config, registry, SERVER))
}

/// Tells whoever hosts what others have to type, before anything is asked on standard output.
fn say_where(address: SocketAddr) {
    log::say("chinwag", &format_args!("hosting at {address}"));
    let (ip, port) = (address.ip(), address.port());
    if ip.is_unspecified() {
        log::say("chinwag", &format_args!("others enter: chinwag HOST:{port}, HOST being this machine"));
    } else {
        let whose = if ip.is_loopback() { " on this machine" } else { "" };
        log::say("chinwag", &format_args!("others{whose} enter: chinwag {address}"));
    }
    log::say("chinwag", &"once logged in, try: @echobot hello, !who, !quit (which ends the chat)");
    log::flush();
}

/// Where a server that listens at `address` can be reached from this machine. One that listens at all addresses
/// may do so on a machine without any of IPv6, or of IPv4.
fn reachable(address: SocketAddr) -> Vec<SocketAddr> {
    let local = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let ips = match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => &local[..1],
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => &[local[1], local[0]],
        _ => return vec![address],
    };
    ips.iter().map(|&ip| SocketAddr::new(ip, address.port())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_that_listens_everywhere_is_reached_where_there_is_a_way() {
        for (listens, reached) in [
            ("127.0.0.1:9", &["127.0.0.1:9"][..]),
            ("[::1]:9", &["[::1]:9"]),
            ("192.0.2.1:9", &["192.0.2.1:9"]),
            ("0.0.0.0:9", &["127.0.0.1:9"]),
            ("[::]:9", &["[::1]:9", "127.0.0.1:9"]),
        ] {
            let addresses = reachable(listens.parse().unwrap());
            assert_eq!(addresses.iter().map(ToString::to_string).collect::<Vec<_>>(), reached);
        }
    }
}
