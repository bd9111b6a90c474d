//! The client's side of the conversation: typed lines and replies in, requests and screen lines
//! out. It never sees a socket, a terminal or a clock.
//!
//! ```text
//!              a name            HELLO
//!   Naming ------------> LoggingIn ------> Chatting
//!      ^                    |   |
//!      +---- IN-USE, BAD- --+   +--- BUSY ---> over (also from Naming: spec L4)
//! ```
//!
//! What it remembers is the name being tried, how far a long text has been passed on, and how many
//! requests wait for their answers (spec L7).

use crate::client::command::{Command, without_carriage_return};
use crate::ui::display::Notice;
use crate::ui::screen::Screen;
use crate::wire::escape::Printable;
use crate::wire::lines::{Line, Lines, Take};
use crate::wire::outbox::Outbox;
use crate::wire::protocol::{Reply, Request, is_valid_name};

/// When this many bytes wait to be sent, no more commands are taken from the user.
pub const OUTBOX_FULL: usize = 64 * 1024;

/// At most so many bytes of a long message are put into the outbox at a time.
const PIECE: usize = 32 * 1024;

/// The state of one user's conversation.
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    /// There is a connection to the server.
    connected: bool,
    /// The server has refused a log-in on this connection: it may close it (spec L3).
    refused: bool,
    /// The name being tried, or the user's.
    name: Vec<u8>,
    /// How many requests wait for their answers.
    unanswered: u64,
    /// How many bytes of the text being sent in pieces are in the outbox.
    sent: usize,
    /// A lost connection is made again, rather than the end.
    reconnects: bool,
    /// The log-in is one after a lost connection.
    returning: bool,
    /// The name was still taken when it was tried again.
    rebuffed: bool,
    /// Requests that had not been sent when the connection was lost.
    kept: Vec<u8>,
    over: Option<Ending>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The user is asked for a name.
    Naming,
    /// A log-in waits for its answer, or for a connection.
    LoggingIn,
    /// Logged in.
    Chatting,
}

/// Why a conversation is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The user wants to leave.
    Left,
    /// The server is full.
    Full,
}

/// What the end of a connection means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disconnect {
    /// The conversation is to go on with another connection, after a while.
    Again {
        /// How many requests were sent and will not be answered: they may have arrived or not.
        unanswered: u64,
    },
    /// It was expected: another one will do when [`Session::wants_connection`] says so.
    Expected,
    /// The conversation was broken off.
    Lost,
}

impl Session {
    /// A conversation that starts by trying `name`, or by asking for one.
    pub fn new(name: Option<&[u8]>, reconnects: bool, screen: &mut Screen) -> Self {
        let mut session = Self {
            phase: Phase::Naming,
            connected: false,
            refused: false,
            name: Vec::new(),
            unanswered: 0,
            sent: 0,
            reconnects,
            returning: false,
            rebuffed: false,
            kept: Vec::new(),
            over: None,
        };
        match name.filter(|name| !name.is_empty()) {
            Some(name) if is_valid_name(name) => session.try_name(name),
            Some(name) => {
                screen.show(Notice::Disallowed(name));
            }
            None => {}
        }
        session
    }

    /// Why the conversation is over, if it is.
    pub fn over(&self) -> Option<Ending> {
        self.over
    }

    /// Whether a connection is needed, now, that there is not.
    pub fn wants_connection(&self) -> bool {
        !self.connected && (self.phase == Phase::LoggingIn || !self.refused)
    }

    /// Whether nothing that was asked waits for its answer.
    pub fn is_settled(&self) -> bool {
        self.unanswered == 0 && self.phase != Phase::LoggingIn && (self.connected || self.refused)
    }

    /// The number of requests that wait for their answers.
    pub fn unanswered(&self) -> u64 {
        self.unanswered
    }

    /// Whether the next typed line would be taken now.
    pub fn is_ready_for_input(&self, outbox: &Outbox, screen: &Screen) -> bool {
        match self.phase {
            _ if self.over.is_some() => false,
            Phase::Naming => (self.connected || self.refused) && !screen.is_full(),
            Phase::LoggingIn => false,
            Phase::Chatting => outbox.len() < OUTBOX_FULL,
        }
    }

