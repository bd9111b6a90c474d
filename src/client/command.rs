//! What a user types, once logged in (spec section 4).

use crate::wire::sizes::EXPANDED;
use alloc::vec::Vec;

/// The commands that are a word of their own.
pub(crate) const WORDS: [&[u8]; 2] = [b"!quit", b"!who"];

/// A line that means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// Leave.
    Quit,
    /// Ask who is logged in.
    Who,
    /// Send `text`, which may be empty (spec C2), to `to`.
    Send {
        /// The name of the user it is for; not empty.
        to: &'a [u8],
        /// The message, exactly as typed.
        text: &'a [u8],
    },
}

/// What is made of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A command, or nothing (spec C1).
    Commands,
    /// A command, or else a text.
    CommandsOrTexts,
    /// A text, whatever it says.
    Texts,
}

impl<'a> Command<'a> {
    /// Reads a line without its end; `None` for one that is to be ignored (spec C1).
    ///
    /// White space around a command is forgiven; the text of a message is never trimmed (spec C2).
    ///
    /// ```
    /// use chinwag::client::command::Command;
    /// assert_eq!(Command::parse(b" !who "), Some(Command::Who));
    /// assert_eq!(Command::parse(b"@ann  hi "), Some(Command::Send { to: b"ann", text: b" hi " }));
    /// ```
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let line = line.trim_ascii_start();
        if let Some(message) = line.strip_prefix(b"@") {
            return Self::parse_message(message);
        }
        match line.trim_ascii_end() {
            b"!quit" => Some(Self::Quit),
            b"!who" => Some(Self::Who),
            _ => None,
        }
    }

    /// Whether a line that begins like this can become a command, by what is typed behind it.
    #[doc(hidden)]
    pub fn may_begin(line: &[u8]) -> bool {
        let start = line.trim_ascii_start();
        match start.first() {
            Some(b'@') => start.get(1) != Some(&b' '),
            Some(_) => Command::parse(start).is_some() || WORDS.iter().any(|word| word.starts_with(start)),
            None => true,
        }
    }

    /// The same where lines are read in this way: a text is for a user who is known, and not named. An empty line is
    /// none, as no message is empty.
    #[inline]
    pub(crate) fn read(line: &'a [u8], reading: Reading) -> Option<Self> {
        let command = if reading == Reading::Texts { None } else { Self::parse(line) };
        if command.is_some() || reading == Reading::Commands || line.is_empty() {
            return command;
        }
        Some(Self::Send { to: b"", text: line })
    }

    fn parse_message(message: &'a [u8]) -> Option<Self> {
        let end = memchr::memchr(b' ', message).unwrap_or(message.len());
        let (to, text) = message.split_at(end);
        let text = text.strip_prefix(b" ").unwrap_or(text);
        (!to.is_empty()).then_some(Self::Send { to, text })
    }
}

/// Whom a text of several lines is for, whom its first line is for or else `to`, and the texts without what says so.
/// Line ends before that do not count.
#[doc(hidden)]
pub fn split_addressee<'a>(to: &'a [u8], lines: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let begun = lines.trim_ascii_start();
    // No name goes on in another line.
    let first = &begun[..memchr::memchr(b'\n', begun).unwrap_or(begun.len())];
    match Command::parse(first) {
        Some(Command::Send { to, text }) => (to, &begun[first.len() - text.len()..]),
        _ => (to, lines),
    }
}

