//! `[NAME@]HOST[:PORT]`: where to go, and as whom, in one word. HOST may be a Unix socket.

use crate::net::endpoint::{cut, is_unix, split_port};

/// The parts of such a word: none is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Destination<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) host: &'a str,
    pub(crate) port: Option<&'a str>,
}

impl<'a> Destination<'a> {
    /// Takes a word apart: the first `@` ends a name, unless the word is a Unix socket as a whole.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn parse(word: &'a str) -> Result<Self, &'static str> {
        let (name, place) = match cut(word, '@') {
            Some((name, place)) if !is_unix(word) => (Some(name), place),
            _ => (None, word),
        };
        if name == Some("") {
            return Err("the name before @ is empty");
        }
        let (host, port) = if is_unix(place) { (place, None) } else { split_port(place)? };
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
            ("/run/chat.sock", None, "/run/chat.sock", None),
            ("ann@/run/a@b:1", Some("ann"), "/run/a@b:1", None),
            ("/run/a@b", None, "/run/a@b", None),
            ("unix:@chat", None, "unix:@chat", None),
            ("ann@unix:@chat", Some("ann"), "unix:@chat", None),
            ("unix:a.sock", None, "unix:a.sock", None),
        ] {
            assert_eq!(Destination::parse(word), Ok(Destination { name, host, port }), "{word}");
        }
    }

    #[test]
    fn words_that_are_none() {
        for word in ["", "@", "@host", "ann@", ":1", "host:", "ann@:1", "[]", "[]:1", "[::1]:", "ann@[::1]:"]
        {
            assert!(Destination::parse(word).unwrap_err().contains("empty"), "{word}");
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
