//! Makes hostile text harmless: what could control a terminal or deceive its reader becomes
//! visible (spec S14).
//!
//! ```text
//!   C0 controls but tab, DEL                 ^[  ^M  ^?
//!   C1 controls, bytes that are not UTF-8    \x9b
//!   invisible and bidirectional              \u{202e}
//!     formatting characters
//!   in names: white space, and all that      \u{20} \u{200d}
//!     is ignorable
//! ```

use super::copy;
use super::format::Text;
use super::guise::{Guise, guise};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};
use wide::u8x16;

/// What is made visible: the [guises](Guise) from one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// All that is not seen: of a name.
    Name = Guise::Blank as isize,
    /// The same but for the space itself: of a name as its owner types it, and of a line with names in it.
    Names = Guise::Space as isize,
    /// What is ignorable, too: of a text in which emoji may come apart.
    Ignorable = Guise::Ignorable as isize,
    /// What is harmful: of a text.
    Harmful = Guise::Harmful as isize,
}

/// Appends `text` to `out`, harmless: valid UTF-8 whatever it was, and nothing in it that a terminal obeys (spec S14).
///
/// ```
/// let mut out = Vec::new();
/// chinwag::wire::escape::append("gr\u{fc}\u{df}e \x1b[2J\u{202e}\r".as_bytes(), &mut out);
/// assert_eq!(out, "gr\u{fc}\u{df}e ^[[2J\\u{202e}^M".as_bytes());
/// ```
pub fn append(text: &[u8], out: &mut Vec<u8>) {
    append_by(Rule::Harmful, text, out);
}

/// The same of a string.
#[cfg(feature = "slim")]
pub(crate) fn harmless(text: &str) -> String {
    let mut out = Vec::new();
    append(text.as_bytes(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends `text` to `out` by a rule. (What is no UTF-8 is made visible by each.)
pub fn append_by(rule: Rule, text: &[u8], out: &mut Vec<u8>) {
    if rule == Rule::Name {
        return append_doubtful(rule, text, out);
    }
    let mut rest = text;
    while !rest.is_empty() {
        let (plain, doubtful) = rest.split_at(plain_length(rest));
        copy::extend::<false>(out, plain);
        let end = doubtful.iter().position(|byte| matches!(byte, b' '..=b'~')).unwrap_or(doubtful.len());
        append_doubtful(rule, &doubtful[..end], out);
        rest = &doubtful[end..];
    }
}

/// As much of the start of `text` as has at most `most` bytes, without cutting a character in two:
/// pieces of a text may then be made harmless one by one.
pub fn piece(text: &[u8], most: usize) -> &[u8] {
    let Some(&(mut next)) = text.get(most) else { return text };
    let mut end = most;
    while is_continuation(next) && end > 0 && most - end < 3 {
        end -= 1;
        next = text[end];
    }
    if is_continuation(next) || end == 0 { &text[..most] } else { &text[..end] }
}

/// Whether a terminal must not get this character as it is.
pub fn is_harmful(character: char) -> bool {
    guise(character) == Guise::Harmful
}

/// Shows a line of a stranger in a log: harmless, and cut after [`Printable::MOST`] bytes.
///
/// ```
/// use chinwag::wire::escape::Printable;
/// assert_eq!(Printable(b"\x1b[2J\xff").to_string(), r"^[[2J\xff");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Printable<'a>(pub &'a [u8]);

impl Printable<'_> {
    /// How many bytes of a line a log entry shows.
    pub const MOST: usize = 256;
}

impl fmt::Display for Printable<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = piece(self.0, Self::MOST);
        let mut harmless = Vec::with_capacity(shown.len());
        // Most such lines have a name in them.
        append_by(Rule::Names, shown, &mut harmless);
        formatter.write_str(&String::from_utf8_lossy(&harmless))?;
        if shown.len() < self.0.len() {
            write!(formatter, "... ({} bytes)", self.0.len())?;
        }
        Ok(())
    }
}

