//! A point in time as people and log files write it.

use crate::wire::format::Text;
use alloc::vec::Vec;
use core::fmt::Write as _;

/// A point in time, as clocks on the wall show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Year, month and day of the month, both from 1.
    pub date: (i32, u8, u8),
    /// Hour, minute and second.
    pub time: (u8, u8, u8),
    /// How far local time is ahead of UTC, in minutes.
    pub offset: i32,
}

impl Moment {
    /// Appends `[14:05] `, or `[2026-02-01 14:05] ` with the date.
    pub fn write_stamp(&self, with_date: bool, out: &mut Vec<u8>) {
        let ((year, month, day), (hour, minute, _)) = (self.date, self.time);
        // Writing to a vector cannot fail.
        let _ = if with_date {
            write!(Text(out), "[{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}] ")
        } else {
            write!(Text(out), "[{hour:02}:{minute:02}] ")
        };
    }

    /// Appends `2026-02-01T14:05:09+01:00` (ISO 8601, RFC 3339).
    pub fn write_iso(&self, out: &mut Vec<u8>) {
        let ((year, month, day), (hour, minute, second)) = (self.date, self.time);
        let sign = if self.offset < 0 { '-' } else { '+' };
        let (hours, minutes) = (self.offset.abs() / 60, self.offset.abs() % 60);
        // Writing to a vector cannot fail.
        let _ = write!(
            Text(out),
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{sign}{hours:02}:{minutes:02}"
        );
    }
}
