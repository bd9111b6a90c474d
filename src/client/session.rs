//! The state of a session: typed lines and replies in, requests and notices out.
//!
//! ```text
//!               connected         a name             HELLO
//!   Arriving -------------> Naming ----> LoggingIn ---------> Chatting
//!   (a name given: LoggingIn) ^              |                  |  ^
//!                             +-- IN-USE, ---+    lost, to be   |  | HELLO
//!                                 BAD-                made again v  |
//!   BUSY, before the log-in: Full              TurnedAway <--- Returning
//!                                                 IN-USE, BUSY
//! ```
//!
//! Where nobody can be asked for another name, one that is refused is the end; where messages are strictly to
//! be taken, so is one that is not.
//!
//! Whoever comes back and is told that the name may not be had, or gives it up, is at Naming again; what is
//! lost from there on is made again, too.
//!
//! What it remembers is the name being tried and the number of requests that wait for their answers
//! (spec L7). While a name waits for its answer, the log-in is in the outbox or was sent.

mod losses;
mod refusal;

pub use self::losses::{Disconnect, Unsaid};
pub use self::refusal::Refusal;

use self::refusal::{Manner, Sending};
use super::command::Command;
use super::ends::Settings;
use super::frontend::Frontend;
use super::notice::Notice;
use crate::wire::escape::Printable;
use crate::wire::format::note;
use crate::wire::lines::Taken;
use crate::wire::outbox::Outbox;
use crate::wire::protocol::{
    Reply, Request, TLS_ALERT, TLS_ALERT_LENGTH, is_valid_name, without_carriage_return,
};
use crate::wire::sizes::OUTBOX_PIECE;
use alloc::vec::Vec;

pub use crate::wire::sizes::OUTBOX_FULL;

/// The state of one user's session.
///
/// ```
/// use chinwag::client::conversation::Settings;
/// use chinwag::client::frontend::Frontend;
/// use chinwag::client::session::Session;
/// use chinwag::ui::screen::{Look, Screen};
/// use chinwag::wire::outbox::Outbox;
///
/// let (mut outbox, mut screen) = (Outbox::new(), Screen::new(Look::default()));
/// let settings = Settings { name: Some(b"ann"), ..Settings::default() };
/// let mut session = Session::new(&settings, &mut outbox, &mut screen);
/// session.handle_connected(&mut screen);
/// session.handle_reply(b"HELLO ann", 0, &mut outbox, &mut screen);
/// session.handle_input(b"@bob hi", 0, &mut outbox, &mut screen);
/// assert_eq!(outbox.as_slice(), b"HELLO-FROM ann\nSEND bob hi\n");
/// assert_eq!(screen.to_show().as_slice(), b"Successfully logged in as ann!\n");
/// ```
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    /// The name being tried, or the user's.
    name: Vec<u8>,
    /// How many requests wait for their answers.
    unanswered: u64,
    /// What has become of a message that was put into the outbox in part.
    begun: Begun,
    manner: Manner,
    sending: Sending,
    /// The user has been logged in: there is something to come back to.
    has_logged_in: bool,
    /// How many requests were sent over connections that were lost, and never answered.
    lost: u64,
    /// A part of an answer is shown.
    is_answering: bool,
    /// Requests that had not been sent when the connection was lost.
    unsent: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nobody is asked for a name before a connection stands.
    Arriving,
    /// The user is asked for a name.
    Naming,
    /// A name waits for its answer.
    LoggingIn(Connection),
    /// Logged in.
    Chatting,
    /// A lost connection is made again, with the same name.
    Returning,
    /// The server was full when the name was tried again: this connection is of no more use.
    TurnedAway,
    /// So is this one: the name was still taken.
    Taken,
    /// The server is full: the session is over.
    Full,
    /// So it is as the name was refused, for this reason.
    NameRefused(&'static str),
    /// So it is as a message was refused, for this reason.
    MessageRefused(&'static str),
}

/// A long message, on its way to the server piece by piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// There is none.
    No,
    /// It is no request before its end.
    Unanswered,
    /// The server did not wait for the end: the message is too long for it.
    Answered,
}

