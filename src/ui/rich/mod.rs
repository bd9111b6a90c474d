//! What a screen does beyond the contract for those who ask for it; only with the feature `rich`.
//!
//! | file | holds |
//! | --- | --- |
//! | `own.rs` | what the user has sent and nobody has answered yet: which message an answer is about |
//! | `pretty.rs` | the text of `--pretty`'s lines |
//! | `palette.rs` | its colours |
//! | `alerts.rs` | `--notify`: how a terminal is told to call its user, and whether the user looks at it |
//! | `errands.rs` | `--on-message`: what waits for the user's command |

pub(super) mod alerts;
pub(super) mod errands;
pub(super) mod own;
pub(super) mod palette;
pub(super) mod pretty;

use self::alerts::Alerts;
pub use self::alerts::{Alert, Passage};
use self::errands::Errands;
pub use self::errands::Message;
use self::own::Own;
use super::moment::Moment;
use alloc::vec::Vec;
use core::time::Duration;

/// What the user asks for; by default nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wishes {
    /// Lines are for people: marks instead of sentences, colours, the time in the margin.
    pub pretty: bool,
    /// With colours.
    pub colored: bool,
    /// What is typed was shown by the terminal itself when it was entered.
    pub is_echoed: bool,
    /// Messages call the user to the terminal.
    pub alert: Option<Alert>,
    /// What stands between this program and the terminal that is to call.
    pub passage: Passage,
    /// Messages are handed to a command, by [`Screen::next_message`](crate::ui::screen::Screen::next_message).
    pub errands: bool,
    /// Whose messages are not shown.
    pub ignored: Vec<Vec<u8>>,
}

/// What the screen keeps for it.
#[derive(Debug, Default)]
pub(super) struct Rich {
    pub(super) wishes: Wishes,
    /// Anything was asked for.
    pub(super) is_wanted: bool,
    /// The time since any fixed point.
    pub(super) now: Duration,
    /// The terminal's width; 0 if it is not known.
    pub(super) columns: u16,
    /// What the margin showed last.
    pub(super) stamped: Option<Moment>,
    /// The server takes requests: a line that is entered is on its way at once.
    pub(super) is_chatting: bool,
    pub(super) own: Own,
    pub(super) alerts: Alerts,
    pub(super) errands: Errands,
}

impl Rich {
    pub(super) fn new(wishes: Wishes, columns: u16) -> Self {
        let alerts = Alerts::new(wishes.alert, wishes.passage);
        let is_wanted = wishes != Wishes::default();
        Self { wishes, is_wanted, columns, alerts, ..Self::default() }
    }

    pub(super) fn ignores(&self, name: &[u8]) -> bool {
        self.wishes.ignored.iter().any(|ignored| ignored == name)
    }
}
