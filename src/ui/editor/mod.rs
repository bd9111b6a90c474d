//! The line editor: what a person types is edited, shown and kept apart from what arrives meanwhile.
//!
//! ```text
//!   bytes --[keys]--> key --[desk]--> line  ---> Event, to the owner of the loop
//!                             |         |
//!         history, search, completion   +--[layout]--[view]--> bytes for the terminal
//! ```
//!
//! Nothing here knows a descriptor, a clock or a mode of the terminal: the owner of the loop puts the terminal into a mode
//! without echo, line editing and signals, *with* output processing (`OPOST`), feeds what it reads, and writes what it is given.
//! What arrives while a line is being typed goes between [`Editor::hide`] and [`Editor::show`], all in one write.
//!
//! | file | holds |
//! | --- | --- |
//! | `keys.rs` | bytes to keys, however they are cut |
//! | `mod.rs` | the editor as its owner sees it: what is read, and when the line is shown |
//! | `desk.rs` | what each key does |
//! | `desk/talk.rs` | whom lines are for, and what they are told |
//! | `search.rs` | what it does during a search through the history |
//! | `advice.rs` | what stands dim behind the line: proposals and hints |
//! | `line.rs` | the edited text and the cursor |
//! | `history.rs` | the lines sent before |
//! | `completion.rs` | what Tab adds |
//! | `text.rs` | what a character is, how wide it is, and its harmless form |
//! | `layout.rs` | where the terminal's wrapping puts each character |
//! | `view.rs` | what is on the screen, and the bytes that change it |
//! | `view/resize.rs` | what a new size does to it |
//! | `terminal.rs` | what the terminal says of that |

mod advice;
mod completion;
mod desk;
mod history;
mod keys;
mod layout;
mod line;
mod search;
mod terminal;
mod text;
mod view;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::time::Duration;

pub use crate::client::frontend::KeyEvent as Event;
use crate::wire::copy::append;
use desk::Desk;
use keys::{Key, Keys};

/// A line editor that somebody else's loop drives: bytes in, bytes out.
///
/// While nothing is typed it writes nothing but what keys ask for (spec S15).
///
/// ```
/// use chinwag::ui::editor::{Editor, Event};
/// let mut editor = Editor::new(80, 24);
/// let mut out = Vec::new();
/// assert_eq!(editor.feed(b"ann\n!wh", &mut out), (4, Some(Event::Line(b"ann".to_vec()))));
/// assert_eq!(out, b"ann\n");
/// editor.feed(b"!wh", &mut out);
///
/// out.clear();
/// editor.hide(&mut out);
/// out.extend_from_slice(b"From bob: hi\n");
/// editor.feed(b"o", &mut out);
/// editor.show(&mut out);
/// assert_eq!(out, b"\r\x1b[JFrom bob: hi\n!who");
/// ```
#[derive(Debug)]
pub struct Editor {
    keys: Keys,
    /// All but the keys, which lend out the text they hold.
    desk: Desk,
    pastes: Pastes,
    /// So many bytes that are still to come were taken by the terminal's own line mode.
    early: usize,
    /// What time it is, since any fixed point.
    now: Duration,
    /// When something is to be done though no key comes.
    due: Option<Duration>,
    /// Whether the terminal has the focus, as it said last, if it did since that was asked for.
    #[cfg(feature = "rich")]
    focus: Option<bool>,
}

/// Whether the terminal marks what is pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pastes {
    /// It was not asked to. A paste comes as keys, and its line ends send lines as well.
    Plain,
    /// It is to be asked as soon as something may be written.
    ToBeMarked,
    Marked,
}

const BRACKETED_PASTE_ON: &[u8] = b"\x1b[?2004h";
const BRACKETED_PASTE_OFF: &[u8] = b"\x1b[?2004l";
const CTRL_C: u8 = 3;
/// What a line mode makes of Ctrl-D, for those who read what it took without it.
const END_OF_INPUT: Key<'_> = Key::Ctrl(b'@');

/// After this time within a line the terminal is asked to mark pastes, however the line was typed.
const PASTE_DELAY: Duration = Duration::from_millis(100);

/// After this time an ESC is no start of another key's sequence.
const ESCAPE_DELAY: Duration = Duration::from_millis(75);

impl Editor {
    /// An editor for a terminal of this size; 0 stands for a size nobody knows. The cursor stands in the first column.
    pub fn new(columns: u16, rows: u16) -> Self {
        Self {
            keys: Keys::default(),
            desk: Desk::new(columns, rows),
            pastes: Pastes::Plain,
            early: 0,
            now: Duration::ZERO,
            due: None,
            #[cfg(feature = "rich")]
            focus: None,
        }
    }

