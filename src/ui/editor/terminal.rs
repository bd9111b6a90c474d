//! Where the terminal has put what was drawn, after its size has changed: it is asked, and its answer tells.
//!
//! ```text
//!   20 columns    @ann a line that is w          12 columns, wrapped again  @ann a line
//!                 rapped_                                                  that is wrap
//!                                                                          ped_
//!                                                12 columns, cut off       @ann a line
//!                                                                          rapped_
//! ```
//!
//! Some terminals wrap again what they show, some cut it off. Which of them it was is seen from the column of the cursor: one
//! that is right for the text wrapped anew, or the old one. Where both are the same, the terminal's habit decides, known by its
//! name or from a new size before. Where that is not known either, the lesser number of rows is surely ours: going up further
//! might erase a message, going up less may leave a piece of the old line above, which is kept in mind for the next answer.
//!
//! A terminal inside another can be ahead of the size that we are told. So it is also asked for its last cell.

use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use super::layout::{Layout, Place};
use super::text;
use crate::wire::copy::append;

/// Asks for the place of the cursor, the terminal's name, and its last cell; the cursor is put back.
pub(super) const QUESTION: &[u8] = b"\x1b[6n\x1b[>c\x1b7\x1b[9999;9999H\x1b[6n\x1b8";
/// Each question has so many places in its answer.
const PLACES: usize = 2;
/// For so long an answer is waited for.
pub(super) const PATIENCE: Duration = Duration::from_millis(200);
/// A terminal that has changed its size may be about to do it again: for so long nothing is shown but what is typed. One inside
/// another keeps the next size to itself for 250 ms.
pub(super) const UNREST: Duration = Duration::from_millis(300);
/// A terminal that owes so many places gives no answers: it is not asked any more, until it does.
const TOO_MANY_AWAITED: usize = 16 * PLACES;

/// What is known of the terminal, and what it was asked.
#[derive(Debug, Default)]
pub(super) struct Terminal {
    habit: Habit,
    /// So many places are still to come, for all questions.
    awaited: usize,
    question: Option<Question>,
    /// So many rows above the first one of ours may be old ones, if the terminal cuts off.
    doubtful: usize,
    unrest: Option<Duration>,
    /// A row that was wrapped stays so for it, whatever is erased and written there.
    keeps_wraps: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Habit {
    #[default]
    Unknown,
    Rewraps,
    CutsOff,
}

/// What is on the screen, as it was drawn.
#[derive(Debug)]
pub(super) struct Drawing {
    /// What is shown, from the first cell on that the terminal takes for the same line.
    pub(super) shown: Vec<u8>,
    /// Where in it the cursor is.
    pub(super) cursor: usize,
    /// Where the cursor is on the screen, from our first row on, at this width.
    pub(super) at: Place,
    pub(super) columns: usize,
}

#[derive(Debug)]
struct Question {
    drawing: Drawing,
    /// The size that we were told, last and at its narrowest.
    size: (usize, usize),
    narrowest: usize,
    /// That waits until something is typed.
    is_asked: bool,
    cursor: Option<Place>,
    deadline: Option<Duration>,
}

/// What has become of a drawing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// The terminal's columns and rows.
    pub(super) size: (usize, usize),
    /// The screen's row in which the cursor is, if known.
    pub(super) row: Option<usize>,
    /// The rows of ours above the cursor.
    pub(super) depth: usize,
    pub(super) state: State,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is there as it would be drawn now, and ends here.
    Rewrapped(Place),
    /// Somehow; in front of the first row so many cells may be ours, too.
    Broken(usize),
}

impl Terminal {
    /// A new size has come, and this was drawn before.
    pub(super) fn ask(&mut self, drawing: Drawing, size: (usize, usize)) {
        let narrowest = drawing.columns.min(size.0);
        let question = Question { drawing, size, narrowest, is_asked: false, cursor: None, deadline: None };
        self.question = Some(question);
    }

    /// Another size has come before the answer. False if there is no question.
    pub(super) fn ask_again(&mut self, size: (usize, usize), out: &mut Vec<u8>) -> bool {
        let Some(question) = &mut self.question else { return false };
        let is_new = question.size != size;
        question.size = size;
        question.narrowest = question.narrowest.min(size.0);
        if is_new && question.is_asked {
            self.ask_now(out);
        }
        true
    }

    fn ask_now(&mut self, out: &mut Vec<u8>) {
        if let Some(question) = &mut self.question {
            (question.is_asked, question.cursor, question.deadline) = (true, None, None);
            self.awaited += PLACES;
            append(out, QUESTION);
        }
    }

    /// Whether there is a question, which is asked if something is typed.
    pub(super) fn is_unclear(&mut self, is_typed: bool, out: &mut Vec<u8>) -> bool {
        let waits = self.question.as_ref().is_some_and(|question| !question.is_asked);
        if waits && is_typed {
            self.ask_now(out);
        }
        self.question.is_some()
    }

    /// Whether it gives answers, as far as is known.
    pub(super) fn answers(&self) -> bool {
        self.awaited < TOO_MANY_AWAITED
    }

    /// The terminal does not know of a row that it is wrapped no more.
    pub(super) fn expect_kept_wraps(&mut self) {
        self.keeps_wraps = true;
    }

    /// Whether what was wrapped is to be deleted, as erasing is not enough.
    pub(super) fn keeps_wraps(&self) -> bool {
        self.keeps_wraps
    }

    /// Whether a question waits for its answer.
    pub(super) fn is_asked(&self) -> bool {
        self.question.as_ref().is_some_and(|question| question.is_asked)
    }

    /// How many places are still to come.
    pub(super) fn awaited(&self) -> usize {
        self.awaited
    }

