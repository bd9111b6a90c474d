//! What was refused, where that is an end: the name, or the message that waits for its answer.

use super::{Begun, Phase, Session};
use crate::client::command::Reading;
use crate::client::ends::Settings;
use crate::client::frontend::Frontend;
use crate::client::notice::Notice;
use crate::wire::escape::Printable;
use alloc::vec::Vec;

pub(super) const IN_USE: &str = "that username is already in use";
pub(super) const DISALLOWED: &str = "that username contains disallowed characters";
pub(super) const NO_SUCH_USER: &str = "the destination user does not exist";
pub(super) const HEADER: &str = "unknown issue in the header";
pub(super) const BODY: &str = "the text is empty, too long, or not accepted";

/// What was refused, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// Which message of the session it was, counted from 1; none, if it was the name.
    pub message: Option<u64>,
    /// The name that was refused, or that of the receiver: its beginning, if it is long.
    pub name: &'a [u8],
    /// The reason, in words.
    pub reason: &'static str,
}

/// What is an end, and what is not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// A lost connection is made again, rather than the end.
    pub(super) reconnects: bool,
    /// The name is the only one.
    pub(super) has_one_name: bool,
    /// A message that is refused is the end.
    pub(super) is_strict: bool,
}

impl Manner {
    pub(super) fn new(settings: &Settings<'_>) -> Self {
        let has_name = settings.name.is_some_and(|name| !name.is_empty());
        Self {
            reconnects: settings.reconnects,
            has_one_name: has_name && !settings.is_interactive,
            is_strict: settings.is_strict,
        }
    }
}

/// Whom messages go to, and what is known of the request that waits for its answer where there is one at a
/// time.
#[derive(Debug)]
pub(super) struct Sending {
    /// How many messages were put into the outbox, whole.
    pub(super) messages: u64,
    pub(super) reading: Reading,
    /// Whoever gets those whose line names nobody.
    to: Vec<u8>,
    /// The receiver of that which waits, [`LONGEST`] bytes at most; empty, if it is no message.
    waiting: Vec<u8>,
}

/// No more is shown of a name.
const LONGEST: usize = Printable::MOST;

impl Sending {
    pub(super) fn new(settings: &Settings<'_>) -> Self {
        let to = settings.texts_to.or(settings.to).unwrap_or_default().to_vec();
        Self { messages: 0, reading: settings.reading(), to, waiting: Vec::new() }
    }

    /// Whom a message goes to whose line names this user, or nobody.
    pub(super) fn receiver<'a>(&'a self, named: &'a [u8]) -> &'a [u8] {
        if named.is_empty() { &self.to } else { named }
    }

    /// A message begins whose line names this user, or nobody.
    pub(super) fn begin(&mut self, named: &[u8]) {
        let to = self.receiver(named);
        self.waiting = to[..to.len().min(LONGEST)].to_vec();
    }

    /// Another request begins.
    pub(super) fn begin_other(&mut self) {
        self.waiting.clear();
    }
}

impl Session {
    /// What was refused, if that is the end.
    pub fn refusal(&self) -> Option<Refusal<'_>> {
        let begun = u64::from(self.begun != Begun::No);
        match self.phase {
            Phase::NameRefused(reason) => Some(Refusal { message: None, name: &self.name, reason }),
            Phase::MessageRefused(reason) => {
                let message = Some(self.sending.messages + begun);
                Some(Refusal { message, name: &self.sending.waiting, reason })
            }
            _ => None,
        }
    }

    /// Whether nobody can be asked for another name. Who was strict would not know of which message an
    /// answer spoke after that.
    pub(crate) fn has_one_name(&self) -> bool {
        self.manner.has_one_name || self.manner.is_strict && self.has_logged_in
    }

    /// Shows the answer that a request is refused, which can be the end.
    #[cold]
    pub(super) fn refuse(
        &mut self,
        reason: &'static str,
        notice: Notice<'_>,
        from: usize,
        frontend: &mut impl Frontend,
    ) -> Option<usize> {
        let waits = self.unanswered() > 0 && self.phase == Phase::Chatting;
        let next = self.answer(notice, from, frontend);
        if self.manner.is_strict && waits && !self.sending.waiting.is_empty() {
            self.phase = Phase::MessageRefused(reason);
        }
        next
    }
}
