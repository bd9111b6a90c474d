//! What is known of the conversation that lines are typed for, and what a line is told because of that.

use super::super::advice::{self, Advice, HINT_DELAY, PROPOSAL_DELAY};
use super::super::keys::Key;
use super::Desk;
use crate::client::command::Command;
#[cfg(feature = "rich")]
use crate::client::command::Reading;
use crate::wire::copy::append;
use crate::wire::escape::{Rule, append_by};
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

/// What is known of the conversation that lines are typed for.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// What is typed is no answer to a question: the user is logged in.
    pub(super) chats: bool,
    /// The last message was for nobody.
    pub(super) misses: bool,
    /// Whom lines are for that are no commands; empty if they are for nobody.
    pub(super) to: Vec<u8>,
    /// The prompt that says so.
    prompt: Vec<u8>,
}

impl Desk {
    /// The prompt waits for an answer.
    pub(super) fn is_asked(&self) -> bool {
        !self.talk.chats && !self.line.prompt().is_empty()
    }

    /// From now on, until there is a prompt, lines are what one logged in types.
    pub(in super::super) fn begin_chat(&mut self) {
        self.talk.chats = true;
    }

    /// From now on lines that are no commands are for this user.
    pub(in super::super) fn talk_to(&mut self, name: &[u8]) {
        self.talk.to = name.to_vec();
        self.talk.prompt = b"to ".to_vec();
        append_by(Rule::Name, name, &mut self.talk.prompt);
        append(&mut self.talk.prompt, b": ");
    }

    /// The prompt says whom the line is for, unless that stands in the line, or nothing does.
    pub(super) fn address_line(&mut self) {
        if self.talk.to.is_empty() || !self.talk.chats || self.search.is_some() {
            return;
        }
        let is_addressed = self.line.is_empty() || Command::parse(self.line.text()).is_some();
        let prompt = if is_addressed { b"" } else { self.talk.prompt.as_slice() };
        if self.line.prompt() != prompt {
            self.line.set_prompt(prompt);
        }
    }

    /// A message was for nobody.
    pub(in super::super) fn note_miss(&mut self) {
        self.talk.misses = true;
    }

    pub(super) fn show_advice(&mut self, out: &mut Vec<u8>) {
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
    pub(in super::super) fn pause(&self) -> Option<Duration> {
        if !self.is_advised() {
            None
        } else if self.ignores() {
            Some(HINT_DELAY)
        } else {
            self.proposal().map(|_| PROPOSAL_DELAY)
        }
    }

    /// That time has passed.
    pub(in super::super) fn advise(&mut self) {
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
        self.talk.chats
            && self.search.is_none()
            && !self.line.is_empty()
            && matches!(self.advice, Advice::None)
    }

    /// Whether Enter would do nothing, whatever is typed behind the line.
    fn ignores(&self) -> bool {
        self.talk.to.is_empty() && !Command::may_begin(self.line.text())
    }

    fn proposal(&self) -> Option<Vec<u8>> {
        let is_at_end = self.line.cursor() == self.line.end();
        let text = self.line.text();
        if is_at_end { advice::proposal(text, &self.completion, &self.history) } else { None }
    }

    /// Takes what is proposed into the line, if that is what the key is for.
    pub(super) fn take_proposal(&mut self, key: Key<'_>) -> bool {
        let takes = matches!(key, Key::Right | Key::End | Key::Ctrl(b'E' | b'F')) && self.view.has_ghost();
        match mem::take(&mut self.advice) {
            Advice::Proposal(rest) if takes => self.line.insert(&rest),
            _ => return false,
        }
        true
    }

    /// Fetches an older line. To one that was for nobody its name is to be changed: the cursor goes there.
    pub(super) fn recall(&mut self) {
        let Some(older) = self.history.older(self.line.text()) else { return };
        self.line.set(older);
        if mem::take(&mut self.talk.misses)
            && older.starts_with(b"@")
            && let Some(end) = memchr::memchr2(b' ', b'\n', older)
        {
            self.line.go(self.line.home() + end);
        }
    }

    #[cfg(feature = "rich")]
    pub(in super::super) fn set_vanishing(&mut self, vanishing: bool) {
        self.vanishing = vanishing;
    }

    /// Whether somebody else will show what is entered: messages and questions, nothing else.
    #[cfg(feature = "rich")]
    pub(super) fn vanishes(&self, lines: &[u8]) -> bool {
        let reading = if self.talk.to.is_empty() { Reading::Commands } else { Reading::CommandsOrTexts };
        let is_shown_later = |line| match Command::read(line, reading) {
            Some(Command::Send { text, .. }) => crate::ui::rich::own::is_shown_later(text),
            Some(Command::Who) => true,
            _ => false,
        };
        self.vanishing
            && self.talk.chats
            && !self.hidden
            && lines.split(|&byte| byte == b'\n').all(is_shown_later)
    }
}