/// How many printable characters of ASCII `text` starts with.
fn plain_length(text: &[u8]) -> usize {
    let (blocks, rest) = text.as_chunks();
    for (index, block) in blocks.iter().enumerate() {
        let plain = plain_bits(*block).trailing_ones() as usize;
        if plain < block.len() {
            return index * block.len() + plain;
        }
    }
    let mut last = [0; 16];
    copy::fill(&mut last[..rest.len()], rest);
    text.len() - rest.len() + plain_bits(last).trailing_ones() as usize
}

/// A bit for each byte that is a printable character of ASCII, the first one being the lowest.
fn plain_bits(block: [u8; 16]) -> u32 {
    let above_space = u8x16::new(block) - u8x16::splat(b' ');
    above_space.min(u8x16::splat(b'~' - b' ')).simd_eq(above_space).to_bitmask()
}

/// Appends what is no plain text: characters beyond ASCII, and controls.
fn append_doubtful(rule: Rule, text: &[u8], out: &mut Vec<u8>) {
    for chunk in text.utf8_chunks() {
        append_str(rule, chunk.valid(), out);
        for &byte in chunk.invalid() {
            append_byte(byte, out);
        }
    }
}

fn append_str(rule: Rule, text: &str, out: &mut Vec<u8>) {
    let mut plain = 0;
    for (at, character) in
        text.char_indices().filter(|&(_, character)| guise(character) as isize >= rule as isize)
    {
        copy::extend::<false>(out, &text.as_bytes()[plain..at]);
        append_visible(character, out);
        plain = at + character.len_utf8();
    }
    copy::extend::<false>(out, &text.as_bytes()[plain..]);
}

/// Appends the visible form of a byte that is no text.
pub(crate) fn append_byte(byte: u8, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = write!(Text(out), "\\x{byte:02x}");
}