    /// There is a connection.
    pub fn handle_connected(&mut self, outbox: &mut Outbox, screen: &mut Screen) {
        self.connected = true;
        match self.phase {
            Phase::LoggingIn => self.request_login(outbox),
            Phase::Naming if !self.refused => screen.ask_for_name(),
            Phase::Naming | Phase::Chatting => {}
        }
        self.refused = false;
    }

    /// The connection has ended, and everything that came before its end was handled.
    ///
    /// After a refused log-in servers may close it (spec L3), even while the next name is on its
    /// way: that name has not been answered, so it is tried again on a connection of its own.
    ///
    /// With reconnecting, requests that had not been sent wait for the next log-in; those that were
    /// sent are not sent twice.
    pub fn handle_disconnected(&mut self, outbox: &mut Outbox) -> Disconnect {
        self.connected = false;
        if self.reconnects && (self.phase == Phase::Chatting || self.returning) {
            if !self.returning {
                self.kept = outbox.take_unsent_lines();
            }
            outbox.clear();
            self.phase = Phase::LoggingIn;
            self.returning = true;
            self.sent = 0;
            let kept = self.kept.iter().filter(|&&byte| byte == b'\n').count() as u64;
            let unanswered = self.unanswered.saturating_sub(kept);
            self.unanswered = kept;
            return Disconnect::Again { unanswered };
        }
        outbox.clear();
        if self.phase != Phase::Chatting && self.refused { Disconnect::Expected } else { Disconnect::Lost }
    }

    /// Whether a lost connection is being made again.
    pub fn is_returning(&self) -> bool {
        self.returning
    }

    /// Whether the log-in after a lost connection has to be tried once more, later; says so once.
    pub fn take_rebuff(&mut self) -> bool {
        std::mem::take(&mut self.rebuffed)
    }

    /// Takes a line that the user typed, without its end. Returns whether it was taken; if not, it
    /// waits (spec L6), and is to be offered again after the next change.
    pub fn handle_input(&mut self, line: &[u8], outbox: &mut Outbox, screen: &mut Screen) -> bool {
        let line = without_carriage_return(line);
        if is_quit(line) {
            self.over = Some(Ending::Left);
            return true;
        }
        if !self.is_ready_for_input(outbox, screen) {
            return false;
        }
        match self.phase {
            Phase::Naming => self.handle_name(line, outbox, screen),
            Phase::LoggingIn | Phase::Chatting => return self.handle_command(line, outbox, screen),
        }
        true
    }

    fn handle_name(&mut self, name: &[u8], outbox: &mut Outbox, screen: &mut Screen) {
        if is_valid_name(name) {
            self.try_name(name);
            if self.connected {
                self.request_login(outbox);
            }
            return;
        }
        if !name.is_empty() {
            screen.show(Notice::Disallowed(name));
        }
        screen.ask_for_name();
    }

    fn handle_command(&mut self, line: &[u8], outbox: &mut Outbox, screen: &mut Screen) -> bool {
        match Command::parse(line) {
            Some(Command::Who) => Request::List.write(outbox.tail()),
            Some(Command::Send { to, text }) => {
                if !self.send(to, text, outbox.tail()) {
                    return false;
                }
                screen.record(Notice::To { name: to, text });
            }
            Some(Command::Quit) | None => return true,
        }
        self.unanswered += 1;
        true
    }

    /// Puts a message, or the next piece of it, into the outbox; returns whether it is complete.
    fn send(&mut self, to: &[u8], text: &[u8], out: &mut Vec<u8>) -> bool {
        let rest = &text[self.sent..];
        let piece = &rest[..rest.len().min(PIECE)];
        if self.sent == 0 {
            Request::Send { to, text: piece }.write(out);
        } else {
            out.extend_from_slice(piece);
            out.push(b'\n');
        }
        if piece.len() == rest.len() {
            self.sent = 0;
            return true;
        }
        out.pop(); // The line goes on.
        self.sent += piece.len();
        false
    }

