//! What the screen shows of prompt and line, and the fewest bytes that make it show something else.
//!
//! Wrapping is left to the terminal: no row ends with a line feed, so that a long line is selected and copied as one. A line
//! taller than the screen is shown through a window of whole rows, as what has scrolled off cannot be erased; it leaves a row
//! for what arrives, and moves by half its height, so that a long text typed costs a constant number of bytes for each.

mod resize;

use alloc::vec::Vec;
use core::mem;

use super::layout::{Layout, Place, Start, push_rows};
use super::terminal::Terminal;
use super::text;
use crate::wire::copy::append;

/// Columns and rows when the terminal does not know.
const USUAL_SIZE: (u16, u16) = (80, 24);
/// So many columns at the end are taken back one by one; more, and the line is drawn anew.
const MAX_BACKSPACES: usize = 8;
const DIM: &[u8] = b"\x1b[2m";
/// Some terminals have no other end of it than that of everything.
const NOT_DIM: &[u8] = b"\x1b[m";

/// The rows on the screen that are the editor's own.
#[derive(Debug)]
pub(super) struct View {
    columns: usize,
    rows: usize,
    layout: Layout,
    /// The row of the text that is the first one on the screen, or was when there was one.
    top: usize,
    /// What of ours is on the screen. If nothing is, the cursor is in the first column of an empty row.
    shown: Option<Shown>,
    /// What stands dim behind the cursor, which is at the end of the text: harmless, and within the row.
    ghost: Vec<u8>,
    /// The screen shows it otherwise than it should be.
    stale: bool,
    lead: Lead,
    terminal: Terminal,
}

/// What the terminal takes for one line with our first row on the screen: that is in front of it, above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Lead {
    #[default]
    Nothing,
    /// The rows of the text above `top`, which the terminal has scrolled off by itself.
    Text,
    /// So many cells that were ours, and cannot be erased.
    Remains(usize),
}

/// A text on the screen.
#[derive(Clone, Copy, Debug)]
struct Shown {
    /// Its length in bytes; the rows above `top`, and those below the screen, are not seen.
    len: usize,
    /// Where the terminal's cursor stands; not above `top`.
    at: Place,
    /// That is behind all of the text.
    at_end: bool,
    /// Where the text ends, or the window, if that ends before.
    end: Place,
}

