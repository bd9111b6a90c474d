//! Bytes to keys: text, control characters and the escape sequences of terminals, however they are cut.
//!
//! ```text
//!            ESC                [ or O             final byte
//!   Ground ------> Escape -----------------> Sequence ------> Ground
//!     |              | a letter, or anything else               |
//!     |              +---------------------> Ground     200~    |
//!     +<------------------- 201~ --------- pasting <------------+
//! ```
//!
//! A lone ESC waits for the next byte: if the two are no sequence, the ESC is dropped and the byte counts.

use core::mem;

/// What a key, or a run of typed characters, asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key<'a> {
    /// Characters to insert: never empty, any bytes, no character cut in two unless it never was whole.
    Text(&'a [u8]),
    Enter,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    WordLeft,
    WordRight,
    DeleteWord,
    DeleteWordBack,
    /// Ctrl and this capital letter.
    Ctrl(u8),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    Escape,
    /// After `ESC [` (CSI), or `ESC O` (SS3) if so said.
    Sequence {
        ss3: bool,
    },
    /// After `ESC [ [`: the Linux console's function keys, one more byte.
    Console,
}

const ESC: u8 = 0x1b;
const PASTE_END: &[u8] = b"\x1b[201~";
/// Longer sequences are no key's; what follows is text again, so that a stray start cannot swallow a message.
const MAX_SEQUENCE: usize = 32;
/// Of a sequence this much is kept; keys are shorter.
const KEPT: usize = 8;

/// The decoder: a few bytes of memory between one read and the next.
#[derive(Debug, Default)]
pub(super) struct Keys {
    state: State,
    /// ESC came twice: the key is pressed together with Alt.
    alt: bool,
    parameters: [u8; KEPT],
    /// How many parameter bytes came, kept or not.
    seen: usize,
    /// The start of a character that the end of a read cut in two.
    held: [u8; 4],
    held_len: usize,
    pasting: bool,
    /// How much of the end of a paste was seen.
    matched: usize,
    /// The last thing pasted was a `\r`, so that a `\n` is the same line's end.
    after_return: bool,
}

