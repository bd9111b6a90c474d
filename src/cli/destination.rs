//! `[NAME@]HOST[:PORT]`: where to go, and as whom, in one word.

use std::net::Ipv6Addr;

const NONE: &str = "not [NAME@]HOST[:PORT]";

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
        let (name, place) = cut(word, '@').map_or((None, word), |(name, place)| (Some(name), place));
        let (host, port) = match place.strip_prefix('[').and_then(|place| cut(place, ']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.strip_prefix(':').ok_or(NONE)?)),
            None if is_ipv6(place) => (place, None),
            None => cut(place, ':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        if [name.unwrap_or("-"), host, port.unwrap_or("-")].contains(&"") {
            return Err("a part of [NAME@]HOST[:PORT] is empty");
        }
        let is_host = !host.bytes().any(|byte| b"@[]/:".contains(&byte)) || is_ipv6(host);
        if !is_host || port.is_some_and(|port| cut(port, ':').is_some()) {
            return Err(NONE);
        }
        Ok(Self { name, host, port })
    }

    /// What it says of an option, if it says something.
    pub(crate) fn part(&self, option: &str) -> Option<&'a str> {
        match option {
            "name" => self.name,
            "address" => Some(self.host),
            "port" => self.port,
            _ => None,
        }
    }
}

/// `split_once`, which is put anew wherever it is called.
#[inline(never)]
fn cut(text: &str, at: char) -> Option<(&str, &str)> {
    text.split_once(at)
}

/// Whether it is one, with or without a zone.
#[inline(never)]
fn is_ipv6(host: &str) -> bool {
    let address = cut(host, '%').map_or(host, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_ok()
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
