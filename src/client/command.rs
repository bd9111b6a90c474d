//! What a user types, once logged in (spec section 4).

/// The commands as a user reads about them: form and meaning.
pub const HELP: [(&str, &str); 3] =
    [("!who", "who is online?"), ("@NAME TEXT", "send TEXT to NAME"), ("!quit", "leave (works at any time)")];

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
        match line.trim_ascii_end() {
            b"!quit" => Some(Self::Quit),
            b"!who" => Some(Self::Who),
            _ => Self::parse_send(line),
        }
    }

    fn parse_send(line: &'a [u8]) -> Option<Self> {
        let message = line.strip_prefix(b"@")?;
        let end = memchr::memchr(b' ', message).unwrap_or(message.len());
        let (to, text) = message.split_at(end);
        let text = text.strip_prefix(b" ").unwrap_or(text);
        (!to.is_empty()).then_some(Self::Send { to, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        }
    }
}
