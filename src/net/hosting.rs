//! The server of `--host`: in the client's process, for as long as its user chats.

use super::client::SERVER;
use super::connector::Target;
use super::daemon;
use super::endpoint::Place;
use super::failure::Failure;
use super::listener::{self, Listener};
use super::log;
use super::options::Options;
use super::server::Server;
pub(crate) use super::server::Server as Hosted;
use super::tls::keeper::Keeper;
use crate::server::Config;
use mio::Poll;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Runs a server where the options say, and tells its owner; returns where it listens, and how it is reached.
///
/// # Errors
/// When it cannot listen there.
pub(crate) fn open(options: &Options, poll: &Poll) -> Result<(Hosted, Place, Target), Failure> {
    let failure = |error| Failure::Host { server: options.place.to_string(), error };
    daemon::raise_descriptor_limit();
    let found = listener::find(&options.place).map_err(failure)?;
    let listener = Listener::at(&options.place, &found, None).map_err(failure)?;
    let target = match listener.address() {
        Some(address) => Target::Known(reachable(address)),
        None => Target::at(listener.place()),
    };
    let place = match &target {
        Target::Known(addresses) => Place::from(addresses[0]),
        _ => listener.place().clone(),
    };
    let (listens, address) = (listener.place().to_string(), listener.address());
    let config = Config { echobot: true, ..Config::default() };
    let keeper = options.tls.as_ref().map(|tls| Keeper::new(tls.service())).transpose();
    let keeper = keeper.map_err(Failure::Untrusted)?;
    let how = keeper.as_ref().map(|keeper| keeper.invitation(listener.place(), address));
    let mut server = Server::new(vec![listener], config, poll.registry(), SERVER).map_err(failure)?;
    server.encrypt(keeper);
    say_where(&listens, address, how);
    Ok((server, place, target))
}

/// Tells whoever hosts what others have to type, before anything is asked on standard output.
fn say_where(listens: &str, address: Option<SocketAddr>, how: Option<String>) {
    log::say("chinwag", &format_args!("hosting at {listens}"));
    if let Some(how) = how {
        log::say("chinwag", &format_args!("others enter: {how}"));
    } else if let Some(address) = address.filter(|address| address.ip().is_unspecified()) {
        let port = address.port();
        log::say("chinwag", &format_args!("others enter: chinwag HOST:{port}, HOST being this machine"));
    } else {
        let is_near = address.is_none_or(|address| address.ip().is_loopback());
        let whose = if is_near { " on this machine" } else { "" };
        log::say("chinwag", &format_args!("others{whose} enter: chinwag {listens}"));
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