/// What is known about the connection over which a name is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    /// It is made for this name.
    New,
    /// It has stood while the user was asked: the server may be about to close it (spec L3).
    Used,
    /// The server has answered by an alert of TLS: it encrypts.
    Alerted,
}

impl Session {
    /// A session that starts by trying the name of the settings, or by asking for one.
    pub fn new(settings: &Settings<'_>, outbox: &mut Outbox, frontend: &mut impl Frontend) -> Self {
        let name = settings.name.filter(|name| !name.is_empty());
        let mut session = Self {
            phase: Phase::Arriving,
            name: Vec::new(),
            unanswered: 0,
            begun: Begun::No,
            manner: Manner::new(settings),
            sending: Sending::new(settings),
            has_logged_in: false,
            lost: 0,
            is_answering: false,
            unsent: Vec::new(),
        };
        match name {
            Some(name) if is_valid_name(name) => session.try_name(name, Connection::New, outbox),
            Some(name) => {
                frontend.show(Notice::Disallowed(name), 0);
                if session.manner.has_one_name {
                    session.name = name.to_vec();
                    session.phase = Phase::NameRefused(refusal::DISALLOWED);
                }
            }
            None => {}
        }
        session
    }

    /// Whether a connection is of use, now, if there is none.
    pub fn wants_connection(&self) -> bool {
        self.phase != Phase::Naming && !self.is_over()
    }

    /// Whether nothing that was asked waits for its answer.
    pub fn is_settled(&self) -> bool {
        self.unanswered == 0 && matches!(self.phase, Phase::Naming | Phase::Chatting)
    }

    /// The number of requests that wait for their answers, or to be sent, the log-in among them, and a
    /// message that is there in part. (Not the log-in of one who comes back: while it is turned away, no
    /// answer has come.)
    pub fn unanswered(&self) -> u64 {
        let is_begun = self.begun == Begun::Unanswered;
        self.unanswered + u64::from(is_begun) + u64::from(matches!(self.phase, Phase::LoggingIn(_)))
    }

    /// Whether a log-in waits for its answer.
    pub fn is_logging_in(&self) -> bool {
        matches!(self.phase, Phase::LoggingIn(_) | Phase::Returning)
    }

    /// Whether the message that was put into the outbox in part has been answered all the same.
    pub fn has_answered_part(&self) -> bool {
        self.begun == Begun::Answered
    }

    /// Whether the server has accepted the user's name.
    pub fn is_logged_in(&self) -> bool {
        self.phase == Phase::Chatting
    }

    /// Whether what the server says still counts.
    pub(super) fn takes_replies(&self) -> bool {
        !self.is_turned_away() && !self.is_over()
    }

