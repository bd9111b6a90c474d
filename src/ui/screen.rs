//! What is on its way to standard output: lines of the conversation, and round them the prompt and
//! the line that the user is editing.

#[cfg(feature = "rich")]
mod rich;

use super::display::{self, PROMPT, Style};
use super::editor::{Editor, Event};
use super::moment::Moment;
use crate::client::frontend::{Frontend, KeyEvent};
use crate::client::notice::Notice;
use crate::wire::copy;
use crate::wire::escape::Rule;
use crate::wire::newlines::Newlines;
use crate::wire::outbox::Outbox;
use crate::wire::protocol;
#[cfg(feature = "rich")]
use crate::wire::protocol::Request;
use crate::wire::sizes::{BATCH, JOURNAL_FULL};
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

pub use crate::wire::sizes::SCREEN_FULL;

/// How the screen is to look: by default, as on a pipe, where all bytes pass. Only the first two are part of the
/// contract; the others are off unless the user asks for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Standard output is a terminal: the cursor stays behind the prompt (spec S12). Then its style is to make
    /// harmless what strangers write, as that of [`Look::of_terminal`] does.
    pub terminal: bool,
    /// How lines are written.
    pub style: Style,
    /// Lines begin with the time.
    pub timestamps: bool,
    /// A message rings the terminal's bell.
    pub bell: bool,
}

/// The screen. Nothing here waits: what is to be shown is appended, and written elsewhere.
///
/// ```
/// use chinwag::client::frontend::Frontend;
/// use chinwag::client::notice::Notice;
/// use chinwag::ui::screen::{Look, Screen};
///
/// let mut screen = Screen::new(Look::of_terminal());
/// let rest = screen.show(Notice::From { name: b"ann", text: b"hi \x1b[2J" }, 0);
/// assert_eq!(rest, None); // a long text comes in pieces
/// assert_eq!(screen.to_show().as_slice(), b"From ann: hi ^[[2J\n");
/// ```
#[derive(Debug, Default)]
pub struct Screen {
    waiting: Outbox,
    look: Look,
    /// Where messages are put together: [`BATCH`] bytes, from the first message on.
    batch: Vec<u8>,
    /// The cursor stands behind a prompt.
    prompt_open: bool,
    /// A line is being shown in pieces, and is not complete.
    inside_line: bool,
    /// The user's line, if it is ours to draw.
    editor: Option<Editor>,
    /// The lines for the log file, if there is one.
    journal: Option<Outbox>,
    /// What the clock shows, for time stamps and the log file.
    now: Option<Moment>,
    /// The date of the last time stamp.
    stamped: Option<(i32, u8, u8)>,
    /// What the user asks for beyond the contract.
    #[cfg(feature = "rich")]
    rich: super::rich::Rich,
}

impl Look {
    /// That of a terminal: what strangers write cannot control it (spec S14).
    pub fn of_terminal() -> Self {
        let style = Style { escape: Some(Rule::Harmful), ..Style::default() };
        Self { terminal: true, style, ..Self::default() }
    }
}

impl Screen {
    /// Nothing shown yet.
    pub fn new(look: Look) -> Self {
        Self { look, ..Self::default() }
    }

    /// From now on the user's line is edited here, in front of everything else.
    pub fn edit_with(&mut self, editor: Editor) {
        self.editor = Some(editor);
    }

    /// From now on every event is written for a log file, too.
    pub fn keep_journal(&mut self) {
        self.journal = Some(Outbox::new());
    }

    /// What waits for the log file.
    pub fn journal(&mut self) -> Option<&mut Outbox> {
        self.journal.as_mut()
    }

    /// Whether so much waits for the log file that nothing may be added now.
    pub fn is_journal_full(&self) -> bool {
        self.journal.as_ref().is_some_and(|journal| journal.len() >= JOURNAL_FULL)
    }

    /// Whether it has to be told the time.
    pub fn needs_time(&self) -> bool {
        #[cfg(feature = "rich")]
        if self.is_pretty() {
            return true;
        }
        self.look.timestamps || self.journal.is_some()
    }

    /// Tells it the time.
    pub fn set_time(&mut self, now: Moment) {
        self.now = Some(now);
    }

    /// Shows lines that are not part of the conversation, each with its end; returns whether there was
    /// room for them: between lines, while the screen is not full.
    pub fn show_aside(&mut self, lines: &[u8]) -> bool {
        if self.inside_line || self.is_full() {
            return false;
        }
        let asking = self.prompt_open;
        #[cfg(feature = "rich")]
        self.show_own(None);
        self.make_way();
        self.waiting.tail().extend_from_slice(lines);
        if asking && !self.prompt_open {
            self.ask_for_name();
        }
        true
    }

