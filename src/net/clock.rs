//! Local time.

use crate::ui::moment::Moment;
use crate::wire::format::note;
use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{SystemTime, UNIX_EPOCH};
use tz::timezone::TimeZoneSettings;
use tz::{DateTime, TimeZone};

/// A longer file is no time zone: the longest of them all has some 4 KiB.
const LONGEST_ZONE: u64 = 64 * 1024;

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
        let named = std::env::var("TZ");
        let zone = zone(named.as_deref().unwrap_or("localtime")).unwrap_or_else(|error| {
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

/// A zone as `TZ` names it: a rule, or a file.
fn zone(name: &str) -> Result<TimeZone, tz::Error> {
    TimeZoneSettings::new(TimeZoneSettings::DEFAULT_DIRECTORIES, |path| Ok(read(path)?)).parse_posix_tz(name)
}

/// Reads a zone's file. Whatever it is, it neither holds us up nor fills the memory.
fn read(path: &str) -> io::Result<Vec<u8>> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path)?;
    let mut bytes = Vec::new();
    if file.metadata()?.is_file() {
        file.take(LONGEST_ZONE + 1).read_to_end(&mut bytes)?;
    }
    let is_zone = (1..=LONGEST_ZONE).contains(&(bytes.len() as u64));
    if is_zone { Ok(bytes) } else { Err(io::ErrorKind::InvalidData.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn what_is_no_zone_is_read_neither_for_ever_nor_without_bound() {
        let folder = std::env::temp_dir().join(format!("chinwag-zones-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        assert!(Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
        // The same zone twice, as the format has it, with nothing in the first, and a rule.
        let block = |version: &[u8]| [b"TZif", version, &[0; 15 + 4 * 4 + 3], &[1, 0, 0, 0, 1]].concat();
        let data = [0_u8; 6 + 1];
        let zone_file =
            [block(b"2"), data.to_vec(), block(b"2"), data.to_vec(), b"\nABC-2\n".to_vec()].concat();
        let most = LONGEST_ZONE as usize;
        std::fs::write(path("zone"), &zone_file).unwrap();
        std::fs::write(path("cut"), &zone_file[..60]).unwrap();
        std::fs::write(path("empty"), "").unwrap();
        for (name, length) in [("short", most - 1), ("longest", most), ("long", most + 1)] {
            std::fs::write(path(name), vec![b'x'; length]).unwrap();
            assert_eq!(read(&path(name)).map_or(0, |bytes| bytes.len()), length % (most + 1));
        }
        for name in ["fifo", "cut", "empty", "short", "longest", "long", "none", "."] {
            for form in ["", ":"] {
                assert!(zone(&format!("{form}{}", path(name))).is_err(), "{form}{name}");
            }
        }
        for name in ["/dev/zero", ":/dev/zero", "/dev/full", "/dev/tty", "", ":", "../../../etc/passwd"] {
            assert!(zone(name).is_err(), "{name}");
        }
        for form in ["", ":"] {
            let zone = zone(&format!("{form}{}", path("zone"))).unwrap();
            let mut shown = Vec::new();
            Clock::new(zone).at(UNIX_EPOCH).write_iso(&mut shown);
            assert_eq!(String::from_utf8(shown).unwrap(), "1970-01-01T02:00:00+02:00");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
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
