//! The connection of a conversation: when it is wanted, and what comes of it when it is made, lost and made
//! again.

use super::{Conversation, Event, Outcome};
use crate::client::frontend::Frontend;
use crate::client::notice::Notice;
use crate::client::session::Disconnect;
use crate::wire::format::note;
use crate::wire::protocol::{TLS_ALERT, TLS_ALERT_LENGTH};
use core::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// There is no connection.
    Down,
    /// One is being made.
    Connecting,
    /// There is one.
    Up,
    /// It has ended; perhaps something that came before that is still to be shown.
    Ended,
}

impl<F: Frontend> Conversation<F> {
    /// Whether a connection is to be made now; [`Conversation::handle_connecting`] says that it is.
    pub fn wants_connection(&self, now: Duration) -> bool {
        self.link == Link::Down && self.session.wants_connection() && !self.retry.is_waiting(now)
    }

    /// A connection is being made.
    pub fn handle_connecting(&mut self) {
        self.link = Link::Connecting;
        self.retry.start();
    }

    /// The connection stands.
    pub fn handle_connected(&mut self, now: Duration) {
        self.link = Link::Up;
        self.session.handle_connected(&mut self.frontend);
        self.linger.handle_progress(now);
        if self.session.is_returning() {
            self.retry.handle_trying(now);
        }
    }

    /// No connection could be made.
    pub fn handle_connect_failed(&mut self, now: Duration) {
        self.link = Link::Down;
        if self.session.comes_back() {
            self.retry.schedule(now);
        } else {
            self.over = Some(Outcome::Unconnected);
        }
    }

    /// Whether it stands for good, or is of no use.
    pub(super) fn judge_connection(&mut self, now: Duration) {
        if self.retry.note_standing(now) {
            self.events.push(Event::Back);
        }
        let mut is_useless = self.session.is_turned_away();
        if self.retry.is_unanswered(now) {
            // The answer may wait for the screen.
            is_useless |= self.incoming.refused().is_none();
            self.retry.handle_trying(now);
        }
        if is_useless {
            self.link = Link::Ended;
        }
    }

    pub(super) fn handle_disconnected(&mut self, now: Duration) {
        if self.incoming.starts_with(&TLS_ALERT) && self.incoming.len() <= TLS_ALERT_LENGTH {
            self.session.handle_alert();
        }
        self.incoming.clear();
        self.link = Link::Down;
        if self.session.is_taken() && self.retry.handle_taken(now) {
            if self.linger.is_interactive || self.session.has_one_name() {
                self.session.give_up_name(&mut self.frontend);
                self.retry.start();
            }
            if !self.session.is_over() {
                self.events.push(Event::Taken);
            }
            if self.session.is_asking() {
                self.keep_typed(now);
            }
        }
        let was_logged_in = self.session.is_logged_in();
        let is_first_answered = self.session.has_answered_part();
        match self.session.handle_disconnected(&mut self.outbox) {
            Disconnect::Expected => {
                note!(Info, "the server closed the connection while a name was asked for")
            }
            Disconnect::Lost => {
                self.note_lost();
                self.over = Some(Outcome::Lost);
            }
            Disconnect::Encrypted => self.over = Some(Outcome::Encrypted),
            Disconnect::Again { unanswered } => {
                if was_logged_in {
                    self.note_lost();
                }
                self.frontend.handle_lost_requests(unanswered, self.session.unanswered());
                self.handle_lost(was_logged_in, unanswered, now);
                self.typed.start_over(is_first_answered);
            }
        }
    }

    /// Each loss is in the logs, also of a connection that is lost again and again.
    fn note_lost(&mut self) {
        note!(Info, "the connection to the server was lost");
        self.frontend.record(Notice::Lost);
    }

    fn handle_lost(&mut self, was_logged_in: bool, unanswered: u64, now: Duration) {
        if !was_logged_in {
            self.retry.schedule(now);
        } else if self.retry.handle_lost(now) {
            self.events.push(Event::Lost);
        }
        if unanswered > 0 {
            self.events.push(Event::Unanswered(unanswered));
        }
        if self.typed.over_since().is_some() {
            self.linger.handle_lost();
        }
    }

    /// What was typed while the connection was away is not taken for names.
    pub(super) fn keep_typed(&mut self, now: Duration) {
        let Self { session, frontend, typed, .. } = self;
        typed.drain_rarely(&mut |line| session.keep(line, frontend), now);
    }
}
