//! Whatever a time zone's file or rule says, the clock shows a time that there is.

use chinwag::ui::zone::Zone;

/// `f` and a file or `r` and a rule, after eight bytes that say when.
pub(super) fn run(input: &[u8]) {
    let Some((when, rest)) = input.split_first_chunk::<8>() else { return };
    let Some((&kind, zone)) = rest.split_first() else { return };
    let zone = match kind {
        b'f' => Zone::from_file(zone),
        _ => std::str::from_utf8(zone).ok().and_then(Zone::from_rule),
    };
    let Some(moment) = zone.map(|zone| zone.at(i64::from_le_bytes(*when))) else { return };
    let ((_, month, day), (hour, minute, second)) = (moment.date, moment.time);
    assert!((1..=12).contains(&month) && (1..=31).contains(&day), "{moment:?}");
    assert!(hour < 24 && minute < 60 && second < 60, "{moment:?}");
    let mut out = Vec::new();
    moment.write_iso(&mut out);
    moment.write_stamp(true, &mut out);
    assert!(out.iter().all(|byte| (b' '..=b'~').contains(byte)));
}
