//! Local time.

use crate::ui::moment::Moment;
use crate::wire::format::note;
use std::time::{SystemTime, UNIX_EPOCH};
use tz::{DateTime, TimeZone};

/// The local time zone: `TZ`, or the system's.
#[derive(Debug)]
pub(crate) struct Clock {
    zone: TimeZone,
}

impl Clock {
    /// The time in this zone.
    pub(crate) const fn new(zone: TimeZone) -> Self {
        Self { zone }
    }

    /// Local time, or UTC where the zone is not known.
    pub(crate) fn local() -> Self {
        let named = std::env::var("TZ").map(|zone| TimeZone::from_posix_tz(&zone));
        let zone = named.unwrap_or_else(|_| TimeZone::local()).unwrap_or_else(|error| {
            note!(Info, "the local time zone is not known, times are in UTC: {error}");
            TimeZone::utc()
        });
        Self::new(zone)
    }

    /// What this clock shows at `time`.
    pub(crate) fn at(&self, time: SystemTime) -> Moment {
        let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let seconds = i64::try_from(seconds).unwrap_or(0);
        let local = DateTime::from_timespec(seconds, 0, self.zone.as_ref())
            .or_else(|_| DateTime::from_timespec(seconds, 0, TimeZone::utc().as_ref()));
        local.map_or(Moment { date: (1970, 1, 1), time: (0, 0, 0), offset: 0 }, |local| Moment {
            date: (local.year(), local.month(), local.month_day()),
            time: (local.hour(), local.minute(), local.second()),
            offset: local.local_time_type().ut_offset() / 60,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn clocks_show_local_time() {
        let table = [
            ("UTC0", 0, "[1970-01-01 00:00] ", "1970-01-01T00:00:00+00:00"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_782_907_509, "[2026-07-01 14:05] ", "2026-07-01T14:05:09+02:00"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_769_951_109, "[2026-02-01 14:05] ", "2026-02-01T14:05:09+01:00"),
            ("NST3:30", 1_769_951_109, "[2026-02-01 09:35] ", "2026-02-01T09:35:09-03:30"),
        ];
        for (zone, seconds, stamp, iso) in table {
            let clock = Clock { zone: TimeZone::from_posix_tz(zone).unwrap() };
            let moment = clock.at(UNIX_EPOCH + Duration::from_secs(seconds));
            let mut out = Vec::new();
            moment.write_stamp(true, &mut out);
            assert_eq!(String::from_utf8(std::mem::take(&mut out)).unwrap(), stamp);
            moment.write_stamp(false, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), format!("[{}", &stamp[12..]));
            out.clear();
            moment.write_iso(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), iso);
        }
    }
}
