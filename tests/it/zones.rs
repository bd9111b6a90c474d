//! Local time by our own reader of time zones, and by another one.

use chinwag::ui::zone::Zone;
use std::fs;
use std::path::{Path, PathBuf};
use tz::{DateTime, TimeZone};

/// Where systems have them.
const DATABASE: &str = "/usr/share/zoneinfo";

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Compares them at some times; says how many.
fn compare(what: &str, ours: &Zone, other: &TimeZone, times: impl Iterator<Item = i64>) -> usize {
    let mut count = 0;
    for seconds in times {
        // Where no rule says what follows, ours goes on as it was.
        let Ok(expected) = DateTime::from_timespec(seconds, 0, other.as_ref()) else { continue };
        let moment = ours.at(seconds);
        let date = (expected.year(), expected.month(), expected.month_day());
        let time = (expected.hour(), expected.minute(), expected.second());
        let offset = expected.local_time_type().ut_offset() / 60;
        assert_eq!((moment.date, moment.time, moment.offset), (date, time, offset), "{what} at {seconds}");
        count += 1;
    }
    count
}

#[test]
fn every_zone_of_this_machine_is_read_as_another_reader_does() {
    let mut paths = Vec::new();
    files(Path::new(DATABASE), &mut paths);
    let must_be = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!must_be || paths.len() > 100, "there is no {DATABASE}");
    for path in paths {
        let file = fs::read(&path).unwrap();
        let what = path.display().to_string();
        let Ok(other) = TimeZone::from_tz_data(&file) else { continue };
        let ours = Zone::from_file(&file).unwrap_or_else(|| panic!("{what} is a zone"));
        // Those that count leap seconds show a sixtieth second, which nobody who chats sees.
        let around = if what.contains("/right/") { -40..=-38 } else { -1..=1 };
        let changes = other.as_ref().transitions().iter().map(|change| change.unix_leap_time());
        let near = changes.flat_map(|change| around.clone().map(move |by| change.saturating_add(by)));
        let far = (-100..500).map(|step| step * 7_654_321);
        assert!(compare(&what, &ours, &other, near.chain(far)) > 0, "{what}");
    }
}

#[test]
fn rules_mean_what_they_mean_to_another_reader() {
    for rule in [
        "UTC0",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "EST5EDT,M3.2.0,M11.1.0",
        "AEST-10AEDT,M10.1.0,M4.1.0/3",
        "NST3:30NDT2:30,J60/0:30,J300/24:00:01",
        "AAA-12BBB-13:30:30,59,364/0",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
    ] {
        let (ours, other) = (Zone::from_rule(rule).unwrap(), TimeZone::from_posix_tz(rule).unwrap());
        // Each hour of two years, one of them a leap year, and then some.
        let hours = (0..2 * 366 * 24).flat_map(|hour| [0, 3599].map(|by| 1_690_000_000 + hour * 3600 + by));
        let compared = compare(rule, &ours, &other, hours.chain((0..2000).map(|step| step * 3_456_789)));
        assert!(compared > 30_000, "{rule}: {compared}");
    }
}