/// The commands, each on a line of its own, that a text of several lines stands for: all of them are messages for its
/// [addressee](split_addressee), whatever stands in them, but for the empty ones. `None` if it has no addressee, or they were too long
/// by its name before each.
///
/// ```
/// use chinwag::client::command::expand;
/// assert_eq!(expand(b"", b"@ann one\n\n!quit"), Some(b"@ann one\n@ann !quit".to_vec()));
/// assert_eq!(expand(b"", b"one\ntwo"), None);
/// ```
#[doc(hidden)]
pub fn expand(to: &[u8], lines: &[u8]) -> Option<Vec<u8>> {
    let (to, lines) = split_addressee(to, lines);
    if to.is_empty() {
        return None;
    }
    let mut commands = Vec::new();
    for text in lines.split(|&byte| byte == b'\n').filter(|text| !text.is_empty()) {
        if commands.len() + to.len() + text.len() + 3 > EXPANDED {
            return None;
        }
        for part in [b"@", to, b" ", text, b"\n"] {
            commands.extend_from_slice(part);
        }
    }
    commands.pop();
    Some(commands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_no_commands() {
        for line in [&b"!quit"[..], b"!who ", b"@ann hi", b" ", b"\xff"] {
            assert_eq!(Command::read(line, Reading::Texts), Some(Command::Send { to: b"", text: line }));
        }
        assert_eq!(Command::read(b"", Reading::Texts), None);
    }

    #[test]
    fn commands() {
        let send = |to, text| Some(Command::Send { to, text });
        let table: &[(&[u8], Option<Command<'_>>)] = &[
            (b"!quit", Some(Command::Quit)),
            (b"\t!quit \t", Some(Command::Quit)),
            (b"!who", Some(Command::Who)),
            (b"!who ", Some(Command::Who)),
            (b"!who are you", None),
            (b"!Who", None),
            (b"!", None),
            (b"", None),
            (b"  ", None),
            (b"hello", None),
            (b"@", None),
            (b"@ hi", None),
            (b"@ann", send(b"ann", b"")),
            (b"@ann ", send(b"ann", b"")),
            (b"@ann hi", send(b"ann", b"hi")),
            (b"@ann  hi \xff\0\t ", send(b"ann", b" hi \xff\0\t ")),
            (b" @ann hi ", send(b"ann", b"hi ")),
            (b"@a,b hi", send(b"a,b", b"hi")),
            (b"@ann !quit", send(b"ann", b"!quit")),
        ];
        for (line, command) in table {
            assert_eq!(Command::parse(line), *command, "{}", line.escape_ascii());
            assert_eq!(Command::read(line, Reading::Commands), *command);
            assert!(command.is_none() || Command::may_begin(line), "{}", line.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_command_is_for_whom_one_talks_to() {
        let send = |to, text| Some(Command::Send { to, text });
        let table: &[(&[u8], Option<Command<'_>>)] = &[
            (b"hi", send(b"", b"hi")),
            (b" \t", send(b"", b" \t")),
            (b"!who?", send(b"", b"!who?")),
            (b"@ hi", send(b"", b"@ hi")),
            (b"@bob hi", send(b"bob", b"hi")),
            (b"@bob", send(b"bob", b"")),
            (b" !who ", Some(Command::Who)),
            (b"!quit", Some(Command::Quit)),
            (b"", None),
        ];
        for (line, command) in table {
            assert_eq!(Command::read(line, Reading::CommandsOrTexts), *command, "{}", line.escape_ascii());
        }
    }

    /// Whatever begins a command may, and nothing else: all short lines are tried with all ends that count.
    #[test]
    fn line_may_begin_a_command_if_something_behind_it_makes_one() {
        const ENDS: [&str; 12] = ["", "x", "!who", "!quit", "@x", "who", "quit", "ho", "uit", "o", "it", "t"];
        let letters = [" ", "\t", "!", "@", "q", "u", "w", "h", "o", "i", "t", "W", ",", "\u{e9}"];
        let mut lines = vec![String::new()];
        for _ in 0..3 {
            let longer: Vec<_> =
                lines.iter().flat_map(|line| letters.map(|it| format!("{line}{it}"))).collect();
            lines.extend(longer);
        }
        lines.extend(
            ["!quit", "!quit ", " !who\t", "!who x", "!qui t", "/quit", "help", "!help"].map(Into::into),
        );
        for line in lines {
            let makes_one = |end: &&str| Command::parse(format!("{line}{end}").as_bytes()).is_some();
            assert_eq!(Command::may_begin(line.as_bytes()), ENDS.iter().any(makes_one), "{line:?}");
        }
    }

    #[test]
    fn all_lines_go_to_whom_the_first_one_is_for() {
        let table = [
            ("", "@ann one\ntwo", Some("@ann one\n@ann two")),
            ("", " @ann  one \n\n\n two\n", Some("@ann  one \n@ann  two")),
            (
                "",
                "@tia one\n!quit\n!who\n@ann secret",
                Some("@tia one\n@tia !quit\n@tia !who\n@tia @ann secret"),
            ),
            ("", "\n@ann\none", Some("@ann one")),
            ("", "@ann \none", Some("@ann one")),
            ("", "one\n@ann two", None),
            ("", "!quit\n@ann two", None),
            ("", "@\n@ann two", None),
            ("bob", "one\n!quit\n@ann two", Some("@bob one\n@bob !quit\n@bob @ann two")),
            ("bob", "!who\ntwo", Some("@bob !who\n@bob two")),
            ("bob", "@ann one\ntwo", Some("@ann one\n@ann two")),
        ];
        for (to, lines, expected) in table {
            let commands = expand(to.as_bytes(), lines.as_bytes());
            assert_eq!(commands.as_deref(), expected.map(str::as_bytes), "{lines:?}");
            assert_eq!(split_addressee(to.as_bytes(), lines.as_bytes()).0.is_empty(), expected.is_none());
        }
    }

    #[test]
    fn lines_that_a_long_name_makes_too_long_stay_what_they_are() {
        let name = "n".repeat(64);
        let lines = format!("@{name} x{}", "\nx".repeat(EXPANDED / 67));
        assert_eq!(expand(b"", lines.as_bytes()), None);
        let commands = expand(b"", &lines.as_bytes()[..lines.len() / 2]).unwrap();
        assert!(commands.len() <= EXPANDED);
        let empty = format!("@{name} x{}x", "\n".repeat(EXPANDED));
        assert_eq!(expand(b"", empty.as_bytes()).unwrap().len(), 2 * 67 + 1, "they cost nothing");
    }
}
