//! `[NAME@]HOST[:PORT]`: where to go, and as whom, in one word.

use std::net::Ipv6Addr;

/// The parts of such a word: none is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Destination<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) host: &'a str,
    pub(crate) port: Option<&'a str>,
}

impl<'a> Destination<'a> {
    /// Takes a word apart. One colon begins a port; with more, the host is an IPv6 address as a whole, unless
    /// it stands in brackets.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(word: &'a str) -> Result<Self, &'static str> {
        let (name, place) = word.split_once('@').map_or((None, word), |(name, place)| (Some(name), place));
        let (host, port) = match place.strip_prefix('[').and_then(|place| place.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => {
                (host, Some(port.strip_prefix(':').ok_or("brackets end with ] or ]:PORT")?))
            }
            None if is_ipv6(place) => (place, None),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        if name.is_some_and(str::is_empty) || host.is_empty() || port.is_some_and(str::is_empty) {
            return Err("a part of [NAME@]HOST[:PORT] is empty");
        }
        let is_host = !host.contains(['@', '[', ']', '/', ':']) || is_ipv6(host);
        if !is_host || port.is_some_and(|port| port.contains(':')) {
            return Err("not [NAME@]HOST[:PORT]");
        }
        Ok(Self { name, host, port })
    }
}

/// Whether it is one, with or without a zone.
fn is_ipv6(host: &str) -> bool {
    host.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_all_forms() {
        for (word, name, host, port) in [
            ("chat.example.org", None, "chat.example.org", None),
            ("chat.example.org:4000", None, "chat.example.org", Some("4000")),
            ("ann@chat", Some("ann"), "chat", None),
            ("ann:b c@127.0.0.1:0", Some("ann:b c"), "127.0.0.1", Some("0")),
            ("::1", None, "::1", None),
            ("::", None, "::", None),
            ("ann@fe80::1%eth0", Some("ann"), "fe80::1%eth0", None),
            ("[::1]", None, "::1", None),
            ("[::1]:5378", None, "::1", Some("5378")),
            ("ann@[fe80::1%2]:1", Some("ann"), "fe80::1%2", Some("1")),
            ("[localhost]:1", None, "localhost", Some("1")),
            ("host:port", None, "host", Some("port")),
        ] {
            assert_eq!(Destination::parse(word), Ok(Destination { name, host, port }), "{word}");
        }
    }

    #[test]
    fn words_that_are_none() {
        for word in ["", "@", "@host", "ann@", ":1", "host:", "ann@:1", "[]", "[]:1", "[::1]:", "ann@[::1]:"]
        {
            assert_eq!(Destination::parse(word), Err("a part of [NAME@]HOST[:PORT] is empty"), "{word}");
        }
        for word in [
            "[::1]x",
            "[::1]5378",
            "[::1",
            "::1]",
            "::1]:1",
            "a:b:c",
            "[a:b]",
            "ann@bob@host",
            "tcp://host:1",
        ] {
            assert!(Destination::parse(word).is_err(), "{word}");
        }
    }
}