    /// Whether the session is over, as the server is full or has refused what may not be refused.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Full | Phase::NameRefused(_) | Phase::MessageRefused(_))
    }

    /// Whether the user is asked for a name.
    pub fn is_asking(&self) -> bool {
        self.phase == Phase::Naming
    }

    /// Whether a part of an answer to what was asked is shown, and the rest is to follow.
    pub(super) fn is_answering(&self) -> bool {
        self.is_answering && self.unanswered > 0
    }

    /// Whether the next typed line would be taken now.
    pub fn is_ready_for_input(&self, outbox: &Outbox, frontend: &impl Frontend) -> bool {
        match self.phase {
            Phase::Naming => !frontend.is_full(),
            Phase::Chatting if self.manner.is_strict && self.unanswered > 0 => false,
            Phase::Chatting => outbox.len() < OUTBOX_FULL,
            _ => false,
        }
    }

    /// There is a connection.
    pub fn handle_connected(&mut self, frontend: &mut impl Frontend) {
        match self.phase {
            Phase::Arriving => self.ask_for_name(frontend),
            Phase::LoggingIn(_) => self.phase = Phase::LoggingIn(Connection::New),
            _ => {}
        }
    }

    /// Takes a line that the user typed, without its end, or the rest of one that was taken up to
    /// `from`. What is not taken waits (spec L6), and is to be offered again after the next change; a
    /// `!quit` never is, as nothing comes after it.
    pub fn handle_input(
        &mut self,
        line: &[u8],
        from: usize,
        outbox: &mut Outbox,
        frontend: &mut impl Frontend,
    ) -> Taken {
        if !self.is_ready_for_input(outbox, frontend) {
            return Taken::UpTo(from);
        }
        let line = without_carriage_return(line);
        match Command::read(line, self.sending.reading) {
            Some(Command::Quit) => return Taken::UpTo(from),
            _ if self.phase == Phase::Naming => self.handle_name(line, outbox, frontend),
            Some(Command::Send { to, text }) => return self.send(to, text, from, outbox, frontend),
            Some(Command::Who) => {
                Request::List.write(outbox.tail());
                frontend.handle_request(Request::List);
                self.sending.begin_other();
                self.unanswered += 1;
            }
            None => {}
        }
        Taken::Whole
    }

    fn handle_name(&mut self, name: &[u8], outbox: &mut Outbox, frontend: &mut impl Frontend) {
        if is_valid_name(name) {
            return self.try_name(name, Connection::Used, outbox);
        }
        if !name.is_empty() {
            frontend.show(Notice::Disallowed(name), 0);
        }
        self.ask_for_name(frontend);
    }

    /// Puts a message, or the next piece of its text, into the outbox.
    fn send(
        &mut self,
        to: &[u8],
        text: &[u8],
        from: usize,
        outbox: &mut Outbox,
        frontend: &mut impl Frontend,
    ) -> Taken {
        if from == 0 && self.manner.is_strict {
            self.sending.begin(to);
        }
        let to = self.sending.receiver(to);
        let rest = &text[from..];
        let piece = &rest[..rest.len().min(OUTBOX_PIECE)];
        let out = outbox.tail();
        if from == 0 {
            Request::Send { to, text: piece }.write(out);
            frontend.handle_request(Request::Send { to, text });
        } else {
            out.extend_from_slice(piece);
            out.push(b'\n');
        }
        if piece.len() < rest.len() {
            out.pop(); // The line goes on.
            if from == 0 {
                self.begun = Begun::Unanswered;
            }
            return Taken::UpTo(from + piece.len());
        }
        self.unanswered += u64::from(self.begun != Begun::Answered);
        self.begun = Begun::No;
        frontend.record(Notice::To { name: to, text });
        self.sending.messages += 1;
        Taken::Whole
    }

    /// Takes one line of the server, or the rest of one that was taken up to `from`. What is not taken
    /// is to be offered again when the screen has room.
    pub fn handle_reply(
        &mut self,
        line: &[u8],
        from: usize,
        outbox: &mut Outbox,
        frontend: &mut impl Frontend,
    ) -> Taken {
        if frontend.is_full() || !self.takes_replies() {
            return Taken::UpTo(from);
        }
        let shown = match Reply::parse(line) {
            Some(Reply::Delivery { from: name, text }) => frontend.show(Notice::From { name, text }, from),
            Some(reply) => self.handle_answer(reply, line, from, outbox, frontend),
            None => {
                note!(Warn, "the server sent what is no reply: {}", Printable(line));
                if line.starts_with(&TLS_ALERT) && line.len() == TLS_ALERT_LENGTH - 1 {
                    self.handle_alert();
                }
                None
            }
        };
        shown.map_or(Taken::Whole, Taken::UpTo)
    }

    /// The server has said what one says that encrypts, to who does not.
    #[cold]
    pub(super) fn handle_alert(&mut self) {
        if self.is_logging_in() {
            self.phase = Phase::LoggingIn(Connection::Alerted);
        }
    }

    /// Returns where to go on with the notice that the answer is shown as, if that is not complete.
    fn handle_answer(
        &mut self,
        reply: Reply<'_>,
        line: &[u8],
        from: usize,
        outbox: &mut Outbox,
        frontend: &mut impl Frontend,
    ) -> Option<usize> {
        use Phase::{Chatting, LoggingIn, Naming, Returning};
        match (self.phase, reply) {
            (LoggingIn(_) | Returning, Reply::Hello { name }) => {
                let name = if name.is_empty() { &self.name } else { name };
                if self.phase == Returning && from == 0 {
                    note!(Info, "the connection to the server is back");
                    frontend.record(Notice::Back);
                }
                let shown = frontend.show(Notice::LoggedIn(name), from);
                if shown.is_none() {
                    self.phase = Chatting;
                    self.has_logged_in = true;
                    outbox.tail().append(&mut self.unsent);
                }
                return shown;
            }
            // The server may not have noticed yet that the old connection is gone.
            (Returning, Reply::InUse) => self.phase = Phase::Taken,
            (LoggingIn(_) | Returning, Reply::Busy) if self.comes_back() => self.phase = Phase::TurnedAway,
            (LoggingIn(_), Reply::InUse) => self.give_up_name(frontend),
            (LoggingIn(_) | Returning, Reply::BadRqstBody) => {
                frontend.show(Notice::Disallowed(&self.name), 0);
                self.ask_again(refusal::DISALLOWED, frontend);
            }
            (LoggingIn(_) | Returning, Reply::BadRqstHdr) => {
                frontend.show(Notice::BadHeader, 0);
                self.ask_again(refusal::HEADER, frontend);
            }
            (LoggingIn(_) | Naming, Reply::Busy) if !self.comes_back() => {
                self.phase = Phase::Full;
                frontend.show(Notice::Full, 0);
            }
            (_, Reply::SendOk) => return self.answer(Notice::Sent, from, frontend),
            (_, Reply::BadDestUser) => {
                return self.refuse(refusal::NO_SUCH_USER, Notice::NoSuchUser, from, frontend);
            }
            (_, Reply::ListOk { names }) => return self.answer(Notice::Online(names), from, frontend),
            (Chatting, Reply::BadRqstHdr) => {
                return self.refuse(refusal::HEADER, Notice::BadHeader, from, frontend);
            }
            (Chatting, Reply::BadRqstBody) => {
                return self.refuse(refusal::BODY, Notice::BadBody, from, frontend);
            }
            _ => note!(Warn, "the server sent what nobody asked for: {}", Printable(line)),
        }
        None
    }

    /// Shows the answer to a request, or the next piece of it; returns where to go on.
    fn answer(&mut self, notice: Notice<'_>, from: usize, frontend: &mut impl Frontend) -> Option<usize> {
        let next = frontend.show(notice, from);
        self.is_answering = next.is_some();
        if next.is_none() {
            match self.unanswered.checked_sub(1) {
                Some(unanswered) => self.unanswered = unanswered,
                None if self.begun == Begun::Unanswered => self.begun = Begun::Answered,
                None => {}
            }
        }
        next
    }

    /// The server refused the log-in, for this reason: the user is asked for another name (spec L2), if there
    /// can be one.
    fn ask_again(&mut self, reason: &'static str, frontend: &mut impl Frontend) {
        if self.has_one_name() {
            self.phase = Phase::NameRefused(reason);
        } else {
            self.ask_for_name(frontend);
        }
    }

    fn ask_for_name(&mut self, frontend: &mut impl Frontend) {
        self.phase = Phase::Naming;
        frontend.ask_for_name();
    }

    fn try_name(&mut self, name: &[u8], connection: Connection, outbox: &mut Outbox) {
        self.name = name.to_vec();
        self.request_login(connection, outbox);
    }

    fn request_login(&mut self, connection: Connection, outbox: &mut Outbox) {
        self.phase = Phase::LoggingIn(connection);
        Request::HelloFrom { name: &self.name }.write(outbox.tail());
    }
}

#[cfg(test)]
mod tests;
