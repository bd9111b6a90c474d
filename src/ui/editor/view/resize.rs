//! What a new size of the terminal does to what is shown.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::super::layout::{Layout, Place, Start, push_rows};
use super::super::terminal::{Drawing, Finding, State, Terminal};
use super::{Lead, Shown, View, push_sequence, size};
use crate::wire::copy::append;

impl View {
    /// Takes a new size, that of a terminal which shows this text, with the cursor there; `is_typed` if that is more than a
    /// prompt. Where the text is by now, is then not clear.
    pub(in super::super) fn resize(
        &mut self,
        (columns, rows): (u16, u16),
        (text, cursor): (&[u8], usize),
        is_typed: bool,
        out: &mut Vec<u8>,
    ) {
        let size = size(columns, rows);
        if self.terminal.ask_again(size, out) || size == (self.columns, self.rows) {
            return;
        }
        if !self.ghost.is_empty() {
            // It may have been wrapped.
            self.ghost.clear();
            append(out, b"\x1b[J");
        }
        match self.shown {
            Some(shown) if is_typed || shown.end.row > 0 || shown.end.column >= size.0 => {
                let text = &text[..shown.len.min(text.len())];
                let drawing = self.drawing(text, if is_typed { cursor } else { text.len() }, shown);
                self.terminal.ask(drawing, size);
            }
            _ => self.set_size(size),
        }
    }

    /// Whether nothing may be drawn now, as it is not clear where. A prompt that stood alone at the new size has waited for
    /// something to be typed: then the terminal is asked (spec S15).
    pub(in super::super) fn is_unclear(&mut self, is_typed: bool, out: &mut Vec<u8>) -> bool {
        if is_typed && !self.terminal.answers() {
            self.give_up();
        }
        self.terminal.is_unclear(is_typed, out)
    }

    /// Stops waiting for an answer.
    pub(in super::super) fn give_up(&mut self) {
        if let Some(finding) = self.terminal.give_up() {
            self.take_finding(&finding, &mut Vec::new());
        }
    }

    /// Takes a place that the terminal has told, its row and its column from 1 on.
    pub(in super::super) fn handle_place(&mut self, (row, column): (u16, u16), out: &mut Vec<u8>) {
        let place = Place { row: usize::from(row) - 1, column: usize::from(column) - 1 };
        if let Some(finding) = self.terminal.handle_place(place) {
            self.take_finding(&finding, out);
        }
    }

    /// What is known of the terminal.
    pub(in super::super) fn terminal(&mut self) -> &mut Terminal {
        &mut self.terminal
    }

    /// Whether what is on the screen may move at any moment.
    pub(in super::super) fn is_restless(&self) -> bool {
        self.shown.is_some() && self.terminal.is_restless()
    }

    pub(in super::super) fn next_deadline(&self) -> Option<Duration> {
        self.terminal.next_deadline()
    }

    fn set_size(&mut self, size: (usize, usize)) {
        (self.columns, self.rows) = size;
        self.layout = Layout::new(self.columns);
    }

    /// What is on the screen of a text.
    fn drawing(&mut self, text: &[u8], cursor: usize, shown: Shown) -> Drawing {
        self.layout = Layout::new(self.columns);
        let mut drawn = match self.lead {
            Lead::Remains(cells) => vec![b' '; cells],
            _ => Vec::new(),
        };
        let top = if self.lead == Lead::Text { 0 } else { self.top };
        let from = self.layout.start(text, top).unwrap_or_default();
        let below = self.window_end(text).1;
        let middle = Start { at: cursor, skip: 0 };
        push_rows(text, from, Some(middle), &mut drawn);
        let cursor = drawn.len();
        push_rows(text, from.max(middle), below, &mut drawn);
        let at = Place { row: shown.at.row.saturating_sub(self.top), ..shown.at };
        Drawing { shown: drawn, cursor, at, columns: self.columns }
    }

    /// Takes what has become of the drawing, and puts the cursor where it is sure to be.
    fn take_finding(&mut self, finding: &Finding, out: &mut Vec<u8>) {
        let &Finding { size, row, depth, ref state } = finding;
        self.set_size(size);
        let Some(shown) = &mut self.shown else { return };
        let lost = row.map_or(0, |row| depth.saturating_sub(row));
        let is_whole = self.lead == Lead::Text || self.lead == Lead::Nothing && self.top == 0;
        if let (&State::Rewrapped(end), true) = (state, is_whole) {
            if row == Some(0) && depth == 0 && end.row > 0 {
                // The cursor may have been stopped here while its place was scrolled off.
                (self.lead, self.top, self.stale) = (Lead::Text, 0, true);
                shown.at = Place::default();
                return go_to_row(row, out);
            }
            self.lead = if lost > 0 { Lead::Text } else { Lead::Nothing };
            self.top = lost;
            *shown = Shown { at: Place { row: depth, column: 0 }, at_end: false, end, ..*shown };
            go_to_row(row, out);
            return;
        }
        let cells = match *state {
            State::Broken(cells) => cells,
            State::Rewrapped(_) => lost * self.columns,
        };
        self.lead = if cells > 0 { Lead::Remains(cells) } else { Lead::Nothing };
        self.stale = true;
        let above = if row.is_some() { 0 } else { depth.min(self.rows - 1) };
        shown.at = Place { row: self.top + above, column: 0 };
        go_to_row(row.map(|row| row.saturating_sub(depth)), out);
    }
}

/// Appends a motion to the start of a row of the screen.
fn go_to_row(row: Option<usize>, out: &mut Vec<u8>) {
    if let Some(row) = row {
        push_sequence(row + 1, b'H', out);
    }
}
