//! The characters of a name that its reader would not see for what they are (spec S14): with them two
//! names that look alike could be two.
//!
//! Alike are also letters of different scripts, and a letter with its accent in one character or in two.
//! Those are seen, and are what many names are written with: nothing here is about them.

/// Whether this may be a name on chinwag's own server, apart from its length and the bytes that no name
/// may hold ([`is_valid_name`](super::protocol::is_valid_name)): a text of which nothing is hidden.
///
/// ```
/// use chinwag::wire::names::is_visible;
/// assert!(is_visible("søren".as_bytes()) && is_visible("안녕".as_bytes()));
/// assert!(!is_visible("ann\u{200d}".as_bytes()) && !is_visible("ann:\u{a0}hi".as_bytes()));
/// ```
pub fn is_visible(name: &[u8]) -> bool {
    core::str::from_utf8(name).is_ok_and(|name| !name.chars().any(is_hidden))
}

/// Whether this character is made visible where it stands in a name: it is a control, a white space or
/// [ignorable](is_ignorable).
pub fn is_hidden(character: char) -> bool {
    match character {
        '!'..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{34e}' => false,
        '\0'..='\u{20}' | '\u{7f}'..='\u{a0}' => true,
        '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' => true,
        '\u{202f}' | '\u{205f}' | '\u{3000}' => true,
        _ => is_ignorable(character),
    }
}

/// Whether Unicode says that this character is not to be seen where a program does not know what it is
/// for (`Default_Ignorable_Code_Point` in its `DerivedCoreProperties.txt`).
pub fn is_ignorable(character: char) -> bool {
    match character {
        '\0'..='\u{ac}' | '\u{ae}'..='\u{34e}' => false,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' => true,
        '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' => true,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' => true,
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthChar;

    /// The standard library knows the white space and the controls.
    #[test]
    fn hidden_is_what_is_a_control_a_white_space_or_ignorable() {
        for character in '\0'..=char::MAX {
            let expected = character.is_control() || character.is_whitespace() || is_ignorable(character);
            assert_eq!(is_hidden(character), expected, "{:x}", u32::from(character));
        }
    }

    /// `unicode-width` makes a table of its own from Unicode's files: all that is ignorable has no width
    /// there, but for a letter of Korean that makes room for others.
    #[test]
    fn ignorable_is_what_unicode_says() {
        let mut count = 0;
        for character in ('\0'..=char::MAX).filter(|&character| is_ignorable(character)) {
            count += 1;
            let expected = if character == '\u{115f}' { Some(2) } else { Some(0) };
            assert_eq!(character.width(), expected, "{:x}", u32::from(character));
        }
        // The total that `DerivedCoreProperties.txt` gives: there are no others.
        assert_eq!(count, 4174);
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
