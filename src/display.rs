//! The exact text of everything that goes to standard output (spec section 2).

use crate::escape;
use crate::outbox::Outbox;
use crate::protocol;
use std::io::Write as _;

/// When this many bytes wait to be shown, nothing more is taken from the server.
pub const SCREEN_FULL: usize = 64 * 1024;

/// At most so many bytes of a long text are put on the screen at a time, so that a message of any
/// length passes through without a second copy of it.
const PIECE: usize = 32 * 1024;

const PROMPT: &[u8] = b"Welcome to Chat Client. Enter your login: ";

/// One thing to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice<'a> {
    /// S2: logged in under this name.
    LoggedIn(&'a [u8]),
    /// S3: this name is taken.
    InUse(&'a [u8]),
    /// S4: this name may not be had.
    Disallowed(&'a [u8]),
    /// S5.
    Full,
    /// S6.
    Sent,
    /// S7.
    NoSuchUser,
    /// S8: a message.
    From {
        /// The name of its sender.
        name: &'a [u8],
        /// The message.
        text: &'a [u8],
    },
    /// S9: the names of all users, with commas between them.
    Online(&'a [u8]),
    /// S10.
    BadHeader,
    /// S11.
    BadBody,
}

/// What a line consists of, in this order: ours, theirs, ours, theirs (and then the line's end).
type Parts<'a> = [&'a [u8]; 4];

impl<'a> Notice<'a> {
    /// The one table of the screen's strings.
    #[inline]
    fn parts(&self) -> Parts<'a> {
        match *self {
            Self::LoggedIn(name) => [b"Successfully logged in as ", name, b"!", b""],
            Self::InUse(name) => [b"Cannot log in as ", name, b". That username is already in use.", b""],
            Self::Disallowed(name) => {
                [b"Cannot log in as ", name, b". That username contains disallowed characters.", b""]
            }
            Self::Full => [b"Cannot log in. The server is full!", b"", b"", b""],
            Self::Sent => [b"The message was sent successfully", b"", b"", b""],
            Self::NoSuchUser => [b"The destination user does not exist", b"", b"", b""],
            Self::From { name, text } => [b"From ", name, b": ", text],
            Self::Online(names) => [b"There are ", b"", b" online users:", names],
            Self::BadHeader => [b"Error: Unknown issue in previous message header.", b"", b"", b""],
            Self::BadBody => [b"Error: Unknown issue in previous message body.", b"", b"", b""],
        }
    }
}

/// What is on its way to standard output.
#[derive(Debug, Default)]
pub struct Screen {
    waiting: Outbox,
    /// Standard output is a terminal: the cursor stays behind the prompt (spec S12).
    terminal: bool,
    /// What strangers wrote is made harmless (spec S14).
    escape: bool,
    /// The cursor stands behind a prompt.
    prompt_open: bool,
    /// How many bytes of the text that is being shown in pieces have been put out.
    shown: usize,
}

impl Screen {
    /// Nothing shown yet.
    pub fn new(terminal: bool, escape: bool) -> Self {
        Self { terminal, escape, ..Self::default() }
    }

    /// Whether so much waits that nothing may be added now.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= SCREEN_FULL
    }

    /// What waits to be written.
    pub fn waiting(&mut self) -> &mut Outbox {
        &mut self.waiting
    }

    /// S1: asks for a name.
    pub fn ask_for_name(&mut self) {
        self.close_prompt();
        self.waiting.tail().extend_from_slice(PROMPT);
        if self.terminal {
            self.prompt_open = true;
        } else {
            self.waiting.tail().push(b'\n');
        }
    }

    /// The user has ended the prompt's line by typing on this terminal.
    pub fn prompt_answered(&mut self) {
        self.prompt_open = false;
    }

    /// Moves the cursor from behind an open prompt to a new line.
    pub fn close_prompt(&mut self) {
        if self.prompt_open {
            self.waiting.tail().push(b'\n');
            self.prompt_open = false;
        }
    }

    /// Shows a notice. Returns whether it is complete: if not, the same one must be given again
    /// once there is room, until it is.
    #[inline]
    pub fn show(&mut self, notice: Notice<'_>) -> bool {
        let [before, who, between, text] = notice.parts();
        if self.shown == 0 {
            self.close_prompt();
            let out = self.waiting.tail();
            out.reserve(before.len() + who.len() + between.len() + text.len().min(PIECE) + 1);
            out.extend_from_slice(before);
            if let Notice::Online(names) = notice {
                // Writing to a vector cannot fail.
                let _ = write!(out, "{}", protocol::names(names).count());
            }
            append(who, out, self.escape);
            out.extend_from_slice(between);
        }
        if let Notice::Online(names) = notice {
            return self.show_names(names);
        }
        let rest = &text[self.shown..];
        let piece = if rest.len() <= PIECE { rest } else { escape::piece(rest, PIECE) };
        let out = self.waiting.tail();
        append(piece, out, self.escape);
        if piece.len() < rest.len() {
            self.shown += piece.len();
            return false;
        }
        out.push(b'\n');
        self.shown = 0;
        true
    }

    /// Each name on a line of its own, as many as there is room for.
    fn show_names(&mut self, list: &[u8]) -> bool {
        let out = self.waiting.tail();
        if self.shown == 0 {
            out.push(b'\n');
        }
        let full = out.len() + PIECE;
        for name in list[self.shown..].split(|&byte| byte == b',') {
            if out.len() > full {
                return false;
            }
            if !name.is_empty() {
                append(name, out, self.escape);
                out.push(b'\n');
            }
            self.shown += name.len() + 1;
        }
        self.shown = 0;
        true
    }
}