/// Appends the visible form of a character, whether it is harmful or not.
pub(crate) fn append_visible(character: char, out: &mut Vec<u8>) {
    match u8::try_from(character) {
        // Caret notation: the letter is the control character with bit 6 flipped.
        Ok(control) if control.is_ascii_control() => out.extend_from_slice(&[b'^', control ^ 0x40]),
        Ok(control @ 0x80..0xa0) => append_byte(control, out),
        _ => {
            let _ = write!(Text(out), "\\u{{{:x}}}", u32::from(character));
        }
    }
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn harmless(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        append(text, &mut out);
        out
    }

    /// Spec S14, by the code points' numbers.
    const HARMFUL: &[(u32, u32)] = &[
        (0, 8),
        (10, 0x1f),
        (0x7f, 0x9f),
        (0x61c, 0x61c),
        (0x200b, 0x200b),
        (0x200e, 0x200f),
        (0x2028, 0x202e),
        (0x2060, 0x2060),
        (0x2066, 0x2069),
        (0xfeff, 0xfeff),
        (0xe0000, 0xe007f),
    ];

    #[test]
    fn exactly_the_listed_characters_are_made_visible() {
        for character in '\0'..=char::MAX {
            let listed = HARMFUL.iter().any(|&(first, last)| (first..=last).contains(&character.into()));
            assert_eq!(is_harmful(character), listed, "{:x}", u32::from(character));
            let text = character.to_string();
            assert_eq!(harmless(text.as_bytes()) != text.as_bytes(), listed);
        }
    }

    #[test]
    fn visible_forms() {
        let table: &[(&[u8], &str)] = &[
            (b"plain\ttext ~", "plain\ttext ~"),
            (b"\x1b]0;title\x07\r\x7f\0", "^[]0;title^G^M^?^@"),
            (b"a\x9bb\xffc", r"a\x9bb\xffc"),
            ("a\u{9b}b\u{202e}c".as_bytes(), r"a\x9bb\u{202e}c"),
            (b"\xe2\x82", r"\xe2\x82"),
            ("smørrebrød 日本 👩‍🚀".as_bytes(), "smørrebrød 日本 👩‍🚀"),
        ];
        for (text, expected) in table {
            assert_eq!(harmless(text), expected.as_bytes());
        }
    }

    /// At every place of texts of every length around two blocks.
    #[test]
    fn nothing_hides_behind_plain_text() {
        for (byte, visible) in [
            (b' ', " "),
            (b'~', "~"),
            (0, "^@"),
            (0x1f, "^_"),
            (0x7f, "^?"),
            (0x80, r"\x80"),
            (0xff, r"\xff"),
        ] {
            for length in 1..36 {
                for at in 0..length {
                    let (before, after) = ("x".repeat(at), "y".repeat(length - at - 1));
                    let text = [before.as_bytes(), &[byte], after.as_bytes()].concat();
                    assert_eq!(harmless(&text), format!("{before}{visible}{after}").as_bytes());
                }
            }
        }
    }

    #[test]
    fn more_is_made_visible_in_names_and_where_all_is_to_be_seen() {
        use Rule::{Harmful, Ignorable, Name, Names};
        let table = [
            // In a text, in one where all is to be seen, in a line with names, in a name.
            ("ann", ["ann", "ann", "ann", "ann"]),
            (" a  b ", [" a  b ", " a  b ", " a  b ", r"\u{20}a\u{20}\u{20}b\u{20}"]),
            ("a\tb", ["a\tb", "a\tb", "a^Ib", "a^Ib"]),
            ("a\x1b\u{85}", [r"a^[\x85"; 4]),
            ("é\u{202e}日", [r"é\u{202e}日"; 4]),
            ("👩\u{200d}👧", ["👩\u{200d}👧", r"👩\u{200d}👧", r"👩\u{200d}👧", r"👩\u{200d}👧"]),
            ("❤\u{fe0f}", ["❤\u{fe0f}", r"❤\u{fe0f}", r"❤\u{fe0f}", r"❤\u{fe0f}"]),
            ("a\u{ad}", ["a\u{ad}", r"a\u{ad}", r"a\u{ad}", r"a\u{ad}"]),
            ("a:\u{a0}b", ["a:\u{a0}b", "a:\u{a0}b", r"a:\u{a0}b", r"a:\u{a0}b"]),
            ("\u{3000}", ["\u{3000}", "\u{3000}", r"\u{3000}", r"\u{3000}"]),
        ];
        for (text, expected) in table {
            for (rule, expected) in [Harmful, Ignorable, Names, Name].into_iter().zip(expected) {
                let mut out = Vec::new();
                append_by(rule, text.as_bytes(), &mut out);
                assert_eq!(String::from_utf8(out).unwrap(), expected, "{rule:?}");
            }
        }
    }

    #[test]
    fn no_rule_lets_through_what_it_names() {
        for character in '\0'..=char::MAX {
            let visible = |rule| {
                let mut out = Vec::new();
                append_by(rule, character.encode_utf8(&mut [0; 4]).as_bytes(), &mut out);
                out != character.to_string().as_bytes()
            };
            let guise = guise(character);
            assert_eq!(visible(Rule::Ignorable), matches!(guise, Guise::Ignorable | Guise::Harmful));
            assert_eq!(visible(Rule::Names), guise != Guise::Seen && character != ' ');
            assert_eq!(visible(Rule::Name), guise != Guise::Seen);
        }
    }

    #[test]
    fn pieces_give_the_same_as_the_whole() {
        let texts: &[&[u8]] =
            &["aé日👩‍🚀\u{202e}".as_bytes(), b"\x80\x80\x80\x80\x80\xff\xe2\x82", b"\xf0\x9f\x91\xf0\x9f"];
        for text in texts {
            for most in 4..=text.len() {
                let mut rest = *text;
                let mut out = Vec::new();
                while !rest.is_empty() {
                    let first = piece(rest, most);
                    append(first, &mut out);
                    rest = &rest[first.len()..];
                }
                assert_eq!(out, harmless(text), "{most}");
            }
        }
    }

    #[test]
    fn long_line_is_cut_in_a_log() {
        let shown = Printable(&[b'x'; 1000]).to_string();
        assert_eq!(shown, format!("{}... (1000 bytes)", "x".repeat(Printable::MOST)));
    }

    #[test]
    fn nothing_is_hidden_in_a_log() {
        assert_eq!(
            Printable("DELIVERY ann\u{200d} hi\u{a0}".as_bytes()).to_string(),
            r"DELIVERY ann\u{200d} hi\u{a0}"
        );
    }
}
