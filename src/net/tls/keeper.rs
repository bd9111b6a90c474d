//! The server's side of encrypted connections: what it shows to those who come, and whom it lets in.

use super::encrypted::{Encrypted, Naming};
use super::identity::{self, Identity};
use super::options::Service;
use super::session::Session;
use super::stream::Stream;
use super::{VERSIONS, provider, subject, words};
use crate::client::known::Fingerprint;
use crate::net::endpoint::Place;
use crate::net::stream::Socket;
use rustls::ServerConfig;
use rustls::server::{NoServerSessionStorage, UnbufferedServerConnection, WebPkiClientVerifier};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// Encrypts the connections of those who come.
pub(crate) struct Keeper {
    service: Service,
    config: Arc<ServerConfig>,
    fingerprint: Fingerprint,
}

impl Keeper {
    /// Reads what the service names.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub(crate) fn new(service: Service) -> Result<Self, String> {
        let (config, fingerprint) = load(&service)?;
        Ok(Self { service, config: config.into(), fingerprint })
    }

    /// Reads all of it again, for those who come from now on.
    ///
    /// # Errors
    /// A sentence that names the file: all stays as it was.
    pub(crate) fn reload(&mut self) -> Result<(), String> {
        let (config, fingerprint) = load(&self.service)?;
        (self.config, self.fingerprint) = (config.into(), fingerprint);
        Ok(())
    }

    /// That of the certificate that is shown.
    pub(crate) fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// What others enter who want to come: the fingerprint, at least, of what nobody vouches for.
    pub(crate) fn invitation(&self, place: &Place, address: Option<SocketAddr>) -> String {
        let place = match address.filter(|address| address.ip().is_unspecified()) {
            Some(address) => format!("HOST:{}", address.port()),
            None => place.to_string(),
        };
        let fingerprint = &self.fingerprint;
        match self.service.identity {
            Some(_) => format!("chinwag --tls {place} (the certificate is {fingerprint})"),
            None => format!("chinwag --tls --tls-pin {fingerprint} {place}"),
        }
    }

    /// Whether it is for the connections through a socket, as [`Service::covers`] says.
    pub(crate) fn is_for(&self, index: usize, is_remote: bool) -> bool {
        self.service.covers(index, is_remote)
    }

    /// The connection of one who has come.
    ///
    /// # Errors
    /// Those of rustls.
    pub(crate) fn admit(&self, socket: Socket) -> io::Result<Stream> {
        let session = UnbufferedServerConnection::new(self.config.clone());
        let session = Session::Server(Box::new(session.map_err(|error| words::broken(&error))?));
        let naming = self.service.names.then_some(subject::name as Naming);
        Ok(Stream::Encrypted(Box::new(Encrypted::new(socket, session, naming))))
    }
}

fn load(service: &Service) -> Result<(ServerConfig, Fingerprint), String> {
    let identity = match &service.identity {
        Some((certificates, key)) => Identity::load(certificates, key)?,
        None => {
            let folder = identity::state_folder();
            let why =
                "there is no folder to keep a certificate in: set HOME, or give --tls-cert and --tls-key";
            Identity::kept_or_made(&folder.ok_or(why)?)?
        }
    };
    let provider = provider();
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(VERSIONS);
    let builder = builder.map_err(|error| error.to_string())?;
    let builder = match &service.client_authorities {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let roots = identity::load_authorities(path)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider).build();
            builder
                .with_client_cert_verifier(verifier.map_err(|error| format!("{}: {error}", path.display()))?)
        }
    };
    let fingerprint = identity.chain.first().map(identity::fingerprint).ok_or("there is no certificate")?;
    let built = builder.with_single_cert(identity.chain, identity.key);
    let mut config = built.map_err(|error| match &service.identity {
        Some((certificates, key)) => {
            let (certificates, key) = (certificates.display(), key.display());
            format!("{certificates} and {key} do not go together: {}", words::sentence(&error))
        }
        None => error.to_string(),
    })?;
    // Nobody comes so often that it pays.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok((config, fingerprint))
}

impl fmt::Debug for Keeper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.service.fmt(formatter)
    }
}
