//! What goes wrong with an encrypted connection, in words.

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};
use std::io::{self, ErrorKind};

/// The other side has gone without saying so.
pub(super) fn cut_off(is_handshaking: bool) -> io::Error {
    let what = if is_handshaking {
        "it ended in the middle of the TLS handshake"
    } else {
        "it ended without the close_notify of TLS: somebody may have cut it off"
    };
    io::Error::new(ErrorKind::UnexpectedEof, what)
}

pub(super) fn too_long() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "its TLS handshake is too long")
}

/// Nothing can be encrypted any more.
pub(super) fn no_more() -> io::Error {
    io::Error::new(ErrorKind::BrokenPipe, "it is over")
}

/// What rustls says.
#[cold]
pub(super) fn broken(error: &Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, sentence(error))
}

/// The same as a sentence.
pub(super) fn sentence(error: &Error) -> String {
    match error {
        // As openssl makes them where it is told of no extension.
        Error::InvalidCertificate(CertificateError::Other(other))
            if matches!(other.0.downcast_ref(), Some(webpki::Error::UnsupportedCertVersion)) =>
        {
            "it is of version 1 of X.509: make one with an extension, as basicConstraints, which is of version 3"
                .to_owned()
        }
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload,
        ) => "what it says is not TLS".to_owned(),
        Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::DecryptError
            | AlertDescription::UnknownCA,
        ) => "the other side wants a certificate that it trusts: give --tls-cert and --tls-key".to_owned(),
        Error::PeerIncompatible(
            PeerIncompatible::SupportedVersionsExtensionRequired
            | PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::Tls13RequiredForQuic
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => "it does not speak TLS 1.3".to_owned(),
        _ => error.to_string(),
    }
}