    /// The terminal has another size, in columns and rows.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        #[cfg(feature = "rich")]
        self.note_columns(columns);
        if let Some(editor) = &mut self.editor {
            editor.resize(columns, rows, self.waiting.tail());
        }
    }

    /// Lines that are no commands are for this user: the editor says so while one is typed.
    pub fn talk_to(&mut self, name: &[u8]) {
        if let Some(editor) = &mut self.editor {
            editor.talk_to(name);
        }
    }

    /// So many answers of the terminal are still to come among the keys.
    pub fn awaited_answers(&mut self) -> usize {
        self.editor.as_mut().map_or(0, Editor::awaited_answers)
    }

    /// So many bytes that are still to come were typed while the terminal was in its own line mode.
    pub fn expect_early(&mut self, bytes: usize) {
        if let Some(editor) = &mut self.editor {
            editor.expect_early(bytes);
        }
    }

    /// Takes the user's line off the screen, its prompt too, and gives the terminal back, for a while.
    pub fn suspend(&mut self) {
        #[cfg(feature = "rich")]
        self.suspend_richly();
        if let Some(editor) = &mut self.editor {
            editor.suspend(self.waiting.tail());
        }
    }

    /// What waits to be written, without the user's line behind it.
    pub fn waiting(&mut self) -> &mut Outbox {
        #[cfg(feature = "rich")]
        self.rich.own.forget_places();
        &mut self.waiting
    }

    /// Whether lines look as the contract has them, and go nowhere else.
    fn is_plain(&self) -> bool {
        #[cfg(feature = "rich")]
        if self.rich.is_wanted {
            return false;
        }
        let contract = Look { terminal: self.look.terminal, ..Look::default() };
        self.editor.is_none() && self.journal.is_none() && self.look == contract
    }

    fn begin(&mut self, notice: &Notice<'_>) {
        self.make_way();
        if let (true, Some(now)) = (self.look.timestamps, self.now) {
            now.write_stamp(self.stamped != Some(now.date), self.waiting.tail());
            self.stamped = Some(now.date);
        }
        if self.look.bell && matches!(notice, Notice::From { .. }) {
            self.waiting.tail().push(b'\x07');
        }
        if let Some(editor) = &mut self.editor {
            learn_names(notice, editor);
        }
    }

    /// Moves the cursor to the start of an empty line, for other text than the user's line; that is hidden
    /// until it is shown again.
    fn make_way(&mut self) {
        let Some(editor) = &mut self.editor else { return self.close_prompt() };
        if editor.is_hidden() {
            return;
        }
        // A prompt goes with the line behind it, and stays if there is none.
        let stays = editor.is_idle();
        editor.hide(self.waiting.tail());
        if stays {
            self.close_prompt();
        }
    }

    /// Whether so much waits to be written that nothing may be added.
    #[inline]
    fn has_no_room(&self) -> bool {
        self.waiting.len() >= SCREEN_FULL || self.is_journal_full()
    }

    /// Puts the user's line behind what was shown, but not into the middle of a long text, and not while
    /// there is no room.
    fn show_line(&mut self) {
        let has_place = !self.inside_line && !self.has_no_room();
        if let Some(editor) = self.editor.as_mut().filter(|_| has_place) {
            editor.show(self.waiting.tail());
        }
    }

    /// Keys count though there is no room for what they show: then the line is hidden. A prompt without
    /// a line stays, as its place is known.
    fn hide_line_without_room(&mut self) {
        let is_full = self.has_no_room();
        if let Some(editor) = self.editor.as_mut().filter(|_| is_full)
            && !(self.prompt_open && editor.is_idle())
        {
            editor.hide(self.waiting.tail());
        }
    }

    fn close_prompt(&mut self) {
        if self.prompt_open {
            self.waiting.tail().push(b'\n');
            self.prompt_open = false;
            if let Some(editor) = &mut self.editor {
                editor.set_prompt(b"");
            }
        }
    }

    fn record_piece(&mut self, notice: &Notice<'_>, from: usize) -> Option<usize> {
        let out = self.journal.as_mut()?.tail();
        if let (0, Some(now)) = (from, self.now) {
            now.write_iso(out);
            out.push(b' ');
        }
        let escape = self.look.style.escape.or(Some(Rule::Harmful));
        display::write(notice, from, Style { escape, color: false, one_line: true }, out)
    }
}

impl Frontend for Screen {
    #[inline]
    fn is_full(&self) -> bool {
        // Above a line that the terminal is about to move, nothing has its place.
        self.has_no_room() || self.editor.as_ref().is_some_and(Editor::is_restless)
    }

    fn show(&mut self, notice: Notice<'_>, from: usize) -> Option<usize> {
        #[cfg(feature = "rich")]
        if let Some(shown) = self.show_richly(&notice, from) {
            return shown;
        }
        if from == 0 {
            self.begin(&notice);
        }
        let next = display::write(&notice, from, self.look.style, self.waiting.tail());
        self.record_piece(&notice, from);
        self.inside_line = next.is_some();
        next
    }

