//! Who takes the lines that come, on either side of a conversation.

use super::frontend::Frontend;
use super::session::Session;
use crate::wire::format::note;
use crate::wire::lines::{Line, Take, Taken};
use crate::wire::outbox::Outbox;

/// Takes the lines of the server.
pub(super) struct Replies<'a, F> {
    pub(super) session: &'a mut Session,
    pub(super) outbox: &'a mut Outbox,
    pub(super) frontend: &'a mut F,
}

impl<F: Frontend> Take for Replies<'_, F> {
    fn take(&mut self, line: Line<'_>, from: usize) -> Taken {
        match line {
            Line::Whole(line) => self.session.handle_reply(line, from, self.outbox, self.frontend),
            Line::TooLong => {
                note!(
                    Error,
                    "a message was dropped: it was longer than --max-message, or than there is memory for"
                );
                Taken::Whole
            }
        }
    }

    fn take_many(&mut self, lines: &[u8]) -> usize {
        if self.session.takes_replies() { self.frontend.show_messages(lines) } else { 0 }
    }
}

/// Takes the lines of the user.
pub(super) struct Commands<'a, F> {
    pub(super) session: &'a mut Session,
    pub(super) outbox: &'a mut Outbox,
    pub(super) frontend: &'a mut F,
    /// The input's terminal shows what is typed, line ends too.
    pub(super) is_echoed: bool,
}

impl<F: Frontend> Take for Commands<'_, F> {
    fn take(&mut self, line: Line<'_>, from: usize) -> Taken {
        let Line::Whole(line) = line else {
            note!(Error, "a line was dropped: it was longer than there is memory for");
            return Taken::Whole;
        };
        if self.is_echoed && self.session.is_ready_for_input(self.outbox, self.frontend) {
            self.frontend.handle_echoed_line();
        }
        self.session.handle_input(line, from, self.outbox, self.frontend)
    }
}
