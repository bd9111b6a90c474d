//! What each key does to the line, and how the screen comes to show it.

mod talk;

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::time::Duration;

use self::talk::Talk;
use super::Event;
use super::advice::{self, Advice};
use super::completion::Completion;
use super::history::History;
use super::keys::Key;
use super::line::{Line, is_letter, is_not_space};
use super::search::{Search, Step};
use super::view::View;
use crate::client::command::{self, Command};
use crate::wire::copy::append;

/// The line, its picture on the screen, and all that keys can fetch into it.
#[derive(Debug)]
pub(super) struct Desk {
    line: Line,
    view: View,
    history: History,
    completion: Completion,
    search: Option<Search>,
    /// The screen is another's: nothing is written, and what has changed waits.
    hidden: bool,
    talk: Talk,
    /// Messages that are entered are taken off the screen.
    #[cfg(feature = "rich")]
    vanishing: bool,
    advice: Advice,
}

const CLEAR_SCREEN: &[u8] = b"\x1b[H\x1b[2J";

impl Desk {
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        Self {
            line: Line::default(),
            view: View::new(columns, rows),
            history: History::default(),
            completion: Completion::default(),
            search: None,
            hidden: false,
            talk: Talk::default(),
            #[cfg(feature = "rich")]
            vanishing: false,
            advice: Advice::None,
        }
    }

    /// What is typed so far.
    pub(super) fn line(&self) -> &[u8] {
        self.line.text()
    }

    /// Nothing is typed or searched for.
    pub(super) fn is_idle(&self) -> bool {
        self.search.is_none() && self.line.is_empty()
    }

    pub(super) fn is_hidden(&self) -> bool {
        self.hidden
    }

    pub(super) fn is_searching(&self) -> bool {
        self.search.is_some()
    }

    pub(super) fn add_name(&mut self, name: &[u8]) {
        self.completion.add_name(name);
    }

    pub(super) fn add_sender(&mut self, name: &[u8]) {
        self.completion.add_sender(name);
    }

    /// Puts a prompt in front of the line. If no line is shown, it has just been printed, and is all that the screen shows.
    pub(super) fn set_prompt(&mut self, prompt: &[u8]) {
        let just_printed = self.hidden || self.is_idle();
        self.talk.chats &= prompt.is_empty();
        self.advice = Advice::None;
        self.line.set_prompt(prompt);
        if just_printed {
            self.view.assume_drawn(prompt);
            self.line.take_changed();
            self.line.touch(prompt.len());
        }
    }

    /// Makes the screen show what the keys have made. Not while hidden.
    pub(super) fn update(&mut self, out: &mut Vec<u8>) {
        self.address_line();
        let from = self.line.take_changed();
        let (text, cursor) = picture(&self.line, &self.search, &self.history);
        self.view.update(&text, cursor, from, out);
        self.show_advice(out);
    }

    /// Leaves what is typed on the screen, and nothing else.
    pub(super) fn settle(&mut self, out: &mut Vec<u8>) {
        if !self.hidden && self.view.terminal().is_asked() {
            self.update(out);
        }
        self.view.erase_ghost(out);
    }

    /// Takes all off the screen, but leaves a prompt with nothing behind it.
    pub(super) fn hide(&mut self, out: &mut Vec<u8>) {
        if self.hidden {
            return;
        }
        if self.is_idle() {
            self.settle(out);
        }
        self.hidden = true;
        if !self.is_idle() {
            self.view.hide(out);
        } else if self.line.prompt().is_empty() {
            self.view.start_afresh();
        }
    }

    /// Takes all off the screen, a prompt with nothing behind it as well.
    pub(super) fn hide_all(&mut self, out: &mut Vec<u8>) {
        self.hide(out);
        self.view.hide(out);
    }

    /// The screen is ours again, to be made to show what there is.
    pub(super) fn end_hiding(&mut self) {
        self.hidden = false;
    }

    /// Takes the terminal's new size.
    pub(super) fn resize(&mut self, columns: u16, rows: u16, out: &mut Vec<u8>) {
        let (text, cursor) = picture(&self.line, &self.search, &self.history);
        let is_typed = !self.hidden && !self.is_idle();
        self.view.resize((columns, rows), (&text, cursor), is_typed, out);
    }

    /// Whether nothing may be drawn, until the terminal has answered; it is asked if something is typed.
    pub(super) fn is_unclear(&mut self, out: &mut Vec<u8>) -> bool {
        let is_typed = !self.is_idle();
        self.view.is_unclear(is_typed, out)
    }

    pub(super) fn is_restless(&self) -> bool {
        !self.hidden && self.view.is_restless()
    }

    /// What is on the screen, and what is known of that.
    pub(super) fn view(&mut self) -> &mut View {
        &mut self.view
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.view.next_deadline()
    }

    /// Does what a key asks for, all but showing it.
    pub(super) fn press(&mut self, key: Key<'_>, out: &mut Vec<u8>) -> Option<Event> {
        if self.take_proposal(key) || self.search_on(key) {
            return None;
        }
        if key != Key::Tab {
            self.completion.end();
        }
        if !matches!(key, Key::Pasted(_)) {
            self.line.end_pasting();
        }
        match key {
            Key::Ctrl(b'U' | b'K' | b'W') | Key::DeleteWord | Key::DeleteWordBack => {}
            _ => self.line.end_cutting(),
        }
        match key {
            Key::Enter => return self.enter(out),
            Key::Ctrl(b'Z') => return Some(Event::Suspend),
            Key::Ctrl(b'C') if self.line.is_empty() => return Some(Event::Interrupt),
            Key::Ctrl(b'D') if self.line.is_empty() => return Some(Event::EndOfInput),
            Key::Ctrl(b'C') => self.drop_line(out),
            Key::Ctrl(b'L') => self.clear_screen(out),
            Key::Ctrl(b'R') => {
                self.search = Some(Search::default());
                self.line.touch(self.line.home());
            }
            Key::Up | Key::Ctrl(b'P') => self.recall(),
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

    /// A text of several lines stays if it is for nobody.
    fn enter(&mut self, out: &mut Vec<u8>) -> Option<Event> {
        self.talk.misses = false;
        self.line.trim_line_ends();
        let text = self.line.text();
        let lines = if !text.contains(&b'\n') {
            None
        } else if self.is_asked() {
            // No name has a space in it: the answer says so.
            Some(text.iter().map(|&byte| if byte == b'\n' { b' ' } else { byte }).collect())
        } else {
            let lines = command::expand(&self.talk.to, text);
            if lines.is_none() {
                self.advice = Advice::Hint(advice::reason(&self.talk.to, text));
                self.line.go(self.line.end());
                return None;
            }
            lines
        };
        // A name is no line to be sent again.
        if self.talk.chats || Command::parse(text).is_some() {
            self.history.add(text);
        } else {
            self.history.rewind();
        }
        #[cfg(feature = "rich")]
        if self.vanishes(lines.as_deref().unwrap_or(text)) {
            self.hide_all(out);
            self.view.start_afresh();
            self.hidden = false;
            let text = self.line.take();
            return Some(Event::Line(lines.unwrap_or(text)));
        }
        let text = self.finish(out);
        Some(Event::Line(lines.unwrap_or(text)))
    }

    /// Leaves what is typed where it is, for another line below it, and hands it out.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Vec<u8> {
        self.accept_search();
        self.address_line();
        if !self.hidden {
            let from = self.line.take_changed();
            self.view.finish(self.line.buffer(), from, out);
        }
        self.line.take()
    }

    /// The prompt still waits for an answer, so it is shown again.
    fn drop_line(&mut self, out: &mut Vec<u8>) {
        if !self.hidden {
            self.line.go(self.line.end());
            self.update(out);
            self.view.erase_ghost(out);
            append(out, b"^C\n");
            self.view.start_afresh();
        }
        self.line.set(b"");
        self.history.rewind();
    }

    /// Not while the screen is another's: what is being shown there would be lost.
    fn clear_screen(&mut self, out: &mut Vec<u8>) {
        if !self.hidden {
            append(out, CLEAR_SCREEN);
            self.view.start_afresh();
        }
    }

    fn complete(&mut self) {
        let (start, cursor) = (self.line.home(), self.line.cursor());
        if start == cursor && !self.talk.chats {
            return;
        }
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

    /// What a key does to a search. False if it has its own meaning as well.
    fn search_on(&mut self, key: Key<'_>) -> bool {
        let Some(search) = &mut self.search else { return false };
        let step = search.press(key, &self.history);
        match step {
            Step::Unchanged => return false,
            Step::Changed => {}
            Step::GivenUp => self.search = None,
            Step::Accepted => self.accept_search(),
        }
        self.line.touch(self.line.home());
        step != Step::Accepted
    }

    fn accept_search(&mut self) {
        let Some(search) = self.search.take() else { return };
        self.line.touch(self.line.home());
        if let Some((line, place)) = search.found(&self.history) {
            self.line.set(line);
            self.line.go(self.line.home() + place);
        }
    }
}

/// What is to be on the screen, and the cursor in it.
fn picture<'a>(line: &'a Line, search: &Option<Search>, history: &History) -> (Cow<'a, [u8]>, usize) {
    let Some(search) = search else { return (Cow::Borrowed(line.buffer()), line.cursor()) };
    let (text, cursor) = search.picture(line, history);
    (Cow::Owned(text), cursor)
}

impl Line {
    /// What a key does to the text alone.
    fn edit(&mut self, key: Key<'_>) {
        match key {
            Key::Text(text) => self.insert(text),
            Key::Pasted(text) => self.paste(text),
            Key::NewLine => self.insert(b"\n"),
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
            // Ctrl-W: back to the last white space, whatever else a word is to other keys.
            Key::Ctrl(b'W') => self.cut(self.word_left(is_not_space)),
            Key::Ctrl(b'U') => self.cut(self.home()),
            Key::Ctrl(b'K') => self.cut(self.end()),
            Key::Ctrl(b'Y') => self.paste_cut(),
            Key::Ctrl(b'T') => self.transpose(),
            _ => {}
        }
    }
}
