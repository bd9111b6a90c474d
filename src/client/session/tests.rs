use super::*;
use crate::ui::screen::{Look, Screen};
use crate::wire::lines::{Line, Lines, Take};

const PROMPT: &str = "Welcome to Chat Client. Enter your login: \n";

struct Talk {
    session: Session,
    screen: Screen,
    outbox: Outbox,
}

impl Talk {
    fn new(name: Option<&[u8]>) -> Self {
        let mut screen = Screen::new(Look::default());
        let mut outbox = Outbox::new();
        let session = Session::new(
            &Settings { name, is_interactive: true, ..Settings::default() },
            &mut outbox,
            &mut screen,
        );
        let mut talk = Self { session, screen, outbox };
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
        self.session.handle_connected(&mut self.screen);
    }

    fn end(&mut self) -> Disconnect {
        self.session.handle_disconnected(&mut self.outbox)
    }

    fn typed(&mut self, line: &str) -> bool {
        self.type_on(line, 0) == Taken::Whole
    }

    fn type_on(&mut self, line: &str, from: usize) -> Taken {
        self.session.handle_input(line.as_bytes(), from, &mut self.outbox, &mut self.screen)
    }

    fn hear(&mut self, bytes: &[u8]) {
        let mut lines = Lines::new(None);
        lines.push(bytes);
        lines.drain_to(self);
    }

    fn shown(&mut self) -> String {
        taken(self.screen.waiting())
    }

    fn sent(&mut self) -> String {
        taken(&mut self.outbox)
    }
}

