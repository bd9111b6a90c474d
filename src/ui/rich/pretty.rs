//! The text of `--pretty`'s lines. Nothing is wrapped or cut: a long message is one line, to be copied as one.
//!
//! ```text
//!   14:05 → bob: shall we have lunch? ✓
//!         bob: in ten minutes
//!         ── new since 14:05 ──
//!   14:07 ann: back yet?
//! ```

use super::own::Sent;
use super::palette;
use crate::client::notice::Notice;
use crate::ui::display;
use crate::ui::moment::Moment;
use crate::wire::escape::{self, Rule};
use crate::wire::format::Text;
use crate::wire::protocol;
use crate::wire::sizes::SCREEN_PIECE;
use alloc::vec::Vec;
use core::fmt::Write as _;
use unicode_width::UnicodeWidthStr;

/// How wide the margin is.
const MARGIN: usize = 6;
/// A longer name takes more than one column of a list.
const WIDEST_COLUMN: usize = 24;
/// Columns where nobody knows how many there are.
const USUAL_COLUMNS: usize = 80;

/// Writes lines.
#[derive(Debug)]
pub(in crate::ui) struct Pen<'a> {
    pub(in crate::ui) out: &'a mut Vec<u8>,
    pub(in crate::ui) colored: bool,
    /// How strangers' texts are made harmless, if they are.
    pub(in crate::ui) escape: Option<Rule>,
    /// The terminal's width.
    pub(in crate::ui) columns: u16,
}

/// What the server made of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Verdict {
    Taken,
    Refused(&'static str),
}

impl Verdict {
    /// What a notice says of a message with this text, if it is an answer to one.
    pub(in crate::ui) fn of(notice: &Notice<'_>, text: &[u8]) -> Option<Self> {
        Some(match notice {
            Notice::Sent => Self::Taken,
            Notice::NoSuchUser => Self::Refused("nobody of this name is online"),
            Notice::BadBody if text.is_empty() => Self::Refused("a message needs a text"),
            Notice::BadBody => Self::Refused("the server does not take this text"),
            Notice::BadHeader => Self::Refused("the server does not understand this"),
            _ => return None,
        })
    }
}

