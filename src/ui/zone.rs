//! Time zones: what a file of the tz database (RFC 9636) or a rule (POSIX's `TZ`) says about local time.

use super::moment::Moment;
use alloc::vec;
use alloc::vec::Vec;

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// No local time is further from UTC.
const FURTHEST: i64 = 26 * HOUR;

/// A week, in which a rule's time of day may lie.
const LATEST_HOUR: i64 = 167;

/// Years of times beyond it have no room in a `Moment`.
const END_OF_TIME: i64 = 1 << 55;

/// A time zone.
///
/// ```
/// use chinwag::ui::zone::Zone;
/// let berlin = Zone::from_rule("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
/// let mut out = Vec::new();
/// berlin.at(1_785_592_800).write_iso(&mut out);
/// assert_eq!(out, b"2026-08-01T16:00:00+02:00");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// From when on local time is how far ahead of UTC, in seconds: in order, the first from ever on.
    changes: Vec<(i64, i64)>,
    /// What holds after the last of them.
    rule: Option<Rule>,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { changes: vec![(i64::MIN, 0)], rule: None }
    }

    /// The zone that a file of the tz database describes; `None`, if that cannot be understood.
    pub fn from_file(file: &[u8]) -> Option<Self> {
        let mut block = Block::read(file, 4)?;
        let mut rule = None;
        if block.has_second {
            // The same again, for times of any size, and a rule for those to come.
            block = Block::read(block.rest, 8)?;
            let text = block.rest.strip_prefix(b"\n")?.split(|&byte| byte == b'\n').next()?;
            if !text.is_empty() {
                rule = Some(Rule::read(text)?);
            }
        }
        let mut changes = vec![(i64::MIN, block.offset(0)?)];
        for (time, &kind) in block.times.chunks_exact(block.width).zip(block.kinds) {
            changes.push((block.without_leap_seconds(number(time)), block.offset(kind)?));
        }
        Some(Self { changes, rule })
    }

    /// The zone of a rule, as `CET-1CEST,M3.5.0,M10.5.0/3`; `None`, if that cannot be understood.
    pub fn from_rule(rule: &str) -> Option<Self> {
        let rule = Some(Rule::read(rule.as_bytes().trim_ascii())?);
        Some(Self { rule, ..Self::utc() })
    }

    /// What clocks of this zone show, so many seconds after the beginning of 1970 in UTC.
    pub fn at(&self, seconds: i64) -> Moment {
        let seconds = seconds.clamp(-END_OF_TIME, END_OF_TIME);
        let past = self.changes.partition_point(|&(from, _)| from <= seconds);
        let offset = match &self.rule {
            Some(rule) if past == self.changes.len() => rule.offset_at(seconds),
            _ => self.changes.get(past.saturating_sub(1)).map_or(0, |&(_, offset)| offset),
        };
        let local = seconds + offset;
        let (year, month, day) = date(local.div_euclid(DAY));
        let of_day = local.rem_euclid(DAY);
        Moment {
            date: (year as i32, month as u8, day as u8),
            time: ((of_day / HOUR) as u8, (of_day / 60 % 60) as u8, (of_day % 60) as u8),
            offset: (offset / 60) as i32,
        }
    }
}

/// A header and its data: the counts in the one are the lengths in the other.
struct Block<'a> {
    has_second: bool,
    /// The bytes of a time.
    width: usize,
    times: &'a [u8],
    /// Which kind of local time begins then: an index of
    kinds: &'a [u8],
    /// six bytes each: how far it is ahead (4), whether it is summer, and where its name stands.
    types: &'a [u8],
    /// A time, and how many seconds have been inserted by then (4).
    leaps: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Block<'a> {
    fn read(bytes: &'a [u8], width: usize) -> Option<Self> {
        let (header, mut rest) = bytes.strip_prefix(b"TZif")?.split_at_checked(40)?;
        // Behind the version and 15 bytes for the future.
        let count = |index: usize| number(&header[16 + 4 * index..][..4]) as u32 as usize;
        let mut take = |count: usize, each: usize| -> Option<&'a [u8]> {
            let taken;
            (taken, rest) = rest.split_at_checked(count.saturating_mul(each))?;
            Some(taken)
        };
        let (times, kinds, types) = (take(count(3), width)?, take(count(3), 1)?, take(count(4), 6)?);
        take(count(5), 1)?;
        let leaps = take(count(2), width + 4)?;
        take(count(1), 1)?;
        take(count(0), 1)?;
        Some(Self { has_second: header[0] != 0, width, times, kinds, types, leaps, rest })
    }

    /// How far a kind of local time is ahead of UTC.
    fn offset(&self, kind: u8) -> Option<i64> {
        let offset = number(self.types.get(usize::from(kind) * 6..)?.get(..4)?);
        (offset.abs() < FURTHEST).then_some(offset)
    }

    /// Some files count the seconds that were inserted; the system's clock does not.
    fn without_leap_seconds(&self, time: i64) -> i64 {
        let mut inserted = 0;
        for leap in self.leaps.chunks_exact(self.width + 4) {
            let (from, so_far) = leap.split_at(self.width);
            if number(from) <= time {
                inserted = number(so_far);
            }
        }
        time.saturating_sub(inserted)
    }
}

