//! Whatever a time zone's file or rule says, the clock shows a time that there is.

use chinwag::cli::probes;
use std::time::{Duration, UNIX_EPOCH};

/// `f` and a file or `r` and a rule, after eight bytes that say when.
pub(super) fn run(input: &[u8]) {
    let Some((when, rest)) = input.split_first_chunk::<8>() else { return };
    let Some((&kind, zone)) = rest.split_first() else { return };
    // Most of all times are too far away to be one.
    let seconds = u64::from_le_bytes(*when);
    let Some(at) = UNIX_EPOCH.checked_add(Duration::from_secs(seconds)) else { return };
    let shown = match kind {
        b'f' => probes::time_by_file(zone, at),
        _ => std::str::from_utf8(zone).ok().and_then(|rule| probes::time_by_rule(rule, at)),
    };
    let Some(moment) = shown else { return };
    let ((_, month, day), (hour, minute, second)) = (moment.date, moment.time);
    assert!((1..=12).contains(&month) && (1..=31).contains(&day), "{moment:?}");
    assert!(hour < 24 && minute < 60 && second <= 60, "{moment:?}");
    let mut out = Vec::new();
    moment.write_iso(&mut out);
    moment.write_stamp(true, &mut out);
    assert!(out.iter().all(|byte| (b' '..=b'~').contains(byte)));
}