    /// Whether what is drawn may move at any moment.
    pub(super) fn is_restless(&self) -> bool {
        self.unrest.is_some() || self.is_asked()
    }

    /// Takes the time. True if the question has had its time.
    pub(super) fn handle_time(&mut self, now: Duration) -> bool {
        self.unrest = self.unrest.filter(|&end| end > now);
        let Some(question) = self.question.as_mut().filter(|question| question.is_asked) else {
            return false;
        };
        if question.deadline.is_none() {
            question.deadline = Some(now + PATIENCE);
            self.unrest = Some(now + UNREST);
        }
        question.deadline <= Some(now)
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        let question = self.question.as_ref().and_then(|question| question.deadline);
        question.or(self.unrest)
    }

    /// The name of the terminal, three numbers.
    pub(super) fn handle_name(&mut self, name: [u16; 3]) {
        if self.habit == Habit::Unknown {
            self.habit = match name {
                // xterm and the two rxvt.
                [41 | 82 | 85, ..] => Habit::CutsOff,
                // VTE; screen, when it had learned to; tmux; kitty and foot; Alacritty.
                [61 | 65 | 84, ..] | [0, _, 1] => Habit::Rewraps,
                [83, version, _] if version >= 40200 => Habit::Rewraps,
                [1, version, _] if version >= 4000 => Habit::Rewraps,
                _ => Habit::Unknown,
            };
        }
    }

    /// A place in the terminal's answers, from 0 on.
    pub(super) fn handle_place(&mut self, place: Place) -> Option<Finding> {
        self.awaited = self.awaited.checked_sub(1)?;
        let question = self.question.as_mut().filter(|question| question.is_asked)?;
        if self.awaited > 0 {
            question.cursor = Some(place);
            return None;
        }
        let mut question = self.question.take()?;
        // A key with the look of an answer is one from the first row.
        if place.row > 0 {
            question.size = (place.column + 1, place.row + 1);
        }
        Some(match question.cursor {
            Some(cursor) => self.judge(&question, cursor),
            None => self.guess(&question, None),
        })
    }

    /// The best guess without an answer.
    pub(super) fn give_up(&mut self) -> Option<Finding> {
        let question = self.question.take()?;
        Some(self.guess(&question, None))
    }

    /// Nothing is drawn any more. Gives the size that it has by now, if that is news.
    pub(super) fn forget_drawing(&mut self) -> Option<(usize, usize)> {
        self.doubtful = 0;
        self.question.take().map(|question| question.size)
    }

    fn judge(&mut self, question: &Question, cursor: Place) -> Finding {
        let Question { drawing, size: (columns, _), .. } = question;
        let narrowest = question.narrowest.min(*columns);
        let cut = drawing.at.column.min(narrowest - 1);
        // One that waits for its wrap may be in the last column, or behind it.
        let most = cut + usize::from(drawing.at.column == narrowest);
        let is_cut = (cut..=most).contains(&cursor.column);
        let rewrapped = drawing.depth(*columns, cursor.column, self.habit == Habit::Rewraps);
        let is_same = *columns == drawing.columns && narrowest == *columns;
        self.habit = match (self.habit, rewrapped) {
            (habit, Some(_)) if is_same => habit,
            (Habit::Rewraps, Some(_)) => Habit::Rewraps,
            // Or less than that, through a narrower size that nobody knows of.
            (Habit::CutsOff, _) if cursor.column <= most => Habit::CutsOff,
            (Habit::Unknown | Habit::CutsOff, Some(_)) if !is_cut => Habit::Rewraps,
            (Habit::Unknown, None) if is_cut => Habit::CutsOff,
            _ => Habit::Unknown,
        };
        match rewrapped {
            Some(depth) if is_same || self.habit == Habit::Rewraps => {
                self.doubtful = 0;
                let end = drawing.place(*columns, drawing.shown.len());
                Finding { size: question.size, row: Some(cursor.row), depth, state: State::Rewrapped(end) }
            }
            _ => self.guess(question, Some(cursor.row)),
        }
    }

    fn guess(&mut self, question: &Question, row: Option<usize>) -> Finding {
        let Question { drawing, size, .. } = question;
        let rewrapped = drawing.place(size.0, drawing.cursor).row;
        let mut depth = drawing.at.row;
        let mut state = State::Broken(0);
        if self.habit == Habit::CutsOff {
            depth += mem::take(&mut self.doubtful);
        } else if rewrapped > depth {
            state = State::Broken((rewrapped - depth) * size.0);
        } else {
            self.doubtful += depth - rewrapped;
            depth = rewrapped;
        }
        Finding { size: *size, row, depth, state }
    }
}

impl Drawing {
    fn place(&self, columns: usize, at: usize) -> Place {
        Layout::new(columns).place(&self.shown, at).0
    }

    /// How many rows of it, wrapped at this width, are above a cursor in this column, if it can be there. Some terminals lose
    /// count of their cursors, and `drifts` lets them.
    fn depth(&self, columns: usize, column: usize, drifts: bool) -> Option<usize> {
        let Self { shown, cursor, at, .. } = self;
        let next = text::next(shown, *cursor);
        let near = [*cursor, text::previous(shown, *cursor), next, text::next(shown, next)];
        // One that waits for its wrap may be put onto the last character.
        let tried = if drifts { 4 } else { 1 + usize::from(at.column == self.columns) };
        near[..tried].iter().find_map(|&near| {
            let place = self.place(columns, near);
            let waits = place.column == columns;
            if column == place.column || (waits && column + 1 == columns) {
                Some(place.row)
            } else {
                (waits && column == 0).then_some(place.row + 1)
            }
        })
    }
}
