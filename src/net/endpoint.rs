//! Where a server is, as people write it: hosts and ports, and the sockets of this machine.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net;
use std::path::Path;

/// How a Unix socket is written, unless its path begins with a slash.
pub(crate) const UNIX: &str = "unix:";

/// Where a server is, or is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// At a port of a host, which is a name or a number.
    Tcp { host: String, port: u16 },
    /// At a Unix socket (unix(7)): a path, or `@` and a name that is in no file system.
    Unix(String),
}

impl Place {
    /// `HOST[:PORT]`, `/PATH`, `unix:PATH` or `unix:@NAME`; `port` is the one that is meant if none is said.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(text: &str, port: u16) -> Result<Self, &'static str> {
        if is_unix(text) {
            let path = text.strip_prefix(UNIX).unwrap_or(text);
            unix_address(path)?;
            return Ok(Self::Unix(path.to_owned()));
        }
        let (host, said) = split_port(text)?;
        let port = match said {
            Some(said) => said.parse().map_err(|_| "its port is not a number from 0 to 65535")?,
            None => port,
        };
        Ok(Self::Tcp { host: host.to_owned(), port })
    }

    /// The host, for messages; a socket of this machine is its own.
    pub(crate) fn host(&self) -> &str {
        match self {
            Self::Tcp { host, .. } => host,
            Self::Unix(path) => path,
        }
    }
}

impl From<SocketAddr> for Place {
    fn from(address: SocketAddr) -> Self {
        let text = address.to_string();
        let host = text.rsplit_once(':').map_or("", |(host, _)| without_brackets(host));
        Self::Tcp { host: host.to_owned(), port: address.port() }
    }
}

impl From<&net::SocketAddr> for Place {
    /// A path that is not UTF-8 is shown as well as that can be.
    fn from(address: &net::SocketAddr) -> Self {
        #[cfg(target_os = "linux")]
        if let Some(name) = address.as_abstract_name() {
            return Self::Unix(format!("@{}", String::from_utf8_lossy(name)));
        }
        Self::Unix(address.as_pathname().unwrap_or(Path::new("")).to_string_lossy().into_owned())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } => formatter.write_str(&join(host, *port)),
            Self::Unix(path) => {
                formatter.write_str(if path.starts_with('/') { "" } else { UNIX })?;
                formatter.write_str(path)
            }
        }
    }
}

/// Whether it is written as a Unix socket.
pub(crate) fn is_unix(text: &str) -> bool {
    text.starts_with('/') || text.starts_with(UNIX)
}

/// The address of a Unix socket, for the system.
///
/// # Errors
/// What is wrong with the path.
pub(crate) fn unix_address(path: &str) -> Result<net::SocketAddr, &'static str> {
    let (address, why) = match path.strip_prefix('@') {
        _ if matches!(path, "" | "@") => return Err("it has no path"),
        #[cfg(target_os = "linux")]
        Some(name) => (net::SocketAddr::from_abstract_name(name), "its name is too long: 107 bytes at most"),
        #[cfg(not(target_os = "linux"))]
        Some(_) => return Err("only Linux has names that are in no file system"),
        // sun_path is 108 bytes long on Linux (unix(7)), 104 elsewhere, and ends with a NUL.
        None if cfg!(target_os = "linux") => {
            (net::SocketAddr::from_pathname(path), "its path is too long: 107 bytes at most")
        }
        None => (net::SocketAddr::from_pathname(path), "its path is too long: 103 bytes at most"),
    };
    address.map_err(|_| why)
}

/// Takes `HOST[:PORT]` apart. One colon begins a port; with more, the host is an IPv6 address as a whole, unless it
/// stands in brackets.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn split_port(place: &str) -> Result<(&str, Option<&str>), &'static str> {
    const NONE: &str = "not HOST[:PORT]";
    let (host, port) = match place.strip_prefix('[').and_then(|place| cut(place, ']')) {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port.strip_prefix(':').ok_or(NONE)?)),
        None if is_ipv6(place) => (place, None),
        None => cut(place, ':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    if host.is_empty() || port == Some("") {
        return Err("a part of HOST[:PORT] is empty");
    }
    let is_host = !host.bytes().any(|byte| b"@[]/:".contains(&byte)) || is_ipv6(host);
    if !is_host || port.is_some_and(|port| cut(port, ':').is_some()) {
        return Err(NONE);
    }
    Ok((host, port))
}

/// `split_once`, which is put anew wherever it is called.
#[inline(never)]
pub(crate) fn cut(text: &str, at: char) -> Option<(&str, &str)> {
    text.split_once(at)
}

/// Whether it is one, with or without a zone.
#[inline(never)]
fn is_ipv6(host: &str) -> bool {
    let address = cut(host, '%').map_or(host, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_ok()
}

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
    fn places_are_read_and_shown() {
        for (text, shown, host) in [
            ("chat", "chat:9", "chat"),
            ("chat:1", "chat:1", "chat"),
            ("::1", "[::1]:9", "::1"),
            ("[::1]", "[::1]:9", "::1"),
            ("[fe80::1%2]:1", "[fe80::1%2]:1", "fe80::1%2"),
            ("/run/a:b@c", "/run/a:b@c", "/run/a:b@c"),
            ("unix:/run/a", "/run/a", "/run/a"),
            ("unix:a", "unix:a", "a"),
            #[cfg(target_os = "linux")]
            ("unix:@a", "unix:@a", "@a"),
        ] {
            let place = Place::parse(text, 9).unwrap();
            assert_eq!((place.to_string().as_str(), place.host()), (shown, host), "{text}");
        }
        for address in ["127.0.0.1:1", "[::1]:2", "[fe80::1%3]:4"] {
            assert_eq!(Place::from(address.parse::<SocketAddr>().unwrap()).to_string(), address);
        }
        for text in ["", "unix:", "unix:@", "chat:", ":1", "chat:65536", "chat:x", "a b:c:d", "unix:a\0b"] {
            assert!(Place::parse(text, 9).is_err(), "{text}");
        }
        let most = if cfg!(target_os = "linux") { 107 } else { 103 };
        for (prefix, path) in [
            ("", "/"),
            ("unix:", "x"),
            #[cfg(target_os = "linux")]
            ("unix:@", "x"),
        ] {
            let path_of = |length: usize| format!("{prefix}{path}{}", "x".repeat(length - path.len()));
            assert!(Place::parse(&path_of(most), 9).is_ok(), "{path}");
            assert!(Place::parse(&path_of(most + 1), 9).unwrap_err().contains("bytes at most"), "{path}");
        }
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
