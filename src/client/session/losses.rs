//! What the end of a connection means to a session, what is kept for the next one, and what was typed in vain.

use super::{Begun, Connection, OUTBOX_FULL, Phase, Session, refusal};
use crate::client::command::Command;
use crate::client::frontend::Frontend;
use crate::client::notice::Notice;
use crate::wire::outbox::Outbox;
use crate::wire::protocol::{Request, without_carriage_return};

/// What the user typed in vain, in numbers of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unsaid {
    /// Those that were sent, perhaps in part, and not answered.
    pub unanswered: u64,
    /// Those that were not sent, or not whole.
    pub unsent: u64,
}

/// What the end of a connection means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disconnect {
    /// The session is to go on with another connection, after a while.
    Again {
        /// How many requests were sent and will not be answered: they may have arrived or not.
        unanswered: u64,
    },
    /// It was expected: another one will do when [`Session::wants_connection`] says so.
    Expected,
    /// The session was broken off.
    Lost,
    /// So it was as the server encrypts, and nothing here does.
    Encrypted,
}

impl Session {
    /// Whether a connection that is lost, or cannot be made, is no end.
    pub fn comes_back(&self) -> bool {
        self.manner.reconnects && self.has_logged_in
    }

    /// Whether the user waits for the name of before.
    pub fn is_returning(&self) -> bool {
        matches!(self.phase, Phase::Returning | Phase::TurnedAway | Phase::Taken)
    }

    /// Whether the connection is of no use, and another one is to be made later.
    pub fn is_turned_away(&self) -> bool {
        matches!(self.phase, Phase::TurnedAway | Phase::Taken)
    }

    /// Whether that is so because the name is taken.
    pub fn is_taken(&self) -> bool {
        self.phase == Phase::Taken
    }

    /// The connection has ended, and everything that came before its end was handled.
    ///
    /// While the user is asked for a name servers may close it, and even while a name is on its way
    /// (spec L3): that name has not been answered, so it is tried again on a connection of its own.
    ///
    /// With reconnecting, requests that had not been sent wait for the next log-in; those that were
    /// sent are not sent twice.
    pub fn handle_disconnected(&mut self, outbox: &mut Outbox) -> Disconnect {
        match self.phase {
            Phase::Arriving | Phase::Naming | Phase::NameRefused(_) => {
                outbox.clear();
                Disconnect::Expected
            }
            Phase::LoggingIn(Connection::Alerted) => Disconnect::Encrypted,
            Phase::LoggingIn(Connection::Used) => {
                outbox.clear();
                self.request_login(Connection::New, outbox);
                Disconnect::Expected
            }
            Phase::Chatting if self.comes_back() => {
                self.unsent = outbox.take_unsent_lines();
                let unsent = self.unsent.iter().filter(|&&byte| byte == b'\n').count() as u64;
                let unanswered = self.unanswered.saturating_sub(unsent);
                self.unanswered = unsent;
                self.lost += unanswered;
                self.begun = Begun::No;
                self.is_answering = false;
                self.come_back(outbox);
                Disconnect::Again { unanswered }
            }
            Phase::Chatting | Phase::Full | Phase::MessageRefused(_) => Disconnect::Lost,
            _ if self.comes_back() => {
                outbox.clear();
                self.come_back(outbox);
                Disconnect::Again { unanswered: 0 }
            }
            _ => Disconnect::Lost,
        }
    }

    /// Somebody else has the user's name: asks for another.
    pub(crate) fn give_up_name(&mut self, frontend: &mut impl Frontend) {
        frontend.show(Notice::InUse(&self.name), 0);
        self.ask_again(refusal::IN_USE, frontend);
    }

    /// Keeps a line that was typed while the connection was away for the next log-in; returns whether
    /// there is room for it.
    pub(crate) fn keep(&mut self, line: &[u8], frontend: &mut impl Frontend) -> bool {
        if self.unsent.len() >= OUTBOX_FULL {
            return false;
        }
        match Command::read(without_carriage_return(line), self.sending.reading) {
            Some(Command::Quit) => return false,
            Some(Command::Send { to, text }) => {
                let to = self.sending.receiver(to);
                Request::Send { to, text }.write(&mut self.unsent);
                frontend.handle_request(Request::Send { to, text });
                frontend.record(Notice::To { name: to, text });
            }
            Some(Command::Who) => {
                Request::List.write(&mut self.unsent);
                frontend.handle_request(Request::List);
            }
            None => return true,
        }
        self.unanswered += 1;
        true
    }

    /// What was typed in vain, if nothing more is sent of this outbox and no answer comes.
    pub fn unsaid(&self, outbox: &Outbox) -> Unsaid {
        let count = |lines: &[u8]| lines.iter().filter(|&&byte| byte == b'\n').count() as u64;
        let waiting = if self.phase == Phase::Chatting { outbox.unsent_lines() } else { &[] };
        let unsent = count(waiting) + count(&self.unsent);
        let log_in = u64::from(self.is_logging_in());
        Unsaid { unanswered: (self.unanswered + log_in).saturating_sub(unsent) + self.lost, unsent }
    }

    fn come_back(&mut self, outbox: &mut Outbox) {
        self.phase = Phase::Returning;
        Request::HelloFrom { name: &self.name }.write(outbox.tail());
    }
}
