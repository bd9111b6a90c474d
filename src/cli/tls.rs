//! Options of the feature `tls`, of both programs.

use crate::cli::given::Given;
use crate::client::known::Fingerprint;
use crate::net::tls::options::{Options, Service};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

/// Those of the client: what each field is, [`Row`](super::table::Row) says.
pub(crate) const CLIENT: &str = "\
tls|||||Encrypt the connection, to a server that an authority of this system vouches for, or that was said to be the right one; with --host, too. Each of these options asks for it
tls-ca||FILE|||Trust those servers only that an authority in FILE vouches for
tls-pin||SHA256:HEX...|||Trust the server whose certificate has this fingerprint, and no other; may be given again
tls-known||FILE|||The servers that were said to be the right ones [default: chinwag/known-servers in $XDG_DATA_HOME, or ~/.local/share]
tls-cert||FILE|||Show this certificate; with --host, to those who come
tls-key||FILE|||The key that belongs to it
";

/// Those of the server.
pub(crate) const SERVER: &str = "\
tls|||||Encrypt the connections from the network, with a certificate that is made once, and kept; an --address that begins with tls: asks for it alone
tls-cert||FILE|||Use this certificate, with those that vouch for it, in PEM; read again at SIGHUP
tls-key||FILE|||The key that belongs to it
tls-client-ca||FILE|||Let only those in who have a certificate of an authority in FILE
";

/// How an address begins that is to be encrypted.
const ENCRYPTED: &str = "tls:";

/// The place in an address, whether it is to be encrypted or not.
///
/// # Errors
/// None here.
pub(super) fn place(address: &str) -> Result<&str, &'static str> {
    Ok(address.strip_prefix(ENCRYPTED).unwrap_or(address))
}

/// Which of the addresses say that they are to be encrypted, in their order.
fn marks(given: &Given) -> Vec<bool> {
    let says = |address: &OsString| address.to_str().is_some_and(|text| text.starts_with(ENCRYPTED));
    given.values("address").iter().map(says).collect()
}

/// What the client is told; nothing, if it is not to encrypt.
///
/// # Errors
/// A sentence that says what is wrong.
pub(crate) fn client(given: &Given) -> Result<Option<Options>, String> {
    let options = Options {
        pins: pins(given)?,
        authorities: file(given, "tls-ca")?,
        known: file(given, "tls-known")?,
        identity: identity(given)?,
    };
    // Whoever says whom to trust does not want to talk to everybody.
    Ok((given.flag("tls") || marks(given).contains(&true) || options != Options::default())
        .then_some(options))
}

/// What the server is told; nothing, if it is not to encrypt. Clients have the `names` of their certificates, or any.
///
/// # Errors
/// A sentence that says what is wrong.
pub(crate) fn server(given: &Given, names: bool) -> Result<Option<Service>, String> {
    let service = Service {
        identity: identity(given)?,
        client_authorities: file(given, "tls-client-ca")?,
        ..Service::default()
    };
    let places = marks(given);
    // One address that asks for it leaves the others as they are, unless all are said to be meant.
    let is_everywhere = given.flag("tls") || !places.contains(&true);
    if !given.flag("tls") && !places.contains(&true) && service == Service::default() {
        return Ok(None);
    }
    Ok(Some(Service { places, is_everywhere, names, ..service }))
}

/// An empty one is not as good as none: a script that has lost its variable would go on unencrypted.
fn file(given: &Given, name: &str) -> Result<Option<PathBuf>, String> {
    match given.value(name) {
        Some(value) if value.is_empty() => Err(given.wrong(name, &value, "a file is needed")),
        value => Ok(value.map(PathBuf::from)),
    }
}

fn pins(given: &Given) -> Result<Vec<Fingerprint>, String> {
    let read = |value: &OsStr| {
        let why = "not SHA256: and 64 digits from 0 to f";
        value.to_str().and_then(Fingerprint::parse).ok_or_else(|| given.wrong("tls-pin", value, why))
    };
    let values = given.values("tls-pin");
    // The variable has room for several.
    let values = values.iter().flat_map(|value| value.as_encoded_bytes().split(|&byte| byte == b','));
    values.map(|value| read(OsStr::from_bytes(value))).collect()
}

fn identity(given: &Given) -> Result<Option<(PathBuf, PathBuf)>, String> {
    match (file(given, "tls-cert")?, file(given, "tls-key")?) {
        (Some(certificates), Some(key)) => Ok(Some((certificates, key))),
        (None, None) => Ok(None),
        _ => Err("error: --tls-cert and --tls-key go together: give both".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::client::tests::parsed;
    use crate::cli::server;

    #[test]
    fn what_can_be_asked_of_the_client() {
        let tls =
            |line: &str| parsed(&line.split_whitespace().collect::<Vec<_>>()).map(|options| options.tls);
        let pin = format!("SHA256:{}", "0a".repeat(32));
        assert_eq!(tls("chat:1"), Ok(None));
        for line in ["--tls chat", "--address tls:chat:7", "--tls --address tls:chat"] {
            assert_eq!(tls(line), Ok(Some(Options::default())), "{line}");
        }
        let options = tls(&format!(
            "--tls-pin {pin} --tls-pin {pin} --tls-ca a --tls-known k --tls-cert c --tls-key d"
        ));
        let expected = Options {
            pins: vec![Fingerprint([10; 32]); 2],
            authorities: Some("a".into()),
            known: Some("k".into()),
            identity: Some(("c".into(), "d".into())),
        };
        assert_eq!(options, Ok(Some(expected)));
    }

    #[test]
    fn what_is_empty_or_half_is_refused() {
        for arguments in [
            &["--tls-ca", ""][..],
            &["--tls-known", ""],
            &["--tls-pin", ""],
            &["--tls-pin", "SHA256:00"],
            &["--tls-cert", "", "--tls-key", ""],
            &["--tls-cert", "c"],
            &["--tls-key", "k"],
        ] {
            assert!(parsed(arguments).unwrap_err().starts_with("error: "), "{arguments:?}");
        }
        for line in ["--tls-client-ca=", "--tls-cert c", "--tls-cert= --tls-key="] {
            let words = ["chinwagd"].into_iter().chain(line.split_whitespace());
            let words: Vec<OsString> = words.map(OsString::from).collect();
            assert!(server::Options::parse(&words).is_err(), "{line}");
        }
    }
}
