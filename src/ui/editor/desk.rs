//! What each key does to the line, and when the line is somebody's.

use super::completion::Completion;
use super::history::History;
use super::keys::{Key, Keys};
use super::line::{Line, is_letter, is_not_space};
pub use crate::client::frontend::KeyEvent as Event;
use alloc::vec::Vec;

use super::text;
use super::view::View;

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
/// editor.show(&mut out);
/// assert_eq!(out, b"\r\x1b[JFrom bob: hi\n!wh");
/// ```
#[derive(Debug)]
pub struct Editor {
    keys: Keys,
    desk: Desk,
}

/// All but the keys, which lend out the text they hold.
#[derive(Debug)]
struct Desk {
    line: Line,
    view: View,
    history: History,
    completion: Completion,
    search: Option<Search>,
    hidden: bool,
    pastes: Pastes,
}

/// Whether the terminal marks what is pasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pastes {
    /// It was not asked to.
    Plain,
    /// It is to be asked when the line is shown again.
    ToBeMarked,
    Marked,
}

/// A search through the history, which stands in place of the line while it goes on.
#[derive(Debug, Default)]
struct Search {
    wanted: Vec<u8>,
    /// The entry found last, and the place in it; the line itself until there is one.
    found: Option<(usize, usize)>,
    /// Nothing older holds what is wanted.
    failed: bool,
    /// Prompt and search as they are shown, and the cursor there.
    picture: Vec<u8>,
    cursor: usize,
}

const BRACKETED_PASTE_ON: &[u8] = b"\x1b[?2004h";
const BRACKETED_PASTE_OFF: &[u8] = b"\x1b[?2004l";
const CLEAR_SCREEN: &[u8] = b"\x1b[H\x1b[2J";
const CTRL_C: u8 = 3;

impl Editor {
    /// An editor for a terminal of this size; 0 stands for a size nobody knows. The cursor stands in the first column.
    pub fn new(columns: u16, rows: u16) -> Self {
        let desk = Desk {
            line: Line::default(),
            view: View::new(columns, rows),
            history: History::default(),
            completion: Completion::default(),
            search: None,
            hidden: false,
            pastes: Pastes::Plain,
        };
        Self { keys: Keys::default(), desk }
    }

    /// Takes what was read from the terminal, up to the first event, and appends what the terminal is to be sent. Gives the number of
    /// bytes taken, which is less than all only with an event: the rest is to be fed when the event has been acted on.
    ///
    /// While the line is hidden nothing is appended: what the keys have made of it is seen when it is shown again, but a line
    /// entered meanwhile never is.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> (usize, Option<Event>) {
        if !self.desk.hidden {
            let fed = self.take(bytes, out);
            self.desk.mark_pastes(out);
            return fed;
        }
        let mut unseen = Vec::new();
        self.desk.hidden = false;
        let fed = self.take(bytes, &mut unseen);
        self.hide(&mut unseen);
        fed
    }

    fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> (usize, Option<Event>) {
        if self.keys.pasting() && bytes == [CTRL_C] {
            // A paste whose end was lost would leave no way out. Pasted text does not come in reads of this one byte.
            self.keys.reset();
        }
        let was_idle = !self.desk.is_active();
        let (mut at, mut event) = (0, None);
        while at < bytes.len() && event.is_none() {
            let (taken, key) = self.keys.next(&bytes[at..]);
            at += taken;
            if let Some(key) = key {
                event = self.desk.press(key, out);
            }
        }
        self.desk.update(out);
        if was_idle && event.is_none() {
            self.desk.note_first_character();
        }
        (at, event)
    }

    /// Takes the line off the screen, prompt and all, so that other text can be printed from the first column on. Appends nothing if
    /// nothing is typed; a prompt is then left where it is.
    pub fn hide(&mut self, out: &mut Vec<u8>) {
        if !self.desk.hidden {
            self.desk.hidden = true;
            if self.desk.is_active() {
                self.desk.view.hide(out);
            }
        }
    }

    /// Puts the line back, with the cursor where it was. Appends nothing if nothing was hidden.
    pub fn show(&mut self, out: &mut Vec<u8>) {
        if self.desk.hidden {
            self.desk.hidden = false;
            self.desk.update(out);
            self.desk.mark_pastes(out);
        }
    }

    /// Says that this prompt has just been printed and the line goes behind it, on the same row; an empty one for none. To be
    /// called while the line is hidden or nothing is typed: then `show` draws only the line, and from then on the two go
    /// together. The end of the line is also the end of its prompt.
    pub fn set_prompt(&mut self, prompt: &[u8]) {
        let idle = self.desk.hidden || !self.desk.is_active();
        self.desk.line.set_prompt(prompt);
        if idle {
            self.desk.view.assume_drawn(prompt);
            self.desk.line.take_changed();
            self.desk.line.touch(prompt.len());
        }
        self.desk.draw_search();
    }

    /// Takes the terminal's new size (0 for unknown) and draws the line again if it is shown.
    pub fn resize(&mut self, columns: u16, rows: u16, out: &mut Vec<u8>) {
        let active = self.desk.is_active() && !self.desk.hidden;
        self.desk.resize(columns, rows, active, out);
    }

    /// Remembers a name for Tab to complete after `@`, as the latest one seen.
    pub fn add_name(&mut self, name: &[u8]) {
        self.desk.completion.add_name(name);
    }

    /// What is typed so far.
    pub fn line(&self) -> &[u8] {
        self.desk.line.text()
    }

    /// Whether nothing of the editor's is to be seen: nothing is typed or searched for.
    pub fn is_idle(&self) -> bool {
        !self.desk.is_active()
    }

    /// Sets the terminal back to how it was, so far as the editor changed it. What is typed stays, on the screen too; the next
    /// line typed changes the terminal again.
    pub fn leave(&mut self, out: &mut Vec<u8>) {
        if self.desk.pastes == Pastes::Marked {
            self.keys.reset();
            out.extend_from_slice(BRACKETED_PASTE_OFF);
        }
        self.desk.pastes = Pastes::Plain;
    }
}