    /// Takes the lines of the server, oldest first. Returns whether all were taken; if not, the screen
    /// is full, and the rest is to be offered again when it has room.
    pub fn handle_replies(&mut self, incoming: &mut Lines, outbox: &mut Outbox, screen: &mut Screen) -> bool {
        let mut replies = Replies { session: self, outbox, screen, refused: false };
        incoming.drain_to(&mut replies);
        !replies.refused
    }

    /// Takes one line of the server. Returns whether it was taken; if not, the screen is full, and
    /// the line is to be offered again when it has room.
    pub fn handle_reply(&mut self, line: &[u8], outbox: &mut Outbox, screen: &mut Screen) -> bool {
        if screen.is_full() || self.over == Some(Ending::Full) {
            return false;
        }
        match Reply::parse(line) {
            Some(Reply::Delivery { from, text }) => screen.show(Notice::From { name: from, text }),
            Some(reply) => self.handle_answer(reply, line, outbox, screen),
            None => {
                log::warn!("the server sent what is no reply: {}", Printable(line));
                true
            }
        }
    }

    fn handle_answer(
        &mut self,
        reply: Reply<'_>,
        line: &[u8],
        outbox: &mut Outbox,
        screen: &mut Screen,
    ) -> bool {
        match (self.phase, reply) {
            (Phase::LoggingIn, Reply::Hello { name }) => {
                self.phase = Phase::Chatting;
                self.returning = false;
                outbox.tail().append(&mut self.kept);
                screen.show(Notice::LoggedIn(name))
            }
            // The server may not have noticed yet that the old connection is gone.
            (Phase::LoggingIn, Reply::InUse) if self.returning => {
                self.rebuffed = true;
                true
            }
            (Phase::LoggingIn, Reply::InUse) => {
                screen.show(Notice::InUse(&self.name));
                self.ask_again(screen)
            }
            (Phase::LoggingIn, Reply::BadRqstBody) => {
                screen.show(Notice::Disallowed(&self.name));
                self.ask_again(screen)
            }
            (Phase::LoggingIn, Reply::BadRqstHdr) => {
                screen.show(Notice::BadHeader);
                self.ask_again(screen)
            }
            (Phase::LoggingIn | Phase::Naming, Reply::Busy) => {
                self.over = Some(Ending::Full);
                screen.show(Notice::Full)
            }
            (_, Reply::SendOk) => self.answer(Notice::Sent, screen),
            (_, Reply::BadDestUser) => self.answer(Notice::NoSuchUser, screen),
            (_, Reply::ListOk { names }) => self.answer(Notice::Online(names), screen),
            (Phase::Chatting, Reply::BadRqstHdr) => self.answer(Notice::BadHeader, screen),
            (Phase::Chatting, Reply::BadRqstBody) => self.answer(Notice::BadBody, screen),
            _ => {
                log::warn!("the server sent what nobody asked for: {}", Printable(line));
                true
            }
        }
    }

    /// Shows the answer to a request, or the next piece of it; returns whether it is complete.
    fn answer(&mut self, notice: Notice<'_>, screen: &mut Screen) -> bool {
        let complete = screen.show(notice);
        self.unanswered = self.unanswered.saturating_sub(complete.into());
        complete
    }

    /// The server refused the log-in: the user is asked for another name (spec L2).
    fn ask_again(&mut self, screen: &mut Screen) -> bool {
        self.phase = Phase::Naming;
        self.refused = true;
        self.returning = false;
        screen.ask_for_name();
        true
    }

    fn try_name(&mut self, name: &[u8]) {
        self.name = name.to_vec();
        self.phase = Phase::LoggingIn;
    }

    fn request_login(&self, outbox: &mut Outbox) {
        Request::HelloFrom { name: &self.name }.write(outbox.tail());
    }
}

/// Whether a typed line says that the user wants to leave, whatever state a session is in.
pub fn is_quit(line: &[u8]) -> bool {
    Command::parse(without_carriage_return(line)) == Some(Command::Quit)
}

