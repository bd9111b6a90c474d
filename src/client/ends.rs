//! What a conversation is told, and what it says: its settings, its three ends, its events and outcomes.

use super::command::Reading;
use super::session::Unsaid;
use crate::wire::source::{Source, TRY_AGAIN, Transport};
use core::time::Duration;

/// What a conversation is to be like. By default it asks for a name, takes lines of any length, waits
/// for nothing after the end of input, and is over with its connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings<'a> {
    /// The name to log in with, without asking.
    pub name: Option<&'a [u8]>,
    /// The longest line that is accepted from the server, in bytes.
    pub max_message: Option<usize>,
    /// How long to wait for each answer after the end of input (spec C3).
    pub linger: Duration,
    /// A lost connection is made again.
    pub reconnects: bool,
    /// Whoever gets every line that is typed, as a text: none is a command then.
    pub texts_to: Option<&'a [u8]>,
    /// Whoever gets the lines that are no commands, as texts.
    pub to: Option<&'a [u8]>,
    /// The input is a terminal: who ends it leaves at once (spec C3), and is asked for another name when one
    /// is refused, even the one given.
    pub is_interactive: bool,
    /// The first message that is refused is the end, and nothing is sent after it: each waits for the answer
    /// to the one before.
    pub is_strict: bool,
    /// Where chance begins, of which there is a little in the times of coming back.
    pub seed: u64,
}

impl Settings<'_> {
    pub(super) fn reading(&self) -> Reading {
        match (self.texts_to, self.to) {
            (Some(_), _) => Reading::Texts,
            (_, Some(_)) => Reading::CommandsOrTexts,
            _ => Reading::Commands,
        }
    }
}

/// The three ends of a conversation.
#[derive(Debug)]
pub struct Ends<N: Transport, I: Transport, O> {
    /// The connection to the server, if there is one.
    pub server: Option<Source<N>>,
    /// Where the user's lines come from.
    pub input: Source<I>,
    /// Where the conversation is shown.
    pub output: Source<O>,
    /// What broke the last connection, if it was not closed.
    pub broken: Option<N::Error>,
    /// What broke the input, if that has not just ended.
    pub input_broken: Option<I::Error>,
    /// When what did not move for want of memory is tried again.
    again: Option<Duration>,
}

impl<N: Transport, I: Transport, O: Transport> Ends<N, I, O> {
    /// An input and an output, and no connection yet.
    pub fn new(input: Source<I>, output: Source<O>) -> Self {
        Self { server: None, input, output, broken: None, input_broken: None, again: None }
    }

    /// When an end is tried again that could not be moved for want of memory.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.again
    }

    /// Whether the connection has taken something that it has not passed on, and still may.
    pub fn has_unwritten(&self) -> bool {
        self.server.as_ref().is_some_and(Source::has_unwritten)
    }

    /// After something was moved, or not: notes whether something is to be tried again. [`turn`] does it;
    /// to be called by who moves something himself after that.
    ///
    /// [`turn`]: super::conversation::Conversation::turn
    pub fn note_starved(&mut self, now: Duration) {
        let server = self.server.as_ref().is_some_and(Source::is_starved);
        if (server || self.input.is_starved() || self.output.is_starved()) && self.again.is_none() {
            self.again = Some(now + TRY_AGAIN);
        }
    }

    pub(super) fn try_again(&mut self, now: Duration) {
        if self.again.is_none_or(|again| again > now) {
            return;
        }
        self.again = None;
        if let Some(server) = &mut self.server {
            server.try_again();
        }
        self.input.try_again();
        self.output.try_again();
    }
}

/// How a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The user left.
    Left,
    /// More waits to be read of the input, which is no terminal, and the server is silent.
    Stalled,
    /// The user interrupted it by a key.
    Interrupted,
    /// The reader of the output went away.
    Unseen,
    /// The server was full.
    Full,
    /// The name was refused, and nobody is there to be asked for another.
    NameRefused,
    /// A message was refused.
    MessageRefused,
    /// The connection was closed, or broken.
    Lost,
    /// The server encrypts, and this connection is not encrypted.
    Encrypted,
    /// No connection could be made.
    Unconnected,
}

impl Outcome {
    /// The exit status of a program (spec section 5), if this much was typed in vain.
    pub fn status(self, unsaid: Unsaid, is_interactive: bool) -> u8 {
        match self {
            Self::Left if is_interactive || unsaid == Unsaid::default() => 0,
            Self::Unseen => 0,
            Self::Left | Self::Stalled | Self::Lost | Self::Encrypted | Self::Unconnected => 1,
            Self::Full => 3,
            Self::NameRefused => 4,
            Self::MessageRefused => 5,
            Self::Interrupted => 130,
        }
    }
}

/// What there is to do for others, or to tell, that is no part of what the output shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A key asks to stop the program until it is continued.
    Suspend,
    /// The connection was lost, and is being made again. While it is lost again and again that is said
    /// once.
    Lost,
    /// So many requests were sent over the lost connection and not answered: they may not have arrived.
    Unanswered(u64),
    /// The user is logged in again; after many losses, for good.
    Back,
    /// Somebody else has the name meanwhile, which is still tried, unless the user is asked for another.
    Taken,
}

/// How much a conversation holds, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Of the server: what was read and not shown.
    pub incoming: usize,
    /// What waits for the output.
    pub to_show: usize,
    /// Of the user: what was read and not taken.
    pub typed: usize,
    /// What waits for the server.
    pub to_send: usize,
}
