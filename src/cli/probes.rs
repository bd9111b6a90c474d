//! What the fuzz targets try out of the edge, which is private otherwise; the programs use none of it.

use super::client;
use std::ffi::OsString;

/// Whether the client understands these words, the program's name first.
///
/// # Errors
/// As [`server::Options::parse`](super::server::Options::parse).
pub fn parse_client(words: Vec<OsString>) -> Result<(), clap::Error> {
    client::definition().try_get_matches_from(words).map(|matches| drop(client::from_matches(&matches)))
}
