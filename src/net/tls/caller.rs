//! The client's side of encrypted connections: it greets the server, and looks whether that is the right one.

use super::encrypted::Encrypted;
use super::identity::{self, Identity};
use super::options::Options;
use super::refusal::{Refusal, Words};
use super::session::Session;
use super::stream::Stream;
use super::trust::{KnownFile, Trust};
use super::{VERSIONS, provider, words};
use crate::client::known::Fingerprint;
use crate::net::endpoint::Place;
use crate::net::stream::Socket;
use rustls::ClientConfig;
use rustls::client::{Resumption, UnbufferedClientConnection};
use rustls::pki_types::ServerName;
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

/// Makes a connection that stands an encrypted one.
pub(crate) struct Caller {
    config: Arc<ClientConfig>,
    trust: Arc<Trust>,
    /// What the server's certificate is to be for.
    name: ServerName<'static>,
    /// The connection on which both sides still agree on how to talk.
    greeting: Option<Box<Encrypted<Socket>>>,
    deadline: Duration,
}

/// Why there is no encrypted connection.
#[derive(Debug)]
pub(crate) struct Refused {
    /// In a sentence that names the server.
    why: String,
    /// It is not trusted.
    is_distrusted: bool,
    /// What it showed, if that could be asked about.
    unknown: Option<Fingerprint>,
}

impl Refused {
    /// What it showed, if it may be asked about.
    pub(crate) fn unknown(&self) -> Option<Fingerprint> {
        self.unknown
    }
}

impl Caller {
    /// Is to call the server at `place`, which is one's own if that is known by its fingerprint.
    ///
    /// # Errors
    /// A sentence about the certificate that is to be shown to it.
    pub(crate) fn new(options: &Options, own: Option<Fingerprint>, place: &Place) -> Result<Self, String> {
        let provider = provider();
        let path = options.known.clone();
        let path = path.or_else(|| Some(identity::data_folder()?.join("known-servers")));
        let known = KnownFile { path, server: place.to_string() };
        let (pins, authorities) = match own {
            Some(own) => (vec![own], None),
            None => (options.pins.clone(), options.authorities.clone()),
        };
        let trust = Arc::new(Trust::new(provider.clone(), pins, authorities, known));
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(VERSIONS);
        let builder = builder.map_err(|error| error.to_string())?.dangerous();
        let builder = builder.with_custom_certificate_verifier(trust.clone());
        let identity = options.identity.as_ref().filter(|_| own.is_none());
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some((certificates, key)) => {
                let Identity { chain, key } = Identity::load(certificates, key)?;
                let built = builder.with_client_auth_cert(chain, key);
                built.map_err(|error| format!("{}: {}", certificates.display(), words::sentence(&error)))?
            }
        };
        // It would keep the tickets of a server that goes on sending them.
        config.resumption = Resumption::disabled();
        let name = server_name(place);
        Ok(Self { config: config.into(), trust, name, greeting: None, deadline: Duration::ZERO })
    }

    /// Whether a server that nobody vouches for may be asked about.
    pub(crate) fn can_ask(&self) -> bool {
        self.trust.can_ask()
    }

    /// From now on the server with this certificate is the right one.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn remember(&self, shown: &Fingerprint) -> io::Result<()> {
        self.trust.remember(shown)
    }

    /// A connection is being made, which is to be encrypted by then.
    pub(crate) fn start(&mut self, deadline: Duration) {
        self.deadline = deadline;
    }

    /// Begins to greet on a connection that stands.
    ///
    /// # Errors
    /// Those of rustls.
    pub(crate) fn greet(&mut self, socket: Socket) -> Result<(), Refused> {
        let session = UnbufferedClientConnection::new(self.config.clone(), self.name.clone());
        let session = session.map_err(|error| self.refused(&words::broken(&error)))?;
        self.greeting = Some(Box::new(Encrypted::new(socket, Session::Client(Box::new(session)), None)));
        Ok(())
    }

    /// Goes on; returns the connection when it can be used.
    ///
    /// # Errors
    /// Why that will never be.
    pub(crate) fn advance(&mut self, now: Duration) -> Result<Option<Stream>, Refused> {
        let Some(mut encrypted) = self.greeting.take() else { return Ok(None) };
        match encrypted.greet() {
            Ok(true) => return Ok(Some(Stream::Encrypted(encrypted))),
            Ok(false) if now < self.deadline => self.greeting = Some(encrypted),
            Ok(false) => return Err(self.refused(&io::ErrorKind::TimedOut.into())),
            Err(error) => return Err(self.refused(&error)),
        }
        Ok(None)
    }

    /// When it has taken too long, if it is at it.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.greeting.is_some().then_some(self.deadline)
    }

    pub(crate) fn give_up(&mut self) {
        self.greeting = None;
    }

    fn refused(&self, error: &io::Error) -> Refused {
        let known = self.trust.known();
        let server = &known.server;
        if let Some(refusal) = self.trust.take_refusal() {
            let unknown = match refusal {
                Refusal::Unknown(shown) if self.trust.can_ask() => Some(shown),
                _ => None,
            };
            let why = Words { refusal: &refusal, known }.to_string();
            return Refused { why, is_distrusted: true, unknown };
        }
        let why = match error.kind() {
            io::ErrorKind::TimedOut => {
                format!("{server} does not answer in TLS: check --port, or leave --tls out if it has none")
            }
            io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                format!("{server} broke the connection instead of answering in TLS: check --port ({error})")
            }
            _ => format!("there is no encrypted connection to {server}: {error}"),
        };
        Refused { why, is_distrusted: false, unknown: None }
    }
}

impl Refused {
    /// Why the server is not the one that is meant, if that is why.
    pub(crate) fn distrust(&self) -> Option<&str> {
        self.is_distrusted.then_some(&self.why)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.trust.known().fmt(formatter)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.why)
    }
}

/// What is no name of a host stands for an address for which nobody has a certificate; a pinned one does.
fn server_name(place: &Place) -> ServerName<'static> {
    let host = place.host().split('%').next().unwrap_or_default();
    let unspecified = || ServerName::IpAddress(Ipv4Addr::UNSPECIFIED.into());
    ServerName::try_from(host.to_owned()).unwrap_or_else(|_| unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_for_certificates() {
        for (text, expected) in [
            ("chat.example.org:9", "chat.example.org"),
            ("my_host", "my_host"),
            ("127.0.0.1:9", "127.0.0.1"),
            ("[fe80::1%eth0]:9", "fe80::1"),
            ("/run/chat", "0.0.0.0"),
        ] {
            let place = Place::parse(text, 1).unwrap();
            assert_eq!(server_name(&place).to_str(), expected);
        }
    }
}