#[inline]
fn append(theirs: &[u8], out: &mut Vec<u8>, escape: bool) {
    if escape {
        escape::append(theirs, out);
    } else {
        out.extend_from_slice(theirs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(screen: &mut Screen, notice: Notice<'_>) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let complete = screen.show(notice);
            assert!(screen.waiting.len() <= PIECE * 10 + 100, "bounded");
            all.extend_from_slice(screen.waiting.as_slice());
            screen.waiting.clear();
            if complete {
                return all;
            }
        }
    }

    #[test]
    fn every_line_of_the_screen() {
        let table: &[(Notice<'_>, &str)] = &[
            (Notice::LoggedIn(b"ann"), "Successfully logged in as ann!\n"),
            (Notice::InUse(b"ann"), "Cannot log in as ann. That username is already in use.\n"),
            (
                Notice::Disallowed(b"a b"),
                "Cannot log in as a b. That username contains disallowed characters.\n",
            ),
            (Notice::Full, "Cannot log in. The server is full!\n"),
            (Notice::Sent, "The message was sent successfully\n"),
            (Notice::NoSuchUser, "The destination user does not exist\n"),
            (Notice::From { name: b"ann", text: b" hi " }, "From ann:  hi \n"),
            (Notice::From { name: b"ann", text: b"" }, "From ann: \n"),
            (Notice::Online(b"ann,bob"), "There are 2 online users:\nann\nbob\n"),
            (Notice::Online(b",ann,,bob,"), "There are 2 online users:\nann\nbob\n"),
            (Notice::Online(b""), "There are 0 online users:\n"),
            (Notice::BadHeader, "Error: Unknown issue in previous message header.\n"),
            (Notice::BadBody, "Error: Unknown issue in previous message body.\n"),
        ];
        for (notice, expected) in table {
            for escape in [false, true] {
                let text = shown(&mut Screen::new(false, escape), *notice);
                assert_eq!(String::from_utf8(text).unwrap(), *expected);
            }
        }
    }

    #[test]
    fn prompt_keeps_the_cursor_on_a_terminal_only() {
        let mut pipe = Screen::new(false, false);
        pipe.ask_for_name();
        assert_eq!(pipe.waiting.as_slice(), b"Welcome to Chat Client. Enter your login: \n");
        let mut terminal = Screen::new(true, true);
        terminal.ask_for_name();
        assert_eq!(terminal.waiting.as_slice(), b"Welcome to Chat Client. Enter your login: ");
        terminal.show(Notice::Full);
        assert!(terminal.waiting.as_slice().ends_with(b"login: \nCannot log in. The server is full!\n"));
        terminal.waiting.clear();
        terminal.ask_for_name();
        terminal.prompt_answered();
        terminal.show(Notice::LoggedIn(b"ann"));
        assert!(terminal.waiting.as_slice().ends_with(b"login: Successfully logged in as ann!\n"));
    }

    #[test]
    fn strangers_bytes_are_made_harmless_where_asked() {
        let hostile = Notice::From { name: b"\x1b", text: b"a\r\x9b\xe2\x80\xae" };
        assert_eq!(shown(&mut Screen::new(true, true), hostile), b"From ^[: a^M\\x9b\\u{202e}\n");
        assert_eq!(shown(&mut Screen::new(false, false), hostile), b"From \x1b: a\r\x9b\xe2\x80\xae\n");
        assert_eq!(
            shown(&mut Screen::new(true, true), Notice::Online(b"a\r,b")),
            b"There are 2 online users:\na^M\nb\n"
        );
        assert_eq!(
            shown(&mut Screen::new(true, true), Notice::LoggedIn(b"\x07")),
            b"Successfully logged in as ^G!\n"
        );
    }

    #[test]
    fn long_text_passes_in_pieces_and_stays_whole() {
        let text = "日本\u{202e}".repeat(100_000);
        let message = Notice::From { name: b"ann", text: text.as_bytes() };
        assert_eq!(shown(&mut Screen::new(false, false), message), format!("From ann: {text}\n").as_bytes());
        let visible = text.replace('\u{202e}', r"\u{202e}");
        assert_eq!(shown(&mut Screen::new(true, true), message), format!("From ann: {visible}\n").as_bytes());
    }

    #[test]
    fn long_list_passes_in_pieces_and_stays_whole() {
        let names: Vec<String> = (0..50_000).map(|number| format!("user{number}")).collect();
        let text = shown(&mut Screen::new(false, false), Notice::Online(names.join(",").as_bytes()));
        assert_eq!(text, format!("There are 50000 online users:\n{}\n", names.join("\n")).as_bytes());
    }
}
