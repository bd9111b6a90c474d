//! What stands for the options of the feature `tls` in a build without: who asks for encryption is refused.

use crate::cli::given::{Given, ONLY_WITH_TLS};
use crate::net::tls::options::{Options, Service};

pub(crate) const CLIENT: &str = "";
pub(crate) const SERVER: &str = "";

/// The place in an address, which is not to be encrypted.
///
/// # Errors
/// If it is.
pub(super) fn place(address: &str) -> Result<&str, &'static str> {
    if address.starts_with("tls:") { Err(ONLY_WITH_TLS) } else { Ok(address) }
}

/// Nothing: it is not to encrypt.
///
/// # Errors
/// If it is.
pub(crate) fn client(given: &Given) -> Result<Option<Options>, String> {
    refused(given).map_or(Ok(None), Err)
}

/// Nothing: it is not to encrypt.
///
/// # Errors
/// If it is.
pub(crate) fn server(given: &Given, _: bool) -> Result<Option<Service>, String> {
    refused(given).map_or(Ok(None), Err)
}

/// Options would be found; variables say it unasked.
fn refused(given: &Given) -> Option<String> {
    let options = ["tls", "tls-ca", "tls-pin", "tls-cert", "tls-client-ca"];
    let variable = options.iter().find_map(|option| given.asks_by_variable(option))?;
    Some(format!("error: {variable} {ONLY_WITH_TLS}"))
}