/// What recurs each year.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    standard: i64,
    summer: i64,
    /// When summer time begins, and when it ends, each by the clock that is in force.
    turns: Option<[Turn; 2]>,
}

/// A day of any year, and a time in seconds after that day has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Turn {
    day: Day,
    time: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Day {
    /// This one of a month's days (Sunday is 0) of the week; the fifth is the last.
    Weekday { month: i64, week: i64, weekday: i64 },
    /// From 0.
    FromZero(i64),
    /// From 1; the 29th of February is not counted.
    Julian(i64),
}

impl Rule {
    fn read(text: &[u8]) -> Option<Self> {
        let mut text = Reader(text);
        text.skip_name()?;
        // West of Greenwich is positive.
        let standard = -text.read_time(24)?;
        let mut rule = Self { standard, summer: standard + HOUR, turns: None };
        if text.0.is_empty() {
            return Some(rule);
        }
        text.skip_name()?;
        if !text.skip(b',') {
            rule.summer = -text.read_time(24)?;
            text.skip(b',').then_some(())?;
        }
        let begin = text.read_turn()?;
        text.skip(b',').then_some(())?;
        rule.turns = Some([begin, text.read_turn()?]);
        text.0.is_empty().then_some(rule)
    }

    /// Which clock is in force is what the last turn says, be it of last year or, by UTC, of the next.
    fn offset_at(&self, seconds: i64) -> i64 {
        let Some([begin, end]) = &self.turns else { return self.standard };
        let (year, ..) = date((seconds + self.standard).div_euclid(DAY));
        let (mut last, mut offset) = (i64::MIN, self.standard);
        for year in year - 1..=year + 1 {
            for (turn, before, after) in
                [(begin, self.standard, self.summer), (end, self.summer, self.standard)]
            {
                let at = turn.in_year(year) - before;
                if (last..=seconds).contains(&at) {
                    (last, offset) = (at, after);
                }
            }
        }
        offset
    }
}

impl Turn {
    fn in_year(&self, year: i64) -> i64 {
        let new_year = days(year, 1, 1);
        let day = match self.day {
            Day::FromZero(day) => new_year + day,
            Day::Julian(day) => {
                let is_behind_leap_day = day >= 60 && days(year, 3, 1) - new_year == 60;
                new_year + day - 1 + i64::from(is_behind_leap_day)
            }
            Day::Weekday { month, week, weekday } => {
                let first = days(year, month, 1);
                // The first day of 1970 was a Thursday.
                let day = first + (weekday - first - 4).rem_euclid(7) + (week - 1) * 7;
                if day < days(year, month + 1, 1) { day } else { day - 7 }
            }
        };
        day * DAY + self.time
    }
}

/// What is left of a rule.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn skip(&mut self, byte: u8) -> bool {
        let rest = self.0.strip_prefix(&[byte]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Three letters or more, or what stands between `<` and `>`.
    fn skip_name(&mut self) -> Option<()> {
        let is_quoted = self.skip(b'<');
        let belongs = |byte: &u8| byte.is_ascii_alphabetic() || is_quoted && b"+-0123456789".contains(byte);
        let end = self.0.iter().position(|byte| !belongs(byte)).unwrap_or(self.0.len());
        self.0 = &self.0[end..];
        (end >= 3 && (!is_quoted || self.skip(b'>'))).then_some(())
    }

    fn read_number(&mut self, range: core::ops::RangeInclusive<i64>) -> Option<i64> {
        let digits = self.0.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        let number = number.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        (digits > 0 && range.contains(&number)).then_some(number)
    }

    /// `[+-]h[:m[:s]]`.
    fn read_time(&mut self, most_hours: i64) -> Option<i64> {
        let is_negative = self.skip(b'-');
        let _ = is_negative || self.skip(b'+');
        let mut time = self.read_number(0..=most_hours)? * HOUR;
        for unit in [60, 1] {
            if !self.skip(b':') {
                break;
            }
            time += self.read_number(0..=59)? * unit;
        }
        Some(if is_negative { -time } else { time })
    }

    fn read_turn(&mut self) -> Option<Turn> {
        let day = if self.skip(b'M') {
            let month = self.read_number(1..=12)?;
            self.skip(b'.').then_some(())?;
            let week = self.read_number(1..=5)?;
            self.skip(b'.').then_some(())?;
            Day::Weekday { month, week, weekday: self.read_number(0..=6)? }
        } else if self.skip(b'J') {
            Day::Julian(self.read_number(1..=365)?)
        } else {
            Day::FromZero(self.read_number(0..=365)?)
        };
        let time = if self.skip(b'/') { self.read_time(LATEST_HOUR)? } else { 2 * HOUR };
        Some(Turn { day, time })
    }
}