    /// As many whole lines as fit into a small buffer, if they are messages, look as the contract has
    /// them and go nowhere else: messages come in thousands, all else one by one.
    fn show_messages(&mut self, lines: &[u8]) -> usize {
        if !self.is_plain() || self.inside_line || self.prompt_open || self.is_full() {
            return 0;
        }
        if self.batch.is_empty() {
            self.batch = vec![0; BATCH];
        }
        let lines = &lines[..lines.len().min(BATCH)];
        let mut taken = 0;
        let mut end = 0;
        for newline in Newlines::new(lines) {
            let Some((name, text)) = protocol::split_delivery(&lines[taken..=newline]) else { break };
            // It fits: "DELIVERY " has more bytes than "From " and the colon.
            let line = &mut self.batch[end..end + name.len() + text.len() + 6];
            line[..5].copy_from_slice(b"From ");
            copy::fill(&mut line[5..5 + name.len()], name);
            line[5 + name.len()] = b':';
            copy::fill(&mut line[6 + name.len()..], text);
            taken = newline + 1;
            end += line.len();
        }
        self.waiting.tail().extend_from_slice(&self.batch[..end]);
        taken
    }

    fn record(&mut self, notice: Notice<'_>) {
        let mut from = self.journal.as_ref().map(|_| 0);
        while let Some(at) = from {
            from = self.record_piece(&notice, at);
        }
    }

    #[cfg(feature = "rich")]
    fn handle_request(&mut self, request: Request<'_>) {
        self.note_request(request);
    }

    #[cfg(feature = "rich")]
    fn handle_lost_requests(&mut self, lost: u64, kept: u64) {
        self.lose_requests(lost, kept);
    }

    fn ask_for_name(&mut self) {
        #[cfg(feature = "rich")]
        self.stop_chatting();
        self.make_way();
        self.waiting.tail().extend_from_slice(PROMPT);
        if !self.look.terminal {
            self.waiting.tail().push(b'\n');
            return;
        }
        self.prompt_open = true;
        if let Some(editor) = &mut self.editor {
            editor.set_prompt(PROMPT);
        }
        self.show_line();
    }

    fn handle_echoed_line(&mut self) {
        self.prompt_open = false;
    }

    fn takes_keys(&self) -> bool {
        self.editor.is_some()
    }

    fn handle_keys(&mut self, keys: &[u8]) -> (usize, Option<KeyEvent>) {
        self.show_line();
        self.hide_line_without_room();
        #[cfg(feature = "rich")]
        self.prepare_for_keys();
        let Some(editor) = &mut self.editor else { return (keys.len(), None) };
        let (taken, event) = editor.feed(keys, self.waiting.tail());
        #[cfg(feature = "rich")]
        self.note_focus();
        self.prompt_open &= !matches!(event, Some(Event::Line(_)));
        (taken, event)
    }

    fn handle_time(&mut self, now: Duration) {
        #[cfg(feature = "rich")]
        self.note_time(now);
        if let Some(editor) = &mut self.editor {
            editor.handle_time(now);
        }
    }

    fn handle_pause(&mut self) {
        if let Some(editor) = &mut self.editor {
            editor.handle_pause(self.waiting.tail());
        }
    }

    fn next_deadline(&self) -> Option<Duration> {
        let editor = self.editor.as_ref().and_then(Editor::next_deadline);
        #[cfg(feature = "rich")]
        let editor = [editor, self.own_deadline()].into_iter().flatten().min();
        editor
    }

    fn to_show(&mut self) -> &mut Outbox {
        self.show_line();
        #[cfg(feature = "rich")]
        self.finish_richly();
        &mut self.waiting
    }

    fn to_show_len(&self) -> usize {
        self.waiting.len()
    }

    fn leave(&mut self) {
        #[cfg(feature = "rich")]
        self.leave_richly();
        if let Some(mut editor) = self.editor.take() {
            let out = self.waiting.tail();
            if self.inside_line {
                out.push(b'\n');
            }
            editor.show(out);
            if !editor.is_idle() {
                editor.end_line(out);
                self.prompt_open = false;
            }
            editor.leave(out);
        }
        self.close_prompt();
    }
}

/// Those whose names were seen can be written to with few keys.
fn learn_names(notice: &Notice<'_>, editor: &mut Editor) {
    match notice {
        Notice::From { name, .. } => editor.add_sender(name),
        Notice::NoSuchUser => editor.note_miss(),
        Notice::LoggedIn(name) => {
            editor.begin_chat();
            editor.add_name(name);
        }
        Notice::Online(list) => protocol::names(list).for_each(|name| editor.add_name(name)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
