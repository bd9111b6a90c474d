//! Whether a server is the one that is meant: by pinned fingerprints, by those that were seen before, or by the
//! authorities that vouch for its certificate. In that order: the first that says anything decides.

use super::identity::{fingerprint, load_authorities, read_file};
use super::refusal::Refusal;
use crate::client::known::{self, Fingerprint, Known};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, DigitallySignedStruct, Error, PeerIncompatible, RootCertStore, SignatureScheme,
};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// What a server is measured against.
#[derive(Debug)]
pub(crate) struct Trust {
    provider: Arc<CryptoProvider>,
    pins: Vec<Fingerprint>,
    /// The file with the only authorities that count; else it is the system's.
    authorities: Option<PathBuf>,
    known: KnownFile,
    /// What vouches, once it was needed: to read the system's takes a while.
    verifier: OnceLock<Result<Arc<WebPkiServerVerifier>, String>>,
    /// Why the server seen last was refused.
    refusal: Mutex<Option<Refusal>>,
}

/// A server in the file of those that are known.
#[derive(Debug, Clone)]
pub(crate) struct KnownFile {
    pub(crate) path: Option<PathBuf>,
    /// Its name there.
    pub(crate) server: String,
}

impl Trust {
    pub(crate) fn new(
        provider: Arc<CryptoProvider>,
        pins: Vec<Fingerprint>,
        authorities: Option<PathBuf>,
        known: KnownFile,
    ) -> Self {
        Self { provider, pins, authorities, known, verifier: OnceLock::new(), refusal: Mutex::new(None) }
    }

    /// Whether one that nobody vouches for may be asked about.
    pub(crate) fn can_ask(&self) -> bool {
        self.pins.is_empty() && self.authorities.is_none() && self.known.path.is_some()
    }

    /// Why the last one was refused, if that was so.
    pub(crate) fn take_refusal(&self) -> Option<Refusal> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Remembers that the server is the right one.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn remember(&self, fingerprint: &Fingerprint) -> io::Result<()> {
        self.known.add(fingerprint)
    }

    pub(crate) fn known(&self) -> &KnownFile {
        &self.known
    }

    fn judge(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<(), Refusal> {
        let shown = fingerprint(certificate);
        if !self.pins.is_empty() {
            return if self.pins.contains(&shown) { Ok(()) } else { Err(Refusal::NotPinned(shown)) };
        }
        match self.known.look_up(&shown)? {
            Known::Yes => return Ok(()),
            Known::Changed(line, before) => return Err(Refusal::Changed { line, before, now: shown }),
            Known::Unreadable(line) => return Err(Refusal::Unreadable(line)),
            Known::No => {}
        }
        let verifier = self.verifier.get_or_init(|| self.verifier());
        let verifier = verifier.as_ref().map_err(|why| Refusal::Authorities(why.clone()))?;
        let verified = verifier.verify_server_cert(certificate, intermediates, name, ocsp_response, now);
        verified.map(drop).map_err(|error| refusal(&error, shown, now))
    }

    fn verifier(&self) -> Result<Arc<WebPkiServerVerifier>, String> {
        let roots = match &self.authorities {
            Some(path) => load_authorities(path)?,
            None => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                if roots.is_empty() {
                    return Err(
                        "this machine knows no authorities: install its ca-certificates, or give --tls-ca"
                            .into(),
                    );
                }
                roots
            }
        };
        let verifier =
            WebPkiServerVerifier::builder_with_provider(roots.into(), self.provider.clone()).build();
        verifier.map_err(|error| error.to_string())
    }
}

/// What webpki says.
fn refusal(error: &Error, shown: Fingerprint, now: UnixTime) -> Refusal {
    let since = |time: &UnixTime| Duration::from_secs(now.as_secs().abs_diff(time.as_secs()));
    match error {
        Error::InvalidCertificate(error) => match error {
            // Somebody else of the same name vouches, or what vouches for itself was changed.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Refusal::Unknown(shown),
            // What vouches for itself, as `openssl req -x509` makes it.
            CertificateError::Other(other)
                if other.0.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity) =>
            {
                Refusal::Unknown(shown)
            }
            CertificateError::NotValidForNameContext { presented, .. } => {
                Refusal::Name(shown, presented.clone())
            }
            CertificateError::ExpiredContext { not_after, .. } => Refusal::Expired(shown, since(not_after)),
            CertificateError::NotValidYetContext { not_before, .. } => {
                Refusal::NotYet(shown, since(not_before))
            }
            error => Refusal::Other(shown, error.to_string()),
        },
        error => Refusal::Other(shown, error.to_string()),
    }
}

/// What the handshake is signed with is always verified, whoever it is that the certificate is of.
impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self.judge(end_entity, intermediates, server_name, ocsp_response, now);
        let refusal = judged.err();
        let is_refused = refusal.is_some();
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = refusal;
        if is_refused {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        Ok(ServerCertVerified::assertion())
    }

    /// Not spoken.
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl KnownFile {
    fn look_up(&self, shown: &Fingerprint) -> Result<Known, Refusal> {
        let Some(path) = &self.path else { return Ok(Known::No) };
        let text = read(path).map_err(|why| Refusal::File(format!("{}: {why}", path.display())))?;
        Ok(known::look_up(&text, &self.server, shown))
    }

    /// The text is read before, for a line that is not ended; then one write appends one line, whoever else does so.
    fn add(&self, fingerprint: &Fingerprint) -> io::Result<()> {
        let path = self.path.as_deref().ok_or(ErrorKind::NotFound)?;
        let line = known::addition(&read(path)?, &self.server, fingerprint).ok_or(ErrorKind::InvalidInput)?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        file.write_all(line.as_bytes())
    }
}

/// A file that is not there knows nobody.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    match read_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}
