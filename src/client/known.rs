//! The servers that somebody knows by the fingerprints of their certificates: a text of lines.
//!
//! ```text
//! line: HOST:PORT SHA256:HEX          comment: # ...
//! ```
//!
//! White space around them does not count, and a host is written in any case. A server may have more than one
//! line: each of its fingerprints is right. Lines that are neither concern nobody but the server that they begin
//! with: that one is not taken for a stranger.

use alloc::string::String;
use core::fmt;
use core::fmt::Write as _;

const KIND: &str = "SHA256:";

/// What is said of a certificate to tell it from all others: its SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

/// What the lines say of a server and its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nothing.
    No,
    /// That it is the right one.
    Yes,
    /// That it had another one, in this line.
    Changed(usize, Fingerprint),
    /// Something that cannot be understood, in this line.
    Unreadable(usize),
}

impl Fingerprint {
    /// Reads `SHA256:` and the digits, of either case, perhaps with colons between the bytes.
    pub fn parse(text: &str) -> Option<Self> {
        let kind = text.get(..KIND.len())?;
        let mut digits = text[KIND.len()..].bytes();
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            let mut digit = digits.next()?;
            if digit == b':' && index > 0 {
                digit = digits.next()?;
            }
            *byte = value(digit)? << 4 | value(digits.next()?)?;
        }
        (kind.eq_ignore_ascii_case(KIND) && digits.next().is_none()).then_some(Self(bytes))
    }
}

fn value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(KIND)?;
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

/// What `text` says of `server`, as `HOST:PORT`, that shows this certificate.
pub fn look_up(text: &[u8], server: &str, shown: &Fingerprint) -> Known {
    let mut known = Known::No;
    for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case(server.as_bytes())) {
            continue;
        }
        let word = words.next().and_then(|word| core::str::from_utf8(word).ok());
        match word.and_then(Fingerprint::parse).filter(|_| words.next().is_none()) {
            Some(fingerprint) if fingerprint == *shown => return Known::Yes,
            Some(fingerprint) => known = Known::Changed(number + 1, fingerprint),
            None if known == Known::No => known = Known::Unreadable(number + 1),
            None => {}
        }
    }
    known
}

/// What to append to `text` so that the server is known; `None`, if its name cannot stand there.
pub fn addition(text: &[u8], server: &str, fingerprint: &Fingerprint) -> Option<String> {
    let is_word = !server.is_empty() && !server.starts_with('#');
    if !is_word || server.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return None;
    }
    let mut line = String::new();
    if text.last().is_some_and(|&byte| byte != b'\n') {
        line.push('\n');
    }
    writeln!(line, "{server} {fingerprint}").ok()?;
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    const ONE: Fingerprint = Fingerprint([0x1f; 32]);
    const TWO: Fingerprint = Fingerprint([0xe2; 32]);

    #[test]
    fn fingerprints_are_read_as_people_and_programs_write_them() {
        let plain = format!("SHA256:{}", "1f".repeat(32));
        assert_eq!(ONE.to_string(), plain);
        let colons = format!("sha256:{}1F", "1F:".repeat(31));
        for text in [&plain, &colons] {
            assert_eq!(Fingerprint::parse(text), Some(ONE), "{text}");
        }
        for text in ["", "SHA256:", "SHA256", "SHA1:1f", "é", "SHA25é6:", "SHA256:é"] {
            assert_eq!(Fingerprint::parse(text), None, "{text}");
        }
        for (from, to) in
            [("SHA256:", "SHA512:"), ("SHA256:1f", "SHA256::1f"), ("1f1f", "1f::1f"), ("1f1f", "1g1f")]
        {
            assert_eq!(Fingerprint::parse(&plain.replacen(from, to, 1)), None, "{from} {to}");
        }
        for text in [format!("{plain}0"), format!("{plain}:"), plain[..plain.len() - 1].to_string()] {
            assert_eq!(Fingerprint::parse(&text), None, "{text}");
        }
    }

    #[test]
    fn what_the_lines_say() {
        let table = [
            (String::new(), Known::No),
            (format!("chat:1 {ONE}"), Known::Yes),
            (format!("# chat\n\n  Chat:1\t{ONE} \r\n"), Known::Yes),
            (format!("chat:1 {TWO}\n"), Known::Changed(1, TWO)),
            (format!("chat:1 {TWO}\nchat:1 {ONE}\n"), Known::Yes),
            (format!("chat:2 {ONE}\nchat:11 {ONE}\nother:1 {ONE}\n#chat:1 {ONE}\n"), Known::No),
            (format!("x\nchat:1\nchat:1 {ONE}"), Known::Yes),
            (format!("x\nchat:1 {ONE} more\n"), Known::Unreadable(2)),
            (format!("chat:1\nchat:1 {TWO}\nchat:1 x\n"), Known::Changed(2, TWO)),
            ("chat:1 MD5:00\n".to_string(), Known::Unreadable(1)),
            ("\0\x1b\u{fffd}".to_string(), Known::No),
        ];
        for (text, expected) in table {
            assert_eq!(look_up(text.as_bytes(), "chat:1", &ONE), expected, "{text:?}");
        }
        assert_eq!(look_up(b"chat:1 \xff\xfe\n\xff", "chat:1", &ONE), Known::Unreadable(1));
    }

    #[test]
    fn who_is_added_is_known_and_all_else_stays() {
        for text in ["", "# mine", "# mine\n", "chat:2 x\n"] {
            let line = addition(text.as_bytes(), "[::1]:5378", &TWO).unwrap();
            let text = format!("{text}{line}");
            assert_eq!(look_up(text.as_bytes(), "[::1]:5378", &TWO), Known::Yes);
            assert!(text.ends_with('\n') && !text.contains("\n\n"), "{text:?}");
        }
        for server in ["", "#chat:1", "a b:1", "a\nb:1", "a\tb:1", "\u{e9}:1"] {
            assert_eq!(addition(b"", server, &ONE), None, "{server}");
        }
    }
}
