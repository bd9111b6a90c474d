//! Local time.

use crate::ui::moment::Moment;
use crate::ui::zone::Zone;
use crate::wire::format::note;
use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A longer file is no time zone: the longest of them all has some 4 KiB.
const LONGEST_ZONE: u64 = 64 * 1024;

/// Where the tz database may be.
const FOLDERS: [&str; 3] = ["/usr/share/zoneinfo", "/share/zoneinfo", "/etc/zoneinfo"];

/// The local time zone: `TZ`, or the system's.
#[derive(Debug)]
pub(crate) struct Clock {
    zone: Zone,
}

impl Clock {
    /// Local time, or UTC where the zone is not known.
    pub(crate) fn local() -> Self {
        let named = std::env::var("TZ");
        let zone = zone(named.as_deref().unwrap_or("localtime")).unwrap_or_else(|error| {
            match named.as_deref() {
                // POSIX leaves it open what an empty one means: UTC, for most programs.
                Err(_) | Ok("") => note!(Info, "the local time zone is not known, times are in UTC: {error}"),
                Ok(name) => note!(
                    Error,
                    "no time zone {name:?} is known here, times are in UTC: a rule as CET-1CEST,M3.5.0,M10.5.0/3 in TZ \
                     needs no files"
                ),
            }
            Zone::utc()
        });
        Self { zone }
    }

    /// What this clock shows at `time`.
    pub(crate) fn at(&self, time: SystemTime) -> Moment {
        let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        self.zone.at(seconds as i64)
    }
}

/// A zone as `TZ` names it: a file, or a rule.
fn zone(name: &str) -> io::Result<Zone> {
    let no_zone = || io::Error::from(io::ErrorKind::InvalidData);
    if name.is_empty() {
        return Err(no_zone());
    }
    let path = name.strip_prefix(':').unwrap_or(name);
    let file = match path {
        "localtime" => read("/etc/localtime"),
        _ if path.starts_with('/') => read(path),
        _ => {
            let mut files = FOLDERS.iter().map(|folder| read(&format!("{folder}/{path}")));
            files.find(Result::is_ok).unwrap_or_else(|| Err(no_zone()))
        }
    };
    match file {
        Ok(file) => Zone::from_file(&file).ok_or_else(no_zone),
        // Only what begins with a colon is always a file.
        Err(error) => Zone::from_rule(name).ok_or(error),
    }
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
            Clock { zone }.at(UNIX_EPOCH).write_iso(&mut shown);
            assert_eq!(String::from_utf8(shown).unwrap(), "1970-01-01T02:00:00+02:00");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn clocks_show_local_time() {
        let table = [
            ("UTC0", 0, "[1970-01-01 00:00] ", "1970-01-01T00:00:00+00:00"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_782_907_509, "[2026-07-01 14:05] ", "2026-07-01T14:05:09+02:00"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", 1_769_951_109, "[2026-02-01 14:05] ", "2026-02-01T14:05:09+01:00"),
            ("NST3:30", 1_769_951_109, "[2026-02-01 09:35] ", "2026-02-01T09:35:09-03:30"),
        ];
        for (zone, seconds, stamp, iso) in table {
            let clock = Clock { zone: Zone::from_rule(zone).unwrap() };
            let moment = clock.at(UNIX_EPOCH + std::time::Duration::from_secs(seconds));
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