impl View {
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        let (columns, rows) = size(columns, rows);
        Self {
            columns,
            rows,
            layout: Layout::new(columns),
            top: 0,
            shown: None,
            ghost: Vec::new(),
            stale: false,
            lead: Lead::default(),
            terminal: Terminal::default(),
        }
    }

    /// The cursor is at the start of an empty row, and another text begins.
    pub(super) fn start_afresh(&mut self) {
        if let Some(size) = self.terminal.forget_drawing() {
            (self.columns, self.rows) = size;
        }
        self.layout = Layout::new(self.columns);
        self.top = 0;
        self.shown = None;
        self.stale = false;
        self.lead = Lead::Nothing;
        self.ghost.clear();
    }

    /// The screen shows all of `text`, with the cursor behind it, by somebody else's doing.
    pub(super) fn assume_drawn(&mut self, text: &[u8]) {
        self.start_afresh();
        if !text.is_empty() {
            let at = self.layout.place(text, text.len()).0;
            self.shown = Some(Shown { len: text.len(), at, at_end: true, end: at });
        }
    }

    /// Makes the screen show `text`, of which all from `from` on may have changed since the last time.
    pub(super) fn update(&mut self, text: &[u8], cursor: usize, from: usize, out: &mut Vec<u8>) {
        self.give_up();
        self.layout.forget(from);
        let target = self.layout.place(text, cursor).0;
        let top = self.choose_top(text, target.row);
        if from < text.len() || self.shown.is_none_or(|shown| shown.len != text.len() || shown.at != target) {
            self.erase_ghost(out);
        }
        let Some(shown) = self.shown.filter(|_| top == self.top && !self.stale) else {
            return self.redraw(text, target, top, out);
        };
        let kept = from.min(text.len());
        let at_end = cursor == text.len();
        let is_same = kept == shown.len && text.len() == shown.len;
        let end = self.window_end(text).0;
        let done = (is_same && self.go(shown.at, target, out))
            || (at_end && shown.at_end && self.extend(text, kept, shown, target, out))
            || self.rewrite(text, kept, shown, (target, end), out);
        if done {
            self.shown = Some(Shown { len: text.len(), at: target, at_end, end });
        } else {
            self.redraw(text, target, top, out);
        }
    }

    /// How many columns there are for a ghost.
    pub(super) fn room(&self) -> usize {
        let column = match self.shown {
            Some(Shown { at, at_end: true, .. }) => at.column,
            _ => self.columns,
        };
        // In the last column it would leave the terminal waiting for its wrap.
        self.columns.saturating_sub(column + 1)
    }

    pub(super) fn has_ghost(&self) -> bool {
        !self.ghost.is_empty()
    }

    /// Shows a text from `from` on dim behind the cursor, where the text that is shown ends: as much of it as the row has place
    /// for. It is no part of the line, and goes with the next change. Nothing is shown for an empty one, and inside of the text.
    pub(super) fn set_ghost(&mut self, text: &[u8], from: usize, out: &mut Vec<u8>) {
        let (ghost, width) = text::cut(text, from, self.room());
        if ghost == self.ghost {
            return;
        }
        self.erase_ghost(out);
        if width > 0 {
            append(out, DIM);
            append(out, &ghost);
            append(out, NOT_DIM);
            push_motion(width, b'D', out);
        }
        self.ghost = ghost;
    }

    /// Takes the ghost off the screen: to be called before anything else is written.
    pub(super) fn erase_ghost(&mut self, out: &mut Vec<u8>) {
        if !self.ghost.is_empty() {
            append(out, b"\x1b[K");
            self.ghost.clear();
        }
    }

    /// Which row is to be the first one on the screen, so that the cursor's row is there.
    fn choose_top(&mut self, text: &[u8], row: usize) -> usize {
        let height = self.height();
        if self.lead == Lead::Text && row >= self.top && !self.layout.is_taller(text, self.top + self.rows) {
            self.top
        } else if !self.layout.is_taller(text, height) {
            0
        } else if (self.top..self.top + height).contains(&row) {
            self.top
        } else {
            row.saturating_sub(height / 2)
        }
    }

    /// How many rows may be ours.
    fn height(&self) -> usize {
        self.rows.saturating_sub(1).max(1)
    }

    /// Where the text ends, and None; or where the window ends, and what is first below it.
    fn window_end(&mut self, text: &[u8]) -> (Place, Option<Start>) {
        let height = if self.lead == Lead::Text { self.rows } else { self.height() };
        let bottom = self.top + height;
        match self.layout.start(text, bottom) {
            None => (self.layout.place(text, text.len()).0, None),
            // How full that row is does not matter: from a pending wrap every motion starts with a `\r`.
            below => (Place { row: bottom - 1, column: self.columns }, below),
        }
    }

    /// Changes only the end of what is shown. False if that is not all that changes.
    fn extend(&mut self, text: &[u8], kept: usize, shown: Shown, end: Place, out: &mut Vec<u8>) -> bool {
        (kept >= shown.len && self.append(text, shown, end, out))
            || (kept == text.len() && self.take_back(shown.at, end, out))
    }

    /// Writes what has changed and all behind it, over what was there. False if that is more than the window shows, or has
    /// to begin where the cursor cannot be put.
    fn rewrite(
        &mut self,
        text: &[u8],
        kept: usize,
        shown: Shown,
        (target, end): (Place, Place),
        out: &mut Vec<u8>,
    ) -> bool {
        let mut at = text::floor(text, kept.min(shown.len));
        let mut first = self.layout.place(text, at).0;
        if first.column == 0 || first.column == self.columns {
            // Only what is written in the row before makes the terminal wrap, and scroll.
            at = text::previous(text, at);
            first = self.layout.place(text, at).0;
        }
        if shown.end.row > end.row && self.terminal.keeps_wraps() {
            return false;
        }
        if first.row < self.top || first.row > shown.end.row || !self.go(shown.at, first, out) {
            return false;
        }
        // A wide character may leave a cell free at the end of a row.
        if (shown.end.row, shown.end.column) > (end.row, end.column) || !text[at..].is_ascii() {
            append(out, if shown.end.row == first.row { b"\x1b[K" } else { b"\x1b[J" });
        }
        let below = self.window_end(text).1;
        push_rows(text, Start { at, skip: 0 }, below, out);
        self.go(end, target, out)
    }

    /// Shows what is new at the end as it is. False if that is not all that changes.
    fn append(&mut self, text: &[u8], shown: Shown, end: Place, out: &mut Vec<u8>) -> bool {
        let added = shown.len;
        if self.layout.place(text, added).1 {
            push_rows(text, Start { at: added, skip: 0 }, None, out);
            return true;
        }
        // What joins the last character without making it wider is for the terminal to join.
        let joins = end == shown.at && text::joins(text, added);
        if joins {
            append(out, &text[added..]);
        }
        joins
    }

    /// Blanks the last cells. A pending wrap is left to `redraw`: terminals differ in what a backspace does there.
    fn take_back(&self, from: Place, end: Place, out: &mut Vec<u8>) -> bool {
        let gone = from.column.wrapping_sub(end.column);
        if end.row != from.row || from.column == self.columns || !(1..=MAX_BACKSPACES).contains(&gone) {
            return false;
        }
        for byte in [0x08, b' ', 0x08] {
            out.resize(out.len() + gone, byte);
        }
        true
    }

    /// Moves the cursor. A pending wrap cannot be moved to, only written up to: false.
    fn go(&self, from: Place, to: Place, out: &mut Vec<u8>) -> bool {
        if to == from {
            return true;
        }
        if to.column == self.columns {
            return false;
        }
        if to.row != from.row || from.column == self.columns {
            out.push(b'\r');
            push_motion(from.row.saturating_sub(to.row), b'A', out);
            push_motion(to.row.saturating_sub(from.row), b'B', out);
            push_motion(to.column, b'C', out);
        } else if to.column + 1 == from.column {
            out.push(0x08);
        } else {
            push_motion(from.column.saturating_sub(to.column), b'D', out);
            push_motion(to.column.saturating_sub(from.column), b'C', out);
        }
        true
    }

    /// Clears what is ours and draws the window again.
    fn redraw(&mut self, text: &[u8], target: Place, top: usize, out: &mut Vec<u8>) {
        self.erase(out);
        if self.lead == Lead::Text {
            self.lead = Lead::Remains(self.top * self.columns);
        }
        (self.top, self.stale) = (top, false);
        let from = self.layout.start(text, top).unwrap_or_default();
        let (end, below) = self.window_end(text);
        push_rows(text, from, below, out);
        let at = if self.go(end, target, out) { target } else { end };
        self.shown = Some(Shown { len: text.len(), at, at_end: target == end && below.is_none(), end });
    }

    /// Takes all that is ours off the screen.
    pub(super) fn hide(&mut self, out: &mut Vec<u8>) {
        self.give_up();
        match mem::take(&mut self.lead) {
            Lead::Nothing => self.erase(out),
            // What is written into this row would be one line with what is above.
            _ => self.erase_by(b"\x1b[K\n\x1b[J", out),
        }
        self.terminal.forget_drawing();
    }

    fn erase(&mut self, out: &mut Vec<u8>) {
        let is_wrapped = self.stale || self.shown.is_some_and(|shown| shown.end.row > self.top);
        let how: &[u8] = match self.lead {
            Lead::Nothing | Lead::Remains(_) if !is_wrapped => b"\x1b[J",
            Lead::Nothing | Lead::Remains(_) if self.terminal.keeps_wraps() => b"\x1b[999M",
            // One terminal, tmux, keeps what is erased from its first cell on. (There may be no row below.)
            _ => b"\x1b7\x1b[K\x1b[B\x1b[J\x1b8",
        };
        self.erase_by(how, out);
    }

    fn erase_by(&mut self, how: &[u8], out: &mut Vec<u8>) {
        self.erase_ghost(out);
        if let Some(shown) = self.shown.take() {
            out.push(b'\r');
            push_motion(shown.at.row.saturating_sub(self.top), b'A', out);
            append(out, how);
        }
    }

    /// Leaves the whole text on the screen and goes to the row below.
    pub(super) fn finish(&mut self, text: &[u8], from: usize, out: &mut Vec<u8>) {
        self.erase_ghost(out);
        self.layout.forget(from);
        let extended = match self.shown {
            None => Some(0),
            Some(Shown { len, at_end: true, .. })
                if (self.top == 0 || self.lead == Lead::Text) && from.min(text.len()) >= len =>
            {
                self.layout.place(text, len).1.then_some(len)
            }
            Some(_) => None,
        };
        if let Some(at) = extended {
            // The line is done: it may scroll.
            push_rows(text, Start { at, skip: 0 }, None, out);
        } else if self.layout.is_taller(text, self.height()) {
            self.hide(out);
            push_rows(text, Start::default(), None, out);
        } else {
            self.update(text, text.len(), from, out);
        }
        out.push(b'\n');
        self.start_afresh();
    }
}

fn size(columns: u16, rows: u16) -> (usize, usize) {
    let or = |size, usual| if size == 0 { usual } else { size };
    // A wide character must fit.
    (usize::from(or(columns, USUAL_SIZE.0).max(2)), usize::from(or(rows, USUAL_SIZE.1)))
}

/// Appends a cursor motion by `n`, none for 0.
fn push_motion(n: usize, direction: u8, out: &mut Vec<u8>) {
    if n > 0 {
        push_sequence(n, direction, out);
    }
}

fn push_sequence(n: usize, last: u8, out: &mut Vec<u8>) {
    append(out, b"\x1b[");
    if n > 1 {
        let mut unit = 1;
        while n / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 {
            out.push(b'0' + (n / unit % 10) as u8);
            unit /= 10;
        }
    }
    out.push(last);
}
