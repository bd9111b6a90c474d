//! Hosts and ports as people write them.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

/// The addresses of a host, at least one: a name, or a number with or without brackets.
///
/// May block: the system's resolver knows no other way. [`Lookup`](super::lookup::Lookup) does not.
/// What is [`known`] needs no waiting.
///
/// # Errors
/// What the resolver says of a name it does not know.
pub(crate) fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Some(addresses) = known(host, port) {
        return Ok(addresses);
    }
    let addresses: Vec<_> = (host, port).to_socket_addrs()?.collect();
    if addresses.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(addresses) }
}

/// The addresses of a host that is no name to look up: a number, with or without brackets, or this machine, whose
/// name is known where nothing tells any (RFC 6761, section 6.3). First the one that is the default.
pub(crate) fn known(host: &str, port: u16) -> Option<Vec<SocketAddr>> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]);
    }
    join(host, port).parse().ok().map(|address| vec![address])
}

/// Binds the first address that the system lets us have: those of the other family, or of another
/// machine, are passed over. Not one that is taken: who looks the same name up would find the program
/// that is there, and two servers would stand under one name.
///
/// # Errors
/// The one of the address that ended the search, or of the last; there is one if there is no address.
pub(crate) fn bind_first<T>(
    addresses: &[SocketAddr],
    mut bind: impl FnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut failure = io::ErrorKind::AddrNotAvailable.into();
    for &address in addresses {
        match bind(address) {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => failure = error,
            result => return result,
        }
    }
    Err(failure)
}

/// `host:port`, with brackets where they are needed to tell the two apart.
pub(crate) fn join(host: &str, port: u16) -> String {
    let host = without_brackets(host);
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_and_without_brackets() {
        for (host, shown) in [("127.0.0.1", "127.0.0.1:5378"), ("::1", "[::1]:5378"), ("[::1]", "[::1]:5378")]
        {
            assert_eq!(join(host, 5378), shown);
            assert_eq!(resolve(host, 5378).unwrap()[0].to_string(), shown);
            assert_eq!(known(host, 5378).unwrap()[0].to_string(), shown);
        }
        assert_eq!(known("fe80::1%2", 1).unwrap()[0].to_string(), "[fe80::1%2]:1");
        for name in ["", "localhost.example", "127.0.0.1:1", "[::1", "1.2.3"] {
            assert_eq!(known(name, 1), None, "{name}");
        }
        assert!(resolve("", 5378).is_err() || resolve("no.such.host.invalid", 5378).is_err());
    }

    #[test]
    fn this_machine_needs_no_look_up() {
        for name in ["localhost", "LocalHost"] {
            let addresses = resolve(name, 9).unwrap();
            assert_eq!(addresses, ["127.0.0.1:9".parse().unwrap(), "[::1]:9".parse().unwrap()]);
        }
    }

    /// The system's answers, by the port of the address.
    fn bind(address: SocketAddr) -> io::Result<u16> {
        match address.port() {
            1 => Err(io::ErrorKind::AddrNotAvailable.into()),
            2 => Err(io::ErrorKind::AddrInUse.into()),
            3 => Err(io::ErrorKind::PermissionDenied.into()),
            port => Ok(port),
        }
    }

    #[test]
    fn first_address_that_can_be_bound_is() {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
        let table: [(&[u16], Result<u16, io::ErrorKind>); 6] = [
            (&[], Err(AddrNotAvailable)),
            (&[8, 9], Ok(8)),
            (&[1, 9], Ok(9)),
            (&[2, 9], Err(AddrInUse)),
            (&[1, 2, 9], Err(AddrInUse)),
            (&[1, 3], Err(PermissionDenied)),
        ];
        for (ports, expected) in table {
            let addresses: Vec<SocketAddr> =
                ports.iter().map(|&port| ([127, 0, 0, 1], port).into()).collect();
            assert_eq!(bind_first(&addresses, bind).map_err(|error| error.kind()), expected, "{ports:?}");
        }
    }
}