    /// Takes what was read from the terminal, up to the first event, and appends what the terminal is to be sent. Gives the number of
    /// bytes taken, which is less than all only with an event: the rest is to be fed when the event has been acted on.
    ///
    /// While the line is hidden the keys count all the same, but nothing is appended: [`Editor::show`] appends what makes the
    /// screen right again. A line that was entered or dropped meanwhile is never seen, and the screen is not cleared.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> (usize, Option<Event>) {
        if self.keys.pasting() && bytes == [CTRL_C] {
            // A paste whose end was lost would leave no way out. Pasted text does not come in reads of this one byte.
            self.keys.reset();
        }
        let was_idle = self.is_idle();
        let (mut at, mut pressed, mut event) = (0, 0, None);
        while at < bytes.len() && event.is_none() {
            self.keys.await_answers(self.desk.view().terminal().awaited() > 0);
            let (taken, key) = self.keys.next(&bytes[at..]);
            at += taken;
            let was_early = self.early > 0;
            self.early = self.early.saturating_sub(taken);
            pressed += usize::from(key.is_some());
            match key {
                Some(END_OF_INPUT) if was_early => event = self.desk.press(Key::Ctrl(b'D'), out),
                #[cfg(feature = "rich")]
                Some(Key::Focus(has_focus)) => self.focus = Some(has_focus),
                Some(Key::Place(row, column)) => self.desk.view().handle_place((row, column), out),
                Some(Key::Name(name)) => self.desk.view().terminal().handle_name(name),
                Some(key) => event = self.desk.press(key, out),
                None => {}
            }
        }
        if was_idle && event.is_none() && pressed == 1 {
            self.note_first_key(bytes);
        }
        self.due = self.pause().map(|pause| self.now + pause);
        self.draw(out);
        (at, event)
    }

    /// Takes the line off the screen, prompt and all, so that other text can be printed from the first column on. From now on
    /// neither keys nor a new size append anything, until [`Editor::show`].
    ///
    /// Appends nothing if nothing is typed: a prompt is then left where it is, and whoever prints something has to end its row
    /// first, and to say so with [`Editor::set_prompt`].
    pub fn hide(&mut self, out: &mut Vec<u8>) {
        self.desk.hide(out);
    }

    /// Puts the line back, as the keys have left it meanwhile, and the cursor in its place; then asks the terminal for what could
    /// not be asked for while the line was hidden. Appends nothing if nothing was hidden.
    pub fn show(&mut self, out: &mut Vec<u8>) {
        if self.desk.is_hidden() {
            self.desk.end_hiding();
            self.draw(out);
        }
    }

    /// Says that this prompt has just been printed and the line goes behind it, on the same row; an empty one for none. To be
    /// called while the line is hidden or nothing is typed: then `show` draws only the line, and from then on the two go
    /// together. The end of the line is also the end of its prompt.
    pub fn set_prompt(&mut self, prompt: &[u8]) {
        self.desk.set_prompt(prompt);
    }

    /// Takes the terminal's new size (0 for unknown). If a line is shown, the terminal is asked where it has put it, and until
    /// the answer comes among the keys, or has had its time, nothing is drawn.
    pub fn resize(&mut self, columns: u16, rows: u16, out: &mut Vec<u8>) {
        self.desk.resize(columns, rows, out);
        self.draw(out);
    }

    /// The terminal, as GNU Screen does, takes a row that was once wrapped for wrapped, whatever is written there later: what
    /// was wrapped is deleted, not erased.
    pub fn expect_kept_wraps(&mut self) {
        self.desk.view().terminal().expect_kept_wraps();
    }

    /// Whether nothing should be printed above the line now: it may be moved by the terminal at any moment. That is over soon.
    pub fn is_restless(&self) -> bool {
        self.desk.is_restless()
    }

    /// So many answers of the terminal are still to come.
    pub fn awaited_answers(&mut self) -> usize {
        self.desk.view().terminal().awaited()
    }

    /// The first bytes that are still to come, so many, were typed before the terminal's line mode was off, which has made
    /// something else of an end of input.
    pub fn expect_early(&mut self, bytes: usize) {
        self.early = self.early.max(bytes);
    }

    /// Tells the time, since any fixed point.
    pub fn handle_time(&mut self, now: Duration) {
        self.now = now;
        self.desk.view().terminal().handle_time(now);
    }

    /// Does what is to be done by now, if no key has come before.
    pub fn handle_pause(&mut self, out: &mut Vec<u8>) {
        if self.desk.view().terminal().handle_time(self.now) {
            self.desk.view().give_up();
            self.draw(out);
        }
        if self.due.is_none_or(|due| due > self.now) {
            return;
        }
        self.due = None;
        if self.escapes() {
            self.keys.reset();
            self.desk.press(Key::Ctrl(b'G'), out);
        } else {
            self.desk.advise();
            self.mark_from_now_on();
        }
        self.draw(out);
    }

    /// After which time without a key there is something to be done.
    fn pause(&self) -> Option<Duration> {
        if self.escapes() {
            return Some(ESCAPE_DELAY);
        }
        let marks = self.pastes == Pastes::Plain && !self.desk.line().is_empty();
        self.desk.pause().or(marks.then_some(PASTE_DELAY))
    }

    /// Whether an ESC may be the key that leaves a search.
    fn escapes(&self) -> bool {
        self.desk.is_searching() && self.keys.escaping()
    }

    /// When it is to be told the time though no key comes.
    pub fn next_deadline(&self) -> Option<Duration> {
        [self.due, self.desk.next_deadline()].into_iter().flatten().min()
    }

    /// Whether the terminal has got the focus, or lost it, since the last call.
    #[cfg(feature = "rich")]
    pub fn take_focus(&mut self) -> Option<bool> {
        self.focus.take()
    }

    /// Asks the terminal to mark pastes now: somebody knows that a person sits there.
    #[cfg(feature = "rich")]
    pub fn mark_pastes(&mut self, out: &mut Vec<u8>) {
        if self.pastes != Pastes::Marked {
            self.pastes = Pastes::Marked;
            append(out, BRACKETED_PASTE_ON);
        }
    }

    /// Says whether messages that are entered are taken off the screen, as somebody else shows them.
    #[cfg(feature = "rich")]
    pub fn set_vanishing(&mut self, vanishing: bool) {
        self.desk.set_vanishing(vanishing);
    }

    /// Remembers a name for Tab to complete after `@`, as the latest one seen.
    pub fn add_name(&mut self, name: &[u8]) {
        self.desk.add_name(name);
    }

    /// The same for one who wrote, and whom Tab on an empty line answers.
    pub fn add_sender(&mut self, name: &[u8]) {
        self.desk.add_sender(name);
    }

    /// A message was for nobody: its name is likely to be changed.
    pub fn note_miss(&mut self) {
        self.desk.note_miss();
    }

    /// What is typed so far.
    pub fn line(&self) -> &[u8] {
        self.desk.line()
    }

    /// The user is logged in: from now on, until there is a prompt, lines are what one logged in types.
    pub fn begin_chat(&mut self) {
        self.desk.begin_chat();
    }

    /// From now on lines that are no commands are for this user: while one is typed, a prompt says so.
    pub fn talk_to(&mut self, name: &[u8]) {
        self.desk.talk_to(name);
    }

    /// Leaves what is typed where it is, as if entered, but it is not.
    pub fn end_line(&mut self, out: &mut Vec<u8>) {
        self.desk.finish(out);
    }

    /// Whether nothing is typed or searched for.
    pub fn is_idle(&self) -> bool {
        self.desk.is_idle()
    }

    /// Whether the line is kept off the screen: since [`Editor::hide`], until [`Editor::show`].
    pub fn is_hidden(&self) -> bool {
        self.desk.is_hidden()
    }

    /// Gives the terminal away for a while: hides the line and its prompt, for the next [`Editor::show`] to draw both again, and
    /// sets the terminal back as [`Editor::leave`] does.
    pub fn suspend(&mut self, out: &mut Vec<u8>) {
        self.desk.hide_all(out);
        self.leave(out);
    }

    /// Sets the terminal back to how it was, so far as the editor changed it. What is typed stays, on the screen too; the next
    /// line typed changes the terminal again.
    pub fn leave(&mut self, out: &mut Vec<u8>) {
        self.desk.settle(out);
        if self.pastes == Pastes::Marked {
            self.keys.reset();
            append(out, BRACKETED_PASTE_OFF);
        }
        self.pastes = Pastes::Plain;
    }

    /// The terminal is asked to mark pastes when a person has typed the first character of a line, or has fetched one by a key,
    /// or pauses within one. Earlier, at the start, the request would be seen by programs that drive the client (spec S15); they
    /// write more than one character at a time. Once asked for, it stays so until the end.
    fn note_first_key(&mut self, read: &[u8]) {
        let typed = self.desk.line();
        if read[0].is_ascii_control() || text::next(typed, 0) == typed.len() {
            self.mark_from_now_on();
        }
    }

    fn mark_from_now_on(&mut self) {
        if self.pastes == Pastes::Plain && !self.desk.line().is_empty() {
            self.pastes = Pastes::ToBeMarked;
        }
    }

    /// Makes the terminal what it should be by now, if something may be written.
    fn draw(&mut self, out: &mut Vec<u8>) {
        if self.desk.is_hidden() || self.desk.is_unclear(out) {
            return;
        }
        self.desk.update(out);
        if self.pastes == Pastes::ToBeMarked {
            self.pastes = Pastes::Marked;
            append(out, BRACKETED_PASTE_ON);
        }
    }
}
