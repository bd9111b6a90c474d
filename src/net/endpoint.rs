//! Hosts and ports as people write them.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

/// The addresses of a host, at least one: a name, or a number with or without brackets.
///
/// This is the one call of the programs that may block: the system's resolver knows no other way.
/// Numbers, and names of this machine, need no waiting.
///
/// # Errors
/// What the resolver says of a name it does not know.
pub fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let addresses: Vec<_> = (without_brackets(host), port).to_socket_addrs()?.collect();
    if addresses.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(addresses) }
}

/// `host:port`, with brackets where they are needed to tell the two apart.
pub fn join(host: &str, port: u16) -> String {
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
        }
        assert!(resolve("", 5378).is_err() || resolve("no.such.host.invalid", 5378).is_err());
    }
}
