//! What each key does to the line, and how the screen comes to show it.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use super::Event;
use super::advice::{self, Advice, HINT_DELAY, PROPOSAL_DELAY};
use super::completion::Completion;
use super::history::History;
use super::keys::Key;
use super::line::{Line, is_letter, is_not_space};
use super::search::{Search, Step};
use super::view::View;
use crate::client::command::{self, Command};
use crate::wire::escape::{Rule, append_by};

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

/// What is known of the conversation that lines are typed for.
#[derive(Debug, Default)]
struct Talk {
    /// What is typed is no answer to a question: the user is logged in.
    chats: bool,
    /// The last message was for nobody.
    misses: bool,
    /// The last key has entered what was ignored, and nobody was told.
    ignored: bool,
    /// Whom lines are for that are no commands; empty if they are for nobody.
    to: Vec<u8>,
    /// The prompt that says so.
    prompt: Vec<u8>,
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

    /// The prompt waits for an answer.
    fn is_asked(&self) -> bool {
        !self.talk.chats && !self.line.prompt().is_empty()
    }

    /// From now on, until there is a prompt, lines are what one logged in types.
    pub(super) fn begin_chat(&mut self) {
        self.talk.chats = true;
    }

    /// From now on lines that are no commands are for this user.
    pub(super) fn talk_to(&mut self, name: &[u8]) {
        self.talk.to = name.to_vec();
        self.talk.prompt = b"to ".to_vec();
        append_by(Rule::Name, name, &mut self.talk.prompt);
        self.talk.prompt.extend_from_slice(b": ");
    }

    /// The prompt says whom the line is for, unless that stands in the line, or nothing does.
    fn address_line(&mut self) {
        if self.talk.to.is_empty() || !self.talk.chats || self.search.is_some() {
            return;
        }
        let is_addressed = self.line.is_empty() || Command::parse(self.line.text()).is_some();
        let prompt = if is_addressed { b"" } else { self.talk.prompt.as_slice() };
        if self.line.prompt() != prompt {
            self.line.set_prompt(prompt);
        }
    }

    pub(super) fn add_name(&mut self, name: &[u8]) {
        self.completion.add_name(name);
    }

    pub(super) fn add_sender(&mut self, name: &[u8]) {
        self.completion.add_sender(name);
    }

