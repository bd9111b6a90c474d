//! What a conversation is told, and what it says: its settings, its three ends, its events and outcomes.

use crate::wire::source::{Source, Transport};
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
    /// The input is a terminal: who ends it leaves at once (spec C3).
    pub is_interactive: bool,
    /// Where chance begins, of which there is a little in the times of coming back.
    pub seed: u64,
}

/// The three ends of a conversation.
#[derive(Debug)]
pub struct Ends<N: Transport, I, O> {
    /// The connection to the server, if there is one.
    pub server: Option<Source<N>>,
    /// Where the user's lines come from.
    pub input: Source<I>,
    /// Where the conversation is shown.
    pub output: Source<O>,
    /// What broke the last connection, if it was not closed.
    pub broken: Option<N::Error>,
}

/// How a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The user left.
    Left,
    /// The user interrupted it by a key.
    Interrupted,
    /// The reader of the output went away.
    Unseen,
    /// The server was full.
    Full,
    /// The connection was closed, or broken.
    Lost,
    /// No connection could be made.
    Unconnected,
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
