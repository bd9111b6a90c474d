//! Connections that are encrypted, by TLS 1.3: who may read them, and who is at the other end.

pub(crate) mod caller;
pub(crate) mod encrypted;
pub(crate) mod identity;
pub(crate) mod keeper;
pub(crate) mod options;
mod refusal;
mod session;
pub(crate) mod stream;
mod subject;
mod trust;
mod words;

use rustls::crypto::{CryptoProvider, ring};
use std::sync::Arc;

/// Nothing older is spoken: TLS 1.2 would make the programs larger, and whoever has a client or a server of this
/// protocol with TLS has it since yesterday.
const VERSIONS: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS13];

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[cfg(test)]
mod tests;
