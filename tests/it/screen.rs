//! What a person sees: the bytes of a pseudo-terminal through a terminal emulator.

use crate::terminal::Seat;
use std::num::NonZero;

/// More rows than any test fills.
const SCROLLBACK: usize = 20_000;

/// A terminal's screen, and what has scrolled off it.
pub(crate) struct Screen {
    emulator: vt100::Parser,
    /// How many bytes of the terminal's output it has shown.
    seen: usize,
}

impl Screen {
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        Self { emulator: vt100::Parser::new(size(rows), size(columns), SCROLLBACK), seen: 0 }
    }

    /// What a screen shows after all of this.
    pub(crate) fn showing(columns: u16, rows: u16, bytes: &[u8]) -> Self {
        let mut screen = Self::new(columns, rows);
        screen.emulator.process(bytes);
        screen
    }

    /// Whether the terminal marks pastes.
    pub(crate) fn marks_pastes(&self) -> bool {
        self.emulator.screen().bracketed_paste()
    }

    /// Every line from the first one on, rows that go on in the next one being one line, with a `|`
    /// where the cursor stands. Empty lines at the end, and blanks at the end of lines, do not count,
    /// nor does what is dim: it is no part of the line before it.
    pub(crate) fn lines(&mut self) -> Vec<String> {
        let screen = self.emulator.screen_mut();
        let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
        let (cursor_row, cursor_column) = screen.cursor_position();
        let scrolled = screen.scrollback_len();
        let (mut lines, mut line) = (Vec::new(), String::new());
        for index in 0..scrolled + usize::from(rows) {
            let back = scrolled.saturating_sub(index);
            screen.set_scrollback(back);
            let row = u16::try_from(index + back - scrolled).unwrap();
            let cursor = (back == 0 && row == cursor_row).then_some(cursor_column);
            append_row(screen, row, columns, cursor, &mut line);
            if !goes_on(screen, row, columns) {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
        }
        let filled = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        lines.truncate(filled);
        lines
    }
}

/// Whether a line goes on in the next row. The emulator does not say so where the last cell stayed
/// empty because a wide character did not fit.
fn goes_on(screen: &vt100::Screen, row: u16, columns: u16) -> bool {
    let cell = |row, column| screen.cell(row, column).unwrap();
    screen.row_wrapped(row)
        || screen.cell(row + 1, 0).is_some_and(vt100::Cell::is_wide)
            && !cell(row, columns - 1).has_contents()
            && !cell(row, columns - 1).is_wide_continuation()
            && cell(row, columns - 2).is_wide_continuation()
}

/// Appends what stands in a row. Cells behind it where nothing was ever written are no blanks: the
/// last one may have been too narrow for a wide character.
fn append_row(screen: &vt100::Screen, row: u16, columns: u16, cursor: Option<u16>, line: &mut String) {
    let mut blanks = 0;
    for column in 0..=columns {
        let cell = screen.cell(row, column);
        let contents = cell.filter(|cell| !cell.dim()).map_or("", vt100::Cell::contents);
        let here = cursor == Some(column);
        if here || !contents.is_empty() {
            line.extend(std::iter::repeat_n(' ', std::mem::take(&mut blanks)));
            line.extend(here.then_some('|'));
            line.push_str(contents);
        }
        if contents.is_empty() && cell.is_some_and(|cell| !cell.is_wide_continuation()) {
            blanks += 1;
        }
    }
}

fn size(number: u16) -> NonZero<u16> {
    NonZero::new(number).unwrap()
}

impl Seat {
    /// Waits until the screen, with all that has scrolled off it, is as wanted.
    #[track_caller]
    pub(crate) fn sees(&mut self, wanted: impl Fn(&[String]) -> bool) {
        self.follow(|screen, _| wanted(&screen.lines()));
    }

    /// Waits until anything more is written to the screen.
    #[track_caller]
    pub(crate) fn is_drawn_on(&mut self) {
        self.follow(|_, bytes| !bytes.is_empty());
    }

    #[track_caller]
    fn follow(&mut self, mut is_enough: impl FnMut(&mut Screen, &[u8]) -> bool) {
        let mut seen = self.screen.seen;
        let screen = &mut self.screen;
        let came = self.program.output.follow(&mut seen, |bytes| {
            screen.emulator.process(bytes);
            is_enough(screen, bytes)
        });
        self.screen.seen = seen;
        assert!(came, "the screen shows:\n{}", self.screen.lines().join("\n"));
    }

    /// Waits until these are the last lines on the screen.
    #[track_caller]
    pub(crate) fn shows<T: AsRef<str> + std::fmt::Debug>(&mut self, last: &[T]) {
        let is_last = |lines: &[String]| {
            let from = lines.len().checked_sub(last.len());
            from.is_some_and(|from| {
                lines[from..].iter().zip(last).all(|(line, wanted)| line == wanted.as_ref())
            })
        };
        self.sees(is_last);
    }

    /// Waits until these are all the lines there are.
    #[track_caller]
    pub(crate) fn shows_only<T: AsRef<str>>(&mut self, all: &[T]) {
        self.sees(|lines| lines.iter().map(String::as_str).eq(all.iter().map(AsRef::as_ref)));
    }

    /// Gives the terminal another size.
    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        self.screen.emulator.screen_mut().set_size(size(rows), size(columns));
        self.terminal.resize(columns, rows);
    }
}