    /// A message was for nobody.
    pub(super) fn note_miss(&mut self) {
        self.talk.misses = true;
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

    fn show_advice(&mut self, out: &mut Vec<u8>) {
        match &self.advice {
            Advice::None => self.view.set_ghost(b"", 0, out),
            Advice::Proposal(rest) => {
                let line = self.line.buffer();
                self.view.set_ghost(&[line, rest].concat(), line.len(), out);
            }
            Advice::Hint(forms) => {
                let form = forms.iter().find(|form| form.len() <= self.view.room());
                self.view.set_ghost(form.copied().unwrap_or_default(), 0, out);
            }
        }
    }

    /// After which time without a key there is something to be advised.
    pub(super) fn pause(&self) -> Option<Duration> {
        if !self.is_advised() {
            None
        } else if self.ignores() {
            Some(HINT_DELAY)
        } else {
            self.proposal().map(|_| PROPOSAL_DELAY)
        }
    }

    /// That time has passed.
    pub(super) fn advise(&mut self) {
        if !self.is_advised() || self.hidden {
            return;
        }
        self.advice = match (self.ignores(), self.proposal()) {
            (true, _) => Advice::Hint(advice::hint(self.line.text())),
            (_, Some(rest)) => Advice::Proposal(rest),
            _ => Advice::None,
        };
    }

    /// Whether the line is one that there may be advice for, and there is none yet.
    fn is_advised(&self) -> bool {
        let is_of_use = self.talk.ignored || !self.line.is_empty();
        self.talk.chats && self.search.is_none() && is_of_use && matches!(self.advice, Advice::None)
    }

    /// Whether Enter would do nothing, whatever is typed behind the line, or has done nothing.
    fn ignores(&self) -> bool {
        self.talk.ignored || self.talk.to.is_empty() && !Command::may_begin(self.line.text())
    }

    /// Whoever has entered what was ignored does not want to know.
    pub(super) fn forget_ignored(&mut self) {
        self.talk.ignored = false;
    }

    fn proposal(&self) -> Option<Vec<u8>> {
        let is_at_end = self.line.cursor() == self.line.end();
        let text = self.line.text();
        if is_at_end { advice::proposal(text, &self.completion, &self.history) } else { None }
    }

    /// Takes what is proposed into the line, if that is what the key is for.
    fn take_proposal(&mut self, key: Key<'_>) -> bool {
        let takes = matches!(key, Key::Right | Key::End | Key::Ctrl(b'E' | b'F')) && self.view.has_ghost();
        match mem::take(&mut self.advice) {
            Advice::Proposal(rest) if takes => self.line.insert(&rest),
            _ => return false,
        }
        true
    }

    /// Leaves only what is typed on the screen.
    pub(super) fn erase_ghost(&mut self, out: &mut Vec<u8>) {
        self.view.erase_ghost(out);
    }

    /// Takes all off the screen, but leaves a prompt with nothing behind it.
    pub(super) fn hide(&mut self, out: &mut Vec<u8>) {
        if mem::replace(&mut self.hidden, true) {
            return;
        }
        self.view.erase_ghost(out);
        if self.line.is_empty() {
            (self.advice, self.talk.ignored) = (Advice::None, false);
        }
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

    /// Takes the terminal's new size, and draws anew what is shown.
    pub(super) fn resize(&mut self, columns: u16, rows: u16, out: &mut Vec<u8>) {
        let is_drawn = !self.hidden && !self.is_idle();
        let (text, cursor) = picture(&self.line, &self.search, &self.history);
        self.view.resize(columns, rows, &text, is_drawn.then_some(cursor), out);
    }

    /// Does what a key asks for, all but showing it.
    pub(super) fn press(&mut self, key: Key<'_>, out: &mut Vec<u8>) -> Option<Event> {
        self.talk.ignored = false;
        let is_told = matches!(self.advice, Advice::Hint(_));
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
            Key::Enter => {
                let event = self.enter(out);
                self.talk.ignored &= !is_told;
                return event;
            }
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

    /// Fetches an older line. To one that was for nobody its name is to be changed: the cursor goes there.
    fn recall(&mut self) {
        let Some(older) = self.history.older(self.line.text()) else { return };
        self.line.set(older);
        if mem::take(&mut self.talk.misses)
            && older.starts_with(b"@")
            && let Some(end) = memchr::memchr2(b' ', b'\n', older)
        {
            self.line.go(self.line.home() + end);
        }
    }

    /// A text of several lines stays if it is for nobody.
    fn enter(&mut self, out: &mut Vec<u8>) -> Option<Event> {
        self.talk.misses = false;
        self.line.trim_line_ends();
        let text = self.line.text();
        let lines = if !text.contains(&b'\n') {
            text.to_vec()
        } else if self.is_asked() {
            // No name has a space in it: the answer says so.
            text.iter().map(|&byte| if byte == b'\n' { b' ' } else { byte }).collect()
        } else {
            let Some(lines) = command::expand(&self.talk.to, text) else {
                self.advice = Advice::Hint(advice::reason(&self.talk.to, text));
                self.line.go(self.line.end());
                return None;
            };
            lines
        };
        self.talk.ignored = self.talk.to.is_empty() && !text.is_empty() && Command::parse(text).is_none();
        // A name is no line to be sent again.
        if self.talk.chats || Command::parse(text).is_some() {
            self.history.add(text);
        } else {
            self.history.rewind();
        }
        #[cfg(feature = "rich")]
        if self.vanishes(&lines) {
            self.hide_all(out);
            self.view.start_afresh();
            self.hidden = false;
            self.line.take();
            return Some(Event::Line(lines));
        }
        self.finish(out);
        Some(Event::Line(lines))
    }

    /// Leaves what is typed where it is, for another line below it.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        self.accept_search();
        self.address_line();
        if !self.hidden {
            let from = self.line.take_changed();
            self.view.finish(self.line.buffer(), from, out);
        }
        self.line.take();
    }

    #[cfg(feature = "rich")]
    pub(super) fn set_vanishing(&mut self, vanishing: bool) {
        self.vanishing = vanishing;
    }

    /// Whether somebody else will show what is entered: messages and nothing else.
    #[cfg(feature = "rich")]
    fn vanishes(&self, lines: &[u8]) -> bool {
        let is_shown_later = |line| match Command::parse_for(&self.talk.to, line) {
            Some(Command::Send { text, .. }) => crate::ui::rich::own::is_shown_later(text),
            _ => false,
        };
        self.vanishing
            && self.talk.chats
            && !self.hidden
            && lines.split(|&byte| byte == b'\n').all(is_shown_later)
    }

    /// The prompt still waits for an answer, so it is shown again.
    fn drop_line(&mut self, out: &mut Vec<u8>) {
        if !self.hidden {
            self.line.go(self.line.end());
            self.update(out);
            self.view.erase_ghost(out);
            out.extend_from_slice(b"^C\n");
            self.view.start_afresh();
        }
        self.line.set(b"");
        self.history.rewind();
    }

    /// Not while the screen is another's: what is being shown there would be lost.
    fn clear_screen(&mut self, out: &mut Vec<u8>) {
        if !self.hidden {
            out.extend_from_slice(CLEAR_SCREEN);
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
            Key::Ctrl(b'W') => self.cut(self.word_left(is_not_space)),
            Key::Ctrl(b'U') => self.cut(self.home()),
            Key::Ctrl(b'K') => self.cut(self.end()),
            Key::Ctrl(b'Y') => self.paste_cut(),
            Key::Ctrl(b'T') => self.transpose(),
            _ => {}
        }
    }
}