impl Pen<'_> {
    /// The time, if it differs in its minute from the last one shown; the date before it, if that does.
    pub(in crate::ui) fn margin(&mut self, now: Option<Moment>, before: Option<Moment>) {
        let Some(now) = now else { return };
        let minute = |moment: Moment| (moment.date, moment.time.0, moment.time.1);
        if before.is_some_and(|before| before.date != now.date) {
            let (year, month, day) = now.date;
            self.dim(format_args!("── {year:04}-{month:02}-{day:02} ──\n"));
        }
        if before.map(minute) == Some(minute(now)) {
            self.out.resize(self.out.len() + MARGIN, b' ');
        } else {
            self.dim(format_args!("{:02}:{:02} ", now.time.0, now.time.1));
        }
    }

    /// The mark before the first message that came while nobody looked.
    pub(in crate::ui) fn unread_mark(&mut self, since: Moment) {
        self.out.resize(self.out.len() + MARGIN, b' ');
        self.dim(format_args!("── new since {:02}:{:02} ──", since.time.0, since.time.1));
        self.out.push(b'\n');
    }

    /// A message of the user's own, or a question to nobody, without its end.
    pub(in crate::ui) fn own(&mut self, to: &[u8], text: &[u8]) {
        self.dim(format_args!("→ "));
        if !to.is_empty() {
            self.name(to);
            self.out.extend_from_slice(b": ");
        }
        self.theirs(self.escape, text);
    }

    /// What became of it, behind it.
    pub(in crate::ui) fn verdict(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Taken => self.dim(format_args!(" ✓")),
            Verdict::Refused(why) => self.red(format_args!(" ✗ {why}")),
        }
    }

    /// What became of a message that was shown before, in a line of its own.
    pub(in crate::ui) fn late_verdict(&mut self, sent: &Sent, verdict: Verdict) {
        match verdict {
            Verdict::Taken => self.dim(format_args!("✓ ")),
            Verdict::Refused(_) => self.red(format_args!("✗ ")),
        }
        self.name(&sent.to);
        let is_dim = self.colored && verdict == Verdict::Taken;
        self.out.extend_from_slice(if is_dim { b"\x1b[2m" } else { b"" });
        self.out.extend_from_slice(b": ");
        self.theirs(self.escape, &sent.text);
        self.out.extend_from_slice(if sent.is_cut { "…".as_bytes() } else { b"" });
        self.out.extend_from_slice(if is_dim { b"\x1b[0m" } else { b"" });
        if let Verdict::Refused(why) = verdict {
            self.red(format_args!(" ({why})"));
        }
        self.out.push(b'\n');
    }

    /// A notice, or the piece of it that begins at `from`; returns where the next one begins.
    pub(in crate::ui) fn notice(&mut self, notice: &Notice<'_>, from: usize) -> Option<usize> {
        if let Notice::Online(names) = notice {
            return self.names(names, from);
        }
        let style = display::Style { escape: self.escape, ..display::Style::default() };
        match notice {
            Notice::From { name, text } if from == 0 => {
                self.name(name);
                self.out.extend_from_slice(b": ");
                display::write_text(text, 0, style, self.out)
            }
            Notice::LoggedIn(_) => {
                let [before, name, behind, _] = display::parts(notice);
                self.out.extend_from_slice(before);
                self.name(name);
                self.out.extend_from_slice(behind);
                self.out.push(b'\n');
                None
            }
            _ => display::write(notice, from, style, self.out),
        }
    }

    /// How many there are, and their names in columns: in the same row, if they fit.
    fn names(&mut self, list: &[u8], from: usize) -> Option<usize> {
        let columns = if self.columns == 0 { USUAL_COLUMNS } else { usize::from(self.columns) };
        let widest = || protocol::names(list).map(width).max().unwrap_or(0);
        let cell = if list.len() > SCREEN_PIECE { WIDEST_COLUMN } else { (widest() + 2).min(WIDEST_COLUMN) };
        // The last cell of a row needs no space behind it.
        let cells = ((columns.saturating_sub(MARGIN) + 2) / cell).max(1);
        if from == 0 {
            // Writing to a vector cannot fail.
            let _ = writeln!(Text(self.out), "{} online", protocol::names(list).count());
        }
        let mut at = from;
        let mut used = 0;
        for part in list[from..].split(|&byte| byte == b',') {
            let name = protocol::without_spaces(part);
            if !name.is_empty() {
                let width = width(name);
                let needed = (width + 2).div_ceil(cell);
                if used > 0 && used + needed > cells {
                    self.end_row();
                    used = 0;
                    if at - from > SCREEN_PIECE {
                        return Some(at);
                    }
                }
                let before = if used == 0 { MARGIN } else { 0 };
                self.out.resize(self.out.len() + before, b' ');
                self.name(name);
                used += needed;
                self.out.resize(self.out.len() + needed * cell - width, b' ');
            }
            at += part.len() + 1;
        }
        if used > 0 {
            self.end_row();
        }
        None
    }

    fn end_row(&mut self) {
        while self.out.last() == Some(&b' ') {
            self.out.pop();
        }
        self.out.push(b'\n');
    }

    fn name(&mut self, name: &[u8]) {
        if !self.colored {
            return self.theirs(self.escape.and(Some(Rule::Name)), name);
        }
        let _ = write!(Text(self.out), "\x1b[38;5;{}m", palette::color_of(name));
        self.theirs(self.escape.and(Some(Rule::Name)), name);
        self.out.extend_from_slice(b"\x1b[0m");
    }

    fn theirs(&mut self, rule: Option<Rule>, theirs: &[u8]) {
        match rule {
            Some(rule) => escape::append_by(rule, theirs, self.out),
            None => self.out.extend_from_slice(theirs),
        }
    }

    fn dim(&mut self, ours: core::fmt::Arguments<'_>) {
        let _ = if self.colored {
            write!(Text(self.out), "\x1b[2m{ours}\x1b[0m")
        } else {
            Text(self.out).write_fmt(ours)
        };
    }

    fn red(&mut self, ours: core::fmt::Arguments<'_>) {
        let _ = if self.colored {
            write!(Text(self.out), "\x1b[38;5;{}m{ours}\x1b[0m", palette::FAILED)
        } else {
            Text(self.out).write_fmt(ours)
        };
    }
}

/// How many cells a name takes.
fn width(name: &[u8]) -> usize {
    let mut shown = Vec::with_capacity(name.len());
    escape::append_by(Rule::Name, name, &mut shown);
    core::str::from_utf8(&shown).map_or(shown.len(), UnicodeWidthStr::width)
}