/// Takes the lines of the server for a session.
struct Replies<'a> {
    session: &'a mut Session,
    outbox: &'a mut Outbox,
    screen: &'a mut Screen,
    /// The last line was not taken.
    refused: bool,
}

impl Take for Replies<'_> {
    fn take(&mut self, line: Line<'_>) -> bool {
        match line {
            Line::Whole(line) => {
                self.refused = !self.session.handle_reply(line, self.outbox, self.screen);
                !self.refused
            }
            Line::TooLong => {
                log::error!("a message over the limit was dropped: --max-message sets the limit");
                true
            }
        }
    }

    fn take_many(&mut self, bytes: &[u8]) -> usize {
        if self.session.over == Some(Ending::Full) { 0 } else { self.screen.show_messages(bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::screen::Look;

    const PROMPT: &str = "Welcome to Chat Client. Enter your login: \n";

    struct Talk {
        session: Session,
        screen: Screen,
        outbox: Outbox,
    }

    impl Talk {
        fn new(name: Option<&[u8]>) -> Self {
            let mut screen = Screen::new(Look::default());
            let session = Session::new(name, false, &mut screen);
            let mut talk = Self { session, screen, outbox: Outbox::new() };
            talk.connect();
            talk
        }

        fn chatting() -> Self {
            let mut talk = Self::new(Some(b"ann"));
            talk.hear(b"HELLO ann\n");
            assert_eq!(talk.shown(), "Successfully logged in as ann!\n");
            assert_eq!(talk.sent(), "HELLO-FROM ann\n");
            talk
        }

        fn connect(&mut self) {
            assert!(self.session.wants_connection());
            self.session.handle_connected(&mut self.outbox, &mut self.screen);
        }

        fn end(&mut self) -> Disconnect {
            self.session.handle_disconnected(&mut self.outbox)
        }

        fn typed(&mut self, line: &str) -> bool {
            self.session.handle_input(line.as_bytes(), &mut self.outbox, &mut self.screen)
        }

        fn hear(&mut self, bytes: &[u8]) {
            let mut lines = Lines::new(None);
            lines.fill_from(&mut &bytes[..]).unwrap();
            self.session.handle_replies(&mut lines, &mut self.outbox, &mut self.screen);
        }

        fn shown(&mut self) -> String {
            taken(self.screen.waiting())
        }

        fn sent(&mut self) -> String {
            taken(&mut self.outbox)
        }
    }

    fn taken(outbox: &mut Outbox) -> String {
        let text = String::from_utf8_lossy(outbox.as_slice()).into_owned();
        outbox.clear();
        text
    }

    #[test]
    fn any_number_of_refused_names() {
        let mut talk = Talk::new(None);
        assert_eq!(talk.shown(), PROMPT);
        let table = [
            ("IN-USE", "Cannot log in as ann. That username is already in use.\n"),
            ("BAD-RQST-BODY", "Cannot log in as ann. That username contains disallowed characters.\n"),
            ("BAD-RQST-HDR", "Error: Unknown issue in previous message header.\n"),
        ];
        for (reply, line) in table.iter().cycle().take(9) {
            assert!(talk.typed("ann\r"));
            assert_eq!(talk.sent(), "HELLO-FROM ann\n");
            assert!(!talk.typed("!who"), "what comes while a log-in waits, waits too (L6)");
            talk.hear(format!("{reply}\n").as_bytes());
            assert_eq!(talk.shown(), format!("{line}{PROMPT}"));
        }
        assert!(talk.typed("ann") && talk.session.over().is_none());
        talk.hear(b"HELLO ann\nDELIVERY bob hi\n");
        assert_eq!(talk.shown(), "Successfully logged in as ann!\nFrom bob: hi\n");
    }

    #[test]
    fn client_itself_refuses_bad_names() {
        let mut talk = Talk::new(None);
        talk.shown();
        for name in ["!who", "@ann hi", "a,b", "ann ", "#"] {
            assert!(talk.typed(name));
            let line = format!("Cannot log in as {name}. That username contains disallowed characters.\n");
            assert_eq!(talk.shown(), line + PROMPT);
        }
        assert!(talk.typed(""));
        assert_eq!((talk.shown(), talk.sent()), (PROMPT.into(), String::new()));
    }

    #[test]
    fn name_given_is_tried_without_asking() {
        let mut talk = Talk::new(Some(b"ann"));
        assert_eq!((talk.shown(), talk.sent()), (String::new(), "HELLO-FROM ann\n".into()));
        talk.hear(b"IN-USE\n");
        assert!(talk.shown().ends_with(PROMPT));
        let mut talk = Talk::new(Some(b"a b"));
        assert!(talk.shown().ends_with(PROMPT) && talk.sent().is_empty());
    }

    #[test]
    fn server_may_close_after_a_refusal() {
        let mut talk = Talk::new(Some(b"ann"));
        talk.hear(b"IN-USE\n");
        assert_eq!(talk.end(), Disconnect::Expected);
        assert!(!talk.session.wants_connection() && talk.session.is_settled(), "not before the next name");
        talk.shown();
        talk.sent();
        assert!(talk.typed("bob"));
        talk.connect();
        assert_eq!((talk.shown(), talk.sent()), (String::new(), "HELLO-FROM bob\n".into()));
    }

    #[test]
    fn name_on_its_way_when_the_server_closes_is_tried_again_once() {
        let mut talk = Talk::new(Some(b"ann"));
        talk.hear(b"IN-USE\n");
        assert!(talk.typed("bob"));
        assert_eq!(talk.end(), Disconnect::Expected);
        talk.sent();
        talk.connect();
        assert_eq!(talk.sent(), "HELLO-FROM bob\n");
        assert_eq!(talk.end(), Disconnect::Lost);
    }

    #[test]
    fn connection_that_ends_otherwise_is_lost() {
        for mut talk in [Talk::new(None), Talk::new(Some(b"ann")), Talk::chatting()] {
            assert_eq!(talk.end(), Disconnect::Lost);
        }
    }

    #[test]
    fn lost_connection_is_made_again_and_nothing_is_sent_twice() {
        let mut talk = Talk::chatting();
        talk.session.reconnects = true;
        assert!(talk.typed("@bob one") && talk.typed("@bob two") && talk.typed("!who"));
        let sent = b"SEND bob one\nSEND bo".len();
        talk.outbox.write_to(&mut &mut vec![0; sent][..]).unwrap_err();
        assert_eq!(talk.end(), Disconnect::Again { unanswered: 2 });
        assert!(!talk.typed("@bob three"), "it waits for the log-in");
        talk.connect();
        assert_eq!(talk.sent(), "HELLO-FROM ann\n");
        talk.hear(b"IN-USE\n");
        assert!(talk.session.take_rebuff() && talk.session.is_returning());
        assert_eq!((talk.end(), talk.shown()), (Disconnect::Again { unanswered: 0 }, String::new()));
        talk.connect();
        talk.sent();
        talk.hear(b"HELLO ann\n");
        assert_eq!(talk.shown(), "Successfully logged in as ann!\n");
        assert!(talk.typed("@bob three") && !talk.session.is_returning());
        assert_eq!(talk.sent(), "LIST\nSEND bob three\n");
        assert_eq!(talk.session.unanswered(), 2);
    }

    #[test]
    fn full_server_ends_it() {
        for mut talk in [Talk::new(Some(b"ann")), Talk::new(None)] {
            talk.shown();
            talk.hear(b"BUSY\nDELIVERY bob hi\n");
            let shown = talk.shown();
            assert!(shown.ends_with("Cannot log in. The server is full!\n"), "{shown}");
            assert_eq!(talk.session.over(), Some(Ending::Full));
        }
    }

    #[test]
    fn commands_and_their_answers() {
        let table = [
            ("!who", "LIST\n", "LIST-OK ann,bob", "There are 2 online users:\nann\nbob\n"),
            ("@bob hi", "SEND bob hi\n", "SEND-OK", "The message was sent successfully\n"),
            ("@no x", "SEND no x\n", "BAD-DEST-USER", "The destination user does not exist\n"),
            ("@bob", "SEND bob \n", "BAD-RQST-BODY", "Error: Unknown issue in previous message body.\n"),
            ("@bob ", "SEND bob \n", "BAD-RQST-HDR", "Error: Unknown issue in previous message header.\n"),
            ("nonsense", "", "", ""),
            ("@ hi", "", "", ""),
        ];
        for (line, request, reply, notice) in table {
            let mut talk = Talk::chatting();
            assert!(talk.typed(line));
            assert_eq!(talk.sent(), request);
            assert_eq!(talk.session.is_settled(), request.is_empty());
            if !reply.is_empty() {
                talk.hear(format!("{reply}\n").as_bytes());
            }
            assert_eq!(talk.shown(), notice);
            assert!(talk.session.is_settled());
        }
    }

    #[test]
    fn what_is_no_reply_changes_nothing() {
        let mut talk = Talk::chatting();
        let junk: &[&[u8]] = &[
            b"",
            b"BOGUS",
            b"DELIVERY",
            b"DELIVERY bob",
            b"SEND bob hi",
            b"\xff\0\x1b[2J",
            b"IN-USE",
            b"BUSY",
            b"HELLO x",
        ];
        for line in junk {
            talk.hear(&[line, &b"\n"[..]].concat());
            assert_eq!(talk.shown(), "", "{}", line.escape_ascii());
        }
        talk.hear(b"DELIVERY bob hi\n");
        assert_eq!(talk.shown(), "From bob: hi\n");
        assert!(talk.session.over().is_none());
    }

    #[test]
    fn quit_works_in_every_phase() {
        for mut talk in [Talk::new(None), Talk::new(Some(b"ann")), Talk::chatting()] {
            assert!(talk.typed(" !quit\r"));
            assert_eq!(talk.session.over(), Some(Ending::Left));
        }
    }

    #[test]
    fn long_message_is_sent_in_pieces_and_stays_whole() {
        let mut talk = Talk::chatting();
        let text = "x".repeat(1_000_000);
        let mut sent = String::new();
        while !talk.typed(&format!("@bob {text}")) {
            assert!(talk.outbox.len() <= OUTBOX_FULL + PIECE + 100);
            if talk.outbox.len() >= OUTBOX_FULL {
                sent += &talk.sent();
            }
        }
        sent += &talk.sent();
        assert_eq!(sent, format!("SEND bob {text}\n"));
        assert!(!talk.session.is_settled());
    }

    #[test]
    fn full_screen_takes_no_reply() {
        let mut talk = Talk::chatting();
        let line = format!("DELIVERY bob {}", "x".repeat(1000));
        while talk.session.handle_reply(line.as_bytes(), &mut talk.outbox, &mut talk.screen) {}
        assert!(talk.screen.waiting().len() < crate::ui::screen::SCREEN_FULL + 2000);
        talk.shown();
        assert!(talk.session.handle_reply(line.as_bytes(), &mut talk.outbox, &mut talk.screen));
    }

    /// A whole conversation of the server, whole, byte by byte and split at every point.
    #[test]
    fn replies_may_be_cut_anywhere() {
        let replies =
            b"HELLO ann\nLIST-OK ann,bob\nDELIVERY bob  a b \nSEND-OK\nBAD-DEST-USER\n\nBAD-RQST-BODY\nDELIV";
        let mut expected = None;
        for cut in 0..=replies.len() {
            let (start, end) = replies.split_at(cut);
            let reads: Vec<&[u8]> = if cut == 0 { replies.chunks(1).collect() } else { vec![start, end] };
            let mut talk = Talk::new(Some(b"ann"));
            let mut lines = Lines::new(None);
            for mut read in reads.into_iter().filter(|read| !read.is_empty()) {
                lines.fill_from(&mut read).unwrap();
                talk.session.handle_replies(&mut lines, &mut talk.outbox, &mut talk.screen);
            }
            let shown = talk.shown();
            assert_eq!(*expected.get_or_insert(shown.clone()), shown, "cut at {cut}");
        }
        assert!(
            expected.is_some_and(|shown| shown.contains("From bob:  a b \n") && shown.lines().count() == 8)
        );
    }
}
