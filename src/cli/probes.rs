//! What the fuzz targets try out of the edge, which is private otherwise; the programs use none of it.

use super::client;
use crate::net::clock::Clock;
use crate::ui::moment::Moment;
use std::ffi::OsString;
use std::time::SystemTime;
use tz::TimeZone;
use tz::timezone::TimeZoneSettings;

/// Whether the client understands these words, the program's name first.
///
/// # Errors
/// As [`server::Options::parse`](super::server::Options::parse).
pub fn parse_client(words: Vec<OsString>) -> Result<(), clap::Error> {
    client::definition().try_get_matches_from(words).map(|matches| drop(client::from_matches(&matches)))
}

/// What a clock shows in the zone that this file describes, if it describes one.
pub fn time_by_file(file: &[u8], at: SystemTime) -> Option<Moment> {
    TimeZone::from_tz_data(file).ok().map(|zone| Clock::new(zone).at(at))
}

/// What a clock shows in the zone of this name, if it is a rule and not the name of a file.
pub fn time_by_rule(rule: &str, at: SystemTime) -> Option<Moment> {
    let settings = TimeZoneSettings::new(&[], |_| Err("no files".into()));
    settings.parse_posix_tz(rule).ok().map(|zone| Clock::new(zone).at(at))
}