impl Desk {
    /// Something typed is to be seen.
    fn is_active(&self) -> bool {
        self.search.is_some() || !self.line.is_empty()
    }

    fn update(&mut self, out: &mut Vec<u8>) {
        let from = self.line.take_changed();
        match &self.search {
            Some(search) => self.view.update(&search.picture, search.cursor, from, out),
            None => self.view.update(self.line.buffer(), self.line.cursor(), from, out),
        }
    }

    fn resize(&mut self, columns: u16, rows: u16, active: bool, out: &mut Vec<u8>) {
        match &self.search {
            Some(search) => self.view.resize(columns, rows, &search.picture, search.cursor, active, out),
            None => self.view.resize(columns, rows, self.line.buffer(), self.line.cursor(), active, out),
        }
    }

    /// The terminal is asked to mark pastes when a person has typed the first character of a line. Earlier, at the start, the
    /// request would be seen by programs that drive the client (spec S15); they write more than one character at a time.
    /// Once asked for, it stays so until the end. A paste before that comes as keys, and its line ends send lines as well.
    fn note_first_character(&mut self) {
        let typed = self.line.text();
        if self.pastes == Pastes::Plain && !typed.is_empty() && text::next(typed, 0) == typed.len() {
            self.pastes = Pastes::ToBeMarked;
        }
    }

    fn mark_pastes(&mut self, out: &mut Vec<u8>) {
        if self.pastes == Pastes::ToBeMarked {
            self.pastes = Pastes::Marked;
            out.extend_from_slice(BRACKETED_PASTE_ON);
        }
    }

    fn press(&mut self, key: Key<'_>, out: &mut Vec<u8>) -> Option<Event> {
        if self.search.is_some() && self.search_on(key) {
            return None;
        }
        if key != Key::Tab {
            self.completion.end();
        }
        match key {
            Key::Ctrl(b'U' | b'K' | b'W') | Key::DeleteWord | Key::DeleteWordBack => {}
            _ => self.line.end_cutting(),
        }
        match key {
            Key::Enter => return Some(Event::Line(self.enter(out))),
            Key::Ctrl(b'Z') => return Some(Event::Suspend),
            Key::Ctrl(b'C') if self.line.is_empty() => return Some(Event::Interrupt),
            Key::Ctrl(b'D') if self.line.is_empty() => return Some(Event::EndOfInput),
            Key::Ctrl(b'C') => self.drop_line(out),
            Key::Ctrl(b'L') => {
                out.extend_from_slice(CLEAR_SCREEN);
                self.view.start_afresh();
            }
            Key::Ctrl(b'R') => self.start_search(),
            Key::Up | Key::Ctrl(b'P') => {
                if let Some(older) = self.history.older(self.line.text()) {
                    self.line.set(older);
                }
            }
            Key::Down | Key::Ctrl(b'N') => {
                if let Some(newer) = self.history.newer() {
                    self.line.set(newer);
                }
            }
            Key::Tab => self.complete(),
            _ => self.line.edit(key),
        }
        None
    }

    fn enter(&mut self, out: &mut Vec<u8>) -> Vec<u8> {
        let from = self.line.take_changed();
        self.view.finish(self.line.buffer(), from, out);
        self.history.add(self.line.text());
        self.line.take()
    }