impl Take for Talk {
    fn take(&mut self, line: Line<'_>, from: usize) -> Taken {
        let Line::Whole(line) = line else { panic!("there is no limit") };
        self.session.handle_reply(line, from, &mut self.outbox, &mut self.screen)
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
    assert!(talk.typed("ann"));
    talk.hear(b"HELLO ann\nDELIVERY bob hi\n");
    assert_eq!(talk.shown(), "Successfully logged in as ann!\nFrom bob: hi\n");
}

/// Spec W5, and W3: the log-in goes on waiting for its own answer.
#[test]
fn hello_without_a_name_means_the_one_asked_for() {
    for hello in ["HELLO", "HELLO ", "HELLO\r", "HELLO \r"] {
        let mut talk = Talk::new(Some(b"ann"));
        for junk in ["", "\r", "HELLO\r\r", "HELLOHELLO", "BUSYBUSY", "IN-USE\tann", "WELCOME ann", "LIST-OK"]
        {
            talk.hear(format!("{junk}\n").as_bytes());
            assert_eq!((talk.shown().as_str(), talk.session.is_logged_in()), ("", false), "{junk}");
        }
        talk.hear(format!("{hello}\n").as_bytes());
        assert_eq!(talk.shown(), "Successfully logged in as ann!\n");
        assert!(talk.session.is_logged_in());
    }
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

/// Spec L3.
#[test]
fn server_may_close_while_the_user_is_asked_for_a_name() {
    for refusal in ["", "IN-USE\n", "BAD-RQST-BODY\n", "BAD-RQST-HDR\n"] {
        let mut talk = Talk::new(None);
        if !refusal.is_empty() {
            assert!(talk.typed("ann"));
            talk.hear(refusal.as_bytes());
        }
        talk.shown();
        talk.sent();
        assert_eq!((talk.end(), talk.shown()), (Disconnect::Expected, String::new()));
        assert!(!talk.session.wants_connection() && talk.session.is_settled(), "not before the next name");
        assert!(talk.typed("bob"));
        talk.connect();
        assert_eq!((talk.shown(), talk.sent()), (String::new(), "HELLO-FROM bob\n".into()));
        assert_eq!(talk.end(), Disconnect::Lost, "this connection was made for the name");
    }
}

#[test]
fn name_on_its_way_when_the_server_closes_is_tried_again_once() {
    let mut talk = Talk::new(Some(b"ann"));
    talk.hear(b"IN-USE\n");
    talk.sent();
    assert!(talk.typed("bob"));
    talk.outbox.drain(|_| Ok::<_, ()>(3)).unwrap();
    assert_eq!(talk.end(), Disconnect::Expected);
    talk.connect();
    assert_eq!(talk.sent(), "HELLO-FROM bob\n");
    assert_eq!(talk.end(), Disconnect::Lost);
}

#[test]
fn connection_that_ends_otherwise_is_lost() {
    for mut talk in [Talk::new(Some(b"ann")), Talk::chatting()] {
        assert_eq!(talk.end(), Disconnect::Lost);
    }
}

fn reconnecting() -> Talk {
    let mut talk = Talk::chatting();
    talk.session.manner.reconnects = true;
    talk
}

#[test]
fn lost_connection_is_made_again_and_nothing_is_sent_twice() {
    let mut talk = reconnecting();
    assert!(talk.typed("@bob one") && talk.typed("@bob two") && talk.typed("!who"));
    let mut room = [b"SEND bob one\nSEND bo".len(), 0].into_iter();
    assert_eq!(talk.outbox.drain(|_| Ok::<_, ()>(room.next().unwrap())), Ok(false));
    assert_eq!(talk.session.unsaid(&talk.outbox), Unsaid { unanswered: 2, unsent: 1 });
    assert_eq!(talk.end(), Disconnect::Again { unanswered: 2 });
    assert!(!talk.typed("@bob three"), "it waits for the log-in");
    for refusal in ["IN-USE\n", "BUSY\n"] {
        talk.connect();
        assert_eq!(talk.sent(), "HELLO-FROM ann\n");
        talk.hear(refusal.as_bytes());
        assert!(talk.session.is_turned_away() && talk.session.is_returning());
        assert_eq!((talk.end(), talk.shown()), (Disconnect::Again { unanswered: 0 }, String::new()));
    }
    assert_eq!(talk.session.unsaid(&talk.outbox), Unsaid { unanswered: 2 + 1, unsent: 1 });
    talk.connect();
    talk.sent();
    talk.hear(b"HELLO ann\n");
    assert_eq!(talk.shown(), "Successfully logged in as ann!\n");
    assert!(talk.typed("@bob three") && !talk.session.is_returning());
    assert_eq!(talk.sent(), "LIST\nSEND bob three\n");
    assert_eq!(talk.session.unanswered(), 2);
}

#[test]
fn name_that_may_not_be_had_any_more_is_asked_for_again() {
    let mut talk = reconnecting();
    assert_eq!(talk.end(), Disconnect::Again { unanswered: 0 });
    talk.connect();
    talk.hear(b"BAD-RQST-BODY\n");
    assert!(talk.shown().ends_with(PROMPT) && !talk.session.is_returning());
}

#[test]
fn full_server_ends_it() {
    for mut talk in [Talk::new(Some(b"ann")), Talk::new(None)] {
        talk.shown();
        talk.hear(b"BUSY\nDELIVERY bob hi\n");
        let shown = talk.shown();
        assert!(shown.ends_with("Cannot log in. The server is full!\n"), "{shown}");
        assert!(talk.session.is_over());
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
    assert!(!talk.session.is_over());
}

#[test]
fn quit_is_never_taken() {
    for mut talk in [Talk::new(None), Talk::new(Some(b"ann")), Talk::chatting()] {
        talk.sent();
        talk.shown();
        assert!(!talk.typed(" !quit\r"));
        assert_eq!((talk.shown(), talk.sent()), (String::new(), String::new()));
    }
}

#[test]
fn long_message_is_sent_in_pieces_and_stays_whole() {
    let mut talk = Talk::chatting();
    let text = "x".repeat(1_000_000);
    let line = format!("@bob {text}");
    let mut sent = String::new();
    let mut taken = talk.type_on(&line, 0);
    while let Taken::UpTo(from) = taken {
        assert!(talk.session.is_settled(), "it is no request before it is whole");
        assert!(talk.outbox.len() <= OUTBOX_FULL + OUTBOX_PIECE + 100);
        if talk.outbox.len() >= OUTBOX_FULL {
            sent += &talk.sent();
        }
        taken = talk.type_on(&line, from);
    }
    sent += &talk.sent();
    assert_eq!(sent, format!("SEND bob {text}\n"));
    assert_eq!(talk.session.unanswered(), 1);
}

#[test]
fn full_screen_takes_no_reply() {
    let mut talk = Talk::chatting();
    let line = format!("DELIVERY bob {}", "x".repeat(1000));
    while talk.take(Line::Whole(line.as_bytes()), 0) == Taken::Whole {}
    assert!(talk.screen.waiting().len() < crate::ui::screen::SCREEN_FULL + 2000);
    talk.shown();
    assert_eq!(talk.take(Line::Whole(line.as_bytes()), 0), Taken::Whole);
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
        for read in reads.into_iter().filter(|read| !read.is_empty()) {
            lines.push(read);
            lines.drain_to(&mut talk);
        }
        let shown = talk.shown();
        assert_eq!(*expected.get_or_insert(shown.clone()), shown, "cut at {cut}");
    }
    assert!(expected.is_some_and(|shown| shown.contains("From bob:  a b \n") && shown.lines().count() == 8));
}

/// A server with a limit answers when a message crosses it, which may be long before the end of it.
#[test]
fn message_that_is_answered_before_its_end_is_not_waited_for() {
    let mut talk = Talk::chatting();
    let line = format!("@bob {}", "x".repeat(40_000));
    let Taken::UpTo(from) = talk.type_on(&line, 0) else { panic!("it is too long for one piece") };
    assert_eq!(talk.session.unanswered(), 1);
    talk.hear(b"BAD-RQST-BODY\n");
    assert_eq!(talk.session.unanswered(), 0, "lingering is counted from this answer, too");
    assert!(talk.session.has_answered_part());
    assert_eq!(talk.type_on(&line, from), Taken::Whole);
    assert!(talk.session.is_settled() && !talk.session.has_answered_part());
    assert!(talk.typed("@bob hi"));
    assert_eq!(talk.session.unanswered(), 1);
}
