//! How a conversation ends, when whoever wants to leave does so, and what is said of it then.

use super::link::Link;
use super::{Conversation, Ends, Outcome};
use crate::client::frontend::Frontend;
use crate::client::session::{Refusal, Unsaid};
use crate::wire::source::Transport;
use core::time::Duration;

impl<F: Frontend> Conversation<F> {
    /// How the conversation has ended, if it has.
    pub fn outcome(&self, now: Duration) -> Option<Outcome> {
        if self.over.is_some() {
            return self.over;
        }
        let has_lingered = self.has_lingered(now);
        let is_shown = self.frontend.to_show_len() == 0;
        if self.session.is_over() {
            let outcome = match self.session.refusal() {
                None => Outcome::Full,
                Some(refusal) if refusal.message.is_none() => Outcome::NameRefused,
                Some(_) => Outcome::MessageRefused,
            };
            return (is_shown || has_lingered).then_some(outcome);
        }
        let leaves = self.linger.is_interactive && self.typed.over_since().is_some();
        // Whoever waits for nothing still has done what can be done at once.
        let can_move = self.can_take_replies() || self.can_take_input() || self.wants_input();
        if has_lingered && !can_move && !leaves && !self.typed.has_ended() {
            return Some(Outcome::Stalled);
        }
        (leaves || self.is_done() && is_shown || has_lingered && !can_move).then_some(Outcome::Left)
    }

    /// What was refused, if that is the end.
    pub fn refusal(&self) -> Option<Refusal<'_>> {
        self.session.refusal()
    }

    /// Whether who ends the input leaves at once.
    pub fn is_interactive(&self) -> bool {
        self.linger.is_interactive
    }

    /// The end: writes what can be written, for the last time, and ends the connection. Returns what is
    /// then known to have been typed in vain.
    ///
    /// # Errors
    /// Those of the output.
    pub fn leave<N: Transport, I: Transport, O: Transport>(
        &mut self,
        ends: &mut Ends<N, I, O>,
        now: Duration,
    ) -> Result<Unsaid, O::Error> {
        self.send(&mut ends.server, now);
        self.frontend.leave();
        let shown = self.show(&mut ends.output, now);
        let unsaid = self.unsaid(now);
        if let Some(server) = ends.server.take() {
            server.end();
        }
        shown.map(|()| unsaid)
    }

    /// Whether nothing is left but to show what waits: everything typed was sent, and answered.
    pub(super) fn is_done(&self) -> bool {
        self.typed.is_exhausted() && self.session.is_settled() && self.outbox.is_empty()
    }

    /// Whether it is the server that a script waits for, which may be given up.
    pub(super) fn is_server_silent(&self) -> bool {
        let is_read = self.wants_replies() && self.frontend.to_show_len() == 0;
        is_read && !self.linger.is_interactive && !self.session.is_returning()
    }

    /// When to leave without the answers that have not come (spec C3).
    pub(super) fn linger_deadline(&self) -> Option<Duration> {
        let Some(since) = self.typed.over_since() else {
            let may_be_held = !self.session.is_logging_in() && !self.typed.are_texts();
            return self.typed.stalled_since().map(|since| self.linger.deadline_of_stall(since, may_be_held));
        };
        // Who only comes to the end of a script has time until the connection stands.
        let waits = self.link != Link::Connecting || self.typed.is_quit();
        waits.then(|| self.linger.deadline(since))
    }

    pub(super) fn has_lingered(&self, now: Duration) -> bool {
        self.linger_deadline().is_some_and(|deadline| deadline <= now)
    }

    fn unsaid(&self, now: Duration) -> Unsaid {
        let mut unsaid = self.session.unsaid(&self.outbox);
        // Any other end says enough of a log-in.
        let says_it = matches!(self.outcome(now), Some(Outcome::Left | Outcome::Stalled));
        if self.session.is_logging_in() && !says_it {
            unsaid.unanswered -= 1;
        }
        let answered = u64::from(self.session.has_answered_part());
        unsaid.unsent += self.typed.commands().saturating_sub(answered);
        unsaid
    }
}