    /// The prompt still waits for an answer, so it is shown again.
    fn drop_line(&mut self, out: &mut Vec<u8>) {
        self.line.go(self.line.end());
        self.update(out);
        out.extend_from_slice(b"^C\n");
        self.line.set(b"");
        self.history.rewind();
        self.view.start_afresh();
    }

    fn complete(&mut self) {
        let (start, cursor) = (self.line.home(), self.line.cursor());
        let (before, after) = self.line.buffer()[start..].split_at(cursor - start);
        if let Some(completed) = self.completion.next(before) {
            // One space between a name and the text is enough.
            let doubled = completed.ends_with(b" ") && after.starts_with(b" ");
            let completed = &completed[..completed.len() - usize::from(doubled)];
            if let Some(rest) = completed.strip_prefix(before) {
                self.line.insert(rest);
            } else {
                self.line.remove(start..cursor);
                self.line.insert(completed);
            }
        }
    }

    fn start_search(&mut self) {
        self.search = Some(Search::default());
        self.draw_search();
    }

    fn end_search(&mut self) {
        if self.search.take().is_some() {
            self.line.touch(self.line.home());
        }
    }

    /// What a key does to a search. False if it ends the search and has its own meaning as well.
    fn search_on(&mut self, key: Key<'_>) -> bool {
        let Some(search) = &mut self.search else { return false };
        let newest = self.history.len();
        let end = match key {
            Key::Text(text) => {
                search.wanted.extend_from_slice(text);
                // The entry found may hold the longer text, too.
                search.found.map_or(newest, |(index, _)| index + 1)
            }
            Key::Backspace => {
                search.wanted.truncate(text::previous(&search.wanted, search.wanted.len()));
                newest
            }
            Key::Ctrl(b'R') => search.found.map_or(newest, |(index, _)| index),
            Key::Ctrl(b'C' | b'G') => {
                self.end_search();
                return true;
            }
            Key::Ctrl(b'L' | b'Z') => return false,
            _ => {
                self.accept_search();
                return false;
            }
        };
        let found = self.history.find(&search.wanted, end);
        search.failed = found.is_none() && !search.wanted.is_empty();
        if found.is_some() || search.wanted.is_empty() {
            search.found = found;
        }
        self.draw_search();
        true
    }

    fn accept_search(&mut self) {
        let found = self.search.as_ref().and_then(|search| search.found);
        self.end_search();
        if let Some((index, place)) = found
            && let Some(line) = self.history.get(index)
        {
            self.line.set(line);
            self.line.go(self.line.home() + place);
        }
    }

    fn draw_search(&mut self) {
        let Some(search) = &mut self.search else { return };
        let picture = &mut search.picture;
        picture.clear();
        picture.extend_from_slice(self.line.prompt());
        let title: &[u8] = if search.failed { b"(failed reverse-i-search)`" } else { b"(reverse-i-search)`" };
        picture.extend_from_slice(title);
        picture.extend_from_slice(&search.wanted);
        picture.extend_from_slice(b"': ");
        // Until something is found, the line itself is what Enter would send.
        let here = (self.line.text(), self.line.cursor() - self.line.home());
        let found = search.found.and_then(|(index, place)| Some((self.history.get(index)?, place)));
        let (line, place) = found.unwrap_or(here);
        search.cursor = picture.len() + place;
        picture.extend_from_slice(line);
        self.line.touch(self.line.home());
    }
}

impl Line {
    /// What a key does to the text alone.
    fn edit(&mut self, key: Key<'_>) {
        match key {
            Key::Text(text) => self.insert(text),
            Key::Left | Key::Ctrl(b'B') => self.go(self.left()),
            Key::Right | Key::Ctrl(b'F') => self.go(self.right()),
            Key::Home | Key::Ctrl(b'A') => self.go(self.home()),
            Key::End | Key::Ctrl(b'E') => self.go(self.end()),
            Key::WordLeft => self.go(self.word_left(is_letter)),
            Key::WordRight => self.go(self.word_right()),
            Key::Backspace => self.remove(self.left()..self.cursor()),
            Key::Delete | Key::Ctrl(b'D') => self.remove(self.cursor()..self.right()),
            Key::DeleteWord => self.cut(self.word_right()),
            Key::DeleteWordBack => self.cut(self.word_left(is_letter)),
            Key::Ctrl(b'W') => self.cut(self.word_left(is_not_space)),
            Key::Ctrl(b'U') => self.cut(self.home()),
            Key::Ctrl(b'K') => self.cut(self.end()),
            Key::Ctrl(b'Y') => self.paste_cut(),
            Key::Ctrl(b'T') => self.transpose(),
            _ => {}
        }
    }
}
