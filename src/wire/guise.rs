//! What a reader takes a character for (spec S14): with those that are not seen, two names that look alike
//! could be two.
//!
//! Alike are also letters of different scripts, and a letter with its accent in one character or in two.
//! Those are seen, and are what many names are written with: nothing here is about them.

/// What a reader takes a character for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guise {
    /// What it is.
    Seen,
    /// The space.
    Blank,
    /// The space, though it is another one; that does no harm in a text.
    Space,
    /// Nothing: Unicode says that it is not to be seen where a program does not know what it is for
    /// (`Default_Ignorable_Code_Point` in its `DerivedCoreProperties.txt`). Emoji need some in a text.
    Ignorable,
    /// Nothing, or what a terminal makes of it.
    Harmful,
}

/// What a reader takes this character for.
#[inline(never)]
pub fn guise(character: char) -> Guise {
    let number = u32::from(character);
    match number {
        // Latin with its accents; the other alphabets that are in use; most of what is written in Chinese,
        // Japanese and Korean; emoji.
        0x21..=0x7e | 0xae..=0x34e | 0x350..=0x61b | 0x61d..=0x115e => return Guise::Seen,
        0x3165..=0xfdff | 0x1e000..=0x1ffff => return Guise::Seen,
        0..=8 | 0xa..=0x1f | 0x7f..=0x9f => return Guise::Harmful,
        _ => {}
    }
    let next = UNSEEN.partition_point(|range| range.first <= number);
    match UNSEEN[..next].last() {
        Some(range) if number - range.first <= range.more.into() => range.guise,
        _ => Guise::Seen,
    }
}

/// Whether this may be a name on chinwag's own server, apart from its length and the bytes that no name
/// may hold ([`is_valid_name`](super::protocol::is_valid_name)): a text of which nothing is hidden.
///
/// ```
/// use chinwag::wire::guise::is_visible;
/// assert!(is_visible("søren".as_bytes()) && is_visible("안녕".as_bytes()));
/// assert!(!is_visible("ann\u{200d}".as_bytes()) && !is_visible("ann:\u{a0}hi".as_bytes()));
/// ```
pub fn is_visible(name: &[u8]) -> bool {
    core::str::from_utf8(name).is_ok_and(|name| name.chars().all(|character| guise(character) == Guise::Seen))
}

struct Range {
    first: u32,
    more: u16,
    guise: Guise,
}

const fn range(first: u32, last: u32, guise: Guise) -> Range {
    Range { first, more: (last - first) as u16, guise }
}

/// What else is not seen, in order.
static UNSEEN: [Range; 31] = {
    use Guise::{Blank, Harmful, Ignorable, Space};
    [
        range(0x9, 0x9, Space),
        range(0x20, 0x20, Blank),
        range(0xa0, 0xa0, Space),
        range(0xad, 0xad, Ignorable),
        range(0x34f, 0x34f, Ignorable),
        range(0x61c, 0x61c, Harmful),
        range(0x115f, 0x1160, Ignorable),
        range(0x1680, 0x1680, Space),
        range(0x17b4, 0x17b5, Ignorable),
        range(0x180b, 0x180f, Ignorable),
        range(0x2000, 0x200a, Space),
        range(0x200b, 0x200b, Harmful),
        range(0x200c, 0x200d, Ignorable),
        range(0x200e, 0x200f, Harmful),
        range(0x2028, 0x202e, Harmful),
        range(0x202f, 0x202f, Space),
        range(0x205f, 0x205f, Space),
        range(0x2060, 0x2060, Harmful),
        range(0x2061, 0x2065, Ignorable),
        range(0x2066, 0x2069, Harmful),
        range(0x206a, 0x206f, Ignorable),
        range(0x3000, 0x3000, Space),
        range(0x3164, 0x3164, Ignorable),
        range(0xfe00, 0xfe0f, Ignorable),
        range(0xfeff, 0xfeff, Harmful),
        range(0xffa0, 0xffa0, Ignorable),
        range(0xfff0, 0xfff8, Ignorable),
        range(0x1bca0, 0x1bca3, Ignorable),
        range(0x1d173, 0x1d17a, Ignorable),
        range(0xe0000, 0xe007f, Harmful),
        range(0xe0080, 0xe0fff, Ignorable),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthChar;

    /// The standard library knows the white space and the controls. What else is hidden is what Unicode says
    /// is ignorable: `unicode-width` makes a table of its own from Unicode's files: there all of that has no
    /// width, but for a letter of Korean that makes room for others.
    #[test]
    fn hidden_are_controls_white_space_and_what_is_ignorable() {
        let mut ignorable = 0;
        for character in '\0'..=char::MAX {
            let hidden = guise(character) != Guise::Seen;
            if character.is_control() || character.is_whitespace() {
                assert!(hidden, "{:x}", u32::from(character));
                let is_space = matches!(guise(character), Guise::Blank | Guise::Space);
                assert_eq!(is_space, guise(character) != Guise::Harmful, "{:x}", u32::from(character));
            } else if hidden {
                ignorable += 1;
                let width = if character == '\u{115f}' { 2 } else { 0 };
                assert_eq!(character.width(), Some(width), "{:x}", u32::from(character));
            }
        }
        // The total that `DerivedCoreProperties.txt` gives: there are no others.
        assert_eq!(ignorable, 4174);
    }

    #[test]
    fn names_of_all_scripts_are_visible() {
        let names = [
            "ann",
            "a.b-c_d",
            "ann:",
            "søren",
            "Zoë",
            "Ζωή",
            "Жанна",
            "Հայկ",
            "ليلى",
            "חנה",
            "आशा",
            "নীলা",
            "தமிழ்",
            "สมชาย",
            "မြ",
            "สุดา",
            "ខ្មែរ",
            "ལྷ",
            "山田",
            "さくら",
            "サクラ",
            "김철수",
            "አበበ",
            "ᏣᎳᎩ",
            "Nguyễn",
            "ZoE\u{308}",
            "👩",
            "🚀",
            "👍🏽",
            "🇩🇪",
            "ⵣ",
            "𐌰",
            "𒀀",
            "\u{fffd}",
        ];
        for name in names {
            assert!(is_visible(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn names_with_something_hidden_are_not() {
        let hidden = "\0\x07\t\x1b\x7f \u{85}\u{9b}\u{a0}\u{ad}\u{34f}\u{1160}\u{200b}\u{200c}\u{200d}\u{200e}\
                      \u{202e}\u{2028}\u{2060}\u{2069}\u{3000}\u{3164}\u{fe0f}\u{feff}\u{e0041}\u{e0100}";
        for character in hidden.chars() {
            for name in [format!("{character}ann"), format!("a{character}nn"), format!("ann{character}")] {
                assert!(!is_visible(name.as_bytes()), "{}", name.escape_unicode());
            }
        }
        for name in [&b"\xff"[..], b"ann\xe2\x80", b"\xed\xa0\x80", b"a\xc0\x80"] {
            assert!(!is_visible(name), "{}", name.escape_ascii());
        }
    }
}
