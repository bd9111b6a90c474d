//! What can be asked of encrypted connections.

use crate::client::known::Fingerprint;
use std::path::PathBuf;

/// What a client wants. Of one that hosts, certificate and key are its server's.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Options {
    /// The certificates that are accepted, whoever vouches for them or not.
    pub(crate) pins: Vec<Fingerprint>,
    /// The authorities that count.
    pub(crate) authorities: Option<PathBuf>,
    /// The file of known servers.
    pub(crate) known: Option<PathBuf>,
    /// The own certificate and its key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

#[cfg(feature = "host")]
impl Options {
    /// What the server of one who hosts offers: it has one address, of whatever kind.
    pub(crate) fn service(&self) -> Service {
        Service { identity: self.identity.clone(), places: vec![true], ..Service::default() }
    }
}

/// What a server offers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Service {
    /// Its certificate and the key; one that is made here, if none is given.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    /// Whose certificates let clients in, if they need one.
    pub(crate) client_authorities: Option<PathBuf>,
    /// Clients have the name of their certificate.
    pub(crate) names: bool,
    /// Which of the addresses ask to be encrypted.
    pub(crate) places: Vec<bool>,
    /// All do that are of the network.
    pub(crate) is_everywhere: bool,
}

impl Service {
    /// Whether those need a certificate who come from the network to the address with this number.
    pub(crate) fn certifies(&self, index: usize) -> bool {
        self.client_authorities.is_some() && self.covers(index, true)
    }

    /// Whether the connections are to be encrypted of those who come through a socket: that of the address with this
    /// number, which is of the network or not.
    pub(crate) fn covers(&self, index: usize, is_remote: bool) -> bool {
        self.places.get(index).copied().unwrap_or_default() || self.is_everywhere && is_remote
    }
}
