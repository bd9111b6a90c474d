//! What the fuzz targets try out of the edge, which is private otherwise; the programs use none of it.

use super::client;
use std::ffi::OsString;

/// Whether the client understands these words, the program's name first.
///
/// # Errors
/// As [`server::Options::parse`](super::server::Options::parse).
pub fn parse_client(words: &[OsString]) -> Result<(), String> {
    client::parse(words).map(drop)
}