impl Keys {
    /// Takes some bytes (never none, unless there is a key or the state moved on) and gives at most one key.
    pub(super) fn next<'a>(&'a mut self, bytes: &'a [u8]) -> (usize, Option<Key<'a>>) {
        let Some(&byte) = bytes.first() else { return (0, None) };
        if self.held_len > 0 {
            return self.complete(bytes);
        }
        if self.pasting {
            return self.paste(bytes, byte);
        }
        match self.state {
            State::Ground if byte.is_ascii_control() => (1, self.control(byte)),
            State::Ground => self.run(bytes, u8::is_ascii_control),
            State::Escape => self.after_escape(byte),
            State::Sequence { ss3 } => self.sequence(byte, ss3),
            State::Console => {
                self.state = State::Ground;
                (usize::from(byte.is_ascii_graphic()), None)
            }
        }
    }

    /// Whether a pasted text has begun and not ended.
    pub(super) fn pasting(&self) -> bool {
        self.pasting
    }

    /// Forgets whatever has begun: the next byte is a key of its own.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    fn control(&mut self, byte: u8) -> Option<Key<'static>> {
        Some(match byte {
            ESC => {
                (self.state, self.alt) = (State::Escape, false);
                return None;
            }
            b'\r' | b'\n' => Key::Enter,
            b'\t' => Key::Tab,
            0x08 | 0x7f => Key::Backspace,
            _ => Key::Ctrl(byte | 0x40),
        })
    }

    /// The text up to the first byte that `stops`, without a character that the end of `bytes` cuts in two.
    fn run<'a>(&'a mut self, bytes: &'a [u8], stops: fn(&u8) -> bool) -> (usize, Option<Key<'a>>) {
        let end = bytes.iter().position(stops).unwrap_or(bytes.len());
        let mut whole = end;
        if end == bytes.len() {
            whole -= cut_character(bytes);
            self.held_len = end - whole;
            self.held[..self.held_len].copy_from_slice(&bytes[whole..]);
        }
        (end, (whole > 0).then_some(Key::Text(&bytes[..whole])))
    }

    /// Adds to the character that was cut; what does not continue it leaves it as the bytes it is.
    fn complete<'a>(&'a mut self, bytes: &[u8]) -> (usize, Option<Key<'a>>) {
        let len = encoded_len(self.held[0]);
        let mut taken = 0;
        while self.held_len < len && taken < bytes.len() && is_continuation(bytes[taken]) {
            self.held[self.held_len] = bytes[taken];
            self.held_len += 1;
            taken += 1;
        }
        if self.held_len < len && taken == bytes.len() {
            return (taken, None);
        }
        let len = mem::take(&mut self.held_len);
        (taken, Some(Key::Text(&self.held[..len])))
    }

    /// In a paste all is text but the ends of lines and of the paste.
    fn paste<'a>(&'a mut self, bytes: &'a [u8], byte: u8) -> (usize, Option<Key<'a>>) {
        if self.matched > 0 && byte != PASTE_END[self.matched] {
            let len = mem::take(&mut self.matched);
            return (0, Some(Key::Text(&PASTE_END[..len])));
        }
        let after_return = mem::take(&mut self.after_return);
        match byte {
            _ if self.matched > 0 || byte == ESC => {
                self.matched += 1;
                if self.matched == PASTE_END.len() {
                    (self.matched, self.pasting) = (0, false);
                }
                (1, None)
            }
            b'\n' if after_return => (1, None),
            b'\r' | b'\n' => {
                self.after_return = byte == b'\r';
                (1, Some(Key::Enter))
            }
            _ => self.run(bytes, |b| matches!(b, &ESC | b'\r' | b'\n')),
        }
    }

    fn after_escape(&mut self, byte: u8) -> (usize, Option<Key<'static>>) {
        self.state = State::Ground;
        let key = match byte {
            ESC => {
                (self.state, self.alt) = (State::Escape, true);
                return (1, None);
            }
            b'[' | b'O' => {
                self.state = State::Sequence { ss3: byte == b'O' };
                self.seen = 0;
                return (1, None);
            }
            b'b' | b'B' => Key::WordLeft,
            b'f' | b'F' => Key::WordRight,
            b'd' | b'D' => Key::DeleteWord,
            0x08 | 0x7f => Key::DeleteWordBack,
            _ => return (0, None),
        };
        (1, Some(key))
    }

    fn sequence(&mut self, byte: u8, ss3: bool) -> (usize, Option<Key<'static>>) {
        match byte {
            b'[' if self.seen == 0 && !ss3 => self.state = State::Console,
            // One kind of terminal ends the shifted keys with a dollar.
            b'$' | 0x40..=0x7e => {
                self.state = State::Ground;
                return (1, self.sequence_key(byte, ss3));
            }
            0x20..=0x3f => {
                if let Some(place) = self.parameters.get_mut(self.seen) {
                    *place = byte;
                }
                self.seen += 1;
                if self.seen == MAX_SEQUENCE {
                    self.state = State::Ground;
                }
            }
            _ => {
                self.state = State::Ground;
                return (0, None);
            }
        }
        (1, None)
    }

    fn sequence_key(&mut self, last: u8, ss3: bool) -> Option<Key<'static>> {
        let parameters = self.parameters.get(..self.seen)?;
        let mut numbers = parameters.split(|&b| b == b';').map(number);
        let first = numbers.next()??;
        let second = numbers.next().unwrap_or(Some(0))?;
        // `ESC [ 1 ; 5 C`, but `ESC [ 5 C` on some.
        let modifier = if second == 0 && last.is_ascii_alphabetic() { first } else { second };
        // Alt, Ctrl, Meta; Shift alone moves no further.
        let strong = self.alt || modifier.saturating_sub(1) & 0b1110 != 0;
        Some(match last {
            b'A' | b'a' => Key::Up,
            b'B' | b'b' => Key::Down,
            b'C' if strong => Key::WordRight,
            b'D' if strong => Key::WordLeft,
            b'c' if ss3 => Key::WordRight,
            b'd' if ss3 => Key::WordLeft,
            b'C' | b'c' => Key::Right,
            b'D' | b'd' => Key::Left,
            b'H' => Key::Home,
            b'F' => Key::End,
            b'M' if ss3 => Key::Enter,
            b'~' | b'^' | b'$' | b'@' => match first {
                1 | 7 => Key::Home,
                4 | 8 => Key::End,
                3 if strong || last == b'^' => Key::DeleteWord,
                3 => Key::Delete,
                200 if last == b'~' => {
                    (self.pasting, self.matched, self.after_return) = (true, 0, false);
                    return None;
                }
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// A decimal number; nothing is 0. None if it is something else, as in a terminal's answers.
fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0u16, |n, b| match b {
        b'0'..=b'9' => n.checked_mul(10)?.checked_add(u16::from(b - b'0')),
        _ => None,
    })
}

/// How many bytes at the end are the start of a character whose rest may follow.
fn cut_character(bytes: &[u8]) -> usize {
    let tail = &bytes[bytes.len().saturating_sub(3)..];
    match tail.iter().rposition(|&b| !is_continuation(b)) {
        Some(lead) if encoded_len(tail[lead]) > tail.len() - lead => tail.len() - lead,
        _ => 0,
    }
}

/// How many bytes a character takes that starts with this byte.
fn encoded_len(lead: u8) -> usize {
    match lead {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys as a text, runs of characters joined, for the input fed in these pieces.
    fn decode(pieces: &[&[u8]]) -> Vec<u8> {
        let mut keys = Keys::default();
        let mut seen = Vec::new();
        for piece in pieces {
            let (mut at, mut calls) = (0, 0);
            while at < piece.len() {
                let (taken, key) = keys.next(&piece[at..]);
                at += taken;
                calls += 1;
                assert!(calls < 1000, "no progress in {piece:?}");
                match key {
                    Some(Key::Text(text)) => {
                        assert!(!text.is_empty());
                        seen.extend_from_slice(text);
                    }
                    Some(key) => seen.extend_from_slice(format!("<{key:?}>").as_bytes()),
                    None => {}
                }
            }
        }
        seen
    }

    fn check(input: &[u8], expected: &[u8]) {
        let whole = decode(&[input]);
        assert_eq!(
            whole,
            expected,
            "{:?}: {:?}",
            input.escape_ascii().to_string(),
            String::from_utf8_lossy(&whole)
        );
        for at in 0..=input.len() {
            assert_eq!(
                decode(&[&input[..at], &input[at..]]),
                expected,
                "{:?} cut at {at}",
                input.escape_ascii().to_string()
            );
        }
        let bytes: Vec<&[u8]> = input.chunks(1).collect();
        assert_eq!(decode(&bytes), expected, "{:?} byte by byte", input.escape_ascii().to_string());
    }

    #[test]
    fn every_encoding_of_a_key_is_that_key_however_it_is_cut() {
        let table: &[(&[&str], &str)] = &[
            (&["\x1b[A", "\x1bOA", "\x1b[1;5A", "\x1b\x1b[A"], "<Up>"),
            (&["\x1b[B", "\x1bOB"], "<Down>"),
            (&["\x1b[C", "\x1bOC", "\x1b[1;2C", "\x1b[c"], "<Right>"),
            (&["\x1b[D", "\x1bOD", "\x1b[1;2D"], "<Left>"),
            (
                &[
                    "\x1b[1;5C",
                    "\x1b[1;3C",
                    "\x1b[5C",
                    "\x1b\x1b[C",
                    "\x1b\x1bOC",
                    "\x1bOc",
                    "\x1bO5C",
                    "\x1bf",
                ],
                "<WordRight>",
            ),
            (&["\x1b[1;5D", "\x1b[1;3D", "\x1b[5D", "\x1b\x1b[D", "\x1bOd", "\x1bb", "\x1bB"], "<WordLeft>"),
            (&["\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~", "\x1b[1;5H", "\x1b[7$"], "<Home>"),
            (&["\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~", "\x1b[1;2F"], "<End>"),
            (&["\x1b[3~", "\x1b[3;2~"], "<Delete>"),
            (&["\x1b[3;5~", "\x1b[3^", "\x1bd"], "<DeleteWord>"),
            (&["\x1b\x7f", "\x1b\x08"], "<DeleteWordBack>"),
            (&["\x7f", "\x08"], "<Backspace>"),
            (&["\r", "\n", "\x1b\r", "\x1bOM"], "<Enter>"),
            (&["\t"], "<Tab>"),
            (&["\x01"], "<Ctrl(65)>"),
            (&["\x1b\x03", "\x1b[1\x03", "\x1b[\x03", "\x1b[[\x03"], "<Ctrl(67)>"),
            // Known to nobody here: swallowed whole.
            (
                &[
                    "\x1b[15~",
                    "\x1b[Z",
                    "\x1b[?1;2c",
                    "\x1b[[A",
                    "\x1bOP",
                    "\x1b[<0;10;20M",
                    "\x1b[27;5;9~",
                    "\x1b[201~",
                ],
                "",
            ),
            // An escape that starts nothing is dropped alone.
            (&["\x1bx", "\x1b\x1bx", "\x1b[1\x1bx"], "x"),
            (&["\x1bé", "\x1b[é", "\x1b[[é"], "é"),
            (&["\x1b[\x1b[C", "\x1b\x1b\x1b[1\x1b[C"], "<Right>"),
        ];
        for (inputs, expected) in table {
            for input in *inputs {
                let surrounded = format!("a{input}b");
                check(surrounded.as_bytes(), format!("a{expected}b").as_bytes());
            }
        }
    }

    #[test]
    fn text_is_any_bytes() {
        check("añ日👩‍👧b".as_bytes(), "añ日👩‍👧b".as_bytes());
        for raw in [
            &b"\xff"[..],
            b"\xe3\x81x",
            b"\x80\x80\x80\x80",
            b"\xf0\x9f\x98\xc3\xa9",
            b"\xc0\xaf\xed\xa0\x80 ",
        ] {
            check(raw, raw);
        }
        check(b"\xe3\x81\r", b"\xe3\x81<Enter>");
        check(b"\xc3\x1b[C", b"\xc3<Right>");
    }

    #[test]
    fn a_paste_is_text_up_to_its_end() {
        check(b"\x1b[200~a\tb\x03\x1b[Ac\x1b[201\x1b[201~\x03", b"a\tb\x03\x1b[Ac\x1b[201<Ctrl(67)>");
        check(b"\x1b[200~a\r\nb\rc\n\nd\n\re\x1b[201~", b"a<Enter>b<Enter>c<Enter><Enter>d<Enter><Enter>e");
        check(b"\x1b[200~a\r\x1b[201~\n", b"a<Enter><Enter>");
        check("\x1b[200~é\x1b[201~é".as_bytes(), "éé".as_bytes());
    }

    #[test]
    fn an_endless_sequence_ends_at_the_bound() {
        let mut input = b"\x1b[".to_vec();
        input.extend_from_slice(&[b'1'; MAX_SEQUENCE]);
        input.extend_from_slice(b"hello");
        check(&input, b"hello");
    }
}
