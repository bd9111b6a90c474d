//! What a conversation needs of whoever shows it to the user and takes what the user types.

use super::notice::Notice;
use crate::wire::outbox::Outbox;
use crate::wire::protocol::Request;
use alloc::vec::Vec;
use core::time::Duration;

/// The user's end of a conversation. Nothing here waits: what is to be shown is appended, and written
/// elsewhere.
///
/// One that shows messages only, and those to a program:
///
/// ```
/// use chinwag::client::frontend::Frontend;
/// use chinwag::client::notice::Notice;
/// use chinwag::wire::outbox::Outbox;
///
/// struct Messages(Outbox);
///
/// impl Frontend for Messages {
///     fn is_full(&self) -> bool {
///         self.0.len() > 64 * 1024
///     }
///     fn show(&mut self, notice: Notice<'_>, _from: usize) -> Option<usize> {
///         if let Notice::From { name, text } = notice {
///             self.0.tail().extend([name, b"\t", text, b"\n"].concat());
///         }
///         None // all of it, whatever its length
///     }
///     fn ask_for_name(&mut self) {}
///     fn to_show(&mut self) -> &mut Outbox {
///         &mut self.0
///     }
///     fn to_show_len(&self) -> usize {
///         self.0.len()
///     }
///     fn leave(&mut self) {}
/// }
/// ```
pub trait Frontend {
    /// Whether so much waits to be shown that nothing may be added now.
    fn is_full(&self) -> bool;

    /// Shows a notice from byte `from` of its text on, as much as makes a piece, so that a message of
    /// any length passes through without a second copy of it. Returns where the next piece begins, to
    /// be shown before anything else once there is room; `None` when the notice is complete.
    fn show(&mut self, notice: Notice<'_>, from: usize) -> Option<usize>;

    /// Shows the messages that these lines of the server start with, as many of them as it likes;
    /// returns their length. It is the same as [`Frontend::show`] for each, quicker.
    fn show_messages(&mut self, _lines: &[u8]) -> usize {
        0
    }

    /// Keeps a notice for the log file only.
    fn record(&mut self, _notice: Notice<'_>) {}

    /// A request, or the first piece of it, goes to the server: its answer will come in its turn.
    fn handle_request(&mut self, _request: Request<'_>) {}

    /// The connection was lost: of the requests whose answers have not come, the `lost` oldest will get
    /// none, and `kept` ones after those are sent over the next connection. One more, that was there
    /// in part, is a request anew.
    fn handle_lost_requests(&mut self, _lost: u64, _kept: u64) {}

    /// S1: asks for a name.
    fn ask_for_name(&mut self);

    /// A terminal has echoed the end of a line, which is also the end of an open prompt.
    fn handle_echoed_line(&mut self) {}

    /// Whether what is read from the input is keys, for [`Frontend::handle_keys`].
    fn takes_keys(&self) -> bool {
        false
    }

    /// Takes keys, up to the first event; returns how many bytes were taken: all, if there is none.
    fn handle_keys(&mut self, keys: &[u8]) -> (usize, Option<KeyEvent>) {
        (keys.len(), None)
    }

    /// Tells the time, before anything else in a turn, for what is shown a while after something else.
    fn handle_time(&mut self, _now: Duration) {}

    /// Does what was to be done by the time that it was told. That is after the input was read: a key that has come has not
    /// been waited for in vain.
    fn handle_pause(&mut self) {}

    /// When it is to be told the time though nothing happens.
    fn next_deadline(&self) -> Option<Duration> {
        None
    }

    /// What is to be written, with the user's line in its place behind it, if there is room for that.
    fn to_show(&mut self) -> &mut Outbox;

    /// How many bytes wait to be written.
    fn to_show_len(&self) -> usize;

    /// Leaves the cursor at the start of a line, below what was typed: the last thing to be shown.
    fn leave(&mut self);
}

/// What keys can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyEvent {
    /// A line was entered; its bytes, without the end.
    Line(Vec<u8>),
    /// Ctrl-C while nothing was typed.
    Interrupt,
    /// Ctrl-D while nothing was typed.
    EndOfInput,
    /// Ctrl-Z. The line stays as it is.
    Suspend,
}