/// A number of four or eight bytes, with a sign, the highest first.
fn number(bytes: &[u8]) -> i64 {
    let sign = bytes.first().map_or(0, |&first| i64::from(first as i8 >> 7));
    bytes.iter().fold(sign, |number, &byte| number << 8 | i64::from(byte))
}

/// How many days after the first of 1970 a day is, in a year that begins in March at heart: so the leap
/// day is the last. The month after the twelfth is the first of the next year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let months = year * 12 + month - 3;
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    let of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// The reverse: the year, the month and the day.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    // In 400 years all is as it was.
    let (era, days) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (days - days / 1460 + days / 36_524 - days / 146_096) / 365;
    let of_year = days - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let months = (era * 400 + year) * 12 + month + 2;
    (months.div_euclid(12), months.rem_euclid(12) + 1, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn shown(zone: &Zone, seconds: i64) -> String {
        let mut out = Vec::new();
        zone.at(seconds).write_iso(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn days_and_dates_are_the_reverse_of_each_other() {
        for day in (-800_000..800_000).chain([-END_OF_TIME / DAY, END_OF_TIME / DAY]) {
            let (year, month, day_of_month) = date(day);
            assert_eq!(days(year, month, day_of_month), day);
        }
        assert_eq!((date(-1), date(0), date(11_016)), ((1969, 12, 31), (1970, 1, 1), (2000, 2, 29)));
        assert_eq!(days(2026, 13, 1), days(2027, 1, 1));
    }

    #[test]
    fn rules_that_are_none_are_refused() {
        for rule in [
            "",
            "UT",
            "UTC",
            "UTC+",
            "5",
            "<UTC0",
            "<U>0",
            "CET-25",
            "CET-1:60",
            "CET-1CEST",
            "CET-1CEST,",
            "CET-1CEST,M3.5.0",
            "CET-1CEST,M3.5.0,",
            "CET-1CEST,M3.5.0,M10.5.0/3x",
            "CET-1CEST,M13.5.0,M10.5.0",
            "CET-1CEST,M3.6.0,M10.5.0",
            "CET-1CEST,M3.5.7,M10.5.0",
            "CET-1CEST,J0,J1",
            "CET-1CEST,366,1",
            "CET-1CEST,1,2/168",
            "UTC0\n0",
        ] {
            assert_eq!(Zone::from_rule(rule), None, "{rule}");
        }
    }

    #[test]
    fn rules_of_all_forms() {
        for (rule, seconds, expected) in [
            ("UTC0", 0, "1970-01-01T00:00:00+00:00"),
            (" CET-1CEST,M3.5.0,M10.5.0/3\n", 1_782_907_509, "2026-07-01T14:05:09+02:00"),
            ("NST3:30", 1_769_951_109, "2026-02-01T09:35:09-03:30"),
            ("<-03>+3:00:00", 0, "1969-12-31T21:00:00-03:00"),
            // Summer on the south, over the turn of the year.
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_767_225_600, "2026-01-01T11:00:00+11:00"),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_780_000_000, "2026-05-29T06:26:40+10:00"),
            // Summer for ever, and the turn from one to the next.
            ("EST5EDT,0/0,J365/25", 1_767_243_600, "2026-01-01T01:00:00-04:00"),
            ("EST5EDT,0/0,J365/25", 1_767_243_599, "2026-01-01T00:59:59-04:00"),
            // The 60th day is the first of March in each year by the one, and in common years by the other.
            ("AAA0BBB,J60/0,J61/0", 1_709_251_200, "2024-03-01T01:00:00+01:00"),
            ("AAA0BBB,59/0,60/0", 1_709_164_800, "2024-02-29T01:00:00+01:00"),
            ("AAA0BBB-0:30,M2.5.4/-1,M12.5.4/167", 1_709_161_200, "2024-02-28T23:30:00+00:30"),
        ] {
            assert_eq!(shown(&Zone::from_rule(rule).unwrap(), seconds), expected, "{rule} {seconds}");
        }
        assert_eq!(shown(&Zone::utc(), i64::MAX), "1141709097-06-13T06:26:08+00:00");
        assert_eq!(Zone::from_rule("UTC0").unwrap().at(i64::MIN).time, (17, 33, 52));
    }
}
