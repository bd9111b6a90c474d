//! Why a server is not trusted, in words that say what to do.

use super::trust::KnownFile;
use crate::client::known::Fingerprint;
use std::fmt;
use std::time::Duration;

/// What speaks against a server.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    /// It is none of the pinned ones.
    NotPinned(Fingerprint),
    /// It was another one, in this line of the file of known servers.
    Changed {
        line: usize,
        before: Fingerprint,
        now: Fingerprint,
    },
    /// This line about it cannot be understood.
    Unreadable(usize),
    /// The file cannot be read.
    File(String),
    /// Nobody vouches for it.
    Unknown(Fingerprint),
    /// It is for these others.
    Name(Fingerprint, Vec<String>),
    /// So long ago.
    Expired(Fingerprint, Duration),
    /// For so long.
    NotYet(Fingerprint, Duration),
    /// Who could vouch is not known.
    Authorities(String),
    Other(Fingerprint, String),
}

/// The sentence about it.
pub(super) struct Words<'a> {
    pub(super) refusal: &'a Refusal,
    pub(super) known: &'a KnownFile,
}

impl fmt::Display for Words<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = &self.known.server;
        let file = self.known.path.as_deref().unwrap_or("the file".as_ref()).display();
        let (what, shown) = match self.refusal {
            Refusal::NotPinned(shown) => ("its certificate is none of those pinned".to_owned(), shown),
            Refusal::Unknown(shown) => {
                ("nobody who is trusted here vouches for its certificate".to_owned(), shown)
            }
            Refusal::Name(shown, names) if names.is_empty() => {
                ("its certificate names no host: --address has to be what it is for".to_owned(), shown)
            }
            Refusal::Name(shown, names) => {
                let names = names.iter().map(|name| named(name)).collect::<Vec<_>>().join(", ");
                (format!("its certificate is for {names}: check --address"), shown)
            }
            Refusal::Expired(shown, since) => (
                format!(
                    "its certificate expired {} ago: it has to be renewed, if this machine's clock is right",
                    Days(*since)
                ),
                shown,
            ),
            Refusal::NotYet(shown, until) => (
                format!(
                    "its certificate is not valid for another {}: check this machine's clock",
                    Days(*until)
                ),
                shown,
            ),
            Refusal::Other(shown, what) => (format!("its certificate does not do: {what}"), shown),
            Refusal::Changed { line, before, now } => {
                return write!(
                    formatter,
                    "{server} HAS ANOTHER CERTIFICATE THAN BEFORE: somebody may be listening in, or it was renewed; it was \
                     {before} and is {now}; if that is right, remove line {line} of {file}"
                );
            }
            Refusal::Unreadable(line) => {
                return write!(
                    formatter,
                    "{server} is not trusted: line {line} of {file} is not `HOST:PORT SHA256:HEX`: mend or remove it"
                );
            }
            Refusal::File(why) => {
                return write!(
                    formatter,
                    "{server} is not trusted: cannot read the known servers in {why}: mend that, or give another --tls-known"
                );
            }
            Refusal::Authorities(why) => return write!(formatter, "{server} is not trusted: {why}"),
        };
        write!(
            formatter,
            "{server} is not trusted: {what}; if you know that it is right, accept it with --tls-pin {shown}"
        )
    }
}

/// rustls names them as its own types print.
fn named(name: &str) -> &str {
    name.split_once('"').and_then(|(_, name)| name.split_once('"')).map_or(name, |(name, _)| name)
}

/// A time as people say it.
struct Days(Duration);

impl fmt::Display for Days {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (count, unit) = match seconds {
            0..120 => (seconds, "second"),
            120..7200 => (seconds / 60, "minute"),
            7200..172_800 => (seconds / 3600, "hour"),
            _ => (seconds / 86_400, "day"),
        };
        write!(formatter, "{count} {unit}{}", if count == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_do() {
        let [one, two] = [1, 2].map(|byte| Fingerprint([byte; 32]));
        let day = Duration::from_secs(86_400);
        let known = KnownFile { path: Some("/home/ann/known".into()), server: "chat:1".to_owned() };
        for (refusal, expected) in [
            (Refusal::NotPinned(one), "none of those pinned; if you"),
            (Refusal::Unknown(one), "nobody who is trusted here vouches"),
            (
                Refusal::Name(one, vec!["DnsName(\"other\")".into(), "x.org".into()]),
                "is for other, x.org: check",
            ),
            (Refusal::Name(one, Vec::new()), "names no host"),
            (Refusal::Expired(one, day), "expired 24 hours ago"),
            (Refusal::NotYet(one, 3 * day), "for another 3 days"),
            (Refusal::Other(one, "odd".to_owned()), "does not do: odd; if"),
        ] {
            let said = Words { refusal: &refusal, known: &known }.to_string();
            assert!(said.starts_with("chat:1 is not trusted: ") && said.contains(expected), "{said}");
            assert!(said.ends_with(&format!("accept it with --tls-pin {one}")), "{said}");
        }
        for (refusal, expected) in [
            (Refusal::Changed { line: 3, before: one, now: two }, "remove line 3 of /home/ann/known"),
            (Refusal::Unreadable(7), "line 7 of /home/ann/known is not"),
            (Refusal::File("/x: no".into()), "in /x: no: mend that"),
            (Refusal::Authorities("none here".into()), "not trusted: none here"),
        ] {
            let said = Words { refusal: &refusal, known: &known }.to_string();
            assert!(said.starts_with("chat:1 ") && said.contains(expected), "{said}");
        }
    }
}
