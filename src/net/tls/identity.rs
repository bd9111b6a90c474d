//! Who somebody is: a chain of certificates, and the key that belongs to it; from files, or made here.

use crate::client::known::Fingerprint;
use crate::wire::format::note;
use rcgen::{CertificateParams, DnType, KeyPair};
use ring::digest::{SHA256, digest};
use rustls::RootCertStore;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::{env, process};

/// A file of certificates, keys or known servers is no longer.
const LONGEST: u64 = 1 << 20;

/// A chain, one's own certificate first, and its key.
pub(crate) struct Identity {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads both, which may stand in one file.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub(crate) fn load(certificates: &Path, key: &Path) -> Result<Self, String> {
        let chain = load_certificates(certificates)?;
        if chain.is_empty() {
            return Err(format!("{} has no certificate in it: give one in PEM", certificates.display()));
        }
        warn_of_readers(key);
        let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| match error {
            pem::Error::NoItemsFound => {
                format!("{} has no private key in it: give one in PEM, without a password", key.display())
            }
            error => format!("{}: {error}", key.display()),
        })?;
        Ok(Self { chain, key: private })
    }

    /// The one that was made here before, or a new one.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub(crate) fn kept_or_made(folder: &Path) -> Result<Self, String> {
        let path = folder.join("tls.pem");
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            _ => return Self::load(&path, &path),
        }
        let failed = |error: &dyn std::fmt::Display| {
            format!("cannot make a certificate in {}: {error}; give --tls-cert and --tls-key", path.display())
        };
        let text = made().map_err(|error| failed(&error))?;
        write_private(&path, text.as_bytes()).map_err(|error| failed(&error))?;
        Self::load(&path, &path)
    }
}

/// A new key, and a certificate for it that nobody else vouches for: whoever trusts it knows its fingerprint. It is for
/// as long as that goes.
fn made() -> Result<String, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(["localhost".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "chinwag");
    let certificate = params.self_signed(&key)?;
    Ok(key.serialize_pem() + &certificate.pem())
}

/// Whole or not at all, for nobody else's eyes. Of two programs that do it at once the first one's stays.
fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let new = path.with_extension(format!("{}.new", process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let written = file.write_all(text).and_then(|()| file.sync_all());
    let named = written.and_then(|()| match fs::hard_link(&new, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        // Some file systems have no links.
        Err(_) => fs::rename(&new, path),
        linked => linked,
    });
    let _ = fs::remove_file(&new);
    named
}

/// The certificates of a file, in its order.
///
/// # Errors
/// A sentence that names the file.
fn load_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(path)?;
    let certificates: Result<_, _> = CertificateDer::pem_slice_iter(&text).collect();
    certificates.map_err(|error| format!("{}: {error}", path.display()))
}

/// Those of a file whose word counts.
///
/// # Errors
/// A sentence that names the file.
pub(super) fn load_authorities(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in load_certificates(path)? {
        roots.add(certificate).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if roots.is_empty() { Err(format!("{} has no certificate in it", path.display())) } else { Ok(roots) }
}

pub(crate) fn fingerprint(certificate: &CertificateDer<'_>) -> Fingerprint {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, certificate).as_ref());
    Fingerprint(bytes)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    read_file(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// All of a file, if that is no longer than [`LONGEST`].
///
/// # Errors
/// Those of the system, and `FileTooLarge`.
pub(super) fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if File::open(path)?.take(LONGEST + 1).read_to_end(&mut text)? as u64 > LONGEST {
        return Err(io::Error::new(ErrorKind::FileTooLarge, "it is longer than 1 MiB"));
    }
    Ok(text)
}

/// A key that others can read is not one.
fn warn_of_readers(path: &Path) {
    let mode = fs::metadata(path).map(|metadata| metadata.permissions().mode()).unwrap_or_default();
    // A group may be let in on purpose, as Debian's `ssl-cert` is.
    if mode & 0o007 != 0 {
        let path = path.display();
        note!(Error, "everybody on this machine can read the key in {path}: chmod o= {path}");
    }
}

/// The folder for what a program keeps for itself: that of the system, or the user's.
pub(crate) fn state_folder() -> Option<PathBuf> {
    // Of several that systemd gives, the first.
    let given = env::var("STATE_DIRECTORY").ok();
    let given = given.as_deref().and_then(|list| list.split(':').next()).filter(|path| !path.is_empty());
    given.map(PathBuf::from).or_else(|| user_folder("XDG_STATE_HOME", ".local/state"))
}

/// The folder for what a user's programs keep for their user.
pub(crate) fn data_folder() -> Option<PathBuf> {
    user_folder("XDG_DATA_HOME", ".local/share")
}

/// Relative paths do not count (XDG Base Directory Specification).
fn user_folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    let path = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = path(variable).or_else(|| path("HOME").map(|home| home.join(below_home)))?;
    Some(folder.join("chinwag"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_who_write_at_once_the_first_ones_stays() {
        let folder = env::temp_dir().join(format!("chinwag-identity-{}", process::id()));
        let path = folder.join("below/tls.pem");
        for text in ["first", "second"] {
            write_private(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        fs::remove_dir_all(folder).unwrap();
    }
}
