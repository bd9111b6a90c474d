//! Bytes to keys: text, control characters and the escape sequences of terminals, however they are cut.
//!
//! ```text
//!            ESC                [ or O             final byte
//!   Ground ------> Escape -----------------> Sequence ------> Ground
//!     |              | a letter, or anything else               |
//!     |              +---------------------> Ground     200~    |
//!     +<------------------- 201~ ---------- Paste <-------------+
//! ```
//!
//! A lone ESC waits for the next byte: if the two are no sequence, the ESC is dropped and the byte counts.

use core::mem;

/// What a key, or a run of typed characters, asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key<'a> {
    /// Characters to insert: never empty, any bytes, no character cut in two unless it never was whole.
    Text(&'a [u8]),
    /// Pasted characters, the same way, with line ends of any kind among them: `\r\n` is one, however it was cut.
    Pasted(&'a [u8]),
    Enter,
    /// Alt and Enter.
    NewLine,
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
    /// No key: the terminal has got the focus, or lost it.
    #[cfg(feature = "rich")]
    Focus(bool),
    /// No key: the row and the column of the terminal's cursor, from 1 on.
    Place(u16, u16),
    /// No key: which terminal it is.
    Name([u16; 3]),
}

const ESC: u8 = 0x1b;
const PASTE_END: &[u8] = b"\x1b[201~";
/// Longer sequences are no key's; what follows is text again, so that a stray start cannot swallow a message.
pub(super) const MAX_SEQUENCE: usize = 32;
/// Of a sequence this much is kept; keys are shorter, and so are answers.
const KEPT: usize = 16;

/// The decoder: a few bytes of memory between one read and the next.
#[derive(Debug, Default)]
pub(super) struct Keys {
    state: State,
    cut: Cut,
    /// Answers of the terminal are to come, and count in a paste, too.
    awaits_answers: bool,
    /// What was no answer, to be handed out.
    held: [u8; KEPT],
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Ground,
    /// After ESC; if it came twice, the key is pressed together with Alt.
    Escape {
        alt: bool,
    },
    Sequence(Sequence),
    /// After `ESC [ [`: the Linux console's function keys, one more byte.
    Console,
    Paste(Paste),
}

/// After `ESC [` (CSI), or `ESC O` (SS3) if so said.
#[derive(Clone, Copy, Debug)]
struct Sequence {
    ss3: bool,
    alt: bool,
    parameters: [u8; KEPT],
    /// How many parameter bytes came, kept or not.
    seen: usize,
}

/// Where in a pasted text.
#[derive(Clone, Copy, Debug)]
enum Paste {
    Text,
    /// After a `\r`: a `\n` is the same line's end.
    Return,
    /// So much of the end of the paste was seen.
    Ending(usize),
    /// What may be an answer, so far: `ESC [` and so many bytes more.
    Answer([u8; KEPT], usize),
}

/// The start of a character that the end of a read cut in two: on the ground or in a paste.
#[derive(Debug, Default)]
struct Cut {
    bytes: [u8; 4],
    /// 0 if none was.
    len: usize,
}

impl Keys {
    /// Takes some bytes (never none, unless there is a key or the state moved on) and gives at most one key.
    pub(super) fn next<'a>(&'a mut self, bytes: &'a [u8]) -> (usize, Option<Key<'a>>) {
        let Some(&byte) = bytes.first() else { return (0, None) };
        if self.cut.len > 0 {
            return self.complete(bytes);
        }
        match self.state {
            State::Ground if byte.is_ascii_control() => (1, self.control(byte)),
            State::Ground => {
                let end = bytes.iter().position(u8::is_ascii_control).unwrap_or(bytes.len());
                let whole = self.keep_cut(&bytes[..end], end == bytes.len());
                (end, (!whole.is_empty()).then_some(Key::Text(whole)))
            }
            State::Escape { alt } => self.after_escape(byte, alt),
            State::Sequence(sequence) => self.sequence(byte, sequence),
            State::Console => {
                self.state = State::Ground;
                (usize::from(byte.is_ascii_graphic()), None)
            }
            State::Paste(paste) => self.paste(bytes, byte, paste),
        }
    }

    /// Says whether answers of the terminal are to come.
    pub(super) fn await_answers(&mut self, awaits: bool) {
        self.awaits_answers = awaits;
    }

    /// Whether a pasted text has begun and not ended.
    pub(super) fn pasting(&self) -> bool {
        matches!(self.state, State::Paste(_))
    }

    /// Whether an ESC was the last byte: the key of that name, unless more follows soon.
    pub(super) fn escaping(&self) -> bool {
        matches!(self.state, State::Escape { .. })
    }

    /// Forgets whatever has begun: the next byte is a key of its own.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    fn control(&mut self, byte: u8) -> Option<Key<'static>> {
        Some(match byte {
            ESC => {
                self.state = State::Escape { alt: false };
                return None;
            }
            b'\r' | b'\n' => Key::Enter,
            b'\t' => Key::Tab,
            0x08 | 0x7f => Key::Backspace,
            _ => Key::Ctrl(byte | 0x40),
        })
    }

    /// The run of text without a character that its end cuts in two, if `more` of that may follow: that is kept.
    fn keep_cut<'a>(&mut self, run: &'a [u8], more: bool) -> &'a [u8] {
        let (whole, rest) = run.split_at(run.len() - if more { cut_character(run) } else { 0 });
        self.cut.len = rest.len();
        self.cut.bytes[..rest.len()].copy_from_slice(rest);
        whole
    }

    /// Adds to the character that was cut; what does not continue it leaves it as the bytes it is.
    fn complete<'a>(&'a mut self, bytes: &[u8]) -> (usize, Option<Key<'a>>) {
        let pasting = self.pasting();
        let cut = &mut self.cut;
        let len = encoded_len(cut.bytes[0]);
        let mut taken = 0;
        while cut.len < len && taken < bytes.len() && is_continuation(bytes[taken]) {
            cut.bytes[cut.len] = bytes[taken];
            cut.len += 1;
            taken += 1;
        }
        if cut.len < len && taken == bytes.len() {
            return (taken, None);
        }
        let text = &cut.bytes[..mem::take(&mut cut.len)];
        (taken, Some(if pasting { Key::Pasted(text) } else { Key::Text(text) }))
    }

    /// In a paste all is text but its end.
    fn paste<'a>(&'a mut self, bytes: &'a [u8], byte: u8, paste: Paste) -> (usize, Option<Key<'a>>) {
        self.state = State::Paste(Paste::Text);
        match (paste, byte) {
            (Paste::Ending(seen), b'0'..=b'9' | b';' | b'>')
                if self.awaits_answers && seen > 1 && byte != PASTE_END[seen] =>
            {
                let mut kept = [0; KEPT];
                kept[..seen].copy_from_slice(&PASTE_END[..seen]);
                self.state = State::Paste(Paste::Answer(kept, seen));
                (0, None)
            }
            (Paste::Answer(kept, seen), _) => self.pasted_answer(byte, kept, seen),
            (Paste::Ending(seen), _) if byte != PASTE_END[seen] => (0, Some(Key::Pasted(&PASTE_END[..seen]))),
            (Paste::Ending(seen), _) if seen + 1 == PASTE_END.len() => {
                self.state = State::Ground;
                (1, None)
            }
            (Paste::Ending(seen), _) => {
                self.state = State::Paste(Paste::Ending(seen + 1));
                (1, None)
            }
            (_, ESC) => {
                self.state = State::Paste(Paste::Ending(1));
                (1, None)
            }
            (Paste::Return, b'\n') => (1, None),
            _ => {
                let end = memchr::memchr(ESC, bytes).unwrap_or(bytes.len());
                if bytes[..end].ends_with(b"\r") {
                    self.state = State::Paste(Paste::Return);
                }
                let whole = self.keep_cut(&bytes[..end], end == bytes.len());
                (end, (!whole.is_empty()).then_some(Key::Pasted(whole)))
            }
        }
    }

    /// An answer in the middle of a paste, or text that looks like one up to here.
    fn pasted_answer(&mut self, byte: u8, mut kept: [u8; KEPT], seen: usize) -> (usize, Option<Key<'_>>) {
        match byte {
            b'0'..=b'9' | b';' | b'>' if seen < KEPT => {
                kept[seen] = byte;
                self.state = State::Paste(Paste::Answer(kept, seen + 1));
                (1, None)
            }
            _ => {
                self.held = kept;
                let held = &self.held[..seen];
                answer(byte, &held[2..]).map_or((0, Some(Key::Pasted(held))), |key| (1, Some(key)))
            }
        }
    }

    fn after_escape(&mut self, byte: u8, alt: bool) -> (usize, Option<Key<'static>>) {
        self.state = State::Ground;
        let key = match byte {
            ESC => {
                self.state = State::Escape { alt: true };
                return (1, None);
            }
            b'[' | b'O' => {
                let ss3 = byte == b'O';
                self.state = State::Sequence(Sequence { ss3, alt, parameters: [0; KEPT], seen: 0 });
                return (1, None);
            }
            b'\r' | b'\n' => Key::NewLine,
            b'b' | b'B' => Key::WordLeft,
            b'f' | b'F' => Key::WordRight,
            b'd' | b'D' => Key::DeleteWord,
            0x08 | 0x7f => Key::DeleteWordBack,
            _ => return (0, None),
        };
        (1, Some(key))
    }

    fn sequence(&mut self, byte: u8, mut sequence: Sequence) -> (usize, Option<Key<'static>>) {
        self.state = State::Ground;
        match byte {
            b'[' if sequence.seen == 0 && !sequence.ss3 => self.state = State::Console,
            // One kind of terminal ends the shifted keys with a dollar.
            b'$' | 0x40..=0x7e => return (1, self.sequence_key(byte, sequence)),
            0x20..=0x3f => {
                if let Some(place) = sequence.parameters.get_mut(sequence.seen) {
                    *place = byte;
                }
                sequence.seen += 1;
                if sequence.seen < MAX_SEQUENCE {
                    self.state = State::Sequence(sequence);
                }
            }
            _ => return (0, None),
        }
        (1, None)
    }

    fn sequence_key(&mut self, last: u8, sequence: Sequence) -> Option<Key<'static>> {
        let Sequence { ss3, alt, parameters, seen } = sequence;
        let parameters = parameters.get(..seen)?;
        if !ss3 && (last == b'R' || parameters.starts_with(b">")) {
            return answer(last, parameters);
        }
        let mut numbers = parameters.split(|&b| b == b';').map(number);
        let first = numbers.next()??;
        let second = numbers.next().unwrap_or(Some(0))?;
        // `ESC [ 1 ; 5 C`, but `ESC [ 5 C` on some.
        let modifier = if second == 0 && last.is_ascii_alphabetic() { first } else { second };
        // Alt, Ctrl, Meta; Shift alone moves no further.
        let strong = alt || modifier.saturating_sub(1) & 0b1110 != 0;
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
            #[cfg(feature = "rich")]
            b'I' | b'O' if !ss3 && seen == 0 => Key::Focus(last == b'I'),
            b'~' | b'^' | b'$' | b'@' => match first {
                1 | 7 => Key::Home,
                4 | 8 => Key::End,
                3 if strong || last == b'^' => Key::DeleteWord,
                3 => Key::Delete,
                200 if last == b'~' => {
                    self.state = State::Paste(Paste::Text);
                    return None;
                }
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// An answer of the terminal, but not the F3 of some, which says no row.
fn answer(last: u8, parameters: &[u8]) -> Option<Key<'static>> {
    match (last, parameters.strip_prefix(b">")) {
        (b'R', None) => match numbers(parameters)? {
            [row, column, 0] if row > 0 && column > 0 => Some(Key::Place(row, column)),
            _ => None,
        },
        (b'c', Some(name)) => numbers(name).map(Key::Name),
        _ => None,
    }
}

/// Up to three numbers; those that are not there are 0.
fn numbers(parameters: &[u8]) -> Option<[u16; 3]> {
    let mut numbers = [0; 3];
    for (at, digits) in parameters.split(|&b| b == b';').enumerate() {
        *numbers.get_mut(at)? = number(digits)?;
    }
    Some(numbers)
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
